/**
 * Why a run ended as it did, in the words of somebody who looks over the user's shoulder: what both sides were doing and waiting for.
 */
import type { MachineEvent } from '../events.ts';
import type { Machine } from '../machine.ts';
import { hex32 } from '../memory/bits.ts';
import { eventText } from './renderer.ts';

/** BKPT 0xAB. */
const SEMIHOSTING_CALL = 0xbeab;
/** Bytes of code shown from the marked instruction on. */
const CODE_BYTES = 16;

/** Instructions as text lines, the one at `marked` with an arrow; empty when that cannot be had. */
export type Disassemble = (bytes: Uint8Array, address: number, marked: number, limit: number) => Promise<string[]>;

/** The code at `pc`, disassembled; empty where there is none. */
export async function codeAt(machine: Machine, pc: number, disassemble: Disassemble): Promise<string[]> {
  const bytes = machine.view(machine.core.name).readBytes(pc, CODE_BYTES);
  if (!bytes) return [];
  const lines = await disassemble(bytes, pc, pc, 4);
  const where = machine.symbols.name(pc);
  return lines.length > 0 ? [`code at ${where ?? 'pc'}:`, ...lines.map((line) => `  ${line}`)] : [];
}

/** True for what a report of last events has: neither text, which is seen anyhow, nor buffers that are filled up. */
export function worthTelling(event: MachineEvent): boolean {
  const filler = event.type === 'vring' && event.action === 'avail';
  return event.type !== 'console' && event.type !== 'dmesg' && !filler;
}

/** The last events before the end, oldest first. */
export function lastEvents(events: readonly MachineEvent[], hz: number): string[] {
  if (events.length === 0) return [];
  return ['last events:', ...events.map((event) => `  ${eventText(event, hz)}`)];
}

/** What every core does and what Linux waits for, when `messages` came from the firmware. */
export function whatWaits(machine: Machine, messages: number): string[] {
  const lines: string[] = [];
  for (const core of machine.cores) lines.push(...(core.halted ? [`${core.name}: not running`] : core.describe()));
  for (const text of machine.uboot?.waitingFor ?? []) lines.push(text);
  if (machine.linuxHeld) lines.push('linux: it stands still, as a fault has it');
  for (const text of machine.linux?.waitingFor() ?? []) lines.push(`linux: ${text}`);
  const rproc = machine.linux?.remoteproc(machine.core.name);
  // Without the bus driver nobody would have heard the firmware.
  const driven = machine.linux?.modules.loaded.includes('virtio_rpmsg_bus');
  if (driven && rproc?.state === 'running' && rproc.rvdevs.length > 0 && messages === 0) {
    lines.push(
      'linux: the virtio device is ready, but the firmware has sent no message, not even a name-service announcement (to address 0x35)',
    );
  }
  for (const core of machine.cores) lines.push(...core.faultReport());
  return lines;
}

/** The models' findings with their counts; the first occurrence of each was shown when it happened. */
export function findings(machine: Machine): string[] {
  return machine.diagnostics.all.map(({ kind, block, register, text, count }) => `${kind}: ${block} ${register} ${text} (${count} times)`);
}

/** What Linux said when it did not start the firmware at all; undefined when it did, or has not said anything yet. */
export function refusal({ linux, kernel, core }: Machine): string[] | undefined {
  if (!linux || !kernel || !core.halted || linux.remoteproc(core.name)?.state !== 'offline') return undefined;
  const said = kernel.log.filter(({ level }) => level <= 3).map(({ text }) => `  ${text}`);
  // Still on its way: the time was too short for Linux to start it.
  return said.length === 0 ? undefined : ['Linux refused the firmware:', ...said];
}

/** What to do about a fault at `at`, or else at the place of any fault, that is a semihosting call which nobody serves. */
export function semihostingHint(machine: Machine, at?: number): string[] {
  const view = machine.view(machine.core.name);
  const isCall = (address: number) => view.peek(address, 2) === SEMIHOSTING_CALL;
  if (at !== undefined) return isCall(at) ? ['remedy: that is a semihosting call; --semihosting serves it'] : [];
  const call = machine.core.faults().find(({ pc }) => isCall(pc.address))?.pc;
  return call ? [`remedy: ${call.symbol ?? hex32(call.address)} makes semihosting calls; --semihosting serves them`] : [];
}
