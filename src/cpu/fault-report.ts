/**
 * What a core can say about itself: one line of where it is, and the full report when it cannot go on.
 *
 * The backtrace is heuristic: words on the stack that are return addresses of a BL or BLX. Without unwind tables nothing better can be
 * had, so an entry may be stale (left on the stack by an earlier call), and frames of leaf functions are missing.
 */
import { hex32 } from '../memory/bits.ts';
import { explainAddress, placeName } from './address-text.ts';
import type { FaultFacts } from './core.ts';
import type { CoreMemory } from './core-memory.ts';
import { CELL, type CoreRegisters } from './core-registers.ts';
import { exceptionName } from './exception-numbers.ts';
import type { ContextSnapshot } from './exceptions.ts';
import { decodeCfsr, decodeHfsr, decodeSfsr, type FaultStatus, SFSR, type StatusBit } from './fault-status.ts';
import { callBefore, isWide } from './instruction-stream.ts';
import type { Nvic } from './nvic.ts';
import type { CoreProfile } from './profile.ts';
import type { RoundHost } from './rounds/round-host.ts';
import type { SystemControl } from './scb.ts';
import { findSpin } from './spin.ts';

/** One fault exception that was taken. */
export interface FaultRecord extends FaultStatus {
  /** Exception id, and its name. The fault status registers are those of that moment. */
  readonly exception: number;
  readonly name: string;
  /** Base-clock cycle at which it was entered. */
  readonly cycle: number;
  /** Registers of the code in which it happened. */
  readonly context: ContextSnapshot;
}

/** What the reports need to see of a core; the registers must be up to date. */
export interface CoreView {
  readonly name: string;
  readonly profile: CoreProfile;
  readonly registers: CoreRegisters;
  readonly memory: CoreMemory;
  readonly nvic: Nvic;
  readonly scb: SystemControl;
  readonly halted: boolean;
  readonly sleep: 'none' | 'wfi' | 'wfe' | 'semihosting';
  readonly instructions: number;
  readonly faultLog: readonly FaultRecord[];
  readonly faultsTaken: number;
  /** Lets the code be executed on paper. */
  readonly paper: RoundHost;
  readonly symbolise: (address: number) => string | undefined;
  readonly disassemble: (address: number, bytes: Uint8Array) => string | undefined;
}

const MMARVALID = 1 << 7;
const BFARVALID = 1 << 15;
/** Stack that is searched for return addresses, in bytes, and return addresses that are shown. */
const BACKTRACE_BYTES = 4096;
const BACKTRACE_ENTRIES = 16;

const REGISTER_NAMES = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10', 'r11', 'r12', 'sp', 'lr', 'pc'] as const;

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
  const state = stateText(stateOf(core).secure);
  const lines = [`${core.name}: pc ${place(core, registers.pc)}, ${state && `${state} `}${mode}${waits}`];
  const list = (numbers: readonly number[]) => numbers.map(exceptionName).join(', ');
  const pending = nvic.pendingNumbers();
  if (pending.length > 0) {
    lines.push(`  pending: ${list(pending.filter((n) => nvic.isEnabled(n))) || 'none enabled'}`);
    const disabled = pending.filter((n) => !nvic.isEnabled(n));
    if (disabled.length > 0) lines.push(`  pending but disabled: ${list(disabled)}`);
  }
  const active = nvic.activeNumbers();
  if (active.length > 1) lines.push(`  active: ${list(active)}`);
  const asserted = active.filter((number) => nvic.isAsserted(number));
  if (asserted.length > 0) lines.push(`  asserted: ${list(asserted)}; the handler is entered again and again until it clears the cause`);
  if (core.sleep === 'none') lines.push(...spinLines(core));
  const masks = maskText(core);
  if (masks) lines.push(`  masked by ${masks}`);
  const last = core.faultLog.at(-1);
  if (last) lines.push(`  ${describeFault(core, last)} (${core.faultsTaken} in all)`);
  return lines;
}

/** One line on a fault that was taken. */
export function describeFault(core: CoreView, fault: FaultRecord): string {
  const bits = [...decodeHfsr(fault.hfsr), ...decodeSfsr(fault.sfsr ?? 0), ...decodeCfsr(fault.cfsr)].map(({ name }) => name);
  bits.push(...decodeCfsr(fault.nonSecure?.cfsr ?? 0).map(({ name }) => `${name}_NS`));
  const causes = bits.filter((name) => !/ARVALID(_NS)?$/.test(name)).join(' ') || 'no status bit';
  const state = stateText(fault.context.secure);
  return `${fault.name} taken at pc ${place(core, fault.context.r[15]!)}${state && ` (${state})`} in cycle ${fault.cycle}: ${causes}${addressText(fault)}`;
}

/** The report of a core that cannot go on: registers, fault status, the faults that led here, a backtrace. */
export function reportCrash(core: CoreView, reason: string): string[] {
  const { registers, scb } = core;
  const now: ContextSnapshot = { r: Array.from({ length: 16 }, (_, index) => registers.r(index)), xpsr: registers.xpsr, ...stateOf(core) };
  const lines = [`${core.name}: ${reason}`, ...contextLines(core, now)];
  lines.push(
    `  MSP ${hex32(registers.msp)}  PSP ${hex32(registers.psp)}  CONTROL ${registers.cells[CELL.CONTROL]!}` +
      `  PRIMASK ${registers.cells[CELL.PRIMASK]!}  BASEPRI ${registers.cells[CELL.BASEPRI]!}  FAULTMASK ${registers.cells[CELL.FAULTMASK]!}`,
  );
  if (core.profile.architecture === 'armv8-m') lines.push(`  MSPLIM ${hex32(registers.msplim)}  PSPLIM ${hex32(registers.psplim)}`);
  lines.push(...faultStatusLines(scb.status), ...addressLines(core, scb.status));
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
  lines.push(...faultStatusLines(last), ...addressLines(core, last));
  lines.push('  backtrace:', ...backtrace(core, last.context).map((line) => `    ${line}`));
  return lines;
}

/** The faults that were taken, oldest first, for programs; the last few of them, as `faultLog` has them. */
export function faultFacts(core: CoreView): FaultFacts[] {
  const { bus } = core.memory;
  return core.faultLog.map((fault) => {
    const { name, cycle, context, cfsr, hfsr, sfsr = 0 } = fault;
    const causes = [...decodeHfsr(hfsr), ...decodeSfsr(sfsr), ...decodeCfsr(cfsr)].filter((bit) => !bit.name.endsWith('ARVALID'));
    const [address] = faultAddresses(fault);
    const named = (at: number) => ({ address: at, symbol: core.symbolise(at) });
    return {
      exception: name,
      cycle,
      pc: named(context.r[15]!),
      causes: causes.map((bit) => ({ name: bit.name, meaning: bit.meaning })),
      ...(address ? { fault: { register: address[0], address: address[1], text: explainAddress(bus, address[1]) } } : {}),
      registers: { ...Object.fromEntries(REGISTER_NAMES.map((register, index) => [register, context.r[index]!])), xpsr: context.xpsr },
      status: { cfsr, hfsr, ...(fault.sfsr === undefined ? {} : { sfsr }) },
      ...(context.secure === undefined ? {} : { secure: context.secure }),
      backtrace: frames(core, context).map((frame) => named(frame.address)),
    };
  });
}

/** Return addresses found from `context` outwards, as lines; the innermost first. */
export function backtrace(core: CoreView, context: ContextSnapshot): string[] {
  return frames(core, context).map(({ address, fromLr }) => `${place(core, address)}${fromLr ? ' (lr)' : ''}`);
}

function frames(core: CoreView, context: ContextSnapshot): { readonly address: number; readonly fromLr: boolean }[] {
  const { bus } = core.memory;
  const found = [{ address: context.r[15]!, fromLr: false }];
  const lr = context.r[14]!;
  const caller = callBefore(bus, lr);
  if (caller !== undefined) found.push({ address: caller, fromLr: true });
  const sp = context.r[13]! & ~3;
  for (let offset = 0; offset < BACKTRACE_BYTES && found.length < BACKTRACE_ENTRIES; offset += 4) {
    const at = (sp + offset) >>> 0;
    if (!bus.isRam(at, 4)) break;
    const word = bus.peek(at, 4);
    if (word === lr) continue;
    const call = callBefore(bus, word);
    if (call !== undefined) found.push({ address: call, fromLr: false });
  }
  return found;
}

function contextLines(core: CoreView, { r, xpsr, secure }: ContextSnapshot): string[] {
  const lines = [`  pc ${place(core, r[15]!)}${instructionText(core, r[15]!)}`];
  for (let row = 0; row < 16; row += 4) {
    lines.push(`  ${[0, 1, 2, 3].map((i) => `${REGISTER_NAMES[row + i]!.padStart(3)} ${hex32(r[row + i]!)}`).join('  ')}`);
  }
  const flags = ['n', 'z', 'c', 'v', 'q'].map((flag, i) => ((xpsr >>> (31 - i)) & 1 ? flag.toUpperCase() : flag)).join('');
  const it = ((xpsr >>> 25) & 3) | ((xpsr >>> 8) & 0xfc);
  const thumb = (xpsr >>> 24) & 1 ? 'Thumb' : 'T clear';
  const state = secure === undefined ? '' : `, ${stateText(secure)} state`;
  lines.push(`  xPSR ${hex32(xpsr)}: ${flags}, ${thumb}${it === 0 ? '' : ', in an IT block'}, ${exceptionName(xpsr & 0x1ff)}${state}`);
  return lines;
}

function statusLines(register: string, value: number, set: readonly StatusBit[]): string[] {
  if (value === 0) return [];
  return [`  ${register} ${hex32(value)}`, ...set.map(({ name, meaning }) => `    ${name}: ${meaning}`)];
}

/** The fault status registers that are not zero, bit by bit. */
function faultStatusLines({ cfsr, hfsr, sfsr = 0, nonSecure }: FaultStatus): string[] {
  return [
    ...statusLines('CFSR', cfsr, decodeCfsr(cfsr)),
    ...statusLines('CFSR_NS', nonSecure?.cfsr ?? 0, decodeCfsr(nonSecure?.cfsr ?? 0)),
    ...statusLines('HFSR', hfsr, decodeHfsr(hfsr)),
    ...statusLines('SFSR', sfsr, decodeSfsr(sfsr)),
  ];
}

/** The fault address registers that are valid, by name. */
function faultAddresses({ cfsr, mmfar, bfar, nonSecure, sfsr = 0, sfar = 0 }: FaultStatus): [string, number][] {
  const list: [string, number, boolean][] = [
    ['SFAR', sfar, (sfsr & SFSR.SFARVALID) !== 0],
    ['BFAR', bfar, (cfsr & BFARVALID) !== 0],
    ['MMFAR', mmfar, (cfsr & MMARVALID) !== 0],
    ['MMFAR_NS', nonSecure?.mmfar ?? 0, ((nonSecure?.cfsr ?? 0) & MMARVALID) !== 0],
  ];
  return list.filter(([, , valid]) => valid).map(([name, address]) => [name, address]);
}

function addressLines({ memory }: CoreView, status: FaultStatus): string[] {
  return faultAddresses(status)
    .reverse()
    .map(([name, address]) => `  ${name} ${hex32(address)}: ${explainAddress(memory.bus, address)}`);
}

function addressText(status: FaultStatus): string {
  const [first] = faultAddresses(status);
  return first ? `, address ${hex32(first[1])}` : '';
}

/** The state of a core that has two, as a part of a context. */
function stateOf({ profile, registers }: CoreView): { secure?: boolean } {
  return profile.security ? { secure: registers.secure } : {};
}

function stateText(secure: boolean | undefined): string {
  return secure === undefined ? '' : secure ? 'Secure' : 'Non-secure';
}

/** The loop that the core is in, and what it polls there. */
function spinLines(core: CoreView): string[] {
  const spin = findSpin(core.paper);
  if (!spin) return [];
  const { first, last, length, reads } = spin;
  const extent = first === last ? `at ${place(core, first)}` : `from ${place(core, first)} to ${place(core, last)}`;
  const lines = [`  loops ${extent}, ${length === 1 ? '1 instruction' : `${length} instructions a round`}`];
  for (const { address, size, value } of reads) {
    const name = core.symbolise(address) ?? placeName(core.memory.bus, address);
    const seen = `0x${value.toString(16).padStart(2 * size, '0')}`;
    const region = core.memory.bus.find(address);
    const standIn = region?.device?.standIn;
    const ever = standIn === undefined ? '' : ` for ever: ${region!.name} is ${standIn}`;
    lines.push(`    reads ${hex32(address)}${name ? ` ${name}` : ''}, which is ${seen}${ever}`);
  }
  return lines;
}

/** What holds interrupts back; PRIMASK does not keep a core from waking, so an idle loop that sleeps with it set is nothing to report. */
function maskText({ registers: { cells }, sleep }: CoreView): string {
  const masks: string[] = [];
  if (cells[CELL.PRIMASK] !== 0 && sleep === 'none') masks.push('PRIMASK');
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
