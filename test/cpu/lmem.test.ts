/** LMEM, the cache controller that NXP's Cortex-M4 parts have. */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { CORTEX_M4, CORTEX_M4_LMEM } from '../../src/cpu/profile.ts';
import { Machine } from '../../src/machine.ts';
import { BARE_CORTEX_M4 } from '../../src/soc/cortex-m.ts';
import { Rig } from '../support/core-harness.ts';
import { ENGINES } from '../support/engines.ts';

const PCCCR = 0xe008_2000;
const PCCLCR = 0xe008_2004;
const PCCSAR = 0xe008_2008;
const PCCCVR = 0xe008_200c;
const PSCCR = 0xe008_2800;
const PSCLCR = 0xe008_2804;
const PSCSAR = 0xe008_2808;
const GO = 0x8000_0000;
/** INVW0, INVW1. */
const INVALIDATE = 0x0500_0000;

function rig(options: { profile?: typeof CORTEX_M4; cyclesPerInstruction?: number } = {}): Rig {
  return new Rig(interpreterFactory, { profile: CORTEX_M4_LMEM, ...options });
}

describe('LMEM', () => {
  it('keeps GO while a command of a whole cache takes its time, and the command bits after it', () => {
    const t = rig({ cyclesPerInstruction: 2 });
    t.write(PSCCR, INVALIDATE);
    expect(t.read(PSCCR)).toBe(INVALIDATE);
    t.write(PSCCR, (INVALIDATE | GO) >>> 0);
    expect(t.read(PSCCR)).toBe((INVALIDATE | GO) >>> 0);
    expect(t.read(PCCCR)).toBe(0);
    t.scheduler.advanceTo(511);
    expect(t.read(PSCCR)).toBe((INVALIDATE | GO) >>> 0);
    t.scheduler.advanceTo(512);
    expect(t.read(PSCCR)).toBe(INVALIDATE);
    t.write(PSCCR, 3);
    expect(t.read(PSCCR)).toBe(3);
    expect(t.diagnostics.all).toEqual([]);
  });

  it('shows one LGO in both registers of a cache, and in none of the other cache', () => {
    const t = rig();
    t.write(PSCLCR, 0x0500_0000);
    t.write(PSCSAR, 0x8000_1235);
    expect([t.read(PSCLCR), t.read(PSCSAR), t.read(PCCLCR) & 1, t.read(PCCSAR) & 1]).toEqual([0x0500_0001, 0x8000_1235, 0, 0]);
    t.scheduler.advanceTo(8);
    expect([t.read(PSCLCR), t.read(PSCSAR)]).toEqual([0x0500_0000, 0x8000_1234]);
    t.write(PSCLCR, 0x0200_0001);
    expect(t.read(PSCSAR)).toBe(0x8000_1235);
  });

  it('finds no valid line, as its caches hold nothing, and says so when a line is to be written', () => {
    const t = rig();
    t.write(PCCCVR, 0x1234);
    t.write(PCCLCR, 0x0070_0001);
    t.scheduler.advanceTo(100);
    expect([t.read(PCCLCR), t.read(PCCCVR)]).toEqual([0, 0]);
    expect(t.diagnostics.all).toEqual([]);
    t.write(PCCCVR, 0x1234);
    t.write(PCCLCR, 0x0800_0001);
    expect(t.diagnostics.all).toMatchObject([{ kind: 'unimplemented', block: 'LMEM', register: 'PCCCVR' }]);
  });

  it('has registers for forced write-through of the code bus alone, and is reset with the core', () => {
    const t = rig();
    t.write(PCCCR, 0xffff_ffff);
    t.write(PSCCR, 0xffff_ffff);
    t.scheduler.advanceTo(1000);
    expect([t.read(PCCCR), t.read(PSCCR)]).toEqual([0x0f00_000f, 0x0f00_0003]);
    t.write(PSCCR, GO);
    t.core.start(0);
    expect([t.read(PCCCR), t.read(PSCCR)]).toEqual([0, 0]);
  });

  it('is absent from a core that NXP has not added it to', () => {
    const t = rig({ profile: CORTEX_M4 });
    t.write(PSCCR, (INVALIDATE | GO) >>> 0);
    expect(t.read(PSCCR)).toBe(0);
    expect(t.diagnostics.all).toHaveLength(2);
  });
});

describe.each(ENGINES)('LMEM on $name', (engine) => {
  // movs r0, #0xe0; lsls r0, r0, #24; movs r1, #0x82; lsls r1, r1, #12; adds r0, r0, r1; movs r1, #0x85; lsls r1, r1, #24; str r1, [r0]
  // 1: ldr r1, [r0]; cmp r1, #0; blt 1b; b .
  const CODE = [0x20e0, 0x0600, 0x2182, 0x0309, 0x1840, 0x2185, 0x0609, 0x6001, 0x6801, 0x2900, 0xdbfc, 0xe7fe];

  function poll(fastForward: boolean) {
    const machine = new Machine({
      soc: { ...BARE_CORTEX_M4, cores: [{ ...BARE_CORTEX_M4.cores[0]!, profile: CORTEX_M4_LMEM }] },
      engine,
      fastForward,
    });
    const { core } = machine;
    const view = machine.view('m4');
    const bytes = new Uint8Array(8 + 2 * CODE.length);
    const words = new DataView(bytes.buffer);
    words.setUint32(0, 0x2000_4000, true);
    words.setUint32(4, 9, true);
    for (const [index, half] of CODE.entries()) words.setUint16(8 + 2 * index, half, true);
    view.writeBytes(0, bytes);
    core.start(0);
    const places: number[] = [];
    for (const limit of [200, 264, 265, 270]) {
      machine.run(limit);
      places.push(core.pc, core.instructions);
    }
    machine.dispose();
    return places;
  }

  it('lets firmware wait for the end of a command, in the same number of instructions with and without fast-forward', () => {
    const places = poll(true);
    expect(places).toEqual(poll(false));
    expect(places[0]).toBeLessThan(0x1e);
    expect(places.at(-2)).toBe(0x1e);
  });
});
