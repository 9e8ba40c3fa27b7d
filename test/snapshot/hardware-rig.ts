/** Machines without Linux whose hardware is saved and loaded: firmware of ours, what of a run is compared, a seeded generator. */
import { readFileSync } from 'node:fs';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { Machine, type MachineOptions, type StopReason } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { type HardwareState, saveHardware } from '../../src/snapshot/hardware-state.ts';
import { encodeState } from '../../src/snapshot/hardware-state-bytes.ts';
import { BARE_CORTEX_M4, BARE_CORTEX_M7, BARE_CORTEX_M33 } from '../../src/soc/cortex-m.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import type { SocDescription } from '../../src/soc/soc.ts';

/** A firmware, where it runs, and for how many cycles. */
export interface Scenario {
  readonly name: string;
  readonly soc: SocDescription;
  readonly cycles: number;
}

/** Firmware that uses what there is: consoles, timers, sleep, faults, exceptions, floating point, both security states. */
export const SCENARIOS: readonly Scenario[] = [
  { name: 'imx8mp_hello', soc: IMX8MP, cycles: 1_500_000 },
  { name: 'imx8mp_wfi_tick', soc: IMX8MP, cycles: 25_000_000 },
  { name: 'imx8mp_fault', soc: IMX8MP, cycles: 1_500_000 },
  { name: 'imx8mp_lockup', soc: IMX8MP, cycles: 2_000_000 },
  { name: 'trustzone', soc: BARE_CORTEX_M33, cycles: 100_000 },
  { name: 'semihosting', soc: BARE_CORTEX_M4, cycles: 100_000 },
  { name: 'bench_exceptions', soc: BARE_CORTEX_M4, cycles: 400_000 },
  { name: 'bench_interrupts', soc: BARE_CORTEX_M4, cycles: 400_000 },
  { name: 'bench_sleep', soc: BARE_CORTEX_M4, cycles: 300_000 },
  { name: 'bench_float_double', soc: BARE_CORTEX_M7, cycles: 300_000 },
  { name: 'bench_switch', soc: BARE_CORTEX_M4, cycles: 300_000 },
];

/** A machine, and all that it shows of itself. */
export class Run {
  readonly machine: Machine;
  readonly shown: string[] = [];
  stop: StopReason | undefined;

  constructor({ name, soc }: Pick<Scenario, 'name' | 'soc'>, engine: EngineFactory, more: Partial<MachineOptions> = {}) {
    this.machine = new Machine({
      soc,
      engine,
      linux: false,
      firmware: parseFirmware(new Uint8Array(readFileSync(`images/${name}.elf`)), `${name}.elf`),
      hostMemory: 64 << 20,
      semihosting: {
        write: (fd, bytes) => this.shown.push(`${this.machine.scheduler.now} ${fd} ${bytes.join()}`),
        read: () => new Uint8Array(0),
        readable: true,
      },
      ...more,
    });
    this.machine.events.subscribe((event) => this.shown.push(JSON.stringify(event)));
  }

  /** Runs until `cycle`, or to the end of what can happen before; in pieces where `pieces` gives their ends. */
  to(cycle: number, pieces: readonly number[] = []): void {
    for (const end of [...pieces.filter((piece) => piece < cycle), cycle]) {
      this.stop = this.machine.run(end);
      if (this.stop.kind !== 'limit') return;
    }
  }

  /** All there is to be compared: what the hardware is, what it did since `from` in `shown`, why it stopped, registers, findings. */
  state(from = 0): { readonly bytes: Uint8Array; readonly text: string } {
    const { machine, shown, stop } = this;
    const registers = machine.cores.map((core) => [core.registerValues(), core.instructions, core.asleep, core.describe()]);
    const text = JSON.stringify([shown.slice(from), stop, registers, machine.diagnostics.all, machine.scheduler.now]);
    return { bytes: encodeState(saveHardware(machine)), text };
  }

  dispose(): void {
    this.machine.dispose();
  }
}

/** True when the memory of two machines reads the same, whatever of it was touched. */
export function sameMemory(a: Run, b: Run): boolean {
  return [...a.machine.spaces].every(([name, { regions }]) =>
    regions.every(({ base, size, ram }) => {
      for (let at = 0; ram && at < Math.min(size, 4 << 20); at += 1 << 18) {
        const length = Math.min(1 << 18, size - at);
        const [left, right] = [a, b].map((run) => run.machine.spaces.get(name)!.readBytes(base + at, length)!);
        if (Buffer.compare(left!, right!) !== 0) return false;
      }
      return true;
    }),
  );
}

/** Where two states differ first, by name; for messages. */
export function difference(a: unknown, b: unknown, path = ''): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return `${path}: ${String(a)} and ${String(b)}`;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const found = difference((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${path}.${key}`);
    if (found) return found;
  }
  return undefined;
}

/** Where two machines differ. */
export function differenceOf(a: Run, b: Run): string | undefined {
  const [left, right]: HardwareState[] = [saveHardware(a.machine), saveHardware(b.machine)];
  return difference(left, right);
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value = (value + Math.imul(value ^ (value >>> 7), value | 61)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
