/**
 * SEMA4: 16 gates through which two processors exclude each other, with an interrupt to the one that was refused when the gate opens.
 *
 * Described in the SEMA4 chapter of the reference manuals. A gate holds the number of its owner plus one. Which processor writes is known
 * from the bus master, here from the view. Line one goes to processor 0 (the A cluster), line two to processor 1 (the M core).
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { BusDevice } from '../memory/bus.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';

/** Registers in manual order. */
export const SEMA4 = defineRegisters({
  GATE: { offset: 0x00, count: 16, width: 1 },
  CPINE: { offset: 0x40, count: 2, stride: 8, width: 2 },
  CPNTF: { offset: 0x80, count: 2, stride: 8, width: 2, access: 'ro' },
  RSTGT: { offset: 0x100, width: 2, access: 'ro' },
  RSTNTF: { offset: 0x104, width: 2, access: 'ro' },
});

const GATES = 16;
/** The two bytes that reset a gate or its notifications; its number stands above the second. */
const RESETS = { RSTGT: { first: 0xe2, second: 0x1d }, RSTNTF: { first: 0x47, second: 0xb8 } } as const;
/** RSTGSM, RSTNSM: the second byte is awaited. */
const HALF_DONE = 0x10;

/** Number of the processor by view. */
export type SemaProcessors = Readonly<Record<string, 0 | 1>>;

/** The block. */
export class Sema4 {
  static readonly wiring = ['processors'];
  /** As processor 0 sees it. */
  readonly device: BusDevice;
  private readonly name: string;
  private readonly file: RegisterFile<typeof SEMA4>;
  private readonly diagnostics: Diagnostics;
  private readonly processors: SemaProcessors;
  private readonly lines: readonly [(level: boolean) => void, (level: boolean) => void];
  /** Owner plus one; 0 is free. */
  private readonly owners = new Uint8Array(GATES);
  /** By processor, gates it was refused, as bits. */
  private readonly refused = [0, 0];
  private readonly notified = [0, 0];
  private readonly enabled = [0, 0];
  private readonly levels = [false, false];
  /** One more than the processor that has written the first byte; what the last complete sequence was for, and whose. */
  private readonly resetting = { RSTGT: 0, RSTNTF: 0 };
  private readonly lastReset = { RSTGT: 0, RSTNTF: 0 };
  /** Processor of the access under way. */
  private current: 0 | 1 = 0;

  constructor(options: {
    name: string;
    processors: SemaProcessors;
    diagnostics: Diagnostics;
    interrupt: (level: boolean) => void;
    highInterrupt: (level: boolean) => void;
  }) {
    this.name = options.name;
    this.diagnostics = options.diagnostics;
    this.processors = options.processors;
    this.lines = [options.interrupt, options.highInterrupt];
    this.file = new RegisterFile(SEMA4, {
      name: options.name,
      diagnostics: options.diagnostics,
      behaviour: {
        GATE: { value: (gate) => this.owners[gate]!, steady: true, write: (next, _previous, gate) => this.writeGate(gate, next & 3) },
        CPINE: {
          write: (next, _previous, processor) => {
            this.enabled[processor] = turn(next);
            this.settle();
          },
        },
        CPNTF: { value: (processor) => turn(this.notified[processor]!), steady: true },
        RSTGT: this.sequence('RSTGT'),
        RSTNTF: this.sequence('RSTNTF'),
      },
    });
    this.device = this.face(0);
  }

  /** The block as the master of `view` sees it. */
  deviceFor(view: string): BusDevice {
    return this.face(this.processors[view] ?? 0);
  }

  /** Reset of the SoC. */
  reset(): void {
    this.file.reset();
    this.owners.fill(0);
    for (const processor of [0, 1]) {
      this.refused[processor] = 0;
      this.notified[processor] = 0;
      this.enabled[processor] = 0;
    }
    for (const register of ['RSTGT', 'RSTNTF'] as const) {
      this.resetting[register] = 0;
      this.lastReset[register] = 0;
    }
    this.settle();
  }

  private face(processor: 0 | 1): BusDevice {
    return {
      read: (offset, size) => this.file.read(offset, size),
      peek: (offset, size) => this.file.peek(offset, size),
      steady: (offset) => this.file.steady(offset),
      registerName: (offset) => this.file.registerName(offset),
      write: (offset, value, size) => {
        this.current = processor;
        return this.file.write(offset, value, size);
      },
    };
  }

  private writeGate(gate: number, value: number): void {
    const own = this.current + 1;
    const owner = this.owners[gate]!;
    const bit = 1 << gate;
    if (value === own) {
      if (owner === 0) {
        this.owners[gate] = own;
        this.refused[this.current]! &= ~bit;
        this.notified[this.current]! &= ~bit;
      } else if (owner !== own) this.refused[this.current]! |= bit;
    } else if (value === 0) {
      if (owner === own) this.release(gate);
      else if (owner !== 0) this.diagnostics.guestError(this.name, `GATE${gate}`, 'unlocked by a processor that does not own it: ignored');
    } else this.diagnostics.guestError(this.name, `GATE${gate}`, 'written with the number of another processor: ignored');
    this.settle();
  }

  /** Frees a gate and tells those who were refused. */
  private release(gate: number): void {
    const bit = 1 << gate;
    this.owners[gate] = 0;
    for (const processor of [0, 1]) {
      if (this.refused[processor]! & bit) this.notified[processor]! |= bit;
      this.refused[processor]! &= ~bit;
    }
  }

  private sequence(register: 'RSTGT' | 'RSTNTF') {
    return {
      value: () => this.lastReset[register] | (this.resetting[register] === 0 ? 0 : HALF_DONE),
      steady: true as const,
      write: (_next: number, _previous: number, _index: number, written: number) => this.resetWritten(register, written),
    };
  }

  private resetWritten(register: 'RSTGT' | 'RSTNTF', written: number): void {
    const { first, second } = RESETS[register];
    const own = this.current + 1;
    const complete = this.resetting[register] === own && (written & 0xff) === second;
    this.resetting[register] = (written & 0xff) === first ? own : 0;
    if (!complete) return;
    this.lastReset[register] = (written & 0xff00) | this.current;
    const target = written >>> 8;
    const gates = target < GATES ? 1 << target : 0xffff;
    for (let gate = 0; gate < GATES; gate++) {
      if (!(gates & (1 << gate))) continue;
      if (register === 'RSTGT') this.owners[gate] = 0;
      for (const processor of [0, 1]) {
        this.refused[processor]! &= ~(1 << gate);
        this.notified[processor]! &= ~(1 << gate);
      }
    }
    this.settle();
  }

  /** Drives both lines from the present state. */
  private settle(): void {
    for (const [processor, line] of this.lines.entries()) {
      const level = (this.notified[processor]! & this.enabled[processor]!) !== 0;
      if (level === this.levels[processor]) continue;
      this.levels[processor] = level;
      line(level);
    }
  }
}

/** Gates as bits to or from the order of CPINE and CPNTF, where gate 0 is bit 7 and gate 8 is bit 15. */
function turn(value: number): number {
  let turned = 0;
  for (let gate = 0; gate < GATES; gate++) if (value & (1 << gate)) turned |= 1 << ((gate & 8) + 7 - (gate & 7));
  return turned;
}
