/**
 * Where a machine stands, in the words of somebody who looks over the tester's shoulder; for errors and `explain()`.
 */
import type { CodePlace, Situation } from '../errors.ts';
import type { MachineEvent } from '../events.ts';
import type { LintFinding } from '../linux/firmware-lint.ts';
import type { Machine } from '../machine.ts';
import { hex32 } from '../memory/bits.ts';
import { findings, refusal, semihostingHint, whatWaits, worthTelling } from '../session/explain.ts';
import { eventText, findingLines } from '../session/renderer.ts';
import type { SimulationLog } from './log.ts';
import { optionWords } from './option-words.ts';

/** Events that are shown. */
const LAST_EVENTS = 12;
/** Events that are looked through for them. */
const LOOK_BACK = 20_000;
/** Lines of waits, findings and so on that are shown of each. */
const MOST_LINES = 24;

/** Who knows source lines and call frames. */
export interface CodeReader {
  place(address: number): CodePlace;
  /** Of the core as it is now, innermost first. */
  backtrace(): readonly CodePlace[];
}

/** What a situation is read from. */
export interface SituationSources {
  readonly machine: Machine;
  readonly log: SimulationLog;
  readonly lint: readonly LintFinding[];
  readonly code: CodeReader;
  /** Somebody serves semihosting calls. */
  readonly semihosting: boolean;
}

/** `main+0x12 at src/main.c:42`, with the address. */
export function placeText({ address, symbol, source }: CodePlace): string {
  return `${hex32(address)}${symbol ? ` ${symbol}` : ''}${source ? ` at ${source}` : ''}`;
}

/** The situation as it is now. */
export function situationOf(sources: SituationSources): Situation {
  const { machine, log, lint, code, semihosting } = sources;
  const { core, scheduler } = machine;
  const pc = code.place(core.pc);
  const backtrace = core.halted ? [] : code.backtrace();
  const waits = [...(refusal(machine) ?? []), ...whatWaits(machine, messagesToLinux(log)).map(optionWords)];
  if (!semihosting) waits.push(...semihostingHint(machine).map(optionWords));
  for (const { device } of log.waiting) waits.push(`text for ${device} was not given: it was not ready`);
  const lastEvents = recent(log).map((event) => eventText(event, scheduler.hz));
  const found = findings(machine).map(optionWords);
  const linted = lint.filter(({ severity }) => severity !== 'note').flatMap((finding) => findingLines(finding).map(optionWords));
  const lines = [
    `at ${scheduler.seconds.toFixed(6)} s of virtual time (cycle ${scheduler.now})`,
    ...(core.halted ? [] : [`pc ${placeText(pc)}`]),
    ...section('called from:', backtrace.slice(1).map(placeText)),
    ...limited(waits),
    ...section('models noticed:', found),
    ...section('the firmware, as its ELF tells:', linted),
    ...section('last events:', lastEvents),
  ];
  return {
    cycle: scheduler.now,
    time: scheduler.nsFromCycles(scheduler.now),
    core: core.name,
    pc,
    backtrace,
    lastEvents,
    waits,
    findings: found,
    lint: linted,
    lines,
  };
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...limited(lines).map((line) => `  ${line}`)];
}

function limited(lines: readonly string[]): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [...lines.slice(0, MOST_LINES), `... and ${lines.length - MOST_LINES} more lines`];
}

/** The last events that are worth telling, oldest first. */
function recent(log: SimulationLog): MachineEvent[] {
  const found: MachineEvent[] = [];
  const { events } = log;
  const end = Math.max(0, events.length - LOOK_BACK);
  for (let at = events.length - 1; at >= end && found.length < LAST_EVENTS; at--) {
    const event = events.at(at)!;
    if (worthTelling(event)) found.push(event);
  }
  return found.reverse();
}

/** 0 or 1 is all that matters. */
function messagesToLinux({ events }: SimulationLog): number {
  for (const event of events) if (event.type === 'message' && event.direction === 'rx') return 1;
  return 0;
}
