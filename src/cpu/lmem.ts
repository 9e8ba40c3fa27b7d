/**
 * LMEM, the controller of a Cortex-M4's two caches (code bus, system bus) at 0xE008_2000 of its private bus, which NXP adds on these parts.
 *
 * Described in the LMEM chapters of the reference manuals; names are those of NXP's headers. The caches hold nothing: all memory is coherent
 * at any time, so commands take their time (one cycle for each set, for each word of a line) and find nothing to do; a search finds no valid line.
 * These parts have no region mode register (PCCRMR). Not modelled: writing a tag or data into a line.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { unchanging } from '../memory/bus.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';

/** Offset from 0xE000_0000, and size: a page. */
export const LMEM_OFFSET = 0x8_2000;

/** Command bits stay as written; GO goes by itself. */
const CONTROL = {
  ENCACHE: bit(0),
  ENWRBUF: bit(1),
  INVW0: bit(24),
  PUSHW0: bit(25),
  INVW1: bit(26),
  PUSHW1: bit(27),
  GO: bit(31),
} as const;
const LINE = {
  LGO: bit(0),
  CACHEADDR: field(2, 11),
  WSEL: bit(14),
  TDSEL: bit(16),
  LCIVB: bit(20, 'ro'),
  LCIMB: bit(21, 'ro'),
  LCWAY: bit(22, 'ro'),
  LCMD: field(24, 2),
  LADSEL: bit(26),
  LACC: bit(27),
} as const;
const SEARCH = { LGO: bit(0), PHYADDR: field(2, 30) } as const;

/** Registers in manual order. */
const LMEM = defineRegisters({
  PCCCR: { offset: 0x000, access: 'ro', fields: { ...CONTROL, PCCR2: bit(2), PCCR3: bit(3) } },
  PCCLCR: { offset: 0x004, access: 'ro', fields: LINE },
  PCCSAR: { offset: 0x008, access: 'ro', fields: SEARCH },
  PCCCVR: { offset: 0x00c },
  PSCCR: { offset: 0x800, access: 'ro', fields: CONTROL },
  PSCLCR: { offset: 0x804, access: 'ro', fields: LINE },
  PSCSAR: { offset: 0x808, access: 'ro', fields: SEARCH },
  PSCCVR: { offset: 0x80c },
});

const GO = 0x8000_0000;
const LGO = 1;
/** 16 KiB in two ways of 32-byte lines. */
const SETS = 256;
const LINE_WORDS = 8;
/** LCMD: search and read or write, with LACC what of the two. */
const SEARCH_COMMAND = 0;

interface Names {
  readonly control: 'PCCCR' | 'PSCCR';
  readonly line: 'PCCLCR' | 'PSCLCR';
  readonly search: 'PCCSAR' | 'PSCSAR';
  readonly value: 'PCCCVR' | 'PSCCVR';
}
const CODE_BUS: Names = { control: 'PCCCR', line: 'PCCLCR', search: 'PCCSAR', value: 'PCCCVR' };
const SYSTEM_BUS: Names = { control: 'PSCCR', line: 'PSCLCR', search: 'PSCSAR', value: 'PSCCVR' };

/** The controller. */
export class Lmem {
  static readonly wiring = ['now', 'cyclesPerTick'];
  readonly registers: RegisterFile<typeof LMEM>;
  /** Base-clock cycle. */
  private readonly now: () => number;
  /** Base-clock cycles of one core cycle. */
  private readonly cyclesPerTick: number;
  /** Base-clock cycle at which the command of each cache is complete, and that of a line of it. */
  private readonly done: Record<Names['control'] | Names['line'], number> = { PCCCR: 0, PCCLCR: 0, PSCCR: 0, PSCLCR: 0 };

  constructor(options: { diagnostics: Diagnostics; now: () => number; cyclesPerTick: number }) {
    const { diagnostics } = options;
    this.now = options.now;
    this.cyclesPerTick = options.cyclesPerTick;
    this.registers = new RegisterFile(LMEM, {
      name: 'LMEM',
      diagnostics,
      fullName: (name) => `LMEM_${name}`,
      behaviour: { ...this.behaviour(CODE_BUS, diagnostics), ...this.behaviour(SYSTEM_BUS, diagnostics) },
    });
  }

  /** Puts all registers to their reset values. */
  reset(): void {
    this.registers.reset();
    for (const command of ['PCCCR', 'PCCLCR', 'PSCCR', 'PSCLCR'] as const) this.done[command] = 0;
  }

  private behaviour({ control, line, search, value }: Names, diagnostics: Diagnostics) {
    const commanded = (next: number): void => {
      if ((next & LGO) === 0) return;
      this.done[line] = this.now() + LINE_WORDS * this.cyclesPerTick;
      if (this.registers.field(line, 'LCMD') !== SEARCH_COMMAND) return;
      if (this.registers.field(line, 'LACC') === 0) this.registers.set(value, 0);
      else diagnostics.unimplemented('LMEM', value, 'is written into a line, but the caches hold nothing in this model');
    };
    // LGO is one bit, seen in two registers.
    return {
      [control]: {
        value: () => this.shown(control, GO, control),
        progress: () => this.stays(control),
        write: (next: number) => {
          if ((next & GO) !== 0) this.done[control] = this.now() + SETS * this.cyclesPerTick;
        },
      },
      [line]: { value: () => this.shown(line, LGO, line), progress: () => this.stays(line), write: commanded },
      [search]: { value: () => this.shown(search, LGO, line), progress: () => this.stays(line), write: commanded },
    };
  }

  /** A register with the bit that says whether `command` is under way. */
  private shown(register: Names['control'] | Names['line'] | Names['search'], busy: number, command: keyof Lmem['done']): number {
    const stored = this.registers.get(register) & ~busy;
    return (this.now() < this.done[command] ? stored | busy : stored) >>> 0;
  }

  private stays(command: keyof Lmem['done']) {
    return unchanging(this.done[command] - this.now());
  }
}
