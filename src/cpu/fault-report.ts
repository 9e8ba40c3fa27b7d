/**
 * What a core can say about itself: one line of where it is, and the full report when it cannot go on.
 *
 * The backtrace is heuristic: words on the stack that are return addresses of a BL or BLX. Without unwind tables nothing better can be
 * had, so an entry may be stale (left on the stack by an earlier call), and frames of leaf functions are missing.
 */
import { hex32 } from '../memory/bits.ts';
import type { CoreMemory } from './core-memory.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import { exceptionName } from './exception-numbers.ts';
import type { ContextSnapshot } from './exceptions.ts';
import { decodeCfsr, decodeHfsr, type StatusBit } from './fault-status.ts';
import { callBefore, isWide } from './instruction-stream.ts';
import type { Nvic } from './nvic.ts';
import type { SystemControlBlock } from './scb.ts';

/** One fault exception that was taken. */
export interface FaultRecord {
  /** Exception number, 3 to 6, and its name. */
  readonly exception: number;
  readonly name: string;
  /** Base-clock cycle at which it was entered. */
  readonly cycle: number;
  /** Fault status registers at that moment. */
  readonly cfsr: number;
  readonly hfsr: number;
  readonly mmfar: number;
  readonly bfar: number;
  /** Registers of the code in which it happened. */
  readonly context: ContextSnapshot;
}

/** What the reports need to see of a core; the registers must be up to date. */
export interface CoreView {
  readonly name: string;
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  readonly nvic: Nvic;
  readonly scb: SystemControlBlock;
  readonly halted: boolean;
  readonly sleep: 'none' | 'wfi' | 'wfe' | 'semihosting';
  readonly instructions: number;
  readonly faultLog: readonly FaultRecord[];
  readonly faultsTaken: number;
  readonly symbolise: (address: number) => string | undefined;
  readonly disassemble: (address: number, bytes: Uint8Array) => string | undefined;
}

const MMARVALID = 1 << 7;
const BFARVALID = 1 << 15;
/** Stack that is searched for return addresses, in bytes, and return addresses that are shown. */
const BACKTRACE_BYTES = 4096;
const BACKTRACE_ENTRIES = 16;

/** Where the core is and what it waits for. */
export function describeCore(core: CoreView): string[] {
  if (core.halted) return [`${core.name}: held in reset after ${core.instructions} instructions`];
  const { registers, nvic } = core;
  const stack = registers.usesPsp ? 'PSP' : 'MSP';
  const privilege = registers.privileged ? 'privileged' : 'unprivileged';
  const mode = registers.handlerMode
    ? `Handler mode (${exceptionName(registers.cells[CELL.IPSR]!)})`
    : `Thread mode, ${stack}, ${privilege}`;
  const waits = { none: '', wfi: '; waits in WFI', wfe: '; waits in WFE', semihosting: '; waits for semihosting input' }[core.sleep];
  const lines = [`${core.name}: pc ${place(core, registers.pc)}, ${mode}${waits}`];
  const list = (numbers: readonly number[]) => numbers.map(exceptionName).join(', ');
  const pending = nvic.pendingNumbers();
  if (pending.length > 0) {
    lines.push(`  pending: ${list(pending.filter((n) => nvic.isEnabled(n))) || 'none enabled'}`);
    const disabled = pending.filter((n) => !nvic.isEnabled(n));
    if (disabled.length > 0) lines.push(`  pending but disabled: ${list(disabled)}`);
  }
  const active = nvic.activeNumbers();
  if (active.length > 1) lines.push(`  active: ${list(active)}`);
  const masks = maskText(registers);
  if (masks) lines.push(`  masked by ${masks}`);
  const last = core.faultLog.at(-1);
  if (last) lines.push(`  ${describeFault(core, last)} (${core.faultsTaken} in all)`);
  return lines;
}

/** One line on a fault that was taken. */
export function describeFault(core: CoreView, fault: FaultRecord): string {
  const bits = [...decodeHfsr(fault.hfsr), ...decodeCfsr(fault.cfsr)].filter(({ name }) => !name.endsWith('ARVALID'));
  const causes = bits.map(({ name }) => name).join(' ') || 'no status bit';
  return `${fault.name} taken at pc ${place(core, fault.context.r[15]!)} in cycle ${fault.cycle}: ${causes}${addressText(fault)}`;
}

/** The report of a core that cannot go on: registers, fault status, the faults that led here, a backtrace. */
export function reportCrash(core: CoreView, reason: string): string[] {
  const { registers, scb } = core;
  const now: ContextSnapshot = { r: Array.from({ length: 16 }, (_, index) => registers.r(index)), xpsr: registers.xpsr };
  const status = { cfsr: scb.cfsr, hfsr: scb.hfsr, mmfar: scb.mmfar, bfar: scb.bfar };
  const lines = [`${core.name}: ${reason}`, ...contextLines(core, now)];
  lines.push(
    `  MSP ${hex32(registers.msp)}  PSP ${hex32(registers.psp)}  CONTROL ${registers.cells[CELL.CONTROL]!}` +
      `  PRIMASK ${registers.cells[CELL.PRIMASK]!}  BASEPRI ${registers.cells[CELL.BASEPRI]!}  FAULTMASK ${registers.cells[CELL.FAULTMASK]!}`,
  );
  lines.push(...statusLines('CFSR', status.cfsr, decodeCfsr(status.cfsr)), ...statusLines('HFSR', status.hfsr, decodeHfsr(status.hfsr)));
  if ((status.cfsr & MMARVALID) !== 0) lines.push(`  MMFAR ${hex32(status.mmfar)}`);
  if ((status.cfsr & BFARVALID) !== 0) lines.push(`  BFAR ${hex32(status.bfar)}`);
  lines.push('  backtrace:', ...backtrace(core, now).map((line) => `    ${line}`));
  for (const fault of core.faultLog.slice(-2).reverse()) {
    lines.push(`  ${describeFault(core, fault)}`, ...contextLines(core, fault.context).map((line) => `  ${line}`));
    lines.push('    backtrace:', ...backtrace(core, fault.context).map((line) => `      ${line}`));
  }
  return lines;
}

/** The faults that were taken, oldest first; the last one with its registers, fault status and backtrace. Empty when there were none. */
export function reportFaults(core: CoreView): string[] {
  const last = core.faultLog.at(-1);
  if (!last) return [];
  const lines = core.faultLog.map((fault) => describeFault(core, fault));
  lines.push(...contextLines(core, last.context));
  lines.push(...statusLines('CFSR', last.cfsr, decodeCfsr(last.cfsr)), ...statusLines('HFSR', last.hfsr, decodeHfsr(last.hfsr)));
  lines.push('  backtrace:', ...backtrace(core, last.context).map((line) => `    ${line}`));
  return lines;
}

/** Return addresses found from `context` outwards, as lines; the innermost first. */
export function backtrace(core: CoreView, context: ContextSnapshot): string[] {
  const { bus } = core.memory;
  const lines = [place(core, context.r[15]!)];
  const lr = context.r[14]!;
  if (callBefore(bus, lr) !== undefined) lines.push(`${place(core, callBefore(bus, lr)!)} (lr)`);
  const sp = context.r[13]! & ~3;
  for (let offset = 0; offset < BACKTRACE_BYTES && lines.length < BACKTRACE_ENTRIES; offset += 4) {
    const at = (sp + offset) >>> 0;
    if (!bus.isRam(at, 4)) break;
    const word = bus.peek(at, 4);
    if (word === lr) continue;
    const call = callBefore(bus, word);
    if (call !== undefined) lines.push(place(core, call));
  }
  return lines;
}

function contextLines(core: CoreView, { r, xpsr }: ContextSnapshot): string[] {
  const names = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10', 'r11', 'r12', 'sp', 'lr', 'pc'];
  const lines = [`  pc ${place(core, r[15]!)}${instructionText(core, r[15]!)}`];
  for (let row = 0; row < 16; row += 4) {
    lines.push(`  ${[0, 1, 2, 3].map((i) => `${names[row + i]!.padStart(3)} ${hex32(r[row + i]!)}`).join('  ')}`);
  }
  const flags = ['n', 'z', 'c', 'v', 'q'].map((flag, i) => ((xpsr >>> (31 - i)) & 1 ? flag.toUpperCase() : flag)).join('');
  const it = ((xpsr >>> 25) & 3) | ((xpsr >>> 8) & 0xfc);
  const thumb = (xpsr >>> 24) & 1 ? 'Thumb' : 'T clear';
  lines.push(`  xPSR ${hex32(xpsr)}: ${flags}, ${thumb}${it === 0 ? '' : ', in an IT block'}, ${exceptionName(xpsr & 0x1ff)}`);
  return lines;
}

function statusLines(register: string, value: number, set: readonly StatusBit[]): string[] {
  if (value === 0) return [];
  return [`  ${register} ${hex32(value)}`, ...set.map(({ name, meaning }) => `    ${name}: ${meaning}`)];
}

function addressText({ cfsr, mmfar, bfar }: FaultRecord): string {
  if ((cfsr & BFARVALID) !== 0) return `, address ${hex32(bfar)}`;
  return (cfsr & MMARVALID) !== 0 ? `, address ${hex32(mmfar)}` : '';
}

function maskText({ cells }: CoreRegisters): string {
  const masks: string[] = [];
  if (cells[CELL.PRIMASK] !== 0) masks.push('PRIMASK');
  if (cells[CELL.BASEPRI] !== 0) masks.push(`BASEPRI ${hex32(cells[CELL.BASEPRI]!)}`);
  if (cells[CELL.FAULTMASK] !== 0) masks.push('FAULTMASK');
  return masks.join(', ');
}

function place(core: CoreView, address: number): string {
  const symbol = core.symbolise(address);
  return symbol ? `${hex32(address)} ${symbol}` : hex32(address);
}

function instructionText(core: CoreView, address: number): string {
  const first = core.memory.bus.peek(address, 2);
  if (first < 0) return '';
  const bytes = core.memory.bus.readBytes(address, isWide(first) ? 4 : 2);
  const text = bytes && core.disassemble(address, bytes);
  return text ? `  ${text}` : '';
}
