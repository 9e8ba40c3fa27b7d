import { describe, expect, it } from 'vitest';
import { explainAddress, placeName } from '../../src/cpu/address-text.ts';
import { CORTEX_M33 } from '../../src/cpu/profile.ts';
import { Arena } from '../../src/memory/arena.ts';
import { AddressSpace, type BusDevice } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { scriptedRig } from '../support/core-harness.ts';

const bus = new AddressSpace('test');
bus.mapRam(0x2000_0000, new Ram('DTCM', 0x2_0000, new Arena(16 * 1024 * 1024)));
const device: BusDevice = { read: () => 0, write: () => true, peek: () => 0, registerName: (offset) => (offset < 4 ? 'CTRL' : undefined) };
bus.mapDevice(0x30a6_0000, 0x1000, device, 'UART4');
bus.mapDevice(0x30b0_0000, 0x1000, { read: () => 0, write: () => true, peek: () => 0 }, 'ECSPI1');

describe('addresses in words', () => {
  it.each([
    [0x2000_0010, 'DTCM+0x10', 'DTCM+0x10, memory at 0x20000000..0x2001ffff'],
    [0x30a6_0002, 'UART4.CTRL', 'register UART4.CTRL at 0x30a60000..0x30a60fff'],
    [0x30a6_0098, 'UART4+0x98', 'in the block UART4 at 0x30a60000..0x30a60fff, where it has no register (offset 0x98)'],
    [0x30b0_0004, 'ECSPI1+0x4', 'in the block ECSPI1 at 0x30b00000..0x30b00fff, offset 0x4'],
    [0x2002_0000, undefined, 'nothing is mapped there: right at the end of DTCM at 0x20000000..0x2001ffff'],
    [0x2002_0010, undefined, 'nothing is mapped there: 0x10 bytes past the end of DTCM at 0x20000000..0x2001ffff'],
    [0x30af_fff0, undefined, 'nothing is mapped there: 0x10 bytes before the start of ECSPI1 at 0x30b00000..0x30b00fff'],
    [0x7000_0000, undefined, 'nothing is mapped there'],
  ])('%#x', (address, name, text) => {
    expect(placeName(bus, address)).toBe(name);
    expect(explainAddress(bus, address)).toBe(text);
  });

  it('say what is closed to the master', () => {
    const space = new AddressSpace('m4');
    space.mapDevice(0x30a6_0000, 0x1000, device, 'UART4');
    let rights = 0;
    space.setGuard({ closes: () => true, rights: () => rights, fails: () => true, note: () => {} });
    expect(explainAddress(space, 0x30a6_0000)).toBe('register UART4.CTRL at 0x30a60000..0x30a60fff; closed to reads and writes of m4');
    rights = 1;
    expect(explainAddress(space, 0x30a6_0000)).toMatch(/; closed to writes of m4$/);
    rights = 3;
    expect(explainAddress(space, 0x30a6_0000)).toBe('register UART4.CTRL at 0x30a60000..0x30a60fff');
  });

  it.each([
    [0xe000_1004, 'DWT_CYCCNT'],
    [0xe000_2000, 'FP_CTRL'],
    [0xe000_e010, 'SYST_CSR'],
    [0xe000_e104, 'NVIC_ISER[1]'],
    [0xe000_ed94, 'MPU_CTRL'],
    [0xe000_ed28, 'CFSR'],
    [0xe000_edd0, 'SAU_CTRL'],
    [0xe000_ede4, 'SFSR'],
    [0xe002_e010, 'SYST_CSR'],
  ])("the core's own register at $0 is $1, as in the manual", (address, name) => {
    const { bus } = scriptedRig(new Map(), { profile: CORTEX_M33 });
    expect(placeName(bus, address)).toBe(name);
  });
});
