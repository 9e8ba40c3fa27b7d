/**
 * Bare cores: a Cortex-M4, Cortex-M7 or Cortex-M33 with 4 MiB of RAM at 0 and 4 MiB at 0x2000_0000 and nothing else.
 *
 * For tests and benchmarks of the processor: the same ELF runs under `qemu-system-arm -M mps2-an386`, `-M mps2-an500` and `-M mps2-an505`.
 * The Cortex-M33's memories are there once more with address bit 28 set, where AN505 has its Secure aliases, and it has AN505's memory at
 * 0x2800_0000. Its IDAU is AN505's with both code and data callable (NSCCFG 3); there is nothing behind it that has to be told what is
 * Non-secure. All is Secure until the SAU says otherwise. AN505 starts at 0x1000_0000, and has 32 KiB at 0x2000_0000.
 */
import { bit28Idau, CORTEX_M4, CORTEX_M7, CORTEX_M33, type CoreProfile } from '../cpu/profile.ts';
import { MiB } from '../memory/bits.ts';
import { defineSoc, type SocDescription } from './soc.ts';

/** As the MPS2 boards clock their cores. */
const HZ = 25_000_000;

/** What differs between the bare cores: where they start, and where their memories are. */
interface BareCore {
  readonly profile: CoreProfile;
  readonly core: string;
  readonly title: string;
  readonly vectors: number;
  /** Base addresses by memory, 4 MiB each. */
  readonly memories: Readonly<Record<string, readonly number[]>>;
}

const bare = ({ profile, core, title, vectors, memories }: BareCore): SocDescription =>
  defineSoc({
    name: profile.name,
    title,
    baseHz: HZ,
    cores: [{ name: core, profile, hz: HZ, vectors }],
    memories: Object.entries(memories).map(([name, bases]) => ({
      name,
      size: 4 * MiB,
      views: { [core]: bases.map((base) => ({ base })) },
    })),
    mus: [],
    peripherals: [],
    remoteprocs: [],
    boards: [],
    detection: [],
  });

const PLAIN = { CODE: [0x0000_0000], SRAM: [0x2000_0000] };
const ALIASED = { CODE: [0x0000_0000, 0x1000_0000], SRAM: [0x2000_0000, 0x3000_0000], SSRAM: [0x2800_0000, 0x3800_0000] };

/** A Cortex-M4 with FPv4-SP and bit-banding, as AN386 has it. */
export const BARE_CORTEX_M4 = bare({
  profile: { ...CORTEX_M4, bitBand: true },
  core: 'm4',
  title: 'bare Cortex-M4',
  vectors: 0,
  memories: PLAIN,
});
/** A Cortex-M7 with FPv5-DP. */
export const BARE_CORTEX_M7 = bare({ profile: CORTEX_M7, core: 'm7', title: 'bare Cortex-M7', vectors: 0, memories: PLAIN });
/** A Cortex-M33 with FPv5-SP and the Security Extension. */
export const BARE_CORTEX_M33 = bare({
  profile: { ...CORTEX_M33, security: { sauRegions: 8, idau: bit28Idau([1, 3]) } },
  core: 'm33',
  title: 'bare Cortex-M33',
  vectors: 0x1000_0000,
  memories: ALIASED,
});
