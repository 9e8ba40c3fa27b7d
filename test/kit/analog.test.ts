/**
 * CAN buses, temperatures and voltages as a test sets them: inputs, so that snapshots, forks and recordings have them.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createMachine, replayMachine, type Simulation } from '../../src/kit/index.ts';

const IMAGE = new Uint8Array(readFileSync(new URL('../../images/imx8mp_devices.elf', import.meta.url)));
const make = (): Promise<Simulation> => createMachine({ firmware: IMAGE, soc: 'imx8mp', linux: false });

const TMU = 0x3026_0000;
const CAN = 0x308c_0000;
const read = (m: Simulation, address: number): number => m.machine.view('m7').peek(address, 4);
const write = (m: Simulation, address: number, value: number): void => {
  expect(m.machine.view('m7').write(address, value >>> 0, 4)).toBe(true);
};
/** A controller at 500 kbit/s of 24 MHz that receives 0x123 into buffer 1. */
function startCan(m: Simulation): void {
  write(m, CAN, 0x5000_000f);
  write(m, CAN + 4, 0x021b_0003);
  write(m, CAN + 0x94, 0x123 << 18);
  write(m, CAN + 0x90, 4 << 24);
  write(m, CAN, 0xf);
}
const received = (m: Simulation): number => (read(m, CAN + 0x90) >>> 24) & 0xf;

describe('the temperature', () => {
  it('is what a test sets, for the thermal monitor and its interrupts', async () => {
    await using m = await make();
    write(m, TMU + 4, 0xc000_0000);
    write(m, TMU, 0x8000_0000);
    await m.advance('1ms');
    expect(read(m, TMU + 0x20)).toBe(0xc023_0023);
    m.temperature(60);
    m.temperature(-5, 1);
    await m.advance('1ms');
    expect(read(m, TMU + 0x20)).toBe(0xc085_003c);
    expect(() => m.temperature(Number.NaN)).toThrow('is no temperature');
    expect(() => m.temperature(20, 2)).toThrow('no site 2');
  });
});

describe('a CAN bus', () => {
  it('takes frames from a test and gives it those of the firmware, in forks as well', async () => {
    await using m = await make();
    startCan(m);
    m.can('flexcan1').send({ id: 0x123, data: [1, 2, 3] });
    await m.advance('50us');
    expect(received(m)).toBe(4);
    await using fork = m.fork();
    for (const each of [m, fork]) {
      await each.advance('200us');
      expect([received(each), read(each, CAN + 0x98)]).toEqual([2, 0x0102_0300]);
      write(each, CAN + 0xa4, 0x7 << 18);
      write(each, CAN + 0xa8, 0xaa00_0000);
      write(each, CAN + 0xa0, (12 << 24) | (1 << 16));
      await each.advance('200us');
      expect(each.can('FLEXCAN1').frames).toEqual([{ id: 7, extended: false, remote: false, dlc: 1, data: [0xaa] }]);
    }
    expect(m.traceHash()).toBe(fork.traceHash());
    m.can('FLEXCAN1').connect('flexcan2');
    expect(m.can('FLEXCAN2').frames).toHaveLength(1);
  });

  it('is part of a recording', async () => {
    await using m = await make();
    m.temperature(70);
    m.can('FLEXCAN1').send({ id: 0x1234_5678, extended: true });
    await m.advance('1ms');
    const { simulation, same } = await replayMachine(await m.record());
    await using again = simulation;
    expect(same).toBe(true);
    expect(again.machine.peripherals.find(({ tmu }) => tmu)?.tmu?.temperature()).toBe(70);
    expect(again.inputs.entries).toEqual(m.inputs.entries);
  });

  it('refuses what is no frame, and blocks that do not exist', async () => {
    await using m = await make();
    const can = m.can('FLEXCAN1');
    expect(() => can.send({ id: 0x800 })).toThrow('2048 is no identifier');
    expect(() => can.send({ id: 1, data: Array(9).fill(0) })).toThrow('a frame of 9 bytes');
    expect(() => can.send({ id: 1, remote: true, dlc: -1 })).toThrow('a frame of -1 bytes');
    expect(() => can.send({ id: 1, data: [1, 300] })).toThrow('1 300 are no bytes');
    expect(() => can.send({ id: 1, data: [Number.NaN] })).toThrow('NaN are no bytes');
    expect(() => can.connect('FLEXCAN9')).toThrow('imx8mp has no CAN controller FLEXCAN9');
    expect(() => m.adc('ADC1')).toThrow('imx8mp has no ADC ADC1');
  });
});
