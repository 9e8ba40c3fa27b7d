/** What a GDB server works on. */
import type { Core } from '../../cpu/core.ts';
import { invariant } from '../../errors.ts';
import type { Machine } from '../../machine.ts';
import type { DebuggerApi } from '../types.ts';

/** A run as GDB's packets and monitor commands reach it. */
export interface GdbTarget {
  readonly debugger: DebuggerApi;
  readonly machine: Machine;
  /** The core that is debugged. */
  readonly core: string;
  /** Types text on a console of the machine, as an input of the run; absent where nobody can. */
  readonly type?: ((device: string, bytes: Uint8Array) => void) | undefined;
}

/** The core that is debugged. */
export function coreOf({ machine, core }: GdbTarget): Core {
  const found = machine.cores.find(({ name }) => name === core);
  invariant(found, `core ${core}`);
  return found;
}

/** A word (u32) as the core sees it; undefined in a hole. No side effects. */
export function wordAt({ debugger: api, core }: GdbTarget, address: number): number | undefined {
  const bytes = api.readMemory(core, address >>> 0, 4);
  return bytes.length === 4 ? new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true) : undefined;
}
