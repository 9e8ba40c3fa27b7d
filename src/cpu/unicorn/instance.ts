/**
 * One native Unicorn CPU with the hooks of native-code.ts in place and the register transfer prepared.
 *
 * It always runs in privileged Thread mode with PRIMASK and the like at rest: only general registers, flags and the floating-point
 * file are transferred, because instructions that see the rest are handed over. QEMU is told once that a floating-point
 * context is active, so that it never starts one of its own.
 */
import { EngineUnavailable } from '../../errors.ts';
import { CELL } from '../core-registers.ts';
import type { EngineHost } from '../engine.ts';
import { TABLES_SIZE } from './code-tables.ts';
import { check } from './guest-memory.ts';
import { LEAVE_SYMBOL, UC, type UnicornLibrary } from './library.ts';
import { CODE, ENTRY, REASON, STATE, TLB_ENTRY } from './native-code.ts';

/** Offsets in the shared memory: code, state, register lists, scratch page of the probe, tables. */
const AT = { CODE: 0, STATE: 0x1000, SCRATCH: 0x1800, LISTS: 0x1900, PROBE: 0x2000, TABLES: 0x3000 } as const;
const SHARED_SIZE = AT.TABLES + TABLES_SIZE;

const XPSR_SCRATCH = AT.SCRATCH;
const HANDLE = AT.SCRATCH + 8;

/** Distance from a list of register numbers to the list of their addresses. */
const POINTERS = 0x100;
const GENERAL = 15;
const DOUBLES = 16;
const APSR_MASK = 0xf80f_0000 | 0;
const EPSR_T = 1 << 24;

/** How far before CPUARMState QEMU's TLB descriptors are looked for. */
const TLB_BYTES = 0x400;
/** Blocks until the first sweep of the TLB after a start. */
const FIRST_SWEEP = 8;
const NO_SWEEP = 0x7fff_ffff;

/** What the hooks call back. Neither may throw. */
export interface InstanceCallbacks {
  /** Instructions in the block, or 0 to leave before it. */
  scan(pc: number, bytes: number): number;
  /** Maps the page of an access that found none; true when the access can go on. */
  mapAround(address: number): boolean;
  /** Code at `address` is needed and not mapped; Unicorn leaves. */
  missCode(address: number): void;
  /** A store is refused; this is the last moment at which the registers are as before its instruction. */
  refuseStore(): void;
}

/** The part of a core that it needs. */
export type InstanceHost = Pick<EngineHost, 'profile' | 'registers'>;

/** A Unicorn CPU. */
export class UnicornInstance {
  readonly library: UnicornLibrary;
  readonly uc: number;
  /** Shared memory; `tables` is where the code tables begin in it. */
  readonly buffer: ArrayBuffer;
  readonly tables: number = AT.TABLES;
  private readonly shared: number;
  private readonly state: Uint32Array;
  private readonly words: BigUint64Array;
  private readonly xpsr: Uint32Array;
  private readonly cells: Int32Array;
  private readonly callbacks: readonly number[];
  private readonly lists: { readonly push: number; readonly pull: number; readonly epsr: number };
  private probing = true;

  constructor(host: InstanceHost, library: UnicornLibrary, callbacks: InstanceCallbacks) {
    this.library = library;
    this.cells = host.registers.cells;
    this.shared = library.allocate(SHARED_SIZE);
    if (this.shared === 0) throw unavailable('the host gives no memory for its native part');
    this.buffer = library.view(this.shared, SHARED_SIZE);
    this.state = new Uint32Array(this.buffer, AT.STATE, 64);
    this.words = new BigUint64Array(this.buffer, AT.STATE, 32);
    this.xpsr = new Uint32Array(this.buffer, XPSR_SCRATCH, 1);
    new Uint8Array(this.buffer, AT.CODE, CODE.length).set(CODE);
    const scan = library.registerScan((_uc, pc, bytes) => (this.probing ? pc : callbacks.scan(pc, bytes)));
    const access = library.registerAccess((_uc, type, address) => {
      if (type === UC.MEM_FETCH_UNMAPPED) {
        // Mapped now, the first block of the page would be translated for no address: QEMU could never invalidate it.
        callbacks.missCode(address);
        return false;
      }
      if (type === UC.MEM_WRITE_PROT || !callbacks.mapAround(address)) {
        if (type === UC.MEM_WRITE_PROT || type === UC.MEM_WRITE_UNMAPPED) callbacks.refuseStore();
        return false;
      }
      this.clearItState();
      return true;
    });
    this.callbacks = [scan, access];
    this.setPointer(STATE.BLOCK_TABLE, this.shared + AT.TABLES);
    this.setPointer(STATE.LEAVE, library.symbol(LEAVE_SYMBOL));
    this.setPointer(STATE.SCAN, scan);
    this.lists = this.prepareLists(host);
    this.uc = this.openCpu(host);
    try {
      this.prepare(access);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Ends the CPU and frees its memory. */
  dispose(): void {
    this.library.close(this.uc);
    for (const callback of this.callbacks) this.library.unregister(callback);
    this.library.release(this.shared, SHARED_SIZE);
  }

  /** Sets the tables that the hooks look at, as offsets in `buffer`. */
  setTables(sites: number, map: number): void {
    this.setPointer(STATE.SITE_TABLE, this.shared + sites);
    this.setPointer(STATE.SITE_MAP, this.shared + map);
  }

  /** Sets the generation of valid block table entries. */
  setGeneration(generation: number): void {
    this.state[STATE.KEY / 4 + 1] = generation;
  }

  /** Runs at most `budget` instructions from `pc`; returns Unicorn's error number. `reason`, `remaining` and the like tell the rest. */
  start(pc: number, budget: number): number {
    const { state } = this;
    state[STATE.REMAINING / 4] = Math.min(budget, 0x7fff_ffff);
    state[STATE.REASON / 4] = 0;
    state[STATE.BLOCK_SIZE / 4] = 0;
    state[STATE.SWEEP / 4] = this.probing ? NO_SWEEP : FIRST_SWEEP;
    state[STATE.PERIOD / 4] = FIRST_SWEEP;
    state[STATE.LIMIT / 4] = this.cells[CELL.SPLIM]!;
    return this.library.start(this.uc, (pc | 1) >>> 0, 0, 0, 0);
  }

  get reason(): number {
    return this.state[STATE.REASON / 4]!;
  }

  get remaining(): number {
    return this.state[STATE.REMAINING / 4]!;
  }

  get exitPc(): number {
    return this.state[STATE.EXIT_PC / 4]!;
  }

  /** Start and bytes of the block that began last; 0 bytes when none has. */
  get blockPc(): number {
    return this.state[STATE.BLOCK_PC / 4]!;
  }

  get blockBytes(): number {
    return this.state[STATE.BLOCK_SIZE / 4]!;
  }

  /** Core registers to Unicorn, floating point when asked; outside an IT block. */
  push(float: boolean): void {
    this.xpsr[0] = (this.cells[CELL.APSR]! & APSR_MASK) | EPSR_T;
    const { library, uc, lists } = this;
    check('uc_reg_write_batch', library.writeRegisters(uc, lists.push, lists.push + POINTERS, float ? GENERAL + 2 + DOUBLES : GENERAL + 1));
  }

  /** Unicorn to core registers, the PC included, ITSTATE not. */
  pull(float: boolean): void {
    const { library, uc, lists, cells } = this;
    check('uc_reg_read_batch', library.readRegisters(uc, lists.pull, lists.pull + POINTERS, float ? GENERAL + 3 + DOUBLES : GENERAL + 2));
    const xpsr = this.xpsr[0]!;
    cells[CELL.APSR] = xpsr & APSR_MASK;
    cells[CELL.T] = (xpsr & EPSR_T) === 0 ? 0 : 1;
  }

  /** Unicorn 2.1 puts ITSTATE into the CPU state for a callback and leaves it there, where it would make the next block conditional. */
  private clearItState(): void {
    this.xpsr[0] = EPSR_T;
    check('uc_reg_write_batch', this.library.writeRegisters(this.uc, this.lists.epsr, this.lists.epsr + POINTERS, 1));
  }

  private setPointer(offset: number, value: number): void {
    this.words[offset / 8] = BigInt(value);
  }

  /** Register numbers and addresses for the batch calls; Unicorn reads and writes the core's cells in place. */
  private prepareLists(host: InstanceHost): { push: number; pull: number; epsr: number } {
    const cellsAt = this.library.addressOf(host.registers.cells.buffer as ArrayBuffer) + host.registers.offset;
    const xpsrAt = this.shared + XPSR_SCRATCH;
    const general: [number, number][] = Array.from({ length: GENERAL }, (_, i) => [generalRegister(i), cellsAt + 4 * i]);
    const float: [number, number][] = [
      [UC.REG_FPSCR, cellsAt + 4 * CELL.FPSCR],
      ...Array.from({ length: DOUBLES }, (_, i): [number, number] => [UC.REG_D0 + i, cellsAt + 4 * CELL.S0 + 8 * i]),
    ];
    const write = (offset: number, list: [number, number][]) => {
      new Int32Array(this.buffer, offset, list.length).set(list.map(([id]) => id));
      new BigUint64Array(this.buffer, offset + POINTERS, list.length).set(list.map(([, at]) => BigInt(at)));
      return this.shared + offset;
    };
    return {
      push: write(AT.LISTS, [...general, [UC.REG_EAPSR_NZCVQG, xpsrAt], ...float]),
      pull: write(AT.LISTS + 0x300, [...general, [UC.REG_PC, cellsAt + 4 * CELL.PC], [UC.REG_XPSR, xpsrAt], ...float]),
      epsr: write(AT.LISTS + 0x580, [[UC.REG_EPSR, xpsrAt]]),
    };
  }

  private openCpu(host: InstanceHost): number {
    const { library } = this;
    // Not UC_MODE_MCLASS: with it 2.0 takes a Cortex-M33, whatever the model.
    const error = library.open(UC.ARCH_ARM, UC.MODE_THUMB, this.shared + HANDLE);
    if (error !== UC.ERR_OK) throw unavailable(`uc_open failed with ${error}`);
    const uc = Number(new BigUint64Array(this.buffer, HANDLE, 1)[0]);
    // A Cortex-M33 executes as an M7: what it has besides is handed over, and what it lacks is not in its table.
    const model = host.profile.fpu === 'fpv4-sp' ? UC.CPU_ARM_CORTEX_M4 : UC.CPU_ARM_CORTEX_M7;
    check('uc_ctl(model)', library.setModel(uc, model));
    check('uc_ctl(page size)', library.setPageSize(uc));
    check('uc_ctl(exits)', library.ignoreUntil(uc));
    return uc;
  }

  private prepare(access: number): void {
    const { library, uc, shared } = this;
    if (!library.makeExecutable(shared + AT.CODE, AT.STATE)) throw unavailable('this host does not allow generated code');
    const state = shared + AT.STATE;
    const hook = (type: number, callback: number, data: number) =>
      check('uc_hook_add', library.addHook(uc, shared + HANDLE, type, callback, data));
    hook(UC.HOOK_BLOCK, shared + AT.CODE + ENTRY.block, state);
    hook(UC.HOOK_CODE, shared + AT.CODE + ENTRY.code, state);
    hook(UC.HOOK_MEM_UNMAPPED | UC.HOOK_MEM_WRITE_PROT, access, 0);
    this.probe();
    // FPCA and SFPA: without both QEMU starts a new context, with FPSCR at rest, at the first floating-point instruction.
    this.xpsr[0] = 12;
    const control = new Int32Array(this.buffer, AT.PROBE, 1);
    control[0] = UC.REG_CONTROL;
    new BigUint64Array(this.buffer, AT.PROBE + 8, 1)[0] = BigInt(shared + XPSR_SCRATCH);
    check('uc_reg_write_batch', library.writeRegisters(uc, shared + AT.PROBE, shared + AT.PROBE + 8, 1));
    this.probing = false;
  }

  /**
   * Runs a store from one scratch page to another, and checks and finds what the hooks depend on: that they can leave, that the host
   * register they take for the CPU state points to R0..R15, and where QEMU's TLB is: before the CPU state, known by the store's page.
   */
  private probe(): void {
    const { library, uc, shared, cells } = this;
    const saved = cells.slice();
    const target = 0x2345_6000;
    for (let i = 0; i < GENERAL; i++) cells[i] = 0x1357_0000 + i * 0x1010;
    cells[0] = target;
    // While probing, `scan` answers with the address: a block at 0 is refused, others go on. STR r0, [r0]; B 0.
    new Uint16Array(this.buffer, AT.PROBE, 4).set([0xbf00, 0xbf00, 0x6000, 0xe7fb]);
    check('uc_mem_map_ptr', library.map(uc, 0, 0x1000, UC.PROT_READ | UC.PROT_EXEC, shared + AT.PROBE));
    check('uc_mem_map_ptr', library.map(uc, target, 0x1000, UC.PROT_READ | UC.PROT_WRITE, shared + AT.TABLES + 0x1000));
    this.setTables(AT.TABLES, AT.TABLES);
    this.push(false);
    const error = this.start(4, 1000);
    const expected = cells.slice(0, GENERAL);
    cells.set(saved);
    const left = error === UC.ERR_OK && this.reason === REASON.REFUSED && this.exitPc === 0;
    if (!left) throw unavailable(`libunicorn ${library.version} cannot be left by a hook`);
    const env = Number(this.words[STATE.ENV / 8]);
    const registers = new Int32Array(library.view(env, 4 * GENERAL));
    if (expected.some((value, i) => registers[i] !== value))
      throw unavailable(`libunicorn ${library.version} keeps its registers elsewhere`);
    if (!TLB_ENTRY.SIZES.some((bytes) => this.findTlb(env, target, bytes)))
      throw unavailable(`libunicorn ${library.version} keeps its TLB elsewhere`);
    check('uc_mem_unmap', library.unmap(uc, 0, 0x1000));
    check('uc_mem_unmap', library.unmap(uc, target, 0x1000));
    new Uint32Array(this.buffer, AT.TABLES + 0x1000, 1)[0] = 0;
  }

  /** Looks for the TLB descriptor {offset of the last entry, address of the entries} that knows the page at `target`; notes and reports success. */
  private findTlb(env: number, target: number, bytes: number): boolean {
    const words = new BigUint64Array(this.library.view(env - TLB_BYTES, TLB_BYTES));
    for (let i = 0; i + 1 < words.length; i++) {
      const count = Number(words[i]!) / bytes + 1;
      if (count < 16 || count > 1 << 20 || (count & (count - 1)) !== 0) continue;
      const index = (target >>> 12) & (count - 1);
      const address = Number(words[i + 1]!) + index * bytes;
      if (address < 0x1_0000 || !Number.isSafeInteger(address)) continue;
      const entry = new Uint32Array(this.library.view(address, bytes));
      if (entry[TLB_ENTRY.READ / 4] !== target || entry[TLB_ENTRY.WRITE / 4] !== (target | TLB_ENTRY.NOT_DIRTY)) continue;
      this.setPointer(STATE.TLB, env - TLB_BYTES + i * 8);
      this.setPointer(STATE.STEP, bytes);
      return true;
    }
    return false;
  }
}

function generalRegister(index: number): number {
  if (index === 13) return UC.REG_SP;
  return index === 14 ? UC.REG_LR : UC.REG_R0 + index;
}

function unavailable(message: string): EngineUnavailable {
  return new EngineUnavailable('unicorn', message, 'install libunicorn 2.0.1 (Debian: apt install libunicorn2), or use --cpu interpreter');
}
