/**
 * Bare cores: a Cortex-M4 or Cortex-M7 with 4 MiB of RAM at 0 and 4 MiB at 0x2000_0000 and nothing else.
 *
 * For tests and benchmarks of the processor: the same ELF runs under `qemu-system-arm -M mps2-an386` and `-M mps2-an500`.
 */
import { CORTEX_M4, CORTEX_M7, type CoreProfile } from '../cpu/profile.ts';
import { MiB } from '../memory/bits.ts';
import { defineSoc, type SocDescription } from './soc.ts';

/** As the MPS2 boards clock their cores. */
const HZ = 25_000_000;

const bare = (profile: CoreProfile, core: string, title: string): SocDescription =>
  defineSoc({
    name: profile.name,
    title,
    baseHz: HZ,
    cores: [{ name: core, profile, hz: HZ, vectors: 0 }],
    memories: [
      { name: 'CODE', size: 4 * MiB, views: { [core]: [{ base: 0x0000_0000 }] } },
      { name: 'SRAM', size: 4 * MiB, views: { [core]: [{ base: 0x2000_0000 }] } },
    ],
    mus: [],
    peripherals: [],
    remoteprocs: [],
    boards: [],
    detection: [],
  });

/** A Cortex-M4 with FPv4-SP. */
export const BARE_CORTEX_M4 = bare(CORTEX_M4, 'm4', 'bare Cortex-M4');
/** A Cortex-M7 with FPv5-DP. */
export const BARE_CORTEX_M7 = bare(CORTEX_M7, 'm7', 'bare Cortex-M7');
