/** The system registers of two security states: what each sees, what is RAZ/WI, the alias at 0xE002_E000, and who may change what. */
import { describe, expect, it } from 'vitest';
import { CELL } from '../../src/cpu/core-registers.ts';
import { NON_SECURE } from '../../src/cpu/exception-numbers.ts';
import { Nvic } from '../../src/cpu/nvic.ts';
import { CORTEX_M33 } from '../../src/cpu/profile.ts';
import { Diagnostics } from '../../src/diagnostics.ts';
import { type Rig, scriptedRig } from '../support/core-harness.ts';

const ALIAS = 0x2_0000;
const AIRCR = 0xe000_ed0c;
const KEY = 0x05fa_0000;

/** A core in Secure state, and a way to act as Non-secure code. */
function core() {
  const rig = scriptedRig(new Map(), { profile: CORTEX_M33 });
  const { cells } = rig.core.registers;
  return {
    rig,
    read: (address: number) => rig.read(address),
    write: (address: number, value: number, size = 4) => rig.write(address, value, size),
    /** What `access` gives in Non-secure state. */
    nonSecure: <T>(access: () => T): T => {
      cells[CELL.SECURE] = 0;
      const result = access();
      cells[CELL.SECURE] = 1;
      return result;
    },
  };
}

const texts = (rig: Rig): string[] => rig.diagnostics.all.map(({ text }) => text);

describe('system registers of a core with two security states', () => {
  it('starts Secure, with everything else at its reset value', () => {
    const { rig, read } = core();
    expect(rig.core.registers.secure).toBe(true);
    expect(read(0xe000_ed00)).toBe(0x410f_d213);
    expect(read(0xe000_ed14)).toBe(0x201);
    expect(read(0xe000_edd0)).toBe(0);
    expect(read(0xe000_edd4)).toBe(8);
    expect(read(0xe000_ed90)).toBe(0x800);
    expect(read(0xe000_ef34)).toBe(0xc000_0004);
    expect(read(0xe000_ef34 + ALIAS)).toBe(0xc000_0000);
    expect(read(0xe000_ed44)).toBe(0x210);
  });

  it.each([
    ['VTOR', 0xe000_ed08, 0x1234_5680],
    ['CCR', 0xe000_ed14, 0x61b],
    ['CPACR', 0xe000_ed88, 0x00f0_0000],
    ['MMFAR', 0xe000_ed34, 0x1234_5678],
    ['SYST_RVR', 0xe000_e014, 0x12_3456],
    ['SYST_CSR', 0xe000_e010, 0x6],
    ['MPU_RNR', 0xe000_ed98, 3],
    ['MPU_MAIR0', 0xe000_edc0, 0x4433_2211],
    ['FPCAR', 0xe000_ef38, 0x3800_0040],
    ['FPDSCR', 0xe000_ef3c, 0x0340_0000],
    ['SHPR2', 0xe000_ed1c, 0x4000_0000],
    ['SHPR3', 0xe000_ed20, 0x6020_0000],
  ])('%s is banked, and Secure code finds the other one at the alias', (_name, address, value) => {
    const { read, write, nonSecure } = core();
    const initial = read(address);
    write(address + ALIAS, value);
    expect(read(address + ALIAS) | 0x201).toBe(value | 0x201);
    expect(read(address)).toBe(initial);
    expect(nonSecure(() => read(address))).toBe(read(address + ALIAS));
    nonSecure(() => write(address, 0));
    write(address, value);
    expect(read(address) | 0x201).toBe(value | 0x201);
    expect(nonSecure(() => read(address))).toBe(initial);
  });

  it.each([
    ['SAU_CTRL', 0xe000_edd0, 1],
    ['SAU_TYPE', 0xe000_edd4, 0],
    ['SFSR', 0xe000_ede4, 0xff],
    ['SFAR', 0xe000_ede8, 0x1234],
    ['NSACR', 0xe000_ed8c, 0xc00],
    ['ITNS', 0xe000_e380, 0xff],
  ])('%s reads as zero and ignores writes in Non-secure state, without a finding', (_name, address, value) => {
    const { rig, read, write, nonSecure } = core();
    const before = read(address);
    nonSecure(() => write(address, value));
    expect(nonSecure(() => read(address))).toBe(0);
    expect(nonSecure(() => read(address + ALIAS))).toBe(0);
    expect(read(address + ALIAS)).toBe(0);
    expect(read(address)).toBe(before);
    expect(texts(rig)).toEqual([]);
  });

  it('the alias is empty for Non-secure code', () => {
    const { read, write, nonSecure } = core();
    write(0xe000_ed08, 0x1000);
    write(0xe000_ed08 + ALIAS, 0x2000);
    expect(nonSecure(() => read(0xe000_ed08 + ALIAS))).toBe(0);
    expect(nonSecure(() => write(0xe000_ed08 + ALIAS, 0x3000))).toBe(true);
    expect([read(0xe000_ed08), read(0xe000_ed08 + ALIAS)]).toEqual([0x1000, 0x2000]);
  });

  it('ITNS gives interrupts to Non-secure code, which sees no others', () => {
    const { read, write, nonSecure } = core();
    write(0xe000_e380, 0x5);
    write(0xe000_e100, 0xf);
    write(0xe000_e200, 0xf);
    write(0xe000_e400, 0x4030_2010);
    expect(read(0xe000_e380)).toBe(5);
    nonSecure(() => {
      expect(read(0xe000_e100)).toBe(5);
      expect(read(0xe000_e200)).toBe(5);
      expect(read(0xe000_e400)).toBe(0x0030_0010);
      write(0xe000_e400, 0x8080_8080);
      write(0xe000_e180, 0xf);
      write(0xe000_e280, 0xf);
      write(0xe000_ef00, 1);
      write(0xe000_ef00, 2);
    });
    expect(read(0xe000_e100)).toBe(0xa);
    expect(read(0xe000_e200)).toBe(0xe);
    expect(read(0xe000_e400)).toBe(0x4080_2080);
    expect(read(0xe000_e100 + ALIAS)).toBe(0);
  });

  it('a byte of a priority register leaves the others as the other state set them', () => {
    const { read, write, nonSecure } = core();
    write(0xe000_e380, 0x1);
    nonSecure(() => write(0xe000_e400, 0x70, 1));
    write(0xe000_e401, 0x50, 1);
    expect(read(0xe000_e400)).toBe(0x5070);
  });

  it('BFHFNMINS decides whether Non-secure code sees BusFault, NMI and HFSR', () => {
    const { rig, read, write, nonSecure } = core();
    write(0xe000_ed24, 0x000f_0000);
    write(0xe000_ed18, 0x6050_4030);
    const seen = () => nonSecure(() => [read(0xe000_ed24), read(0xe000_ed18), read(AIRCR) & 0xffff]);
    nonSecure(() => write(0xe000_ed04, 2 ** 31));
    expect(rig.core.nvic.isPending(2)).toBe(false);
    expect(seen()).toEqual([0, 0, 0]);
    write(AIRCR, KEY | 0x2000);
    expect(seen()).toEqual([0x0002_0000, 0x4000, 0x2000]);
    nonSecure(() => write(0xe000_ed18, 0x2000));
    expect(read(0xe000_ed18)).toBe(0x6050_2030);
    expect(rig.core.nvic.targetsSecure(5)).toBe(false);
    nonSecure(() => write(0xe000_ed04, 2 ** 31));
    expect(rig.core.nvic.isPending(2)).toBe(true);
    expect(rig.core.nvic.priority(3)).toBe(-3);
    nonSecure(() => write(AIRCR, KEY));
    expect(read(AIRCR) & 0x2000).toBe(0x2000);
  });

  it('SHCSR enables, shows and pends the exceptions of its own state', () => {
    const { rig, read, write, nonSecure } = core();
    nonSecure(() => write(0xe000_ed24, 0x000f_9000));
    const { nvic } = rig.core;
    expect([4, 5, 6, 7].map((number) => nvic.isEnabled(number))).toEqual([false, false, false, false]);
    expect([4, 6].map((number) => nvic.isEnabled(NON_SECURE + number))).toEqual([true, true]);
    expect([6, 11].map((number) => nvic.isPending(NON_SECURE + number))).toEqual([true, true]);
    expect(read(0xe000_ed24)).toBe(0);
    write(0xe000_ed24, 0x0018_0000);
    expect([nvic.isEnabled(7), nvic.isPending(7)]).toEqual([true, true]);
    expect(nonSecure(() => read(0xe000_ed24))).toBe(0x0005_9000);
  });

  it('SYSRESETREQS keeps reset requests to Secure code', () => {
    const resets: number[] = [];
    const rig = scriptedRig(new Map(), { profile: CORTEX_M33, onResetRequest: () => resets.push(1) });
    rig.write(AIRCR, KEY | 8);
    rig.core.registers.cells[CELL.SECURE] = 0;
    rig.write(AIRCR, KEY | 4);
    expect(resets).toEqual([]);
    rig.core.registers.cells[CELL.SECURE] = 1;
    rig.write(AIRCR, KEY | 4);
    expect(resets).toEqual([1]);
  });

  it('SCR: SLEEPDEEPS takes SLEEPDEEP from Non-secure code', () => {
    const { read, write, nonSecure } = core();
    nonSecure(() => write(0xe000_ed10, 0x1e));
    expect([read(0xe000_ed10), nonSecure(() => read(0xe000_ed10))]).toEqual([4, 0x16]);
    write(0xe000_ed10, 0xc);
    expect(nonSecure(() => read(0xe000_ed10))).toBe(0x12);
    nonSecure(() => write(0xe000_ed10, 0));
    expect(read(0xe000_ed10)).toBe(0xc);
  });

  it('FPCCR: Secure bits are hidden, LSPENS and CLRONRETS make LSPEN and CLRONRET read-only for Non-secure code', () => {
    const { read, write, nonSecure } = core();
    const FPCCR = 0xe000_ef34;
    write(FPCCR, 0xfc00_0004);
    expect(nonSecure(() => read(FPCCR))).toBe(0xd000_0000);
    nonSecure(() => write(FPCCR, 0));
    expect(read(FPCCR)).toBe(0xfc00_0004);
    expect(nonSecure(() => read(FPCCR))).toBe(0x5000_0000);
    write(FPCCR, 0xd000_0004);
    nonSecure(() => write(FPCCR, 0));
    expect(read(FPCCR)).toBe(0x8000_0004);
  });

  it('unprivileged accesses to the alias fault as everywhere on the bus', () => {
    const { rig } = core();
    expect(rig.core.memory.read(0xe002_ed08, 4, false)).toBe(-1);
    expect(rig.core.memory.write(0xe002_ed08, 0, 4, false)).toBe(false);
    rig.write(0xe000_ed14, 2);
    rig.write(0xe000_e100, 1);
    expect(rig.core.memory.write(0xe000_ef00, 0, 4, false)).toBe(true);
    expect(rig.core.nvic.isPending(16)).toBe(true);
  });
});

describe('priorities of two security states', () => {
  const create = () => new Nvic(CORTEX_M33, new Diagnostics({ now: () => 0, pc: () => undefined }));
  const sysTicks = [15, NON_SECURE + 15] as const;

  it('prefers the lower number, then Secure, where priorities are equal', () => {
    const nvic = create();
    for (const id of [20, NON_SECURE + 15, 15, NON_SECURE + 14]) nvic.setPending(id);
    nvic.registers.write(0x100, 0xffff_ffff, 4);
    const order: number[] = [];
    while (nvic.next !== 0) {
      order.push(nvic.next);
      nvic.clearPending(nvic.next);
    }
    expect(order).toEqual([NON_SECURE + 14, ...sysTicks, 20]);
  });

  it('PRIS halves Non-secure priorities and adds 0x80, after grouping by PRIGROUP of the state', () => {
    const nvic = create();
    const [secure, nonSecure] = sysTicks;
    for (const id of sysTicks) nvic.setPriority(id, 0x70);
    nvic.setRestriction(true);
    expect([nvic.groupPriority(secure), nvic.groupPriority(nonSecure)]).toEqual([0x70, 0xb8]);
    nvic.setPriorityGrouping(5, true);
    expect([nvic.groupPriority(secure), nvic.groupPriority(nonSecure)]).toEqual([0x70, 0xa0]);
    nvic.setPriorityGrouping(6);
    expect([nvic.groupPriority(secure), nvic.groupPriority(nonSecure)]).toEqual([0, 0xa0]);
    expect(nvic.priority(nonSecure)).toBe(0x70);
  });

  it('compares groups before what is left of the priority, although each state has its own PRIGROUP (R_CQRV)', () => {
    const nvic = new Nvic(CORTEX_M33, new Diagnostics({ now: () => 0, pc: () => 0 }));
    nvic.setPriorityGrouping(6, false);
    nvic.setPriorityGrouping(0, true);
    nvic.setNonSecureLines(0, 1);
    nvic.enableLines(0, 7, true);
    nvic.setPriority(16, 0xc0);
    nvic.setPriority(17, 0xe0);
    nvic.setPriority(18, 0xd0);
    nvic.pendLine(0);
    nvic.pendLine(1);
    expect([nvic.next, nvic.nextPriority]).toEqual([17, 0x80]);
    nvic.pendLine(2);
    expect([nvic.next, nvic.nextPriority]).toEqual([18, 0x80]);
  });

  it('implements 480 lines, whose bits stay clear of the Non-secure twins', () => {
    const nvic = create();
    nvic.setLevel(479, true);
    expect(nvic.pendingNumbers()).toEqual([495]);
    expect(nvic.registers.read(0x200 + 4 * 14, 4)).toBe(0x8000_0000);
    expect(nvic.registers.read(0x200 + 4 * 15, 4)).toBe(0);
    nvic.setPending(NON_SECURE + 15);
    expect(nvic.externalPending).toBe(true);
    nvic.setLevel(479, false);
    nvic.clearPending(495);
    expect(nvic.externalPending).toBe(false);
    nvic.registers.write(0x280 + 4 * 15, 0xffff_ffff, 4);
    expect(nvic.isPending(NON_SECURE + 15)).toBe(true);
  });
});
