/**
 * `imx-sim addr`: what is at an address of a SoC, for each who can access it: memory and its aliases, block, register, fields.
 */
import { decodeCfsr, decodeHfsr, decodeSfsr } from '../../cpu/fault-status.ts';
import { interpreterFactory } from '../../cpu/interpreter/index.ts';
import { PPB_BASE, PPB_SIZE } from '../../cpu/private-bus.ts';
import { UsageError } from '../../errors.ts';
import { Machine } from '../../machine.ts';
import { bits, hex, hex32 } from '../../memory/bits.ts';
import type { Firmware } from '../../remoteproc/elf-loader.ts';
import { type AddressFacts, addressFacts, addressOfName, type PlaceInView } from '../../session/address-facts.ts';
import { EXIT } from '../../session/exit.ts';
import { chooseTarget } from '../../session/target.ts';
import { findSoc } from '../../soc/index.ts';
import { Symbols } from '../../symbols.ts';
import { peripheralRegisters } from '../../view/inspect/peripherals.ts';
import type { RegisterView } from '../../view/protocol.ts';
import { readFirmware } from '../firmware-file.ts';

/** What the user chose. */
export interface AddrOptions {
  readonly soc?: string;
  readonly core?: string;
  readonly elf?: string;
  readonly json?: boolean;
}

/** Host memory of a machine that runs nothing. */
const SMALL = 32 * 1024 * 1024;
const KiB = 1024;

/** Explains the address (`0x30a60084`, `UART4.UCR2`), and the fields of `value` when that is given. @throws {ImxSimError} */
export function addr(place: string, value: string | undefined, options: AddrOptions): number {
  const { machine, core, firmware } = target(options);
  try {
    const address = isNumber(place) ? parseWord(place, 'an address') : addressOfName(machine, place, core);
    const word = value === undefined ? undefined : parseWord(value, 'a value');
    const facts = addressFacts(machine, address);
    const wholeBlock = !isNumber(place) && !place.includes('.') && !onPrivateBus(address);
    const block = wholeBlock ? blockRegisters(machine, facts, core) : [];
    const register = wholeBlock ? undefined : registerOf(machine, facts, core);
    const symbol = firmware && symbolAt(firmware, facts, core);
    if (options.json) {
      const { soc } = machine;
      process.stdout.write(`${JSON.stringify({ soc: soc.name, core, ...facts, register, registers: block, value: word, symbol })}\n`);
    } else {
      const lines = [
        `${hex32(address)} on ${machine.soc.name}${isNumber(place) ? '' : `, ${place} as ${core} sees it`}`,
        ...viewLines(facts),
        ...memoryLines(facts),
        ...(symbol ? [`  in ${firmware.name}: ${symbol}`] : []),
        ...(register ? registerLines(register, word) : []),
        ...(word === undefined || register ? [] : statusLines(facts, core, word)),
        ...block.map((each) => `    ${hex32(each.address)}  ${each.name}${each.unimplemented ? '  (not modelled)' : ''}`),
      ];
      process.stdout.write(`${lines.join('\n')}\n`);
    }
    return EXIT.OK;
  } finally {
    machine.dispose();
  }
}

function target({ soc: named, core: wanted, elf }: AddrOptions): { machine: Machine; core: string; firmware?: Firmware } {
  const firmware = elf === undefined ? undefined : readFirmware(elf);
  if (named === undefined && !firmware)
    throw new UsageError(
      'an address of which SoC?',
      'name it with --soc (imx-sim socs lists them), or a firmware for it with --elf',
      '--soc',
    );
  const chosen = firmware ? chooseTarget(firmware, { ...(named ? { soc: named } : {}), ...(wanted ? { core: wanted } : {}) }) : undefined;
  const soc = chosen?.soc ?? findSoc(named!);
  const core = wanted ?? chosen?.core ?? soc.cores[0]!.name;
  const machine = new Machine({ soc, core, linux: false, engine: interpreterFactory, hostMemory: SMALL });
  return { machine, core, ...(firmware ? { firmware } : {}) };
}

/** True where the registers of the core itself are, which go by their names alone. */
function onPrivateBus(address: number): boolean {
  return address >= PPB_BASE && address < PPB_BASE + PPB_SIZE;
}

function isNumber(text: string): boolean {
  return (/^(?:0x)?[0-9a-f_]+$/i.test(text) && /^\d/.test(text)) || /^[0-9a-f]{8}$/i.test(text);
}

/** A u32 in hexadecimal, with or without 0x, `_` between digits allowed. @throws {UsageError} */
function parseWord(text: string, what: string): number {
  const digits = text.replaceAll('_', '').replace(/^0x/i, '');
  if (!/^[0-9a-f]{1,8}$/i.test(digits))
    throw new UsageError(`${text} is not ${what} of 32 bits`, 'write it in hexadecimal: 0x30a60084, or name a register: UART4.UCR2', text);
  return Number.parseInt(digits, 16);
}

/** One line for all views that see the same, with who sees nothing last. */
function viewLines({ views }: AddressFacts): string[] {
  const groups = new Map<string, string[]>();
  for (const place of views) {
    const text = placeText(place);
    groups.set(text, [...(groups.get(text) ?? []), place.view]);
  }
  const width = Math.max(...[...groups.values()].map((names) => names.join(', ').length));
  const lines = [...groups].sort(([a], [b]) => Number(a === NOTHING) - Number(b === NOTHING));
  return lines.map(([text, names]) => `  ${names.join(', ').padEnd(width)}  ${text}`);
}

const NOTHING = 'nothing: an access is a bus fault';

function placeText({ found }: PlaceInView): string {
  if (!found) return NOTHING;
  const { name, kind, base, size, offset, register, interrupts, pdap } = found;
  const extent = `${hex32(base)}..${hex32(base + size - 1)}`;
  if (kind === 'memory') return `${name}, byte ${hex(offset)}; window of ${sizeText(size)} at ${extent}`;
  if (kind === 'core') return register ? `${register}, on the core's private bus` : `the core's private bus, where no register is modelled`;
  const lines = Object.entries(interrupts ?? {}).map(([view, line]) => `${view} ${line}`);
  return [
    `${name}${register ? `.${register}` : ` + ${hex(offset)}`}, block at ${extent} (${modelText(kind)})`,
    ...(lines.length > 0 ? [`interrupt ${lines.join(', ')}`] : []),
    ...(pdap === undefined ? [] : [`RDC PDAP ${pdap}`]),
  ].join('; ');
}

function modelText(kind: string): string {
  if (kind === 'unmodelled') return 'not modelled: accesses are reported';
  return kind === 'reserved' ? 'reserved' : kind;
}

function sizeText(bytes: number): string {
  if (bytes % KiB ** 3 === 0) return `${bytes / KiB ** 3} GiB`;
  return bytes % (KiB * KiB) === 0 ? `${bytes / KiB / KiB} MiB` : bytes % KiB === 0 ? `${bytes / KiB} KiB` : `${bytes} bytes`;
}

function memoryLines({ address, aliases, translations, reserved, views }: AddressFacts): string[] {
  const byView = new Map<string, string[]>();
  const inMemory = views.some(({ found }) => found?.kind === 'memory');
  const coresFirst = [...aliases].sort((a, b) => Number(a.view === 'linux') - Number(b.view === 'linux'));
  for (const { view, address: other } of coresFirst) byView.set(view, [...(byView.get(view) ?? []), hex32(other)]);
  const others =
    byView.size > 0
      ? [`  the same ${inMemory ? 'byte' : 'register'}: ${[...byView].map(([view, list]) => `${view} ${list.join(' ')}`).join(', ')}`]
      : [];
  if (!inMemory) return others;
  return [
    ...others,
    ...translations.map(({ core, sa, own }) =>
      sa === undefined
        ? `  remoteproc of ${core}: Translation failed: da = ${hex(address)} (no row of imx_rproc_att holds it)`
        : `  remoteproc of ${core}: da ${hex32(address)} -> sa ${hex32(sa)}${own ? " (the core's own memory, ATT_OWN)" : ''}`,
    ),
    ...reserved.map(({ board, region, base, size }) => `  board ${board} reserves it: ${region}, ${sizeText(size)} at ${hex32(base)}`),
  ];
}

/** All registers of the block at an address, as the core sees it, or Linux where only that does; none where there is no model. */
function blockRegisters(machine: Machine, { views }: AddressFacts, core: string): RegisterView[] {
  const { view, found } = views.find((place) => place.view === core && place.found) ?? views.find((place) => place.found) ?? {};
  if (!found || ['memory', 'core', 'unmodelled', 'reserved'].includes(found.kind)) return [];
  return peripheralRegisters({ machine }, { name: found.name }, view);
}

function registerOf(machine: Machine, facts: AddressFacts, core: string): RegisterView | undefined {
  return blockRegisters(machine, facts, core).find(({ address, width }) => facts.address >= address && facts.address < address + width);
}

/** Fault status registers in words; of the core's other registers, and of what is none, there are no fields to show. */
function statusLines({ views }: AddressFacts, core: string, value: number): string[] {
  const register = views.find(({ view }) => view === core)?.found?.register;
  const decode = register === 'CFSR' ? decodeCfsr : register === 'HFSR' ? decodeHfsr : register === 'SFSR' ? decodeSfsr : undefined;
  if (!decode) return [`  ${hex32(value)}: ${register ? `fields of ${register} are not known` : 'no register that is known is there'}`];
  const bitsSet = decode(value);
  return [
    `  ${register} ${hex32(value)}:`,
    ...bitsSet.map(({ name, meaning }) => `    ${name}: ${meaning}`),
    ...(bitsSet.length === 0 ? ['    no fault'] : []),
  ];
}

function registerLines({ name, access, reset, fields, unimplemented, width }: RegisterView, value: number | undefined): string[] {
  const notes = [`${access}, ${8 * width} bits, reset ${hex32(reset)}`, ...(unimplemented ? ['not modelled: stored, and reported'] : [])];
  return [
    `  ${name}: ${notes.join('; ')}${value === undefined ? '' : `; fields of ${hex32(value)}:`}`,
    ...fields.map((field) => {
      const range = field.width === 1 ? `${field.lsb}` : `${field.lsb + field.width - 1}:${field.lsb}`;
      const now = value === undefined ? '' : ` = ${hex(bits(value, field.lsb, field.width))}`;
      return `    ${range.padStart(5)}  ${field.name}${now}  ${field.access ?? access}`;
    }),
  ];
}

/** Symbol or segment of the firmware at the byte, by the core's addresses. */
function symbolAt(firmware: Firmware, { address, aliases }: AddressFacts, core: string): string | undefined {
  const addresses = [address, ...aliases.filter(({ view }) => view === core).map((alias) => alias.address)];
  const symbols = new Symbols(firmware.symbols);
  for (const each of addresses) {
    const name = symbols.name(each);
    if (name !== undefined) return name;
  }
  const segment = firmware.segments.find(({ da, memsz }) => addresses.some((each) => each >= da && each < da + memsz));
  return segment && `segment ${segment.index}, loaded at ${hex32(segment.da)}`;
}
