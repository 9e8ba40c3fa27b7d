/**
 * The view's methods that do something to the run: halting, stepping, going back, break- and watchpoints, pace.
 */
import type { DebuggerApi, HaltReason, Resume, Stopper } from '../debug/types.ts';
import { UsageError } from '../errors.ts';
import type { MachineState, Methods, Place, StopperView } from './protocol.ts';

/** Whose break- and watchpoints those of the page are: of all clients, as a page that is loaded again wants its own back. */
export const VIEW = 'view';

/** What controlling needs. */
export interface Controls {
  readonly debugger: DebuggerApi;
  /** The core that runs the firmware. */
  readonly core: string;
  state(): MachineState;
  placeOf(address: number): Place;
  /** Addresses of what a user calls a place: a symbol, `file.c:12`. @throws {ImxSimError} */
  find(place: string): { readonly addresses: readonly number[]; readonly size?: number };
}

/** A break- or watchpoint, as clients see it. */
export function stopperView(stopper: Stopper, placeOf: (address: number) => Place): StopperView {
  const { id, kind, core, hits, owner } = stopper;
  const more = stopper.kind === 'watchpoint' ? { size: stopper.size, access: stopper.access } : {};
  return { id, kind, core, place: placeOf(stopper.address), hits, owner, ...more };
}

/** Goes on; the answer does not wait for the next halt. @throws {DebuggerRefusal} */
export async function resume({ debugger: debug, state }: Controls, how: Resume = { kind: 'continue' }): Promise<MachineState> {
  let resumed = (): void => {};
  const begun = new Promise<undefined>((resolve) => {
    resumed = () => resolve(undefined);
  });
  const end = debug.subscribe((event) => {
    if (event.type === 'resumed' || event.type === 'halted') resumed();
  });
  try {
    await Promise.race([begun, debug.resume(how)]);
  } finally {
    end();
  }
  return state();
}

/** Does something that ends with the machine standing still. */
export async function until(controls: Controls, halt: Promise<HaltReason>): Promise<MachineState> {
  await halt;
  return controls.state();
}

/** A breakpoint, or, with `size` or `access`, a watchpoint. @throws {ImxSimError} for a place that is not there */
export function addStopper(controls: Controls, params: Methods['stoppers.add']['params']): StopperView {
  const { debugger: debug, placeOf } = controls;
  const { at, size, access, temporary, core = controls.core } = params;
  const found = typeof at === 'number' ? { addresses: [at] } : controls.find(at);
  const [address] = found.addresses;
  if (address === undefined) throw new UsageError(`nothing at ${at}`, 'give an address, a symbol or file.c:12', 'at');
  const spec =
    size === undefined && access === undefined
      ? ({ kind: 'breakpoint', core, address: (address & ~1) >>> 0, ...(temporary ? { temporary } : {}) } as const)
      : ({
          kind: 'watchpoint',
          core,
          address,
          size: size ?? ('size' in found && found.size ? found.size : 4),
          access: access ?? 'write',
        } as const);
  const id = debug.add(spec, VIEW);
  const stopper = debug.stoppers.find((each) => each.id === id);
  if (!stopper) throw new UsageError('it was hit and is gone', '', 'at');
  return stopperView(stopper, placeOf);
}
