/**
 * The programmer's view of a core as the pseudo-code of the ARM ARM sees it: slow, direct, and written without looking at an engine.
 *
 * It stands beside the `Engine` contract (`src/cpu/engine.ts`): what ends an instruction early is thrown as a `Stop` with one of its codes.
 * Registers are u32. What the architecture leaves UNKNOWN is named in `unknown`, so that a comparison can leave it out.
 */
import { STOP, type StopCode } from '../../../src/cpu/engine.ts';
import { Align, bit, bits } from './bits.ts';

/** An instruction ended other than by going on to the next one. */
export class Stop {
  readonly code: StopCode;
  readonly detail: number | undefined;
  readonly address: number | undefined;
  constructor(code: StopCode, more: { detail?: number; address?: number } = {}) {
    this.code = code;
    this.detail = more.detail;
    this.address = more.address;
  }
}

/** Stops after which the instruction counts as executed. */
export const COUNTED: ReadonlySet<StopCode> = new Set<StopCode>([STOP.MASKS, STOP.SVC, STOP.WFI, STOP.WFE, STOP.SEV, STOP.EXC_RETURN]);

/** What memory answers: how an access ends, and the bytes. */
export interface OracleMemory {
  /** Device memory takes aligned accesses only. */
  isDevice(address: number): boolean;
  /** False where nothing answers. */
  answers(address: number): boolean;
  read(address: number, size: number): number;
  write(address: number, value: number, size: number): void;
  /** What TT and its kin say of an address. */
  testTarget(address: number, alternate: boolean, unprivileged: boolean): number;
}

/** Registers, flags and switches of one core. */
export class Machine {
  readonly memory: OracleMemory;
  private readonly registers = new Array<number>(16).fill(0);
  n = false;
  z = false;
  c = false;
  v = false;
  q = false;
  /** APSR.GE. */
  ge = 0;
  /** ITSTATE, 8 bits. */
  it = 0;
  t = true;
  ipsr = 0;
  primask = 0;
  basepri = 0;
  faultmask = 0;
  control = 0;
  /** The stack pointer that is not in use. */
  bankedSp = 0;
  fpscr = 0;
  /** S0 to S31. */
  readonly s = new Array<number>(32).fill(0);
  exclusive: number | undefined;
  event = 0;
  hasFpu = true;
  priorityBits = 4;
  /** ARMv8-M with the Security Extension, and its state. */
  v8m = false;
  secure = false;
  /** Limits of the stack pointer in use and of the other one. */
  splim = 0;
  bankedSplim = 0;
  fpTrap = false;
  divideTrap = false;
  unalignedTrap = false;
  watchMasks = false;
  /** Size of the instruction that executes, and whether it branched. */
  size: 2 | 4 = 2;
  branched = false;
  /** Registers ("r3", "s7") and addresses of words ("m20000000") whose value is UNKNOWN by the manual. */
  readonly unknown = new Set<string>();

  constructor(memory: OracleMemory) {
    this.memory = memory;
  }

  /** Address of the instruction that executes. */
  get pc(): number {
    return this.registers[15]!;
  }

  set pc(value: number) {
    this.registers[15] = value;
  }

  /** R[n] as an instruction reads it: the PC is four ahead. */
  R(n: number): number {
    return n === 15 ? (this.pc + 4) % 2 ** 32 : this.registers[n]!;
  }

  /** Writes R[n]; the two low bits of SP are not there. */
  setR(n: number, value: number): void {
    if (n === 15) throw new Error('the PC is written by a branch');
    this.registers[n] = n === 13 ? Align(value, 4) : value;
  }

  /** The instruction's address plus 4, word-aligned. */
  get literalBase(): number {
    return Align(this.R(15), 4);
  }

  D(n: number): bigint {
    return (BigInt(this.s[2 * n + 1]!) << 32n) | BigInt(this.s[2 * n]!);
  }

  setD(n: number, value: bigint): void {
    this.s[2 * n] = Number(bits(value, 31, 0));
    this.s[2 * n + 1] = Number(bits(value, 63, 32));
  }

  get inItBlock(): boolean {
    return (this.it & 15) !== 0;
  }

  /** ITAdvance. */
  advanceIt(): void {
    this.it = (this.it & 7) === 0 ? 0 : (this.it & 0xe0) | ((this.it << 1) & 0x1f);
  }

  get handlerMode(): boolean {
    return this.ipsr !== 0;
  }

  get privileged(): boolean {
    return this.handlerMode || !bit(this.control, 0);
  }

  get usesPsp(): boolean {
    return !this.handlerMode && bit(this.control, 1);
  }

  setNZ(result: number): void {
    this.n = bit(result, 31);
    this.z = result === 0;
  }

  /** BranchTo. */
  branchTo(address: number): void {
    this.branched = true;
    this.pc = address;
  }

  /** BranchWritePC and ALUWritePC: bit 0 is ignored. */
  branchWritePC(address: number): void {
    this.branchTo(Align(address, 2));
  }

  /** BLXWritePC: bit 0 is the new T. */
  blxWritePC(address: number): void {
    this.t = bit(address, 0);
    this.branchTo(Align(address, 2));
  }

  /** True for EXC_RETURN in Handler mode and, with the Security Extension, FNC_RETURN anywhere. */
  returns(address: number): boolean {
    if (!this.v8m) return this.handlerMode && bits(address, 31, 28) === 15n;
    return (this.handlerMode && bits(address, 31, 24) === 0xffn) || bits(address, 31, 1) === 0xfeff_fffen >> 1n;
  }

  /** The instruction moves SP and reaches down to `lowest`: not below the limit (ARMv8-M, B3.21). */
  checkLimit(lowest: number): void {
    if (lowest < this.splim) throw new Stop(STOP.STACK_LIMIT);
  }

  /** Writes a result that may be SP, checked as RSPCheck does. */
  setChecked(n: number, value: number): void {
    if (n === 13) this.checkLimit(Align(value, 4));
    this.setR(n, value);
  }

  /** BXWritePC and LoadWritePC: some of the highest addresses are returns. */
  bxWritePC(address: number): void {
    if (this.returns(address)) throw new Stop(STOP.EXC_RETURN, { detail: address });
    this.blxWritePC(address);
  }

  /** MemU: any alignment, unless CCR.UNALIGN_TRP or the memory is Device. */
  readU(address: number, size: number): number {
    this.check(address, size);
    return this.memory.read(address, size);
  }

  writeU(address: number, size: number, value: number): void {
    this.check(address, size);
    this.memory.write(address, value, size);
  }

  /** MemA: aligned only. */
  readA(address: number, size: number): number {
    if (address % size !== 0) throw new Stop(STOP.UNALIGNED, { address });
    return this.readU(address, size);
  }

  writeA(address: number, size: number, value: number): void {
    if (address % size !== 0) throw new Stop(STOP.UNALIGNED, { address });
    this.writeU(address, size, value);
  }

  private check(address: number, size: number): void {
    if (address % size !== 0 && (this.unalignedTrap || this.memory.isDevice(address))) throw new Stop(STOP.UNALIGNED, { address });
    if (!this.memory.answers(address)) throw new Stop(STOP.DATA_FAULT, { address });
  }
}
