/** The interpreter, one instruction at a time: what was executed, where and how often, written down by the test itself. */
import { CELL } from '../../../src/cpu/core-registers.ts';
import { type Engine, type EngineFactory, type EngineHost, STOP, type StopCode } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';

/** Called behind each instruction that was counted: its address, and whether it stood in an IT block and its condition failed. */
export type Observer = (pc: number, failed: boolean, host: EngineHost) => void;
/** Called before each. */
export type Preparation = (host: EngineHost) => void;

function conditionFails({ cells }: EngineHost['registers'], bkpt: boolean): boolean {
  const it = cells[CELL.ITSTATE]!;
  if (it === 0 || bkpt) return false;
  const apsr = cells[CELL.APSR]!;
  const [n, z, c, v] = [apsr >>> 31, (apsr >>> 30) & 1, (apsr >>> 29) & 1, (apsr >>> 28) & 1] as const;
  const holds = [z === 1, c === 1, n === 1, v === 1, c === 1 && z === 0, n === v, n === v && z === 0, true][it >>> 5]!;
  return it >>> 4 < 14 && holds === ((it & 16) !== 0);
}

/** Steps an interpreter. */
export class Stepper implements Engine {
  readonly name = 'stepper';
  private readonly host: EngineHost;
  private readonly inner: Engine;
  private readonly observer: Observer;
  private readonly prepare: Preparation;
  private before = 0;
  private inside = false;
  private stopWanted = false;

  constructor(host: EngineHost, observer: Observer, prepare: Preparation) {
    const { instruments: _, ...plain } = host;
    this.host = host;
    this.inner = interpreterFactory.create(plain);
    this.observer = observer;
    this.prepare = prepare;
  }

  get executed(): number {
    return this.before + (this.inside ? this.inner.executed : 0);
  }

  get detail(): number {
    return this.inner.detail;
  }

  get address(): number {
    return this.inner.address;
  }

  get pc(): number {
    return this.inner.pc;
  }

  get watchMasks(): boolean {
    return this.inner.watchMasks;
  }

  set watchMasks(value: boolean) {
    this.inner.watchMasks = value;
  }

  get fpTrap(): boolean {
    return this.inner.fpTrap;
  }

  set fpTrap(value: boolean) {
    this.inner.fpTrap = value;
  }

  get divideTrap(): boolean {
    return this.inner.divideTrap;
  }

  set divideTrap(value: boolean) {
    this.inner.divideTrap = value;
  }

  get unalignedTrap(): boolean {
    return this.inner.unalignedTrap;
  }

  set unalignedTrap(value: boolean) {
    this.inner.unalignedTrap = value;
  }

  requestStop(): void {
    this.stopWanted = true;
    this.inner.requestStop();
  }

  pull(): void {}

  push(): void {}

  dispose(): void {
    this.inner.dispose();
  }

  run(budget: number): StopCode {
    const { registers } = this.host;
    this.before = 0;
    this.stopWanted = false;
    while (this.before < budget) {
      const { pc } = registers;
      this.prepare(this.host);
      const failed = conditionFails(registers, this.host.memory.bus.peek(pc, 2) >>> 8 === 0xbe);
      this.inside = true;
      let stop: StopCode;
      try {
        stop = this.inner.run(1);
      } finally {
        this.inside = false;
      }
      const { executed } = this.inner;
      this.before += executed;
      if (executed === 1) this.observer(pc, failed, this.host);
      if (stop !== STOP.BUDGET) return stop;
      if (this.stopWanted) return STOP.REQUESTED;
    }
    return STOP.BUDGET;
  }
}

/** A factory of steppers. */
export function stepperFactory(observer: Observer, prepare: Preparation = () => {}): EngineFactory {
  return { name: 'stepper', create: (host) => new Stepper(host, observer, prepare) };
}
