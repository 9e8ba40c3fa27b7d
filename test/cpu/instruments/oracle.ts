/** Counts of a program as they should be: of the interpreter that is stepped, put together by the test itself. */
import { CELL } from '../../../src/cpu/core-registers.ts';
import type { EngineHost } from '../../../src/cpu/engine.ts';
import type { BranchCount, ExecutionCount } from '../../../src/cpu/execution-counts.ts';
import type { Rig } from '../../support/core-harness.ts';
import type { Observer } from './stepper.ts';

/** What is compared: executions as `address executed failed`, branches as `address next not taken: target taken`. */
export interface Counts {
  readonly executions: readonly string[];
  readonly branches: readonly string[];
}

interface Entry {
  executed: number;
  failed: number;
  inIt: boolean;
  readonly ways: Map<number, number>;
}

const hex = (value: number): string => (value >>> 0).toString(16);

/** Collects while a stepper runs. */
export class Oracle {
  private readonly entries = new Map<number, Entry>();
  /** For `stepperFactory`. */
  readonly observer: Observer = (pc, failed, host) => this.note(pc, failed, host);
  private inIt = false;

  /** For a stepper, before each instruction: whether it stands in an IT block. */
  before(host: EngineHost): void {
    this.inIt = host.registers.cells[CELL.ITSTATE] !== 0;
  }

  private note(pc: number, failed: boolean, { registers }: EngineHost): void {
    let entry = this.entries.get(pc);
    if (!entry) {
      entry = { executed: 0, failed: 0, inIt: false, ways: new Map() };
      this.entries.set(pc, entry);
    }
    entry.executed++;
    if (failed) entry.failed++;
    entry.inIt ||= this.inIt;
    if (!failed) entry.ways.set(registers.pc, (entry.ways.get(registers.pc) ?? 0) + 1);
  }

  /** The counts, with the code as it stands in `rig`. */
  counts({ bus }: Pick<Rig, 'bus'>): Counts {
    const executions: string[] = [];
    const branches: string[] = [];
    for (const [pc, { executed, failed, inIt, ways }] of [...this.entries].toSorted((a, b) => a[0] - b[0])) {
      executions.push(`${hex(pc)} ${executed} ${failed}`);
      const first = bus.peek(pc, 2);
      const second = bus.peek(pc + 2, 2);
      const wide = first >>> 11 >= 29;
      const next = pc + (wide ? 4 : 2);
      const target = branchTarget(pc, first, second, inIt);
      if (target !== undefined) {
        const taken = target === next ? 0 : (ways.get(target >>> 0) ?? 0);
        branches.push(`${hex(pc)} ${hex(next)} ${executed - taken}: ${hex(target)} ${taken}`);
      } else if ((first & 0xfff0) === 0xe8d0 && (second & 0xffe0) === 0xf000) {
        const list = [...ways].toSorted((a, b) => a[0] - b[0]).map(([to, count]) => `${hex(to)} ${count}`);
        branches.push(`${hex(pc)} ${hex(next)} ${failed}: ${list.join(' ')}`);
      }
    }
    return { executions, branches };
  }
}

/** Target of a direct branch that is conditional (DDI 0403E, A7.7.12, A7.7.21). */
function branchTarget(pc: number, first: number, second: number, inIt: boolean): number | undefined {
  if (first >>> 12 === 13 && ((first >>> 8) & 15) < 14) return pc + 4 + ((first << 24) >> 23);
  if ((first & 0xf500) === 0xb100) return pc + 4 + (((first >>> 9) & 1) << 6) + (((first >>> 3) & 31) << 1);
  if (first >>> 11 === 28) return inIt ? pc + 4 + ((first << 21) >> 20) : undefined;
  if (first >>> 11 !== 30 || (second & 0xc000) !== 0x8000) return undefined;
  const s = (first >>> 10) & 1;
  const [j1, j2] = [(second >>> 13) & 1, (second >>> 11) & 1];
  const low = (second & 0x7ff) << 1;
  if ((second & 0x1000) !== 0) {
    const [i1, i2] = [1 ^ j1 ^ s, 1 ^ j2 ^ s];
    return inIt ? pc + 4 + (s ? -(1 << 24) : 0) + (i1 << 23) + (i2 << 22) + ((first & 0x3ff) << 12) + low : undefined;
  }
  if (((first >>> 7) & 7) === 7) return undefined;
  return pc + 4 + (s ? -(1 << 20) : 0) + (j2 << 19) + (j1 << 18) + ((first & 0x3f) << 12) + low;
}

/** An execution as it is compared. */
export function executionText({ address, executed, failed }: ExecutionCount): string {
  return `${hex(address)} ${executed} ${failed}`;
}

/** A branch as it is compared. */
export function branchText({ address, next, notTaken, targets }: BranchCount): string {
  return `${hex(address)} ${hex(next)} ${notTaken}: ${targets.map((target) => `${hex(target.address)} ${target.count}`).join(' ')}`;
}

/** The same of a core that counts. */
export function countsOf({ core }: Rig): Counts {
  return { executions: [...core.executionCounts()].map(executionText), branches: [...core.branchCounts()].map(branchText) };
}
