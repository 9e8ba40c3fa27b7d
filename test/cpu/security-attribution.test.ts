/** SAU, IDAU, PMSAv8 and what they make of an access together, without any engine. */
import { describe, expect, it } from 'vitest';
import { EXECUTE, READ, WRITE } from '../../src/cpu/core-memory.ts';
import { MpuV8 } from '../../src/cpu/pmsav8.ts';
import type { IdauRange } from '../../src/cpu/profile.ts';
import { SecureProtection } from '../../src/cpu/protection-v8m.ts';
import { SecurityAttributionUnit } from '../../src/cpu/sau.ts';
import { Diagnostics } from '../../src/diagnostics.ts';

const ALL = READ | WRITE | EXECUTE;
const DATA = READ | WRITE;
const diagnostics = () => new Diagnostics({ now: () => 0, pc: () => undefined });

/** AN505's IDAU, which makes addresses with bit 28 Secure; a part of them may be callable. */
const AN505: readonly IdauRange[] = [
  { base: 0x0000_0000, size: 0x1000_0000, region: 0, attribution: 'non-secure' },
  { base: 0x1000_0000, size: 0x1000_0000, region: 1, attribution: 'non-secure-callable' },
  { base: 0x2000_0000, size: 0x1000_0000, region: 2, attribution: 'non-secure' },
  { base: 0x3000_0000, size: 0x1000_0000, region: 3, attribution: 'secure' },
  { base: 0x4100_0800, size: 0x100, attribution: 'exempt' },
];

function sauWith(idau?: readonly IdauRange[]) {
  const sau = new SecurityAttributionUnit({ sauRegions: 8, ...(idau ? { idau } : {}) }, diagnostics());
  const write = (offset: number, value: number) => sau.registers.write(offset, value, 4);
  return {
    sau,
    control: (value: number) => write(0xdd0, value),
    region: (number: number, base: number, limit: number, flags = 1) => {
      write(0xdd8, number);
      write(0xddc, base);
      write(0xde0, ((limit & ~31) | flags) >>> 0);
    },
    at: (address: number, fetch = false) => {
      const { nonSecure, callable, exempt } = sau.attribution(address, fetch);
      return exempt ? 'exempt' : nonSecure ? 'NS' : callable ? 'NSC' : 'S';
    },
  };
}

describe('security attribution', () => {
  it('is Secure everywhere while the SAU is disabled, Non-secure with ALLNS', () => {
    const { at, control } = sauWith();
    expect([at(0), at(0x2000_0000), at(0xdfff_ffff)]).toEqual(['S', 'S', 'S']);
    control(2);
    expect([at(0), at(0x2000_0000)]).toEqual(['NS', 'NS']);
  });

  it('gives regions to Non-secure code or makes them callable, from base to limit', () => {
    const { sau, at, control, region } = sauWith();
    control(1);
    region(0, 0x1000, 0x1fff);
    region(7, 0x2000, 0x203f, 3);
    expect([at(0xfff), at(0x1000), at(0x1fff), at(0x2000), at(0x203f), at(0x2040)]).toEqual(['S', 'NS', 'NS', 'NSC', 'NSC', 'S']);
    expect(sau.attribution(0x2000).sauRegion).toBe(7);
    expect(sau.attribution(0x3000).sauRegion).toBeUndefined();
    control(3);
    expect(at(0x3000)).toBe('S');
  });

  it('makes an address in two regions Secure', () => {
    const { sau, at, control, region } = sauWith();
    control(1);
    region(0, 0x1000, 0x2fff);
    region(1, 0x2000, 0x3fff);
    expect([at(0x1000), at(0x2000), at(0x3000)]).toEqual(['NS', 'S', 'NS']);
    expect(sau.attribution(0x2000).sauRegion).toBeUndefined();
  });

  it('lets the more secure of SAU and IDAU win', () => {
    const { sau, at, control, region } = sauWith(AN505);
    expect([at(0), at(0x1000_0000)]).toEqual(['S', 'S']);
    control(2);
    expect([at(0), at(0x1000_0000), at(0x2000_0000), at(0x3000_0000)]).toEqual(['NS', 'NSC', 'NS', 'S']);
    control(1);
    region(0, 0x0000_0000, 0xdfff_ffff, 3);
    expect([at(0), at(0x1000_0000), at(0x2000_0000), at(0x3000_0000)]).toEqual(['NSC', 'NSC', 'NSC', 'S']);
    expect(sau.attribution(0x3000_0000).idauRegion).toBe(3);
    expect(at(0x4100_0800)).toBe('exempt');
  });

  it('leaves the private bus as the state is, and the top of memory Secure to fetches', () => {
    const { at, control } = sauWith();
    control(2);
    expect([0xe000_0000, 0xe000_ed00, 0xe002_ed00, 0xe004_0000, 0xe00f_f000].map((address) => at(address))).toEqual(
      Array.from({ length: 5 }, () => 'exempt'),
    );
    expect([at(0xe000_3000), at(0xe000_d000), at(0xf000_0000), at(0xf000_0000, true)]).toEqual(['NS', 'NS', 'NS', 'S']);
  });

  it('reports regions that do not exist, and has none to write', () => {
    const log = diagnostics();
    const sau = new SecurityAttributionUnit({ sauRegions: 4 }, log);
    sau.registers.write(0xdd8, 4, 4);
    sau.registers.write(0xddc, 0x1000, 4);
    expect(sau.registers.read(0xddc, 4)).toBe(0);
    expect(sau.registers.read(0xdd4, 4)).toBe(4);
    expect(log.all).toMatchObject([{ block: 'SAU', register: 'RNR' }]);
  });

  it('knows pages that are not of one kind', () => {
    const { sau, control, region } = sauWith(AN505);
    control(1);
    region(0, 0x1000, 0x2fff);
    region(1, 0x5800, 0x6fff);
    expect([0x0000, 0x1000, 0x2000, 0x5000, 0x6000, 0x7000].map((page) => sau.uniform(page))).toEqual([
      true,
      true,
      true,
      false,
      true,
      true,
    ]);
    expect(sau.uniform(0x4100_0000)).toBe(false);
  });

  it('SFSR is cleared by writing ones', () => {
    const { sau } = sauWith();
    sau.noteSecureFault(8, 0x1234);
    expect([sau.status, sau.faultAddress]).toEqual([0x48, 0x1234]);
    sau.registers.write(0xde4, 8, 4);
    expect(sau.status).toBe(0x40);
  });
});

function mpuWith(regions = 8) {
  const mpu = new MpuV8('MPU', regions, diagnostics());
  const write = (offset: number, value: number) => mpu.registers.write(offset, value, 4);
  return {
    mpu,
    write,
    region: (number: number, rbar: number, rlar: number) => {
      write(0xd98, number);
      write(0xd9c, rbar);
      write(0xda0, rlar);
    },
  };
}

describe('PMSAv8', () => {
  it('is the default memory map while it is disabled', () => {
    const { mpu } = mpuWith();
    expect([0, 0x2000_0000, 0x4000_0000, 0x6000_0000, 0xa000_0000, 0xe000_ed00].map((at) => mpu.lookup(at, false).rights)).toEqual([
      ALL,
      ALL,
      DATA,
      ALL,
      DATA,
      DATA,
    ]);
    expect([0, 0x4000_0000].map((at) => mpu.isDevice(at))).toEqual([false, true]);
  });

  it.each([
    [0, DATA, 0],
    [1, DATA, DATA],
    [2, READ, 0],
    [3, READ, READ],
  ])('AP %i gives its rights, XN takes execution', (ap, privileged, unprivileged) => {
    const { mpu, write, region } = mpuWith();
    region(0, 0x1000 | (ap << 1), 0x1fe1);
    region(1, 0x2000 | (ap << 1) | 1, 0x2fe1);
    write(0xd94, 1);
    const execute = (rights: number) => ((rights & READ) !== 0 ? rights | EXECUTE : rights);
    expect([mpu.lookup(0x1000, true), mpu.lookup(0x1fff, false)]).toEqual([
      { rights: execute(privileged), region: 0 },
      { rights: execute(unprivileged), region: 0 },
    ]);
    expect([mpu.lookup(0x2000, true).rights, mpu.lookup(0x2fff, false).rights]).toEqual([privileged, unprivileged]);
  });

  it('gives nothing in the background but to privileged code with PRIVDEFENA, and nothing where regions overlap', () => {
    const { mpu, write, region } = mpuWith();
    region(0, 0x1002, 0x2fe1);
    region(1, 0x2002, 0x3fe1);
    write(0xd94, 1);
    expect([mpu.lookup(0x2000, true), mpu.lookup(0, true)]).toEqual([{ rights: 0 }, { rights: 0 }]);
    write(0xd94, 5);
    expect([mpu.lookup(0, true), mpu.lookup(0, false), mpu.lookup(0x2000, true)]).toEqual([{ rights: ALL }, { rights: 0 }, { rights: 0 }]);
    expect(mpu.lookup(0xe000_ed00, false).rights).toBe(DATA);
  });

  it('takes attributes from MAIR', () => {
    const { mpu, write, region } = mpuWith();
    region(0, 0x1002, 0x1fe1);
    region(1, 0x2002, 0x2fe1 | (5 << 1));
    write(0xdc0, 0xffff_ff04);
    write(0xdc4, 0x0000_aa00);
    write(0xd94, 1);
    expect([mpu.isDevice(0x1000), mpu.isDevice(0x2000)]).toEqual([true, false]);
    write(0xdc4, 0x0000_0c00);
    expect(mpu.isDevice(0x2000)).toBe(true);
  });

  it('aliases show the regions of the same group of four', () => {
    const { mpu, write } = mpuWith();
    write(0xd98, 5);
    write(0xda4, 0x5002);
    write(0xda8, 0x5fe1);
    write(0xdb4, 0x7002);
    expect(mpu.registers.read(0xd9c, 4)).toBe(0x5002);
    write(0xd98, 7);
    expect(mpu.registers.read(0xd9c, 4)).toBe(0x7002);
    write(0xd98, 5);
    expect(mpu.registers.read(0xda0, 4)).toBe(0x5fe1);
    write(0xda0, 0xffff_ffff);
    expect(mpu.registers.read(0xda0, 4)).toBe(0xffff_ffef);
  });

  it('rests at negative priority unless HFNMIENA is set', () => {
    const { mpu, write } = mpuWith();
    write(0xd94, 1);
    expect(mpu.setNegativePriority(true)).toBe(true);
    expect(mpu.lookup(0, true).rights).toBe(ALL);
    write(0xd94, 3);
    expect(mpu.lookup(0, true).rights).toBe(0);
    expect(mpu.setNegativePriority(false)).toBe(false);
  });

  it('with no regions is not there', () => {
    const { mpu, write } = mpuWith(0);
    write(0xd94, 7);
    expect([mpu.registers.read(0xd90, 4), mpu.registers.read(0xd94, 4), mpu.lookup(0, false).rights]).toEqual([0, 0, ALL]);
  });
});

describe('protection by security state', () => {
  function create() {
    const sau = sauWith();
    const secure = mpuWith();
    const nonSecure = mpuWith();
    const protection = new SecureProtection(sau.sau, secure.mpu, nonSecure.mpu);
    sau.control(1);
    sau.region(0, 0x1000, 0x1fff);
    sau.region(1, 0x2000, 0x2fff, 3);
    const as = (state: boolean, address: number, privileged = true) => {
      protection.secure = state;
      return protection.permissions(address, privileged);
    };
    return { sau, secure, nonSecure, protection, as };
  }

  it('lets Secure code reach everything and run Secure memory, Non-secure code its own memory alone', () => {
    const { as } = create();
    expect([as(true, 0), as(true, 0x1000), as(true, 0x2000)]).toEqual([ALL, DATA, ALL]);
    expect([as(false, 0), as(false, 0x1000), as(false, 0x2000)]).toEqual([0, ALL, 0]);
    expect([as(true, 0xe000_ed00), as(false, 0xe000_ed00)]).toEqual([DATA, DATA]);
  });

  it('judges by the MPU of the state, and says what is the SAU’s doing', () => {
    const { secure, nonSecure, protection, as } = create();
    nonSecure.region(0, 0x1006, 0x17e1);
    nonSecure.write(0xd94, 1);
    expect([as(false, 0x1000, false), as(false, 0x1800), as(true, 0x1800)]).toEqual([READ | EXECUTE, 0, DATA]);
    expect([protection.uniform(0x1000), protection.differsByPrivilege]).toEqual([true, false]);
    protection.secure = false;
    expect([protection.uniform(0x1000), protection.differsByPrivilege]).toEqual([false, false]);
    expect([protection.violatesSecurity(0x1800, false), protection.violatesSecurity(0, false)]).toEqual([false, true]);
    secure.write(0xd94, 5);
    expect([as(true, 0, false), as(true, 0)]).toEqual([0, ALL]);
    expect(protection.differsByPrivilege).toBe(true);
  });

  it('forgets what it knew when anything changes, and says so', () => {
    const { sau, secure, protection, as } = create();
    let changes = 0;
    protection.onChange = () => changes++;
    expect(as(false, 0x1000)).toBe(ALL);
    sau.control(0);
    expect(as(false, 0x1000)).toBe(0);
    secure.write(0xd94, 1);
    expect(as(true, 0)).toBe(0);
    expect(changes).toBe(2);
    expect(protection.setNegativePriority(true, false)).toBe(true);
    expect(as(true, 0)).toBe(ALL);
  });

  it('answers TT with regions, rights and attribution, to unprivileged code without the MPU', () => {
    const { nonSecure, protection } = create();
    const [mrvalid, srvalid, r, rw, nsr, s] = [1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 22];
    nonSecure.region(3, 0x1006, 0x1fe1);
    nonSecure.write(0xd94, 1);
    const plain = { alternate: false, unprivileged: false };
    expect(protection.testTarget(0x1000, { alternate: true, unprivileged: false })).toBe(mrvalid | 3 | srvalid | r | nsr);
    expect(protection.testTarget(0x0000, plain)).toBe(r | rw | s);
    expect(protection.testTarget(0x2000, plain)).toBe(r | rw | s | srvalid | (1 << 8));
    protection.privilegedIn = () => false;
    expect(protection.testTarget(0x2000, plain)).toBe(s | srvalid | (1 << 8));
    protection.secure = false;
    expect(protection.testTarget(0x2000, plain)).toBe(0);
    protection.privilegedIn = () => true;
    expect(protection.testTarget(0x1000, { alternate: false, unprivileged: true })).toBe(mrvalid | 3 | r);
  });
});
