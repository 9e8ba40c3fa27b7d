/**
 * The exceptions of a core as a debugger shows them: what the NVIC and the vector table say, read without side effects.
 */
import { type AddressSpace, BUS_FAULT } from '../memory/bus.ts';
import { BANKED_EXCEPTIONS, EXCEPTION, exceptionName, NON_SECURE, numberOf } from './exception-numbers.ts';
import type { Nvic } from './nvic.ts';

/** One exception of a core. */
export interface ExceptionRow {
  /** As IPSR shows it; two rows have the same number where each security state has its own exception. */
  readonly number: number;
  /** The architecture's name: `SysTick`, `IRQ 97`. */
  readonly name: string;
  readonly enabled: boolean;
  readonly pending: boolean;
  readonly active: boolean;
  /** External lines: the input is high. */
  readonly asserted?: boolean;
  /** The byte of its priority register; negative where it is fixed. */
  readonly priority: number;
  /** What its vector holds, with bit 0; undefined where that cannot be read. */
  readonly handler: number | undefined;
  /** The security state in which it is taken, on a core that has two. */
  readonly secure?: boolean;
}

/** An exception was entered (its first instruction is next) or returned from. */
export interface ExceptionEvent {
  readonly phase: 'enter' | 'exit';
  /** As IPSR shows it. */
  readonly number: number;
  readonly name: string;
  /** The security state in which it is taken, on a core that has two. */
  readonly secure?: boolean;
}

/** What `exceptionRows` reads. */
export interface ExceptionSource {
  readonly nvic: Nvic;
  readonly bus: AddressSpace;
  /** Address of the vector table of a security state. */
  readonly vectorTable: (secure: boolean) => number;
}

/** All exceptions but the reserved ones, ascending by number, the Secure one of a pair first. */
export function exceptionRows({ nvic, bus, vectorTable }: ExceptionSource): ExceptionRow[] {
  const rows: ExceptionRow[] = [];
  for (let number: number = EXCEPTION.NMI; number < EXCEPTION.EXTERNAL + nvic.lines; number++) {
    if (!exists(number, nvic.security)) continue;
    const ids = nvic.security && BANKED_EXCEPTIONS.includes(number) ? [number, NON_SECURE + number] : [number];
    for (const id of ids) {
      const secure = nvic.targetsSecure(id);
      const vector = bus.peek((vectorTable(secure) + 4 * number) >>> 0, 4);
      rows.push({
        number,
        name: exceptionName(id),
        enabled: nvic.isEnabled(id),
        pending: nvic.isPending(id),
        active: nvic.isActive(id),
        ...(number >= EXCEPTION.EXTERNAL ? { asserted: nvic.isAsserted(id) } : {}),
        priority: nvic.priority(id),
        handler: vector === BUS_FAULT ? undefined : vector,
        ...(nvic.security ? { secure } : {}),
      });
    }
  }
  return rows;
}

/** What a listener is told of exception `id`. */
export function exceptionEvent(nvic: Nvic, phase: 'entered' | 'left', id: number): ExceptionEvent {
  const secure = nvic.security ? { secure: nvic.targetsSecure(id) } : {};
  return { phase: phase === 'entered' ? 'enter' : 'exit', number: numberOf(id), name: exceptionName(id), ...secure };
}

function exists(number: number, security: boolean): boolean {
  return number >= EXCEPTION.EXTERNAL || (SYSTEM.has(number) && (security || number !== EXCEPTION.SECURE_FAULT));
}

/** The exceptions of the architecture; the numbers between them are reserved. */
const SYSTEM: ReadonlySet<number> = new Set(Object.values(EXCEPTION).filter((number) => number > EXCEPTION.RESET));
