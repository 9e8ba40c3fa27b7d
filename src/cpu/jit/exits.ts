/**
 * The ways out of a region, and the calls of the interpreter's handlers from within.
 *
 * Each place that can be left by way of the engine is a site: layout.ts says what the engine needs to know of it. The code for that stands
 * once, at the end of the function, and is told the number of the site.
 */
import { CELL } from '../core-registers.ts';
import { FIRST_FLOAT, OPERATION } from '../interpreter/handlers.ts';
import { Frame, REM } from './frame.ts';
import { CONTROL, EXIT, encodeExit, kinds, SITE_LIMIT, type Site, Untranslatable } from './layout.ts';
import { LazyFlags } from './lazy-flags.ts';
import { type Code, type Label, OP } from './wasm-builder.ts';

/** Handlers that read or change N, Z, C or V. */
const TOUCHES_FLAGS = /^(ALU|RORS_R|MRS|MSR|VMRS|VSEL)/;

/** A function that can be left. */
export class Exits extends Frame {
  readonly flags = new LazyFlags(this);
  /** Floating point is known not to trap here. */
  protected trapPassed = false;
  protected readonly sites: Site[] = [];
  private cold: Label = 0;

  // ---- exits

  /** Returns to the dispatcher, or to the caller, with everything in its cells. */
  protected leave(pc: () => Code): void {
    this.storeRegisters();
    this.flags.store();
    pc().get(REM).op(OP.RETURN);
  }

  /** A site for the current step. */
  site(handler = -1): number {
    const { sites, step, block, position } = this;
    if (sites.length >= SITE_LIMIT - 1) throw new Untranslatable('too many exits');
    const flags = this.flags.word;
    return sites.push({ step, counted: block.steps.length - position, flags, flagsAfter: flags, handler, block, done: 0, notDone: 0 }) - 1;
  }

  /** Leaves by way of the engine; rarely executed. `counted` overrides how many instructions of the block are given back. */
  exit(exit: number, counted?: number, known?: number): void {
    if (this.scanning) return;
    const site = known ?? this.site();
    if (counted !== undefined) (this.sites[site] as { counted: number }).counted = counted;
    this.code.i32(encodeExit(this.surroundings.number, site, exit)).set(this.local.site).br(this.cold);
  }

  /** Leaves to the interpreter for a target that is not plain Thumb code: bit 0 clear, or perhaps an exception return. */
  protected unusualTarget(target: number, exit: number, before?: () => void): void {
    const { code } = this;
    code.get(target).i32(1).op(OP.I32_AND, OP.I32_EQZ).get(target).i32(28).op(OP.I32_SHR_U).i32(15).op(OP.I32_EQ, OP.I32_OR).when();
    before?.();
    code.i32(0).get(target).memory(OP.I32_STORE, this.control(CONTROL.TARGET));
    this.exit(exit);
    code.end();
  }

  /** Begins what exits jump out of. */
  protected openCold(): void {
    this.cold = this.code.block();
  }

  /** Ends it: `written` are the registers that may differ from their cells at any exit. */
  protected closeCold(written: number): void {
    const { code, local } = this;
    code.op(OP.UNREACHABLE).end();
    this.storeRegisters(written);
    const store = (word: number, index: number): void => {
      code.i32(0).get(index).memory(OP.I32_STORE, this.control(word));
    };
    store(CONTROL.COLD_KINDS, local.fk);
    store(CONTROL.COLD_NZ, local.nz);
    store(CONTROL.COLD_CA, local.ca);
    store(CONTROL.COLD_CB, local.cb);
    store(CONTROL.COLD_CC, local.cc);
    store(CONTROL.COLD_VA, local.va);
    code.get(local.site).get(REM);
  }

  // ---- handlers

  /** Executes the current step by the interpreter's handler. `leaves`: it never continues here. */
  handler(name: string, leaves = false): void {
    const { code } = this;
    const number = OPERATION.get(name)!;
    if (this.scanning) return;
    if (number >= FIRST_FLOAT) this.trapFloat();
    const touches = TOUCHES_FLAGS.test(name);
    if (touches) this.flags.toApsr();
    this.storeRegisters();
    const site = this.site(number);
    this.callHandler(site).when();
    this.exitSynchronised(EXIT.HANDLED, site);
    code.end();
    if (leaves) {
      code.op(OP.UNREACHABLE);
      return;
    }
    if (touches) {
      this.flags.forget();
      this.sites[site]!.flagsAfter = kinds(0, 0, 0, 0);
    }
    this.reload();
  }

  /** Executes the current step by a handler as the rare case of an emitter that goes on by itself: registers stay dirty. */
  slowHandler(name: string): void {
    const { code } = this;
    if (this.scanning) return;
    this.storeRegisters();
    const site = this.site(OPERATION.get(this.surroundings.emitters.handlerOf[name] ?? name)!);
    this.callHandler(site).when();
    this.exitSynchronised(EXIT.HANDLED, site);
    code.end();
    this.loadRegisters();
  }

  /** Executes the current step by a handler that changes no core register, as the rare case of an emitter. `reads`: it looks at them. */
  quietHandler(name: string, reads = false): void {
    const { code } = this;
    if (this.scanning) return;
    if (reads) this.storeRegisters();
    const site = this.site(OPERATION.get(name)!);
    this.callHandler(site).when();
    this.exit(EXIT.HANDLED, undefined, site);
    code.end();
  }

  /** Puts on the stack whether the handler of `site` wants the region to be left. */
  private callHandler(site: number): Code {
    return this.code.i32(encodeExit(this.surroundings.number, site, EXIT.HANDLED)).get(REM).call(this.imported.handler);
  }

  /** As `exit`, for sites at which the handler has changed the cells: they are loaded again first, as the exit stores them. */
  private exitSynchronised(exit: number, site: number): void {
    this.loadRegisters();
    this.exit(exit, undefined, site);
  }

  // ---- what an instruction is left for before it begins

  /** Leaves to the interpreter, which then stops, when an instruction that moves SP reaches down to local `a`, below the limit. */
  limit(a: number): void {
    if (this.scanning || !this.surroundings.stackLimits) return;
    const { code } = this;
    code.get(a).i32(0).memory(OP.I32_LOAD, this.cell(CELL.SPLIM)).op(OP.I32_LT_U).when();
    this.exit(EXIT.INTERPRET);
    code.end();
  }

  /** Leaves when floating point has to stop first. That does not change while translated code runs (`Engine.fpTrap`): once on each way. */
  trapFloat(): void {
    const { code } = this;
    if (this.scanning || this.trapPassed) return;
    code.i32(0).memory(OP.I32_LOAD, this.control(CONTROL.FP_TRAP)).when();
    this.exit(EXIT.INTERPRET);
    code.end();
    this.trapPassed = true;
  }
}
