/**
 * RDC_SEMAPHORE: 64 gates through which masters take turns at the peripherals that RDC gives to several domains (PDAP.SREQ).
 *
 * Described in the RDC chapters of the reference manuals. A gate is locked by writing one more than the number that the hardware gives the writing master;
 * it then shows that and the master's domain, and only that master opens it. Which of the two halves of a window writes is known from the view.
 */
import type { Diagnostics } from '../diagnostics.ts';
import type { BusDevice } from '../memory/bus.ts';
import { defineRegisters, field, RegisterFile } from '../memory/registers.ts';

const GATES = 64;

/** Registers; RSTGT stands at 0x40, on the 8M Plus at 0x42. */
const registersWith = (reset: 0x40 | 0x42) =>
  defineRegisters({
    GATE: { offset: 0x00, count: GATES, width: 1, access: 'ro', fields: { GTFSM: field(0, 4), LDOM: field(4, 2, 'ro') } },
    RSTGT: {
      offset: reset,
      width: 2,
      access: 'ro',
      fields: { RSTGMS: field(0, 4, 'ro'), RSTGSM: field(4, 2, 'ro'), RSTGTN: field(8, 8, 'ro') },
    },
  });
const REGISTERS = { 64: registersWith(0x40), 66: registersWith(0x42) };

/** Offset of RSTGT. */
export type SemaphoreReset = keyof typeof REGISTERS;

/** The two bytes that reset gates, one after the other; the gate's number stands above the second. */
const RESET_FIRST = 0xe2;
const RESET_SECOND = 0x1d;

/** Number of the master by view; a master that is not named cannot lock a gate. */
export type SemaphoreMasters = Readonly<Record<string, number>>;

/** The block. */
export class RdcSemaphore {
  static readonly wiring = ['masters', 'domainOf', 'current'];
  /** As a master that can lock nothing sees it. */
  readonly device: BusDevice;
  private readonly name: string;
  private readonly masters: SemaphoreMasters;
  private readonly file: RegisterFile<(typeof REGISTERS)[0x40]>;
  private readonly diagnostics: Diagnostics;
  /** By gate, one more than the number of the master that holds it, 0 while open; and its domain. */
  private readonly holders = new Uint8Array(GATES);
  private readonly domains = new Uint8Array(GATES);
  /** Master that has written the first byte of a reset, one more than its number; and who completed the last, with which gate. */
  private resetting = 0;
  private lastReset = { master: 0, gate: 0 };
  /** View of the access under way. */
  private current: string | undefined;
  /** Domain of the master of a view; set by the RDC. */
  domainOf: (view: string) => number = () => 0;
  /** Called when a gate was locked or opened; without a number, when all may have been. */
  onChange: ((gate?: number) => void) | undefined;

  constructor(options: { name: string; masters: SemaphoreMasters; reset?: SemaphoreReset; diagnostics: Diagnostics }) {
    const { name, masters, reset = 0x40, diagnostics } = options;
    this.name = name;
    this.masters = masters;
    this.diagnostics = diagnostics;
    this.file = new RegisterFile(REGISTERS[reset], {
      name,
      diagnostics,
      behaviour: {
        GATE: {
          value: (gate) => this.holders[gate]! | (this.domains[gate]! << 4),
          steady: true,
          write: (_next, _previous, gate, written) => this.gateWritten(gate, written & 0xf),
        },
        RSTGT: {
          value: () => (this.lastReset.gate << 8) | (this.resetting === 0 ? 0 : 0x10) | this.lastReset.master,
          steady: true,
          write: (_next, _previous, _index, written) => this.resetWritten(written),
        },
      },
    });
    this.device = this.face(undefined);
  }

  /** The block as the master of `view` sees it. */
  deviceFor(view: string): BusDevice {
    return this.face(view);
  }

  /** Domain that holds a gate, undefined while it is open. */
  holder(gate: number): number | undefined {
    return this.holders[gate] === 0 ? undefined : this.domains[gate];
  }

  /** Reset of the SoC. */
  reset(): void {
    this.file.reset();
    this.holders.fill(0);
    this.domains.fill(0);
    this.resetting = 0;
    this.lastReset = { master: 0, gate: 0 };
    this.onChange?.();
  }

  private face(view: string | undefined): BusDevice {
    return {
      guards: true,
      read: (offset, size) => this.file.read(offset, size),
      peek: (offset, size) => this.file.peek(offset, size),
      steady: (offset) => this.file.steady(offset),
      registerName: (offset) => this.file.registerName(offset),
      write: (offset, value, size) => {
        this.current = view;
        return this.file.write(offset, value, size);
      },
    };
  }

  /** One more than the number of the master whose access is under way; 0 for one without. */
  private get own(): number {
    const master = this.current === undefined ? undefined : this.masters[this.current];
    return master === undefined ? 0 : master + 1;
  }

  private gateWritten(gate: number, value: number): void {
    const { own } = this;
    const holder = this.holders[gate]!;
    if (value === own && own !== 0) {
      if (holder !== 0) return;
      this.holders[gate] = own;
      this.domains[gate] = this.domainOf(this.current!);
    } else if (value === 0) {
      if (holder === 0) return;
      if (holder !== own) {
        this.diagnostics.guestError(this.name, `GATE${gate}`, 'opened by a master that does not hold it: ignored');
        return;
      }
      this.open(gate);
    } else {
      const hint = own === 0 ? 'this master has none' : `this master's is ${own}`;
      this.diagnostics.guestError(this.name, `GATE${gate}`, `written with the number of another master (${hint}): ignored`);
      return;
    }
    this.onChange?.(gate);
  }

  private open(gate: number): void {
    this.holders[gate] = 0;
    this.domains[gate] = 0;
  }

  private resetWritten(written: number): void {
    const pattern = written & 0xff;
    const first = this.resetting;
    this.resetting = 0;
    if (pattern === RESET_FIRST) {
      this.resetting = this.own;
      return;
    }
    if (pattern !== RESET_SECOND || first === 0 || first !== this.own) return;
    const target = written >>> 8;
    if (target < GATES) this.open(target);
    else for (let gate = 0; gate < GATES; gate++) this.open(gate);
    this.lastReset = { master: first, gate: target };
    this.onChange?.();
  }
}
