/**
 * Where generated cases run: a core with one engine and the oracle's machine over the same memory, compared after every run.
 *
 * Memory: code at 0 (BKPT wherever no program stands), a patterned data RAM at 0x2000_0000, a device at 0x4000_0000 whose answers depend on
 * how often it was asked and that refuses offsets from 0x100, nothing in between.
 */

import type { ProtectionUnit } from '../../src/cpu/core-memory.ts';
import { CELL } from '../../src/cpu/core-registers.ts';
import type { Feature } from '../../src/cpu/encodings/index.ts';
import { type Engine, type EngineHost, STOP, type StopCode } from '../../src/cpu/engine.ts';
import type { CoreProfile } from '../../src/cpu/profile.ts';
import { MiB } from '../../src/memory/bits.ts';
import type { BusDevice } from '../../src/memory/bus.ts';
import { type BareCore, bareCore, DATA_BASE, DEVICE_BASE, OPEN_PROTECTION } from '../differential/bare-core.ts';
import type { AcceleratedEngine, AcceleratedKind } from '../support/accelerated.ts';
import { Machine, type OracleMemory } from './oracle/machine.ts';
import { step } from './oracle/oracle.ts';

export const CODE_BYTES = MiB;
export const DATA_END = DATA_BASE + 4 * MiB;
const BKPT = 0xbe00;
/** Programs stand from here on; branches and loads into the PC lead below. */
const FIRST_PROGRAM = 0x1_0000;
/** Parts of the data RAM that cases use: its first pages and its last. */
const WINDOWS = [
  [DATA_BASE, 0x3000],
  [DATA_END - 0x1000, 0x1000],
] as const;

/** What a case begins with; cells by number, in the engine's layout. */
export interface Setup {
  readonly cells: Int32Array;
  readonly fpTrap?: boolean;
  readonly divideTrap?: boolean;
  readonly unalignedTrap?: boolean;
  readonly watchMasks?: boolean;
  /** Words put into the data RAM for this case. */
  readonly words?: readonly (readonly [address: number, value: number])[];
}

/** How a run ended and what it left: made by the oracle, asked of every engine. */
export interface Expectation {
  readonly code: StopCode;
  readonly executed: number;
  readonly detail: number | undefined;
  readonly address: number | undefined;
  readonly cells: Int32Array;
  /** Cells and word addresses whose value is UNKNOWN. */
  readonly unknown: ReadonlySet<string>;
  readonly writes: ReadonlyMap<number, number>;
  readonly device: string;
}

const NAMES = new Map<number, string>(Object.entries(STOP).map(([name, code]) => [code, name]));
/** Cells that are compared, with the names that differences have. */
const COMPARED: readonly (readonly [string, number])[] = [
  ...Array.from({ length: 16 }, (_, i) => [`r${i}`, i] as const),
  ...(
    [
      'APSR',
      'IPSR',
      'ITSTATE',
      'T',
      'PRIMASK',
      'BASEPRI',
      'FAULTMASK',
      'CONTROL',
      'BANKED_SP',
      'SECURE',
      'SPLIM',
      'BANKED_SPLIM',
      'FPSCR',
      'EXCLUSIVE',
      'EVENT',
    ] as const
  ).map((name) => [name, CELL[name]] as const),
  ...Array.from({ length: 32 }, (_, i) => [`s${i}`, CELL.S0 + i] as const),
];

/** The initial byte of the data RAM at `address`. */
const pattern = (address: number): number => (Math.imul(address ^ (address >>> 9), 0x9e37_79b1) >>> 24) & 0xff;

/** Stands for what MPU, SAU and IDAU say of an address: something that depends on all of the question. */
const testTarget = (address: number, alternate: boolean, unprivileged: boolean): number =>
  (Math.imul(address ^ (alternate ? 0x55 : 0) ^ (unprivileged ? 0xaa00 : 0), 0x0100_0193) >>> 0) % 2 ** 24;

const PROTECTION: ProtectionUnit = {
  ...OPEN_PROTECTION,
  testTarget: (address, { alternate, unprivileged }) => testTarget(address, alternate, unprivileged),
};

/** Answers by offset, size and number of accesses so far. */
class Device implements BusDevice {
  log: string[] = [];
  read(offset: number, size: number): number {
    if (offset >= 0x100) return -1;
    this.log.push(`r${offset}.${size}`);
    return (Math.imul(offset + this.log.length * 257, 0x85eb_ca6b) >>> 0) % 2 ** (8 * size);
  }

  write(offset: number, value: number, size: number): boolean {
    if (offset >= 0x100) return false;
    this.log.push(`w${offset}.${size}=${value >>> 0}`);
    return true;
  }

  peek(): number {
    return 0;
  }
}

/** The programs: halfwords by address, BKPT elsewhere. */
export class CodeImage {
  private readonly halfwords = new Uint16Array(CODE_BYTES / 2).fill(BKPT);
  /** Where the next program goes, and what was placed since `place` began. */
  private next = FIRST_PROGRAM;
  private loaded = FIRST_PROGRAM;

  fetch(address: number): number {
    return address < CODE_BYTES ? this.halfwords[address >>> 1]! : 0;
  }

  /** True when the engine would stop at `address`. */
  stopsAt(address: number): boolean {
    return address < CODE_BYTES && this.fetch(address) === BKPT;
  }

  /** Puts a program somewhere new, `alignment` bytes into an 8-byte granule. */
  place(halfwords: readonly number[], alignment: number): number {
    const address = this.next + alignment;
    this.halfwords.set(halfwords, address >>> 1);
    this.next = (address + halfwords.length * 2 + 15) & ~7;
    if (this.next > CODE_BYTES - 0x1_0000) throw new Error('too many programs');
    return address;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.halfwords.buffer);
  }

  /** What was placed since the last call. */
  takeNew(): { readonly address: number; readonly bytes: Uint8Array } {
    const address = this.loaded;
    this.loaded = this.next;
    return { address, bytes: this.bytes.subarray(address, this.next) };
  }
}

/** The oracle's side. */
export class Oracle {
  readonly code: CodeImage;
  private readonly profile: CoreProfile;
  private readonly features: ReadonlySet<Feature>;

  constructor(profile: CoreProfile, features: ReadonlySet<Feature>, code: CodeImage) {
    this.profile = profile;
    this.features = features;
    this.code = code;
  }

  /**
   * Executes up to `steps` instructions from `setup`, and the BKPT that may follow; says for each whether its condition passed, and the
   * budget that takes an engine to the same end.
   */
  run(setup: Setup, steps: number): { expectation: Expectation; passed: readonly boolean[]; budget: number } {
    const device = new Device();
    const writes = new Map<number, number>();
    const m = new Machine(this.memory(setup, writes, device));
    load(m, setup, this.profile);
    const passed: boolean[] = [];
    let executed = 0;
    let code: StopCode = STOP.BUDGET;
    let detail: number | undefined;
    let address: number | undefined;
    while (executed < steps) {
      const end = step(m, this.features, (at) => this.code.fetch(at));
      passed.push(end.passed);
      if (end.counted) executed++;
      if (!end.stop) continue;
      ({ code, detail, address } = end.stop);
      break;
    }
    const ends = code === STOP.BUDGET && m.t && this.code.stopsAt(m.pc);
    if (ends) [code, detail] = [STOP.BKPT, 0];
    const unknown = new Set(m.unknown);
    if (code === STOP.EXC_RETURN) for (const name of ['r15', 'T']) unknown.add(name);
    return {
      expectation: { code, executed, detail, address, cells: store(m, setup), unknown, writes, device: device.log.join(' ') },
      passed,
      budget: ends ? steps + 100 : steps,
    };
  }

  private memory({ words = [] }: Setup, writes: Map<number, number>, device: Device): OracleMemory {
    const patches = new Map<number, number>(
      words.flatMap(([address, value]) => [0, 1, 2, 3].map((k): [number, number] => [address + k, (value >>> (8 * k)) & 0xff])),
    );
    const isDevice = (address: number): boolean => address >= DEVICE_BASE && address < DEVICE_BASE + 0x1000;
    const byte = (address: number): number => {
      if (address < CODE_BYTES) return (this.code.fetch(address) >>> (8 * (address & 1))) & 0xff;
      return writes.get(address) ?? patches.get(address) ?? pattern(address);
    };
    return {
      testTarget,
      isDevice: (address) => address >= DEVICE_BASE && address < 0x6000_0000,
      answers: (address) =>
        address < CODE_BYTES || (address >= DATA_BASE && address < DATA_END) || (isDevice(address) && address % 0x1000 < 0x100),
      read: (address, size) => {
        if (isDevice(address)) return device.read(address - DEVICE_BASE, size);
        let value = 0;
        for (let k = size - 1; k >= 0; k--) value = value * 256 + byte(address + k);
        return value;
      },
      write: (address, value, size) => {
        if (isDevice(address)) device.write(address - DEVICE_BASE, value, size);
        else for (let k = 0; k < size; k++) writes.set(address + k, Math.floor(value / 256 ** k) % 256);
      },
    };
  }
}

function load(m: Machine, setup: Setup, profile: CoreProfile): void {
  const { cells } = setup;
  const get = (cell: number): number => cells[cell]! >>> 0;
  for (let r = 0; r < 15; r++) m.setR(r, get(r));
  m.pc = get(CELL.PC);
  const apsr = get(CELL.APSR);
  [m.n, m.z, m.c, m.v, m.q] = [31, 30, 29, 28, 27].map((at) => (apsr >>> at) % 2 === 1) as [boolean, boolean, boolean, boolean, boolean];
  m.ge = (apsr >>> 16) & 15;
  m.it = get(CELL.ITSTATE);
  m.t = get(CELL.T) === 1;
  m.ipsr = get(CELL.IPSR);
  m.primask = get(CELL.PRIMASK);
  m.basepri = get(CELL.BASEPRI);
  m.faultmask = get(CELL.FAULTMASK);
  m.control = get(CELL.CONTROL);
  m.bankedSp = get(CELL.BANKED_SP);
  m.fpscr = get(CELL.FPSCR);
  for (let k = 0; k < 32; k++) m.s[k] = get(CELL.S0 + k);
  m.exclusive = get(CELL.EXCLUSIVE) === 1 ? get(CELL.EXCLUSIVE_ADDRESS) : undefined;
  m.event = get(CELL.EVENT);
  m.hasFpu = profile.fpu !== 'none';
  m.priorityBits = profile.priorityBits;
  m.v8m = profile.architecture === 'armv8-m';
  m.secure = get(CELL.SECURE) === 1;
  m.splim = get(CELL.SPLIM);
  m.bankedSplim = get(CELL.BANKED_SPLIM);
  m.fpTrap = setup.fpTrap ?? false;
  m.divideTrap = setup.divideTrap ?? false;
  m.unalignedTrap = setup.unalignedTrap ?? false;
  m.watchMasks = setup.watchMasks ?? false;
}

function store(m: Machine, setup: Setup): Int32Array {
  const cells = Int32Array.from(setup.cells);
  for (let r = 0; r < 15; r++) cells[r] = m.R(r);
  cells[CELL.PC] = m.pc;
  const flags = [m.n, m.z, m.c, m.v, m.q].reduce((sum, flag, k) => sum | (flag ? 1 << (31 - k) : 0), m.ge << 16);
  cells[CELL.APSR] = flags;
  cells[CELL.IPSR] = m.ipsr;
  cells[CELL.ITSTATE] = m.it;
  cells[CELL.T] = m.t ? 1 : 0;
  cells[CELL.PRIMASK] = m.primask;
  cells[CELL.BASEPRI] = m.basepri;
  cells[CELL.FAULTMASK] = m.faultmask;
  cells[CELL.CONTROL] = m.control;
  cells[CELL.BANKED_SP] = m.bankedSp;
  cells[CELL.SPLIM] = m.splim;
  cells[CELL.BANKED_SPLIM] = m.bankedSplim;
  cells[CELL.FPSCR] = m.fpscr;
  for (let k = 0; k < 32; k++) cells[CELL.S0 + k] = m.s[k]!;
  cells[CELL.EXCLUSIVE] = m.exclusive === undefined ? 0 : 1;
  cells[CELL.EVENT] = m.event;
  return cells;
}

/** One engine on its own core. */
export class Bench {
  readonly name: string;
  /** Every program is compiled for itself, which takes time. */
  readonly compiles: boolean;
  readonly core: BareCore;
  private readonly accelerator: AcceleratedEngine;
  private readonly device = new Device();
  private readonly clean: readonly Uint8Array[];

  constructor(kind: AcceleratedKind, profile: CoreProfile) {
    this.name = kind.name;
    this.compiles = kind.compiles;
    let made: AcceleratedEngine | undefined;
    const create = (host: EngineHost): Engine => {
      made = kind.create(host);
      return made.engine;
    };
    this.core = bareCore(create, { profile, device: this.device, protection: PROTECTION });
    this.accelerator = made!;
    const { bus } = this.core.host.memory;
    this.clean = WINDOWS.map(([base, size]) => Uint8Array.from({ length: size }, (_, k) => pattern(base + k)));
    for (const [k, [base]] of WINDOWS.entries()) bus.writeBytes(base, this.clean[k]!);
  }

  dispose(): void {
    this.core.dispose();
  }

  /** Writes programs to the code RAM. */
  load(address: number, bytes: Uint8Array): void {
    this.core.host.memory.bus.writeBytes(address, bytes);
  }

  /** Makes a program ready to be executed without the interpreter. */
  prepare(address: number): void {
    this.accelerator.prepare(address);
  }

  /** Instructions that the engine did not leave to the interpreter, since its creation. */
  get accelerated(): number {
    return this.accelerator.accelerated();
  }

  /** Sets up the case and runs it in slices of `slice` instructions; what differs from the expectation, or undefined. */
  run(setup: Setup, expectation: Expectation, budget: number, slice = budget): string | undefined {
    const { engine, host, setWord } = this.core;
    const { cells } = host.registers;
    cells.set(setup.cells);
    engine.fpTrap = setup.fpTrap ?? false;
    engine.divideTrap = setup.divideTrap ?? false;
    engine.unalignedTrap = setup.unalignedTrap ?? false;
    engine.watchMasks = setup.watchMasks ?? false;
    host.memory.setPrivileged(host.registers.privileged);
    for (const [address, value] of setup.words ?? []) setWord(address, value);
    this.device.log = [];
    engine.push();
    let executed = 0;
    let code: StopCode = STOP.BUDGET;
    while (code === STOP.BUDGET && executed < budget) {
      code = engine.run(Math.min(slice, budget - executed));
      executed += engine.executed;
    }
    engine.pull();
    const text = this.compare(expectation, code, executed);
    this.restore(setup, expectation);
    return text;
  }

  private compare(expected: Expectation, code: StopCode, executed: number): string | undefined {
    const { engine, host } = this.core;
    let text = '';
    const differ = (name: string, ours: number | string, theirs: number | string | undefined): void => {
      if (ours === theirs || theirs === undefined) return;
      const show = (x: number | string): string => (typeof x === 'number' ? `0x${(x >>> 0).toString(16)}` : x);
      text += `  ${name}: ${show(ours)}, expected ${show(theirs)}\n`;
    };
    if (code !== expected.code) differ('stop', NAMES.get(code)!, NAMES.get(expected.code)!);
    if (executed !== expected.executed) differ('executed', executed, expected.executed);
    if (expected.detail !== undefined && code === expected.code) differ('detail', engine.detail, expected.detail);
    if (expected.address !== undefined && code === expected.code) differ('address', engine.address, expected.address);
    const { cells } = host.registers;
    for (const [name, cell] of COMPARED) {
      if (cells[cell] !== expected.cells[cell] && !expected.unknown.has(name)) differ(name, cells[cell]!, expected.cells[cell]!);
    }
    // A store of an UNKNOWN value to the device cannot be compared.
    const unknownStore = [...expected.unknown].some((name) => name.startsWith('m'));
    if (!unknownStore && this.device.log.join(' ') !== expected.device) differ('device', this.device.log.join(' '), expected.device);
    return text + this.compareMemory(expected) || undefined;
  }

  /** Undoes what the oracle wrote; then the windows must be as they were. */
  private compareMemory(expected: Expectation): string {
    const { bus } = this.core.host.memory;
    let text = '';
    for (const [address, value] of expected.writes) {
      if (expected.unknown.has(`m${address & ~3}`)) continue;
      const ours = bus.peek(address, 1);
      if (ours !== value) text += `  memory 0x${address.toString(16)}: 0x${ours.toString(16)}, expected 0x${value.toString(16)}\n`;
    }
    return text;
  }

  private restore(setup: Setup, expected: Expectation): void {
    const { bus } = this.core.host.memory;
    for (const address of expected.writes.keys()) if (address >= DATA_BASE) bus.write(address, pattern(address), 1);
    for (const [address] of setup.words ?? []) for (let k = 0; k < 4; k++) bus.write(address + k, pattern(address + k), 1);
  }

  /** A write that the oracle did not make, somewhere in the data RAM; call it now and then. */
  strayWrites(): string | undefined {
    const { bus } = this.core.host.memory;
    for (const [k, [base, size]] of WINDOWS.entries()) {
      const bytes = bus.readBytes(base, size)!;
      const clean = this.clean[k]!;
      if (Buffer.compare(bytes, clean) === 0) continue;
      const at = bytes.findIndex((value, n) => value !== clean[n]);
      bus.writeBytes(base, clean);
      return `${this.name} wrote 0x${(base + at).toString(16)}`;
    }
    return undefined;
  }
}
