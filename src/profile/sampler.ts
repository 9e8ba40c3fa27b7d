/**
 * Call stacks of a core, sampled in virtual time: the same program gives the same samples on every engine and every host.
 *
 * A timer of the machine's watchers fires each period and looks at the core between two instructions; the run is not changed by it. Stacks are
 * unwound by the firmware's call frame information, through exceptions into what they interrupted. While a core sleeps its samples are `asleep`.
 */
import type { Dwarf } from '../dwarf/dwarf.ts';
import type { Machine } from '../machine.ts';
import type { AddressSpace } from '../memory/bus.ts';
import type { Timer } from '../time/scheduler.ts';
import { ASLEEP, CallTree } from './call-tree.ts';

/** Longest call chain that is followed. */
const DEEPEST = 64;

/** How a core is sampled. */
export interface SamplerOptions {
  /** Nanoseconds of virtual time between two samples. */
  readonly period: number;
  readonly dwarf: Dwarf;
  readonly nameOf: (address: number) => string | undefined;
  /** Name of the current thread, the root of its stacks; undefined where there are none. */
  readonly thread: () => string | undefined;
  /** The root of stacks of Thread mode on the main stack. */
  readonly rootOfMain: string | undefined;
}

/** Samples the core that runs the firmware. */
export class Sampler {
  readonly tree = new CallTree();
  private readonly machine: Machine;
  private readonly options: SamplerOptions;
  private readonly timer: Timer;
  private readonly memory: AddressSpace;
  /** Names of functions that stand at an address, outermost first. */
  private readonly names = new Map<number, readonly string[]>();
  /** First cycle and the number of samples: the next is at a multiple of the period, whatever it comes to in cycles. */
  private begin = 0;
  private taken = 0;

  constructor(machine: Machine, options: SamplerOptions) {
    this.machine = machine;
    this.options = options;
    this.memory = machine.view(machine.core.name);
    this.timer = machine.watchers.timer('profile', () => this.sample());
  }

  start(): void {
    this.begin = this.machine.scheduler.now;
    this.taken = 0;
    this.arm();
  }

  stop(): void {
    this.timer.cancel();
  }

  private arm(): void {
    const { scheduler } = this.machine;
    this.taken++;
    const at = this.begin + Math.round((this.taken * this.options.period * scheduler.hz) / 1e9);
    this.timer.armAt(Math.max(at, scheduler.now + 1));
  }

  private sample(): void {
    this.arm();
    const { core } = this.machine;
    if (core.halted) return;
    if (core.asleep) this.tree.add([ASLEEP], 1);
    else this.tree.add(this.stack(), 1);
  }

  /** Names of what runs, outermost first. */
  private stack(): string[] {
    const { core } = this.machine;
    const { dwarf, thread } = this.options;
    const registers = core.registerValues();
    const pc = core.pc;
    const { frames } = dwarf.unwind(
      {
        pc,
        registers: registers.slice(0, 16),
        msp: core.readRegister('msp'),
        psp: core.readRegister('psp'),
        read: (address, length) => this.memory.readBytes(address, length),
      },
      DEEPEST,
    );
    const names: string[] = [];
    for (const { lookup, interrupted } of frames) {
      if (interrupted !== undefined) names.push('[exception]');
      names.push(...[...this.namesAt(lookup)].reverse());
    }
    // Threads run on the process stack; what runs on the main one in Thread mode is start-up code, whatever is called current.
    const onMain = core.readRegister('ipsr') === 0 && (core.readRegister('control') & 2) === 0;
    const root = onMain ? this.options.rootOfMain : thread();
    if (root !== undefined) names.push(root);
    return names.reverse();
  }

  private namesAt(address: number): readonly string[] {
    let names = this.names.get(address);
    if (!names) {
      const place = this.options.dwarf.lineAt(address);
      const inner = place?.function ?? this.options.nameOf(address) ?? `0x${address.toString(16)}`;
      names = [...(place?.inlinedFrom ?? []).map((frame) => frame.function).reverse(), inner];
      this.names.set(address, names);
    }
    return names;
  }
}
