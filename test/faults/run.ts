/** A machine with faults, run to its end or to a line; for the tests of faults. */
import { readFileSync } from 'node:fs';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import type { MachineEvent } from '../../src/events.ts';
import { Faults } from '../../src/faults/faults.ts';
import { Machine, type MachineOptions, type StopReason } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { InputQueue } from '../../src/session/input.ts';
import { LineAssembler } from '../../src/session/lines.ts';
import { TraceHash } from '../../src/session/trace-hash.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';

const images = new Map<string, ReturnType<typeof parseFirmware>>();

/** A firmware of images/. */
export function image(name: string): ReturnType<typeof parseFirmware> {
  let firmware = images.get(name);
  if (!firmware) {
    firmware = parseFirmware(new Uint8Array(readFileSync(`images/${name}.elf`)), `${name}.elf`);
    images.set(name, firmware);
  }
  return firmware;
}

/** What became of a run. */
export interface Outcome {
  readonly machine: Machine;
  readonly faults: Faults;
  readonly stop: StopReason['kind'] | 'until';
  readonly ms: number;
  readonly lines: readonly string[];
  /** All that UART4 has printed. */
  readonly printed: string;
  readonly events: readonly MachineEvent[];
  readonly findings: readonly string[];
  readonly trace: string;
}

/** Runs `name` with `plan` until a line of any console or dmesg has `until`, or `ms` of virtual time are over. */
export function run(
  name: string,
  plan: readonly string[],
  options: {
    until?: RegExp;
    ms?: number;
    seed?: number;
    send?: readonly (readonly [string, string])[];
    machine?: Partial<MachineOptions>;
  } = {},
): Outcome {
  const machine = new Machine({
    soc: IMX8MP,
    engine: interpreterFactory,
    firmware: image(name),
    hostMemory: 64 * 2 ** 20,
    ...options.machine,
  });
  const lines: string[] = [];
  const events: MachineEvent[] = [];
  let printed = '';
  const trace = new TraceHash();
  let matched = false;
  const assembler = new LineAssembler(machine.scheduler.hz, ({ source, text, complete }) => {
    if (!complete) return;
    lines.push(`${source}: ${text}`);
    if (!options.until?.test(text)) return;
    matched = true;
    machine.requestStop();
  });
  machine.events.subscribe((event) => {
    if (matched) return;
    if (event.type !== 'console') events.push(event);
    else if (event.device === 'uart4') printed += String.fromCharCode(event.byte);
    trace.add(event);
    assembler.add(event);
  });
  const input = new InputQueue(machine);
  for (const [device, text] of options.send ?? []) input.send(device, new TextEncoder().encode(text));
  const faults = Faults.install(machine, plan, options.seed);
  const limit = (options.ms ?? 300) * (machine.scheduler.hz / 1000);
  let stop: StopReason = { kind: 'requested' };
  while (!matched && stop.kind === 'requested') stop = machine.run(limit);
  const findings = machine.diagnostics.all.filter(({ kind }) => kind === 'guest-error').map(({ block, text }) => `${block}: ${text}`);
  const ms = machine.scheduler.seconds * 1e3;
  machine.dispose();
  return { machine, faults, stop: matched ? 'until' : stop.kind, ms, lines, printed, events, findings, trace: trace.digest() };
}
