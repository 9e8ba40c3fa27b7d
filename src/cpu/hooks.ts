/**
 * Hooks: functions of the host that run when a core comes to an address, before the instruction there begins. Guest memory is not changed.
 *
 * A hook runs between two instructions, at the exact cycle, behind everything pending that was taken first, in any mode, and whatever the
 * condition of an instruction in an IT block says. It is not executed twice for one instruction: what it lets continue is executed next,
 * before anything that has become pending since. cpu.md has what engines do for it.
 */
import { UsageError } from '../errors.ts';
import { hex32 } from '../memory/bits.ts';
import type { Core } from './core.ts';

/**
 * What happens after a hook: the instruction executes; execution goes on at the PC that the handler has set; `Core.run` returns, and the
 * instruction executes when the core is run again.
 */
export type HookAction = 'continue' | 'redirected' | 'stop';

/** Runs before the instruction at `address`; may read and change registers and memory, add and remove hooks. */
export type HookHandler = (core: Core, address: number) => HookAction;

/** Hooks that lead to each other without an instruction being executed: more are a mistake of their handlers. */
const MOST_IN_A_ROW = 10_000;

/** One handler at one address. */
interface Hook {
  readonly handler: HookHandler;
  removed: boolean;
}

/** The hooks of one core. */
export class Hooks {
  /** Addresses that have a hook, u32 and even; engines stop there. */
  readonly addresses = new Set<number>();
  private readonly hooks = new Map<number, readonly Hook[]>();
  /** Tells that an address got its first hook, or lost its last. */
  private readonly changed: (address: number) => void;
  private inARow = 0;
  private count = -1;

  constructor(changed: (address: number) => void) {
    this.changed = changed;
  }

  /** True when the instruction at `pc` (i32 or u32) has a hook. */
  has(pc: number): boolean {
    return this.addresses.size > 0 && this.addresses.has(pc >>> 0);
  }

  /** Of `count` halfwords from `from` on, those before the first behind it that has a hook. */
  halfwordsBefore(from: number, count: number): number {
    let length = count;
    for (const address of this.addresses) if (address > from) length = Math.min(length, (address - from) / 2);
    return length;
  }

  /** Adds a hook behind those that are there; the function takes it away again. */
  add(address: number, handler: HookHandler): () => void {
    const at = (address & ~1) >>> 0;
    const hook: Hook = { handler, removed: false };
    this.hooks.set(at, [...(this.hooks.get(at) ?? []), hook]);
    if (!this.addresses.has(at)) {
      this.addresses.add(at);
      this.changed(at);
    }
    return () => this.remove(at, hook);
  }

  /**
   * Runs the hooks at `address`, in order; one that was removed by an earlier one is left out, and so are those behind one that has changed the
   * PC or stops. `instructions`: executed by the core so far.
   */
  run(core: Core, address: number, instructions: number): HookAction {
    this.inARow = instructions === this.count ? this.inARow + 1 : 0;
    this.count = instructions;
    if (this.inARow >= MOST_IN_A_ROW) {
      throw new UsageError(`hooks redirect to each other without end, the last at ${hex32(address)}`, 'let one of them continue');
    }
    for (const hook of this.hooks.get(address) ?? []) {
      if (hook.removed) continue;
      const action = hook.handler(core, address);
      if (action !== 'continue') return action;
    }
    return 'continue';
  }

  /** Takes all of them away. */
  clear(): void {
    for (const [address, hooks] of [...this.hooks]) for (const hook of hooks) this.remove(address, hook);
  }

  private remove(address: number, hook: Hook): void {
    if (hook.removed) return;
    hook.removed = true;
    const left = this.hooks.get(address)!.filter((other) => other !== hook);
    if (left.length > 0) {
      this.hooks.set(address, left);
      return;
    }
    this.hooks.delete(address);
    this.addresses.delete(address);
    this.changed(address);
  }
}
