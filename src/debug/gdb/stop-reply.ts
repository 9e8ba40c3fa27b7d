/** Why the machine stands still, as a stop reply packet (GDB manual, appendix E.3), and as a line for people where GDB has no word for it. */
import { assertNever } from '../../errors.ts';
import type { StopReason } from '../../machine.ts';
import type { HaltReason, Stopper } from '../types.ts';
import { coreOf, type GdbTarget } from './target.ts';

/** GDB's numbers of signals, which are no host's. */
export const SIGNAL = { INT: 2, ILL: 4, TRAP: 5, ABRT: 6, FPE: 8, BUS: 10, SEGV: 11, TERM: 15 } as const;

/** Causes of faults, as the fault status registers name them. */
const SIGNALS: readonly (readonly [signal: number, causes: RegExp])[] = [
  [SIGNAL.FPE, /^DIVBYZERO$/],
  [SIGNAL.ILL, /^(UNDEFINSTR|INVSTATE|NOCP|INVPC|INVEP|INVIS|INVER|INVTRAN)$/],
  [SIGNAL.SEGV, /^(IACCVIOL|DACCVIOL|MUNSTKERR|MSTKERR|MLSPERR|AUVIOL|STKOF)$/],
  [SIGNAL.BUS, /^(IBUSERR|PRECISERR|IMPRECISERR|UNSTKERR|STKERR|LSPERR|UNALIGNED|LSERR)$/],
];

/** What a stop of the machine's says beside the signal. */
export interface StopDetails {
  /** `thread:...;` and registers that save GDB asking. */
  readonly common: string;
  /** What GDB has set of this number; undefined for those of others. */
  readonly pointOf: (id: number) => PointKind | undefined;
  /** GDB understands `swbreak` and `hwbreak`. */
  readonly tellsBreaks: boolean;
}

/** Kinds of break- and watchpoints, by the number in Z packets. */
export type PointKind = 'swbreak' | 'hwbreak' | 'watch' | 'rwatch' | 'awatch';

/** The reply packet. */
export function stopReply(target: GdbTarget, reason: HaltReason, { common, pointOf, tellsBreaks }: StopDetails): string {
  const stopped = (signal: number, what = ''): string => `T${hexByte(signal)}${what}${common}`;
  switch (reason.kind) {
    case 'request':
      return stopped(SIGNAL.INT);
    case 'start':
    case 'step':
      return stopped(SIGNAL.TRAP);
    case 'breakpoint': {
      const kind = reason.ids.map(pointOf).find((found) => found !== undefined);
      return stopped(SIGNAL.TRAP, kind && tellsBreaks ? `${kind}:;` : '');
    }
    case 'watchpoint': {
      const id = reason.ids.find((each) => pointOf(each) !== undefined);
      return stopped(SIGNAL.TRAP, id === undefined ? '' : `${pointOf(id)}:${watched(target, reason, id).toString(16)};`);
    }
    case 'crashed':
      return stopped(crashSignal(target));
    case 'ended':
      return reason.stop.kind === 'exit' ? `W${hexByte(reason.stop.status & 0xff)}` : stopped(SIGNAL.TERM);
    case 'history-start':
      return stopped(SIGNAL.TRAP, 'replaylog:begin;');
    case 'history-end':
      return stopped(SIGNAL.TRAP, 'replaylog:end;');
    default:
      return assertNever(reason);
  }
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** An address of the watchpoint that was accessed, in the core's view: GDB finds the watchpoint by it. */
function watched({ debugger: api, core }: GdbTarget, reason: HaltReason & { kind: 'watchpoint' }, id: number): number {
  const point: Stopper | undefined = api.stoppers.find((each) => each.id === id);
  if (point?.kind !== 'watchpoint') return reason.address;
  const inside = reason.by === core && reason.address >= point.address && reason.address < point.address + point.size;
  return inside ? reason.address : point.address;
}

/** By what the core's fault status says of its last fault. */
function crashSignal(target: GdbTarget): number {
  const causes = coreOf(target).faults().at(-1)?.causes ?? [];
  for (const [signal, names] of SIGNALS) if (causes.some(({ name }) => names.test(name))) return signal;
  return causes.length > 0 ? SIGNAL.SEGV : SIGNAL.ABRT;
}

/** What GDB's own message about such a stop does not say. */
export function stopText(target: GdbTarget, reason: HaltReason): string | undefined {
  switch (reason.kind) {
    case 'crashed':
      return [`${reason.core}: ${reason.reason}`, ...reason.report].join('\n');
    case 'ended':
      return reason.stop.kind === 'exit' ? undefined : `${endText(reason.stop)}; 'continue' ends the session${backText(target)}`;
    case 'watchpoint':
      return reason.pc === undefined ? `${reason.by} ${reason.access === 'write' ? 'has written' : 'has read'} it` : undefined;
    default:
      return undefined;
  }
}

function backText({ debugger: api }: GdbTarget): string {
  return api.noWayBack === undefined ? ", 'reverse-continue' goes back" : '';
}

function endText(stop: StopReason): string {
  switch (stop.kind) {
    case 'deadlock':
      return 'nothing is left that could ever happen';
    case 'system-reset':
      return `${stop.block} has reset the SoC: ${stop.cause}`;
    case 'host-memory':
      return stop.text;
    case 'difference':
      return 'the engines differ';
    default:
      return 'the run has come to its end';
  }
}
