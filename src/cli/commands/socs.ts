/**
 * `imx-sim socs`: what is modelled, block by block, from the same data that builds the machines and docs/fidelity.md.
 */
import { styleText } from 'node:util';
import { hex32 } from '../../memory/bits.ts';
import { BLOCK_FEATURES, type BlockFeature } from '../../soc/block-fidelity.ts';
import { blocksByKind, ranges } from '../../soc/fidelity-page.ts';
import { findSoc, SOCS } from '../../soc/index.ts';
import { baseIn, type SocDescription } from '../../soc/soc.ts';

/** What the user chose. */
export interface SocsOptions {
  readonly json?: boolean;
  /** False: no colours. */
  readonly color?: boolean;
}

/** Prints all SoCs in short, or those that are named with every block and feature; the exit status. @throws {UsageError} for an unknown name */
export function socs(names: readonly string[], options: SocsOptions): number {
  const chosen = names.length > 0 ? names.map(findSoc) : SOCS;
  const whole = names.length > 0;
  if (options.json) process.stdout.write(`${JSON.stringify(chosen.map(facts))}\n`);
  else {
    const colors = options.color !== false && process.stdout.isTTY && !process.env['NO_COLOR'];
    const paint: Paint = colors ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
    const blocks = chosen.map((soc) => (whole ? inFull(soc, paint) : inShort(soc, paint)).join('\n'));
    const hint = whole
      ? []
      : ['', `imx-sim socs <name> shows the blocks of one; docs/fidelity.md says what exact, approximate, stub and absent mean`];
    process.stdout.write(`${[blocks.join('\n\n'), ...hint].join('\n')}\n`);
  }
  return 0;
}

type Paint = (style: 'bold' | 'dim' | 'green' | 'yellow' | 'red', text: string) => string;

/** Features of each kind of block of a SoC. */
function featuresOf(kind: string): readonly BlockFeature[] {
  return BLOCK_FEATURES.filter(({ kinds }) => (kinds as readonly string[]).includes(kind));
}

function facts(soc: SocDescription): Record<string, unknown> {
  const { name, title, cores, memories, peripherals, mus, boards, remoteprocs } = soc;
  return {
    name,
    title,
    cores: cores.map((core) => ({ name: core.name, profile: core.profile.name, hz: core.hz })),
    memories: memories.map((memory) => ({ name: memory.name, size: memory.size, views: memory.views })),
    mus: mus.map((mu) => ({ name: mu.name, layout: mu.layout, a: mu.a.base, b: mu.b.base })),
    peripherals: peripherals.map(({ name: block, kind, base, bases, interrupts }) => ({ name: block, kind, base, bases, interrupts })),
    remoteprocs: remoteprocs.map(({ core, compatible, method }) => ({ core, compatible, method })),
    boards: boards.map((board) => ({ name: board.name, title: board.title, console: board.console })),
    features: [...blocksByKind(soc).keys()].flatMap((kind) =>
      featuresOf(kind).map(({ feature, state, difference }) => ({ kind, feature, state, difference })),
    ),
  };
}

function heading({ name, title, compatible }: SocDescription, paint: Paint): string {
  return `${paint('bold', name)}  ${title}${compatible ? paint('dim', `  ${compatible}`) : ''}`;
}

function inShort(soc: SocDescription, paint: Paint): string[] {
  const kinds = [...blocksByKind(soc)];
  const modelled = kinds.filter(([kind]) => kind !== 'unmodelled' && kind !== 'reserved');
  const count = kinds.find(([kind]) => kind === 'unmodelled')?.[1].length ?? 0;
  return [
    heading(soc, paint),
    ...common(soc),
    ...(soc.memories.length > 0 ? wrap('memory', soc.memories.map(({ name, size }) => `${name} ${sizeText(size)}`).join(', ')) : []),
    ...(modelled.length > 0 ? wrap('blocks', modelled.map(([, names]) => ranges(names)).join(' ')) : []),
    ...(count > 0 ? [`  and      ${count} blocks that are known by name and not modelled`] : []),
    ...boards(soc),
  ];
}

function inFull(soc: SocDescription, paint: Paint): string[] {
  const lines = [heading(soc, paint), ...common(soc)];
  for (const { name, size, views } of soc.memories) {
    const seen = Object.entries(views).map(([view, windows]) => `${view} ${windows.map(({ base }) => hex32(base)).join(' ')}`);
    lines.push(`  memory   ${name.padEnd(10)} ${sizeText(size).padStart(8)}  ${seen.join(', ')}`);
  }
  lines.push(...boards(soc));
  for (const [kind, names] of blocksByKind(soc)) {
    if (kind === 'unmodelled' || kind === 'reserved') continue;
    lines.push('', `  ${paint('bold', kind)}`);
    for (const block of soc.peripherals.filter((each) => each.kind === kind))
      lines.push(`    ${block.name.padEnd(14)} ${placeText(soc, block)}`);
    if (names.length === 0) continue;
    for (const { feature, state, difference } of featuresOf(kind))
      lines.push(
        ...wrap(
          '',
          `${paint(STATE_STYLE[state], state)}: ${plain(feature)}${difference ? paint('dim', `; ${plain(difference)}`) : ''}`,
          '      ',
        ),
      );
  }
  for (const kind of ['unmodelled', 'reserved'] as const) {
    const names = blocksByKind(soc).get(kind);
    if (names)
      lines.push(
        '',
        `  ${paint('bold', kind === 'unmodelled' ? 'not modelled, reported by name' : kind)}`,
        ...wrap('', ranges(names), '    '),
      );
  }
  return lines;
}

const STATE_STYLE = { exact: 'green', approximate: 'yellow', stub: 'yellow', absent: 'red' } as const;

function placeText(soc: SocDescription, block: SocDescription['peripherals'][number]): string {
  const others = soc.cores
    .filter(({ name }) => baseIn(block, name) !== block.base)
    .map(({ name }) => `${name} ${hex32(baseIn(block, name))}`);
  const lines = Object.entries(block.interrupts ?? {}).map(([view, line]) => `${view} ${line}`);
  return [hex32(block.base), ...others, ...(lines.length > 0 ? [`interrupt ${lines.join(', ')}`] : [])].join('  ');
}

function common({ cores, mus, remoteprocs }: SocDescription): string[] {
  return [
    ...cores.map(({ name, profile, hz }) => {
      const started = remoteprocs.find(({ core }) => core === name);
      return `  core     ${name}: ${profile.name}, ${Math.round(hz / 1e5) / 10} MHz${started ? `; ${started.compatible}, started by ${METHODS[started.method]}` : ''}`;
    }),
    ...mus.map(({ name, a, b, layout }) => `  mu       ${name} (${layout}): A ${hex32(a.base)}, B ${hex32(b.base)}`),
  ];
}

const METHODS = { mmio: "Linux's write to the SRC", smc: 'an SMC', none: 'others' } as const;

function boards({ boards: list }: SocDescription): string[] {
  return list.map(({ name, title }) => `  board    ${name}: ${title}`);
}

/** Without the backticks of Markdown. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}

function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  let value = bytes;
  for (; value % 1024 === 0 && unit < 3; unit++) value /= 1024;
  return `${value} ${units[unit]}`;
}

/** Lines of at most 120 characters, with `label` before the first. */
function wrap(label: string, text: string, indent = '           '): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last.length + word.length + indent.length > 119 && last !== '') lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines.map((line, index) => (index === 0 && label !== '' ? `  ${label}`.padEnd(indent.length) : indent) + line);
}
