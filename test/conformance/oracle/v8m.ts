/** What ARMv8-M Mainline adds (ARM DDI 0553B, C2.4): load-acquire and store-release, test target, and the Security Extension's branches. */
import { STOP } from '../../../src/cpu/engine.ts';
import { bit } from './bits.ts';
import { type Machine, Stop } from './machine.ts';
import type { Operation, Operations } from './operation.ts';

const load = (size: number, exclusive: boolean): Operation => {
  return (m, i) => {
    const address = m.R(i.f('n'));
    const value = m.readA(address, size);
    if (exclusive) m.exclusive = address;
    m.setR(i.f('t'), value);
  };
};

const store = (size: number): Operation => {
  return (m, i) => m.writeA(m.R(i.f('n')), size, m.R(i.f('t')) % 2 ** (8 * size));
};

const storeExclusive = (size: number): Operation => {
  return (m, i) => {
    const address = m.R(i.f('n'));
    if (address % size !== 0) m.readA(address, size);
    const passes = m.exclusive === address;
    if (passes) m.writeA(address, size, m.R(i.f('t')) % 2 ** (8 * size));
    m.exclusive = undefined;
    m.setR(i.f('d'), passes ? 0 : 1);
  };
};

/** The answer is the protection unit's; here it is only asked the right question. */
const testTarget = (alternate: boolean, unprivileged: boolean): Operation => {
  return (m, i) => {
    if (alternate && !m.secure) throw new Stop(STOP.UNDEFINED);
    m.setR(i.f('d'), m.memory.testTarget(m.R(i.f('n')), alternate, unprivileged));
  };
};

/** UNDEFINED unless Secure; the core completes it. */
const secureStop = (code: typeof STOP.LAZY_STORE | typeof STOP.LAZY_LOAD): Operation => {
  return (m, i) => {
    if (!m.secure) throw new Stop(STOP.UNDEFINED);
    if (m.hasFpu) throw new Stop(code, { detail: m.R(i.f('n')) });
  };
};

function branch(m: Machine, target: number, link: boolean): void {
  if (!m.secure) throw new Stop(STOP.UNDEFINED);
  if (!link && (bit(target, 0) || m.returns(target))) m.bxWritePC(target);
  else throw new Stop(STOP.SECURITY_BRANCH, { detail: target, address: link ? 1 : 0 });
}

export const V8M: Operations = {
  LDA: load(4, false),
  LDAH: load(2, false),
  LDAB: load(1, false),
  LDAEX: load(4, true),
  LDAEXH: load(2, true),
  LDAEXB: load(1, true),
  STL: store(4),
  STLH: store(2),
  STLB: store(1),
  STLEX: storeExclusive(4),
  STLEXH: storeExclusive(2),
  STLEXB: storeExclusive(1),
  TT: testTarget(false, false),
  TTT: testTarget(false, true),
  TTA: testTarget(true, false),
  TTAT: testTarget(true, true),
  // It ends an IT block where it has a meaning: in Secure memory.
  SG: (m) => {
    if (m.secure) m.it = 0;
  },
  BXNS: (m, i) => branch(m, m.R(i.f('m')), false),
  BLXNS: (m, i) => branch(m, m.R(i.f('m')), true),
  VLSTM: secureStop(STOP.LAZY_STORE),
  VLLDM: secureStop(STOP.LAZY_LOAD),
};
