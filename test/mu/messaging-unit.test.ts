import { beforeEach, describe, expect, it } from 'vitest';
import { Diagnostics } from '../../src/diagnostics.ts';
import { EventHub } from '../../src/events.ts';
import type { BusDevice } from '../../src/memory/bus.ts';
import { MessagingUnit } from '../../src/mu/messaging-unit.ts';
import { MU_LAYOUTS, type MuLayoutName } from '../../src/mu/mu-layout.ts';

class Rig {
  now = 0;
  readonly log: string[] = [];
  readonly diagnostics = new Diagnostics({ now: () => this.now, pc: () => undefined });
  readonly levels = { A: false, B: false };
  readonly unit: MessagingUnit;

  constructor(layout: MuLayoutName) {
    const events = new EventHub();
    events.subscribe((event) => {
      if (event.type !== 'mu') return;
      this.log.push(`${event.cycle} ${event.side} ${event.action} ${event.channel} ${event.value.toString(16)}`);
    });
    this.unit = new MessagingUnit({
      name: 'MU1',
      layout: MU_LAYOUTS[layout],
      now: () => this.now,
      diagnostics: this.diagnostics,
      events,
      interruptA: (level) => {
        this.levels.A = level;
      },
      interruptB: (level) => {
        this.levels.B = level;
      },
    });
  }

  get complaints(): string[] {
    return this.diagnostics.all.map(({ kind, block, register, text }) => `${kind} ${block}.${register} ${text}`);
  }
}

const get = (device: BusDevice, offset: number): number => device.read(offset, 4);
const put = (device: BusDevice, offset: number, value: number): boolean => device.write(offset, value, 4);

describe('MU v1 (imx6sx), bit for bit', () => {
  const SR = 0x20;
  const CR = 0x24;
  let rig: Rig;

  beforeEach(() => {
    rig = new Rig('imx6sx');
  });

  it('is idle with all transmit registers empty', () => {
    expect([get(rig.unit.a, SR), get(rig.unit.b, SR)]).toEqual([0x00f0_0000, 0x00f0_0000]);
    expect([get(rig.unit.a, CR), get(rig.unit.b, CR)]).toEqual([0, 0]);
    expect(rig.levels).toEqual({ A: false, B: false });
  });

  it('counts its channels down from the highest bit', () => {
    const { a, b } = rig.unit;
    put(a, 0x00, 0x1111);
    expect([get(a, SR), get(b, SR)]).toEqual([0x0070_0000, 0x08f0_0000]);
    put(a, 0x0c, 0x4444);
    expect([get(a, SR), get(b, SR)]).toEqual([0x0060_0000, 0x09f0_0000]);
    expect(get(b, 0x1c)).toBe(0x4444);
    expect([get(a, SR), get(b, SR)]).toEqual([0x0070_0000, 0x08f0_0000]);
  });

  it('raises a receive interrupt for RIE1 = bit 26, as the rpmsg samples set it', () => {
    const { a, b } = rig.unit;
    put(b, CR, 0x0400_0000);
    put(a, 0x00, 1);
    expect(rig.levels.B).toBe(false);
    put(a, 0x04, 0x0001_0000);
    expect(rig.levels.B).toBe(true);
    expect(get(b, 0x14)).toBe(0x0001_0000);
    expect(rig.levels.B).toBe(false);
    expect(get(b, SR) & 0x0400_0000).toBe(0);
  });

  it('raises a transmit interrupt while an enabled channel is empty', () => {
    const { a, b } = rig.unit;
    put(a, CR, 1 << 22);
    expect(rig.levels.A).toBe(true);
    put(a, 0x04, 5);
    expect(rig.levels.A).toBe(false);
    get(b, 0x14);
    expect(rig.levels.A).toBe(true);
    put(a, CR, 0);
    expect(rig.levels.A).toBe(false);
  });

  it('keeps a general interrupt pending through reads of receive registers', () => {
    const { a, b } = rig.unit;
    put(b, CR, 0x8800_0000);
    put(a, CR, 1 << 19);
    expect(get(a, CR)).toBe(0x0008_0000);
    expect(get(b, SR)).toBe(0x80f0_0000);
    put(a, 0x00, 7);
    expect(get(b, 0x10)).toBe(7);
    expect(rig.levels.B).toBe(true);
    put(b, SR, 0x8000_0000);
    expect(rig.levels.B).toBe(false);
    expect(get(a, CR)).toBe(0);
    expect(get(b, SR)).toBe(0x00f0_0000);
  });

  it('ignores all of SR but its write-1-to-clear bits: Zephyr writes SR >> 24 back', () => {
    const { a, b } = rig.unit;
    put(b, CR, 0x0f00_0000);
    put(a, 0x00, 1);
    put(a, CR, 0x000f_0000);
    const status = get(b, SR);
    expect(status).toBe(0xf8f0_0000);
    put(b, SR, status >>> 24);
    expect(get(b, SR)).toBe(status);
    put(b, SR, 0x0fff_ffff);
    expect(get(b, SR)).toBe(status);
    put(b, SR, 0x5000_0000);
    expect(get(b, SR)).toBe(0xa8f0_0000);
    expect(get(a, CR)).toBe(0x000a_0000);
  });

  it('does not ask twice for a request that is pending, nor withdraw it', () => {
    const { a } = rig.unit;
    put(a, CR, 1 << 18);
    put(a, CR, 1 << 18);
    put(a, CR, 0);
    expect(get(a, CR)).toBe(1 << 18);
    expect(rig.log).toEqual(['0 A general 1 1']);
  });

  it('shows flags to the peer only', () => {
    const { a, b } = rig.unit;
    put(b, CR, 0x0400_0001);
    expect(get(a, SR)).toBe(0x00f0_0001);
    expect(get(b, SR)).toBe(0x00f0_0000);
    put(a, CR, 6);
    expect(get(b, SR)).toBe(0x00f0_0006);
    put(b, CR, 0x0400_0000);
    expect(get(a, SR)).toBe(0x00f0_0000);
    expect(rig.log).toEqual(['0 B flags 0 1', '0 A flags 0 6', '0 B flags 0 0']);
  });

  it('resets both sides by MUR, and nothing else of the same write', () => {
    const { a, b } = rig.unit;
    put(a, 0x00, 1);
    put(a, CR, 0x0ff8_0007);
    put(b, CR, 0x0ff0_0005);
    put(a, CR, 0xffff_ffff);
    expect([get(a, SR), get(b, SR)]).toEqual([0x00f0_0000, 0x00f0_0000]);
    expect([get(a, CR), get(b, CR)]).toEqual([0, 0]);
    expect(rig.levels).toEqual({ A: false, B: false });
    expect(get(b, 0x10)).toBe(0);
    expect(rig.log.at(-1)).toBe('0 A reset 0 0');
    expect(rig.complaints).toEqual([]);
  });

  it('reports a word that overruns another, and delivers the later one', () => {
    const { a, b } = rig.unit;
    put(a, 0x08, 1);
    put(a, 0x08, 2);
    expect(rig.complaints).toEqual(['guest-error MU1_A.TR2 written while TE is 0: the peer loses the word that it has not read']);
    expect(get(b, 0x18)).toBe(2);
  });

  it('reports a word that is read twice, but not the draining of registers that never held one', () => {
    const { a, b } = rig.unit;
    for (let n = 0; n < 4; n++) expect(get(b, 0x10 + 4 * n)).toBe(0);
    expect(rig.complaints).toEqual([]);
    put(a, 0x00, 9);
    expect([get(b, 0x10), get(b, 0x10)]).toEqual([9, 9]);
    expect(rig.complaints).toEqual(['guest-error MU1_B.RR0 read while RF is 0: the same word is taken twice']);
    expect(rig.log).toEqual(['0 A transmit 0 9', '0 B receive 0 9']);
  });

  it('does nothing when a debugger looks', () => {
    const { a, b } = rig.unit;
    put(a, 0x00, 9);
    expect(b.peek(0x10, 4)).toBe(9);
    expect(b.peek(SR, 4)).toBe(0x08f0_0000);
    expect(get(b, SR)).toBe(0x08f0_0000);
    expect(rig.log).toEqual(['0 A transmit 0 9']);
  });

  it('writes only the lanes of a byte access to CR', () => {
    const { b } = rig.unit;
    put(b, CR, 0x0400_0003);
    b.write(CR + 3, 0x08, 1);
    expect(get(b, CR)).toBe(0x0800_0003);
    b.write(CR, 0x01, 1);
    expect(get(b, CR)).toBe(0x0800_0001);
  });

  it('shows the state of the other processor, and its leaving reset', () => {
    const { a, unit } = { a: rig.unit.a, unit: rig.unit };
    put(a, CR, 1 << 6);
    unit.setProcessorState('B', 'reset');
    expect(get(a, SR)).toBe(0x00f0_0080);
    unit.setProcessorState('B', 'run');
    expect(get(a, SR)).toBe(0x00f0_0200);
    expect(rig.levels.A).toBe(true);
    put(a, SR, 0x200);
    expect(rig.levels.A).toBe(false);
    unit.setProcessorState('B', 'stop');
    expect(get(a, SR)).toBe(0x00f0_0060);
    unit.setProcessorState('B', 'wait');
    expect(get(a, SR)).toBe(0x00f0_0020);
  });

  it('survives a reset of either processor and forgets with the SoC', () => {
    const { a, b } = rig.unit;
    put(a, 0x04, 0x77);
    rig.unit.setProcessorState('B', 'reset');
    rig.unit.setProcessorState('B', 'run');
    expect(get(b, 0x14)).toBe(0x77);
    put(a, 0x04, 0x78);
    put(b, CR, 0x0400_0000);
    expect(rig.levels.B).toBe(true);
    rig.unit.reset();
    expect(rig.levels.B).toBe(false);
    expect(get(b, SR)).toBe(0x00f0_0000);
  });

  it('says so when firmware wants to control the other processor', () => {
    put(rig.unit.a, CR, 1 << 4);
    expect(rig.complaints).toEqual(['unimplemented MU1_A.CONTROL control of the other processor through the MU has no effect']);
    expect(get(rig.unit.a, CR)).toBe(1 << 4);
  });

  it('stamps its events with the cycle', () => {
    rig.now = 1234;
    put(rig.unit.b, 0x04, 0x1_0000);
    rig.now = 1300;
    get(rig.unit.a, 0x14);
    expect(rig.log).toEqual(['1234 B transmit 1 10000', '1300 A receive 1 10000']);
  });

  it('reports offsets beyond its registers', () => {
    get(rig.unit.b, 0x40);
    expect(rig.complaints).toEqual(['guest-error MU1_B.+0x40 no register at this offset; read']);
  });
});

describe('MU v2 (imx8ulp, imx93, imx95)', () => {
  it('describes itself in PAR', () => {
    const { unit } = new Rig('imx93');
    expect(get(unit.a, 0x004)).toBe(0x0304_0404);
    put(unit.a, 0x004, 0);
    expect(get(unit.a, 0x004)).toBe(0x0304_0404);
  });

  it('has channel n at bit n of its own registers', () => {
    const rig = new Rig('imx93');
    const { a, b } = rig.unit;
    expect([get(a, 0x124), get(a, 0x12c)]).toEqual([0xf, 0]);
    put(b, 0x128, 2);
    put(a, 0x204, 0xabcd);
    expect([get(a, 0x124), get(b, 0x12c)]).toEqual([0xd, 0x2]);
    expect(rig.levels.B).toBe(true);
    expect(get(b, 0x00c) & 0x40).toBe(0x40);
    expect(get(b, 0x284)).toBe(0xabcd);
    expect([get(a, 0x124), get(b, 0x12c)]).toEqual([0xf, 0]);
    expect(rig.levels.B).toBe(false);
  });

  it('acknowledges general interrupts: GCR clears itself when the peer writes GSR', () => {
    const rig = new Rig('imx95');
    const { a, b } = rig.unit;
    put(b, 0x110, 0x6);
    put(a, 0x114, 0x2);
    expect([get(a, 0x114), get(b, 0x118), get(b, 0x00c) & 0x10]).toEqual([2, 2, 0x10]);
    expect(rig.levels.B).toBe(true);
    put(b, 0x118, 0xd);
    expect(get(a, 0x114)).toBe(2);
    put(b, 0x118, 0x2);
    expect([get(a, 0x114), get(b, 0x118)]).toEqual([0, 0]);
    expect(rig.levels.B).toBe(false);
    expect(rig.log).toEqual(['0 A general 1 1', '0 B acknowledge 1 0']);
  });

  it('keeps a received word latched for byte reads: the first clears RF', () => {
    const rig = new Rig('imx8ulp');
    const { a, b } = rig.unit;
    put(a, 0x200, 0x4433_2211);
    expect(b.read(0x280, 1)).toBe(0x11);
    expect(get(b, 0x12c)).toBe(0);
    expect(get(a, 0x124)).toBe(0xf);
    expect([b.read(0x281, 1), b.read(0x282, 1), b.read(0x283, 1)]).toEqual([0x22, 0x33, 0x44]);
    expect(b.read(0x282, 2)).toBe(0x4433);
    expect(rig.log).toEqual(['0 A transmit 0 44332211', '0 B receive 0 44332211']);
    expect(rig.complaints).toEqual([]);
  });

  it('has flags, and FUP never in the way', () => {
    const { a, b } = new Rig('imx8ulp').unit;
    put(a, 0x100, 5);
    expect([get(a, 0x100), get(b, 0x104), get(a, 0x104)]).toEqual([5, 5, 0]);
    expect(get(a, 0x00c) & 0x8).toBe(0);
  });

  it('tells the peer of a reset', () => {
    const rig = new Rig('imx93');
    const { a, b } = rig.unit;
    put(a, 0x200, 1);
    put(a, 0x008, 1);
    expect([get(a, 0x008), get(a, 0x00c) & 3, get(b, 0x12c)]).toEqual([0, 0, 0]);
    expect(get(b, 0x00c) & 2).toBe(2);
    put(b, 0x008, 2);
    expect(rig.levels.B).toBe(true);
    put(b, 0x00c, 2);
    expect(rig.levels.B).toBe(false);
  });

  it('takes repeated writes of the same enables without an effect', () => {
    const rig = new Rig('imx8ulp');
    for (let round = 0; round < 3; round++) put(rig.unit.a, 0x128, 2);
    expect(get(rig.unit.a, 0x128)).toBe(2);
    expect(rig.log).toEqual([]);
  });

  it('latches what happens to the other processor', () => {
    const rig = new Rig('imx8ulp');
    const { a, unit } = { a: rig.unit.a, unit: rig.unit };
    put(a, 0x014, 1 << 3);
    unit.setProcessorState('B', 'reset');
    expect([get(a, 0x01c), get(a, 0x018), get(a, 0x00c) & 0x80]).toEqual([1 << 3, 1 << 3, 0x80]);
    expect(rig.levels.A).toBe(true);
    put(a, 0x018, 1 << 3);
    expect([get(a, 0x018), rig.levels.A]).toEqual([0, false]);
    expect(get(a, 0x01c)).toBe(1 << 3);
  });

  it('shares 1 KiB of memory on the 95, at every width', () => {
    const rig = new Rig('imx95');
    const { a, b } = rig.unit;
    put(a, 0x1080, 0x8877_6655);
    expect(b.read(0x1081, 1)).toBe(0x66);
    expect(b.read(0x1082, 2)).toBe(0x8877);
    b.write(0x1083, 0xaa, 1);
    b.write(0x13fe, 0x1234, 2);
    expect(get(a, 0x1080)).toBe(0xaa77_6655);
    expect(a.peek(0x13fc, 4)).toBe(0x1234_0000);
    expect(rig.complaints).toEqual([]);
    rig.unit.reset();
    expect(get(a, 0x1080)).toBe(0);
  });

  it('has no memory elsewhere', () => {
    const rig = new Rig('imx93');
    put(rig.unit.a, 0x1000, 1);
    expect(rig.complaints).toEqual(['guest-error MU1_A.+0x1000 no register at this offset; written']);
  });
});

describe('MU of the 7ULP', () => {
  it('is v1 at other offsets', () => {
    const { a, b } = new Rig('imx7ulp').unit;
    expect(get(a, 0x60)).toBe(0x00f0_0000);
    put(a, 0x24, 0x99);
    expect(get(b, 0x60)).toBe(0x04f0_0000);
    expect(get(b, 0x44)).toBe(0x99);
    put(b, 0x64, 0x3);
    expect(get(a, 0x60)).toBe(0x00f0_0003);
  });
});
