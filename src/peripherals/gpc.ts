/**
 * GPC of the i.MX 8M Plus: power domains on request, bus handshakes, low-power configuration.
 *
 * Described in the GPC chapter of the reference manual; registers as in NXP's header (PERI_GPC.h, PERI_GPC_PGC.h). Requests to power a
 * domain up or down finish, and their bits clear, a fixed time later; a bus handshake is acknowledged at once. Not modelled: what a
 * domain without power does, wake-up masks and low-power modes (stored).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { unchanging } from '../memory/bus.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';
import type { Scheduler } from '../time/scheduler.ts';

/** Registers in manual order. */
export const GPC = defineRegisters({
  LPCR_A53_BSC: { offset: 0x000, reset: 0x0000_3ff0 },
  LPCR_A53_AD: { offset: 0x004, reset: 0x0000_0020 },
  LPCR_M7: { offset: 0x008, reset: 0x0000_3ff0 },
  SLPCR: { offset: 0x014, reset: 0xe000_ff82 },
  MST_CPU_MAPPING: { offset: 0x018 },
  MLPCR: { offset: 0x020, reset: 0x0101_0100 },
  PGC_ACK_SEL_A53: { offset: 0x024, reset: 0x8000_8000 },
  PGC_ACK_SEL_M7: { offset: 0x028, reset: 0x8000_8000 },
  MISC: { offset: 0x02c, reset: 0x0000_0020 },
  IMR_CORE0_A53: { offset: 0x030, count: 5 },
  IMR_CORE1_A53: { offset: 0x044, count: 5 },
  IMR_M7: { offset: 0x058, count: 5 },
  ISR_A53: { offset: 0x080, count: 5, access: 'ro', unimplemented: true },
  ISR_M7: { offset: 0x094, count: 5, access: 'ro', unimplemented: true },
  CPU_PGC_SW_PUP_REQ: { offset: 0x0d0 },
  MIX_PGC_SW_PUP_REQ: { offset: 0x0d4 },
  PU_PGC_SW_PUP_REQ: { offset: 0x0d8 },
  CPU_PGC_SW_PDN_REQ: { offset: 0x0dc },
  MIX_PGC_SW_PDN_REQ: { offset: 0x0e0 },
  PU_PGC_SW_PDN_REQ: { offset: 0x0e4 },
  A53_MIX_PGC_PUP_STATUS: { offset: 0x10c, count: 3, access: 'ro', unimplemented: true },
  M7_MIX_PGC_PUP_STATUS: { offset: 0x118, count: 3, access: 'ro', unimplemented: true },
  A53_PU_PGC_PUP_STATUS: { offset: 0x124, count: 3, access: 'ro', unimplemented: true },
  M7_PU_PGC_PUP_STATUS: { offset: 0x130, count: 3, access: 'ro', unimplemented: true },
  A53_MIX_PGC_PDN_STATUS: { offset: 0x140, count: 3, access: 'ro', unimplemented: true },
  M7_MIX_PGC_PDN_STATUS: { offset: 0x14c, count: 3, access: 'ro', unimplemented: true },
  A53_PU_PGC_PDN_STATUS: { offset: 0x158, count: 3, access: 'ro', unimplemented: true },
  M7_PU_PGC_PDN_STATUS: { offset: 0x164, count: 3, access: 'ro', unimplemented: true },
  A53_MIX_PDN_FLG: { offset: 0x170 },
  A53_PU_PDN_FLG: { offset: 0x174 },
  M7_MIX_PDN_FLG: { offset: 0x178 },
  M7_PU_PDN_FLG: { offset: 0x17c },
  LPCR_A53_BSC2: { offset: 0x180 },
  PU_PWRHSK: { offset: 0x190, reset: 0x0000_ffff },
  IMR_CORE2_A53: { offset: 0x194, count: 5 },
  IMR_CORE3_A53: { offset: 0x1a8, count: 5 },
  ACK_SEL_A53_PU: { offset: 0x1bc },
  ACK_SEL_A53_PU1: { offset: 0x1c0 },
  ACK_SEL_M7_PU: { offset: 0x1c4 },
  ACK_SEL_M7_PU1: { offset: 0x1c8 },
  PGC_CPU_A53_MAPPING: { offset: 0x1cc },
  PGC_CPU_M7_MAPPING: { offset: 0x1d0 },
  SLT_CFG: { offset: 0x200, count: 27 },
  SLT_CFG_PU: { offset: 0x280, count: 54 },
  PGC_CPU: { offset: 0x800, count: 4, stride: 0x40 },
  PGC_CPU_SEQUENCE: { offset: 0x804, count: 4, stride: 0x40 },
  PGC_CPU_DOWN_SEQUENCE: { offset: 0x808, count: 4, stride: 0x40 },
  PGC_CPU_SR: { offset: 0x80c, count: 4, stride: 0x40, access: 'w1c' },
  A53SCU_CTRL: { offset: 0x900, count: 3 },
  A53SCU_SR: { offset: 0x90c, access: 'w1c' },
  NOC_MIX_CTRL: { offset: 0xa40, count: 3 },
  NOC_MIX_SR: { offset: 0xa4c, access: 'w1c' },
  PU_CTRL: { offset: 0xb00, count: 20, stride: 0x40 },
  PU_PUPSCR: { offset: 0xb04, count: 20, stride: 0x40 },
  PU_PDNSCR: { offset: 0xb08, count: 20, stride: 0x40 },
  PU_SR: { offset: 0xb0c, count: 20, stride: 0x40, access: 'w1c' },
});

/** Time that a power switch takes, in nanoseconds. */
const SWITCH_NS = 2_000;
/** Requests that clear themselves. */
const REQUESTS = [
  'CPU_PGC_SW_PUP_REQ',
  'MIX_PGC_SW_PUP_REQ',
  'PU_PGC_SW_PUP_REQ',
  'CPU_PGC_SW_PDN_REQ',
  'MIX_PGC_SW_PDN_REQ',
  'PU_PGC_SW_PDN_REQ',
] as const;
/** PU_PWRHSK: requests 15:4 (active low) are answered in 31:20. */
const HANDSHAKES = 0xfff0;

/** The block. */
export class Gpc {
  readonly device: RegisterFile<typeof GPC>;
  /** Cycle at which each kind of request is done. */
  private readonly finished = REQUESTS.map(() => 0);

  constructor(options: { name: string; scheduler: Scheduler; diagnostics: Diagnostics }) {
    const { name, scheduler, diagnostics } = options;
    const switchCycles = scheduler.cyclesFromNs(SWITCH_NS);
    const behaviour: Record<string, object> = {
      PU_PWRHSK: { value: () => this.handshake(), steady: true },
    };
    const { finished } = this;
    for (const [kind, request] of REQUESTS.entries()) {
      behaviour[request] = {
        value: () => (scheduler.now >= finished[kind]! ? 0 : this.device.get(request)),
        progress: () => unchanging(finished[kind]! - scheduler.now),
        write: (next: number, previous: number, _index: number, written: number) => {
          // What an earlier request left behind has finished by now, unless it is still under way.
          const pending = scheduler.now >= finished[kind]! ? written : previous | next;
          this.device.set(request, pending >>> 0);
          if (written !== 0) finished[kind] = scheduler.now + switchCycles;
        },
      };
    }
    this.device = new RegisterFile(GPC, { name, diagnostics, behaviour });
  }

  /** Reset of the SoC. */
  reset(): void {
    this.device.reset();
  }

  private handshake(): number {
    const requests = this.device.get('PU_PWRHSK') & 0xffff;
    return (requests | ((requests & HANDSHAKES) << 16)) >>> 0;
  }
}
