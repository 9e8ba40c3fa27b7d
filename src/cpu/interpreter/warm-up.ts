/**
 * Executes every operation of the main switch once or twice on a scratch core, before the first real one runs.
 *
 * V8 compiles the switch with the types it has seen; the first use of a case it has not seen throws the compiled code away. Without
 * this, firmware spends its first half second being recompiled (measured: 10 million instructions of a mixed program took 480 ms,
 * with it 230 ms). Operands are small in one pass and large in the other, so that sums are seen to overflow.
 */
import { Arena } from '../../memory/arena.ts';
import { KiB } from '../../memory/bits.ts';
import { AddressSpace } from '../../memory/bus.ts';
import { Ram } from '../../memory/ram.ts';
import { CoreMemory, EXECUTE, type ProtectionUnit, READ, WRITE } from '../core-memory.ts';
import { CELL, CoreRegisters } from '../core-registers.ts';
import type { Engine, EngineHost } from '../engine.ts';
import { CORTEX_M7 } from '../profile.ts';
import { OPERATION } from './handlers.ts';
import { ACCESS, HOT, SLOT } from './micro-ops.ts';
import { TRANSFER_PRE } from './transfers.ts';

const DATA = 0x4000;
const ZEROS = DATA + 0x400;
const DEVICE = 0x4000_0000;

const open: ProtectionUnit = {
  permissions: () => READ | WRITE | EXECUTE,
  uniform: () => true,
  differsByPrivilege: false,
  isDevice: () => false,
};

/** What warm-up needs of an engine: to put micro-operations where decoded ones stand. */
export interface WarmEngine extends Engine {
  slotsAt(address: number): Int32Array;
}

/** Operations that end a run. */
const STOPS = ['UNDEFINED', 'SVC()', 'BKPT()', 'COPROCESSOR()'];

type Put = (name: string, w1: number, w2?: number, w3?: number) => void;

/** Rd 0, Rn 1, Rm 2, Ra 3. */
const DNMA = 0 | (1 << 4) | (2 << 8) | (3 << 12);

/** Puts one operation with operands that lead to the next slot. */
function one(put: Put, name: string, next: number): void {
  if (/^(DECODE|PAGE_END|UNDEFINED|IT|JUMP|BX|BLX|TB|ENTER)$/.test(name)) return;
  if (/^(LDM|STM)(_SP)?$/.test(name)) {
    put(name, (5 << 4) | 0x100, 0x0c00, 8);
    put(name, (5 << 4) | 0x300, 0x0c00, 8);
  } else if (/^(B|BL|B_[A-Z]{2})$/.test(name)) put(name, next);
  else if (/_FAR$/.test(name)) put(name, 0, -2);
  else if (name === 'CBZ') put(name, 4, next);
  else if (name === 'CBNZ') put(name, 0, next);
  else if (/^(LDR|STR).*_(I|WB)$/.test(name)) {
    const kind = name.startsWith('LDR') ? ACCESS.LDR : ACCESS.STR;
    put(name, 0 | (5 << 4), 0, kind);
    put(name, 0 | (6 << 4), 0, kind);
  } else if (/^(LDR|STR).*_R$/.test(name)) put(name, 0 | (5 << 4) | (7 << 8), 0);
  else if (/^(LDRD|STRD)$/.test(name)) put(name, 10 | (5 << 4) | (11 << 8), 0);
  else if (name === 'LDR_L') put(name, 0, 0);
  else put(name, DNMA, 1, 1);
}

/** Fills the first page and returns the number of halfwords. */
function program(slots: Int32Array): number {
  let at = 0;
  const put: Put = (name, w1, w2 = 0, w3 = 0) => {
    const operation = OPERATION.get(name)!;
    slots[at * SLOT] = operation | (1 << 12) | (operation << 16);
    slots[at * SLOT + 1] = w1;
    slots[at * SLOT + 2] = w2;
    slots[at * SLOT + 3] = w3;
    at++;
  };
  for (const name of HOT) one(put, name, (at + 1) * SLOT);
  // Variants that take another path: carries of logical immediates, write-back of each size, handlers of each kind.
  for (const name of ['MOVS_I', 'TST_I', 'ANDS_I', 'ORRS_I', 'EORS_I']) put(name, DNMA, 1, -1);
  for (const kind of [2, 3, 4, 5]) put('LDR_WB', 0 | (5 << 4), 0, kind | 16);
  for (const kind of [7, 8]) put('STR_WB', 0 | (5 << 4), 0, kind | 16);
  for (const name of ['ALU()', 'REV16()', 'RBIT()', 'SXTAB()', 'SMLAL()', 'SADD16()', 'VADD_F32()', 'VMRS()']) put(name, DNMA);
  put('IT', 0, 0x0f);
  for (let i = 0; i < 4; i++) put('NOP', 0);
  for (const [name, target] of [
    ['BX', (r: number) => r << 8],
    ['BLX', (r: number) => r << 8],
  ] as const) {
    put('MOV_I', 9, (at + 2) * 2 + 1);
    put(name, target(9));
  }
  put('MOV_I', 9, (at + 2) * 2);
  put('JUMP', 9 << 8);
  for (const [name, w1, w2, w3] of [
    ['LDM', 12 << 4, 0x8000, 4],
    ['TRANSFER()', 15 | (12 << 4), 0, ACCESS.LDR | TRANSFER_PRE],
  ] as const) {
    put('MOV_I', 9, (at + 4) * 2 + 1);
    put('STR_I', 9 | (8 << 4), 8);
    put('ADD_I', 12 | (8 << 4), 8);
    put(name, w1, w2, w3);
  }
  for (const wide of [0, 1]) {
    put('TB', (8 << 4) | (7 << 8), 0, wide);
    put('NOP', 0);
  }
  for (const name of STOPS) put(name, DNMA, at);
  return at;
}

let warm = false;

/** The memory of the scratch core; undefined where the host gives no second one, which makes a cold start and nothing worse. */
function scratch(): Arena | undefined {
  try {
    return new Arena(5 * 1024 * KiB);
  } catch {
    return undefined;
  }
}

/** Does it once per process. `create` makes a scratch engine. */
export function warmUp(create: (host: EngineHost) => WarmEngine): void {
  if (warm) return;
  warm = true;
  const arena = scratch();
  if (!arena) return;
  const bus = new AddressSpace('warm-up');
  bus.mapRam(0, new Ram('warm-up', 64 * KiB, arena));
  bus.mapDevice(DEVICE, 4 * KiB, { read: () => 0, write: () => true, peek: () => 0 }, 'warm-up');
  const memory = new CoreMemory(bus, open);
  const registers = new CoreRegisters(arena, 'warm-up');
  const engine = create({ profile: CORTEX_M7, registers, memory });
  registers.cells[CELL.T] = 1;
  engine.run(1);
  memory.read(DATA, 4);
  memory.write(DATA, 0, 4);
  const count = program(engine.slotsAt(0));
  for (let pass = 0; pass < 24; pass++) {
    const value = pass & 1 ? 0x7fff_ffff : pass & 2 ? -0x8000_0000 : 1;
    for (let r = 0; r < 4; r++) registers.setR(r, value);
    registers.setR(2, pass & 4 ? pass : pass & 1 ? value : -1 - pass);
    registers.setR(5, DATA);
    registers.setR(6, DEVICE);
    registers.setR(7, 0);
    registers.setR(8, ZEROS);
    registers.setR(13, DATA + 0x800);
    registers.setR(15, 0);
    registers.cells[CELL.T] = 1;
    registers.cells[CELL.APSR] = pass << 28;
    engine.run(count - STOPS.length);
    for (let i = 1; i <= STOPS.length; i++) {
      registers.setR(15, (count - i) * 2);
      engine.run(2);
    }
    // Decoding, and the end of the budget; then the end of the page.
    registers.setR(15, 0x800 + pass * 2);
    engine.run(1);
    registers.setR(15, 0xffe);
    engine.run(2);
  }
  memory.dispose();
}
