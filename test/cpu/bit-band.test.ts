/** Bit-banding of a Cortex-M4 that has it, in Thumb code; QEMU's mps2-an386 does the same (test/differential/exceptions.test.ts). */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { lockstepFactory } from '../../src/cpu/lockstep/index.ts';
import { CORTEX_M4, type CoreProfile } from '../../src/cpu/profile.ts';
import { PROBE, Rig } from '../support/core-harness.ts';
import { ENGINES } from '../support/engines.ts';
import { Scenarios } from '../support/thumb-scenario.ts';

const scenarios = new Scenarios('bit-band');
const profile: CoreProfile = { ...CORTEX_M4, bitBand: true };

describe.each([...ENGINES, lockstepFactory(jitFactory, interpreterFactory)])('bit-banding on $name', (engine) => {
  const trace = (source: string, options = {}) => scenarios.trace(engine, source, { profile, ...options });

  it('shows each bit of SRAM as a word, and changes that bit alone', () => {
    expect(
      trace(`
reset:
  ldr r4, =0x20010000
  ldr r5, =0xa5000001
  str r5, [r4]
  ldr r5, =0x22200000       @ bit 0 of 0x20010000
  ldr r6, [r5]
  tracer r6
  ldr r6, [r5, #4]
  tracer r6
  ldr r6, [r5, #124]
  tracer r6
  ldr r6, =0xfffffffe
  str r6, [r5]              @ bit 0 of what is written counts
  movs r6, #3
  str r6, [r5, #32]
  ldr r6, [r4]
  tracer r6
  done`),
    ).toEqual([1, 0, 1, 0xa500_0100]);
  });

  it('takes bytes and halfwords of the alias', () => {
    expect(
      trace(`
reset:
  ldr r4, =0x20010010
  ldr r5, =0x00008180
  str r5, [r4]
  ldr r5, =0x22200200
  ldrb r6, [r5, #28]        @ bit 7
  tracer r6
  ldrh r6, [r5, #60]        @ bit 15
  tracer r6
  ldrb r6, [r5, #36]        @ bit 9
  tracer r6
  movs r6, #1
  strb r6, [r5, #36]
  movs r6, #0
  strh r6, [r5, #60]
  ldr r6, [r4]
  tracer r6
  done`),
    ).toEqual([1, 1, 0, 0x380]);
  });

  it('sets a flag in a loop that another part of the program waits for', () => {
    expect(
      trace(`
reset:
  ldr r4, =0x20010020
  movs r5, #0
  str r5, [r4]
  ldr r5, =0x22200400
  movs r6, #1
  movs r7, #0
1:str r6, [r5, r7, lsl #2]
  adds r7, #1
  ldr r2, [r4]
  cmp r2, #0xff
  bne 1b
  tracer r7
  done`),
    ).toEqual([8]);
  });
});

describe('bit-banding', () => {
  it('reads and writes a register as a whole', () => {
    const rig = new Rig(interpreterFactory, { profile });
    // Bit 5 of PROBE.TRACE, which reads as 0.
    expect(rig.write(0x4200_0000 + 32 * (PROBE.TRACE & 0xfffff) + 4 * 5, 1)).toBe(true);
    expect([rig.trace, rig.read(0x4200_0014)]).toEqual([[32], 0]);
  });

  it('is a bus fault, at the alias, where there is nothing', () => {
    const rig = new Rig(interpreterFactory, { profile });
    expect([rig.read(0x43ff_0000), rig.core.memory.fault, rig.core.memory.faultAddress]).toEqual([-1, 'bus', 0x43ff_0000]);
    expect(rig.write(0x43ff_0004, 1)).toBe(false);
  });

  it('is absent from cores that are built without it', () => {
    const rig = new Rig(interpreterFactory, { profile: CORTEX_M4 });
    expect([rig.read(0x2200_0000), rig.write(0x2200_0000, 1)]).toEqual([-1, false]);
  });
});
