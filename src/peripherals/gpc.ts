/**
 * GPC of the i.MX 6SoloX, 7D and 8M families: power domains on request, bus handshakes, low-power configuration.
 *
 * Described in the GPC chapters of the reference manuals; registers by SoC in gpc-layouts.ts. Requests to power a domain up or down
 * finish, and their bits clear, a fixed time later; a bus handshake is acknowledged at once. Not modelled: what a domain without power
 * does, wake-up masks and low-power modes (stored).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { unchanging } from '../memory/bus.ts';
import { type RegisterBehaviour, RegisterFile, type RegisterMap } from '../memory/registers.ts';
import type { Scheduler } from '../time/scheduler.ts';
import { GPC_LAYOUTS, type GpcLayout, type GpcLayoutName } from './gpc-layouts.ts';

/** Time that a power switch takes, in nanoseconds. */
const SWITCH_NS = 2_000;

/** The block. */
export class Gpc {
  readonly device: RegisterFile<RegisterMap>;
  private readonly layout: GpcLayout;
  /** Cycle at which each kind of request is done. */
  private readonly finished: number[];

  constructor(options: { name: string; layout: GpcLayoutName; scheduler: Scheduler; diagnostics: Diagnostics }) {
    const { name, scheduler, diagnostics } = options;
    this.layout = GPC_LAYOUTS[options.layout];
    const { requests, handshake, registers } = this.layout;
    const switchCycles = scheduler.cyclesFromNs(SWITCH_NS);
    this.finished = requests.map(() => 0);
    const { finished } = this;
    const behaviour: Record<string, RegisterBehaviour> = {};
    if (handshake) behaviour[handshake.register] = { value: () => this.answered(), steady: true };
    for (const [kind, { register, mask = 0xffff_ffff }] of requests.entries()) {
      behaviour[register] = {
        value: () => {
          const stored = this.device.get(register);
          return scheduler.now >= finished[kind]! ? (stored & ~mask) >>> 0 : stored;
        },
        progress: () => unchanging(finished[kind]! - scheduler.now),
        write: (next, previous, _index, written) => {
          // What an earlier request left behind has finished by now, unless it is still under way.
          const before = scheduler.now >= finished[kind]! ? 0 : previous | next;
          const asked = (written | before) & mask;
          this.device.set(register, ((next & ~mask) | asked) >>> 0);
          if (written & mask) finished[kind] = scheduler.now + switchCycles;
        },
      };
    }
    this.device = new RegisterFile(registers, { name, diagnostics, behaviour });
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
  }

  private answered(): number {
    const { register, answers } = this.layout.handshake!;
    const requests = this.device.get(register) & 0xffff;
    return answers.reduce((value, answer) => (value | ((requests & answer.requests) << answer.shift)) >>> 0, requests);
  }
}
