/**
 * Which SoC, core and board a firmware runs on: what the user said, and otherwise what the ELF betrays.
 */
import { UsageError } from '../errors.ts';
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { mismatch } from '../soc/built-for.ts';
import { detectSoc } from '../soc/detect.ts';
import { findSoc } from '../soc/index.ts';
import type { SocDescription } from '../soc/soc.ts';

/** Where a firmware runs, and why. */
export interface Target {
  readonly soc: SocDescription;
  readonly core: string;
  readonly board?: string;
  readonly reasons: readonly string[];
}

/** Characters of reasons that a line has room for beside SoC, board and engine. */
const BRIEF = 90;
/** Reasons that tell relatives apart, which the places of segments, vectors and stack do not. */
const TELLING = /^it holds the (?:text|constant)|^its debug information names|the vrings of|has a vring at/;

/** The reasons on one line: the first, every doubt, and as many others as there is room for, telling ones before the rest; `imx-sim info` has them all. */
export function briefReasons(reasons: readonly string[]): string {
  const kept = new Set(reasons.filter((reason, index) => index === 0 || !/^its? /.test(reason) || reason.includes('--soc')));
  let length = [...kept].join('; ').length;
  for (const reason of [...reasons.filter((each) => TELLING.test(each)), ...reasons]) {
    if (kept.has(reason) || length + reason.length > BRIEF) continue;
    kept.add(reason);
    length += reason.length + 2;
  }
  const left = reasons.length - kept.size;
  const more = left > 0 ? [`${left} more in imx-sim info`] : [];
  return [...reasons.filter((reason) => kept.has(reason)), ...more].join('; ');
}

/** What in the ELF speaks against the core that was named, or for another SoC, if something does. */
function otherOpinion(firmware: Firmware, named: SocDescription, core: string): string[] {
  const profile = named.cores.find(({ name }) => name === core)?.profile;
  const against = profile && firmware.buildAttributes && mismatch(firmware.buildAttributes, profile);
  if (against) return [`but the ELF is ${against}`];
  const found = detectSoc(firmware);
  const evidence = found?.reasons.slice(1).filter((reason) => reason.startsWith('it ')) ?? [];
  if (!found || found.soc === named || found.ambiguous || evidence.length === 0) return [];
  return [`the ELF looks like one for ${found.soc.name}: ${evidence[0]}`];
}

/** Finds the target. @throws {UsageError} for an unknown name, or when the ELF fits no SoC. */
export function chooseTarget(firmware: Firmware, options: { soc?: string; board?: string; core?: string }): Target {
  const boardNamed = (name: string | undefined) => (name === undefined ? {} : { board: name });
  if (options.soc !== undefined) {
    const soc = findSoc(options.soc);
    const core = options.core ?? soc.cores[0]!.name;
    return { soc, core, reasons: ['as --soc says', ...otherOpinion(firmware, soc, core)], ...boardNamed(options.board) };
  }
  const found = detectSoc(firmware);
  if (!found)
    throw new UsageError(
      `${firmware.name}: it fits the memory map of no SoC that is modelled`,
      'choose one with --soc; `imx-sim socs` lists them',
      firmware.name,
    );
  const otherBoard = options.board !== undefined && found.board !== undefined && options.board !== found.board;
  const forBoard = otherBoard
    ? found.reasons.find((reason) => new RegExp(`\\bboards? (?:[\\w-]+, )*${found.board}\\b`).test(reason))
    : undefined;
  const doubtOfBoard = forBoard ? [`the ELF looks like one for board ${found.board}: ${forBoard}`] : [];
  const doubt = found.ambiguous?.length ? [`it would also fit ${found.ambiguous.map(({ name }) => name).join(', ')}: --soc decides`] : [];
  return {
    soc: found.soc,
    core: options.core ?? found.core,
    reasons: [...found.reasons, ...doubt, ...doubtOfBoard],
    ...boardNamed(options.board ?? found.board),
  };
}
