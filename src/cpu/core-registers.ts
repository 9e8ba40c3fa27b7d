/**
 * The programmer-visible state of one Cortex-M core and where each piece of it stands in the arena.
 *
 * This is the only file that knows the offsets; engines, translated code, exception entry and the debugger share the layout.
 * All cells are 32-bit. SP is the active stack pointer; MSP and PSP cells are authoritative for the inactive one only (`bankedSp`).
 * On ARMv8-M the cells hold the registers of the current security state; those of the other one are in `security.ts`.
 */
import type { Arena } from '../memory/arena.ts';

/** Cell numbers (multiply by 4 for bytes). R0..R15 are 0..15; 13 is the active SP, 14 LR, 15 the address of the next instruction. */
export const CELL = {
  R0: 0,
  SP: 13,
  LR: 14,
  PC: 15,
  /** N, Z, C, V, Q and GE in their xPSR positions; no IT, no T, no IPSR. */
  APSR: 16,
  IPSR: 17,
  /** IT[7:0] as ARM numbers it: base condition 7:5, mask 4:0; 0 outside an IT block. */
  ITSTATE: 18,
  /** EPSR.T as 0 or 1. */
  T: 19,
  PRIMASK: 20,
  BASEPRI: 21,
  FAULTMASK: 22,
  /** nPRIV bit 0, SPSEL bit 1, FPCA bit 2. ARMv8-M: SFPA bit 3, kept in both states although Non-secure code sees 0. */
  CONTROL: 23,
  /** The stack pointer that is not active: PSP while SP is MSP and the other way round. */
  BANKED_SP: 24,
  FPSCR: 25,
  /** 1 while the local exclusive monitor is in the exclusive state. */
  EXCLUSIVE: 26,
  EXCLUSIVE_ADDRESS: 27,
  /** Event register of WFE/SEV, 0 or 1. */
  EVENT: 28,
  /** 1 in Secure state, 0 in Non-secure state and on cores without the Security Extension. */
  SECURE: 29,
  /** Limit of the active stack pointer (ARMv8-M; bits 2:0 are 0), and of the inactive one of the same security state; 0 when there is none. */
  SPLIM: 30,
  BANKED_SPLIM: 31,
  /** S0..S31 (D0..D15 overlay them, low word first). */
  S0: 32,
} as const;

/** Cells of one core. */
export const CELL_COUNT = 64;

/** One core's cells as typed arrays over the arena, plus the derived views that everything but the engines uses. */
export class CoreRegisters {
  static readonly state = ['cells'];
  /** Byte offset of the cells in the arena. */
  readonly offset: number;
  /** Signed view, which engines prefer. */
  readonly cells: Int32Array;
  readonly floats: Float32Array;

  constructor(arena: Arena, owner: string) {
    this.offset = arena.allocate(CELL_COUNT * 4, owner);
    this.cells = new Int32Array(arena.memory.buffer, this.offset, CELL_COUNT);
    this.floats = new Float32Array(arena.memory.buffer, this.offset + CELL.S0 * 4, 32);
  }

  /** R0..R15 as u32. */
  r(index: number): number {
    return this.cells[index]! >>> 0;
  }

  setR(index: number, value: number): void {
    this.cells[index] = value;
  }

  /** Address of the next instruction, u32, bit 0 clear. */
  get pc(): number {
    return this.cells[CELL.PC]! >>> 0;
  }

  /** True in Handler mode. */
  get handlerMode(): boolean {
    return this.cells[CELL.IPSR] !== 0;
  }

  /** True when execution is privileged: Handler mode, or CONTROL.nPRIV clear. */
  get privileged(): boolean {
    return this.handlerMode || (this.cells[CELL.CONTROL]! & 1) === 0;
  }

  /** True when SP is the process stack: Thread mode and CONTROL.SPSEL. */
  get usesPsp(): boolean {
    return !this.handlerMode && (this.cells[CELL.CONTROL]! & 2) !== 0;
  }

  get msp(): number {
    return (this.usesPsp ? this.cells[CELL.BANKED_SP]! : this.cells[CELL.SP]!) >>> 0;
  }

  set msp(value: number) {
    this.cells[this.usesPsp ? CELL.BANKED_SP : CELL.SP] = value & ~3;
  }

  get psp(): number {
    return (this.usesPsp ? this.cells[CELL.SP]! : this.cells[CELL.BANKED_SP]!) >>> 0;
  }

  set psp(value: number) {
    this.cells[this.usesPsp ? CELL.SP : CELL.BANKED_SP] = value & ~3;
  }

  /** True in Secure state. */
  get secure(): boolean {
    return this.cells[CELL.SECURE] !== 0;
  }

  /** MSPLIM and PSPLIM of the current security state. */
  get msplim(): number {
    return this.cells[this.usesPsp ? CELL.BANKED_SPLIM : CELL.SPLIM]! >>> 0;
  }

  set msplim(value: number) {
    this.cells[this.usesPsp ? CELL.BANKED_SPLIM : CELL.SPLIM] = value & ~7;
  }

  get psplim(): number {
    return this.cells[this.usesPsp ? CELL.SPLIM : CELL.BANKED_SPLIM]! >>> 0;
  }

  set psplim(value: number) {
    this.cells[this.usesPsp ? CELL.SPLIM : CELL.BANKED_SPLIM] = value & ~7;
  }

  /** The whole xPSR: APSR, IPSR, and EPSR with T and IT in their architectural positions. */
  get xpsr(): number {
    const { cells } = this;
    const it = cells[CELL.ITSTATE]!;
    const epsr = (cells[CELL.T]! << 24) | ((it & 3) << 25) | ((it >>> 2) << 10);
    return (cells[CELL.APSR]! | cells[CELL.IPSR]! | epsr) >>> 0;
  }

  set xpsr(value: number) {
    const { cells } = this;
    cells[CELL.APSR] = value & 0xf80f_0000;
    cells[CELL.IPSR] = value & 0x1ff;
    cells[CELL.T] = (value >>> 24) & 1;
    cells[CELL.ITSTATE] = ((value >>> 25) & 3) | ((value >>> 8) & 0xfc);
  }

  /** Changes IPSR and CONTROL.SPSEL together and swaps the active stack pointer when the change calls for it. */
  setMode(ipsr: number, control: number): void {
    const before = this.usesPsp;
    this.cells[CELL.IPSR] = ipsr;
    this.cells[CELL.CONTROL] = control;
    if (this.usesPsp !== before) {
      const active = this.cells[CELL.SP]!;
      this.cells[CELL.SP] = this.cells[CELL.BANKED_SP]!;
      this.cells[CELL.BANKED_SP] = active;
      const limit = this.cells[CELL.SPLIM]!;
      this.cells[CELL.SPLIM] = this.cells[CELL.BANKED_SPLIM]!;
      this.cells[CELL.BANKED_SPLIM] = limit;
    }
  }
}
