/**
 * Going back: to a moment, by a step, or to the last hit of a break- or watchpoint.
 *
 * A machine only runs forwards: what came last is found by running again from checkpoint after checkpoint, the nearest first, and noting the last hit before
 * the moment at which the search began.
 */
import type { Core } from '../cpu/core.ts';
import type { Machine } from '../machine.ts';
import { isBefore, isSame, type Moment, momentOf } from './moment.ts';
import { RealTurns } from './real-turns.ts';
import { type CodeRange, Stepper } from './stepper.ts';
import { type Access, watch } from './stoppers.ts';
import type { Course, Goal, TimeTravel } from './time-travel.ts';
import type { WatchpointSpec } from './types.ts';

/** Stoppers that execution has come to. */
export interface Hit {
  readonly moment: Moment;
  readonly core: Core;
  readonly ids: readonly number[];
  readonly access?: Access;
}

/** Virtual time for which a core that sleeps is left alone at once, in ns. */
const CHUNK_NS = 5e6;
/** Instructions in which a search backwards for code outside of a range begins. */
const FIRST_WINDOW = 256;
/** Steps between two turns of the host's event loop. */
const STEPS_A_TURN = 1000;

/** The ways back of one machine. */
export class Reverse {
  private readonly machine: Machine;
  private readonly travel: TimeTravel;
  private readonly course: Course;
  /** Hears of hits on the way. */
  private hits: ((hit: Hit) => void) | undefined;

  constructor(machine: Machine, travel: TimeTravel, course: Course) {
    this.machine = machine;
    this.travel = travel;
    this.course = course;
  }

  /** Execution has come to stoppers on the way. */
  passed(hit: Hit): void {
    this.hits?.(hit);
  }

  /** False when it was cancelled. */
  goTo(goal: Goal, end?: number): Promise<boolean> {
    return this.travel.to(goal, this.course, end);
  }

  /** To the last hit of a stopper; undefined when there was none, and the machine is at its beginning then, or when it was cancelled. */
  async continue(after: boolean): Promise<Hit | undefined> {
    const hit = await this.lastHit((note) => {
      this.hits = note;
      return () => {
        this.hits = undefined;
      };
    });
    if (this.course.cancelled()) return undefined;
    if (!hit) {
      await this.goTo(this.travel.beginning);
      return undefined;
    }
    const { moment, access } = hit;
    if (after && access?.pc !== undefined) await this.goTo({ instructions: moment.instructions + 1 }, moment.cycle);
    else await this.goTo(moment);
    return hit;
  }

  /** The last access to watched bytes before this moment; the machine is anywhere afterwards. */
  lastAccess(core: Core, spec: Omit<WatchpointSpec, 'kind'>): Promise<Hit | undefined> {
    return this.lastHit((note) =>
      watch(this.machine, core, spec, (access) => {
        note({ moment: momentOf(this.machine), core, ids: [], access });
        return false;
      }),
    );
  }

  private async lastHit(listen: (note: (hit: Hit) => void) => () => void): Promise<Hit | undefined> {
    const { travel, course } = this;
    let end = momentOf(this.machine);
    for (let from = travel.checkpoints.latest(end, true); from; from = travel.checkpoints.latest(end, true)) {
      let last: Hit | undefined;
      await travel.restore(from);
      const stop = listen((hit) => {
        if (!isBefore(hit.moment, end)) return;
        const together = last && isSame(last.moment, hit.moment) && !last.access === !hit.access;
        last = together ? { ...last!, ids: [...new Set([...last!.ids, ...hit.ids])] } : hit;
      });
      try {
        if (!(await travel.run(end, course))) return undefined;
      } finally {
        stop();
      }
      if (last) return last;
      end = from.moment;
    }
    return undefined;
  }

  /** Back by one instruction or exception entry, then until the PC is outside of `range`; false when the beginning of the run comes before that. */
  async step(range?: CodeRange): Promise<boolean> {
    const here = momentOf(this.machine);
    const outside = (pc: number): boolean => !range || pc < range.from || pc >= range.to;
    const first = this.travel.beginning;
    for (let window = range ? FIRST_WINDOW : 1; ; window *= 8) {
      const from = Math.max(first.instructions, here.instructions - window);
      const atStart = from === first.instructions;
      if (atStart) await this.goTo(first);
      else if (!(await this.goTo({ instructions: from }, here.cycle))) return true;
      // Nothing was entered in between.
      if (!range && this.machine.core.entries === here.entries) return from < here.instructions;
      const found = await this.lastBefore(here, outside);
      if (found) {
        await this.goTo(found);
        return true;
      }
      if (atStart || this.course.cancelled()) {
        await this.goTo(first);
        return !atStart;
      }
    }
  }

  /** Steps from here to `end`; the last moment before that of which `fits` holds. */
  private async lastBefore(end: Moment, fits: (pc: number) => boolean): Promise<Moment | undefined> {
    const { machine, travel, course } = this;
    const { core } = machine;
    const stepper = new Stepper(machine);
    const turns = new RealTurns();
    const { instructions: begun } = core;
    let last: Moment | undefined;
    let steps = 0;
    for (let here = momentOf(machine); isBefore(here, end) && !course.cancelled(); here = momentOf(machine)) {
      if (++steps % STEPS_A_TURN === 0) {
        course.progress((here.instructions - begun) / Math.max(1, end.instructions - begun));
        await turns.next();
      }
      if (fits(core.pc) && !(last && last.instructions === here.instructions && last.entries === here.entries)) last = here;
      if (here.instructions === end.instructions && here.entries === end.entries) break;
      const next = await travel.prepare();
      stepper.plan(core);
      const { now } = machine.scheduler;
      // The present may be in this cycle, behind an exception that is still to be entered.
      const stop = stepper.run(Math.min(end.cycle + 1, Math.max(next, now + 1), now + machine.scheduler.cyclesFromNs(CHUNK_NS)));
      stepper.end();
      if (stop.kind === 'deadlock') break;
    }
    turns.close();
    return last;
  }
}
