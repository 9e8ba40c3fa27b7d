/**
 * Collects what many machines counted, of one program or several, and makes one report of it at the end.
 *
 * What was counted is plain data (`toData`), so that workers and shards can hand it on; it is worked out once.
 */
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { type CountData, type CountedCore, CountTable } from './counts.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import type { SourceReader } from './exclusions.ts';
import { measure } from './measure.ts';
import { mergeBuilds, mergeReports } from './merge.ts';
import { buildIdOf, measuredProgram } from './program.ts';
import type { BuildId, CoverageReport } from './report.ts';

/** How coverage is collected. */
export interface CollectorOptions {
  /** Text of a source, for the report and for markers in comments; without it neither is there. */
  readonly source?: SourceReader;
}

/** What a collector has, as plain data. */
export interface CollectedData {
  readonly tests: readonly string[];
  readonly programs: readonly { readonly build: BuildId; readonly counts: CountData }[];
}

interface Collected {
  readonly build: BuildId;
  readonly counts: CountTable;
  firmware: Firmware | undefined;
}

/** Adds counts of machines. */
export class CoverageCollector {
  private readonly programs = new Map<string, Collected>();
  private readonly ids = new WeakMap<Firmware, BuildId>();
  private readonly tests = new Set<string>();
  private readonly source: SourceReader;

  constructor({ source = () => undefined }: CollectorOptions = {}) {
    this.source = source;
  }

  /** True when nothing was added. */
  get empty(): boolean {
    return this.programs.size === 0;
  }

  /** Looks whether coverage of `firmware` can be worked out at all. @throws {CoverageError} when it has no line information */
  check(firmware: Firmware): void {
    measuredProgram(firmware);
  }

  /** Adds what `core` counted while it ran `firmware`; `since`: without what it had counted then. @throws {CoverageError} for another build of it */
  addCore(firmware: Firmware, core: CountedCore, { test, since }: { readonly test?: string; readonly since?: CountTable } = {}): void {
    this.of(this.idOf(firmware), firmware).counts.addCore(core, since);
    if (test !== undefined) this.tests.add(test);
  }

  /** Adds counts of `firmware`. @throws {CoverageError} for another build of it */
  add(firmware: Firmware, counts: CountTable, test?: string): void {
    this.of(this.idOf(firmware), firmware).counts.add(counts);
    if (test !== undefined) this.tests.add(test);
  }

  /** Adds what `toData` gave elsewhere; the ELF comes by `add`, or by `provide`. @throws {CoverageError} for another build of it */
  addData(data: CollectedData): void {
    for (const { build, counts } of data.programs) this.of(build, undefined).counts.addData(counts);
    for (const test of data.tests) this.tests.add(test);
  }

  /** Gives the ELF of a build whose counts came as data; false when there are none of it. */
  provide(firmware: Firmware): boolean {
    const { id } = this.idOf(firmware);
    const collected = [...this.programs.values()].find(({ build }) => build.id === id);
    if (collected) collected.firmware ??= firmware;
    return collected !== undefined;
  }

  /** Everything as plain data. */
  toData(): CollectedData {
    const programs = [...this.programs.values()].map(({ build, counts }) => ({ build, counts: counts.toData() }));
    return { tests: [...this.tests].sort(), programs };
  }

  /** The report. Programs whose ELF was not given are left out. @throws {CoverageError} when one has no line information */
  report(): Coverage {
    const reports: CoverageReport[] = [];
    for (const { build, counts, firmware } of this.programs.values()) {
      if (!firmware) continue;
      reports.push({ files: measure(measuredProgram(firmware, this.source), counts), tests: [], builds: [build] });
    }
    return coverageOf({ ...mergeReports(reports), tests: [...this.tests].sort() }, this.source);
  }

  private idOf(firmware: Firmware): BuildId {
    let id = this.ids.get(firmware);
    if (!id) {
      id = buildIdOf(firmware);
      this.ids.set(firmware, id);
    }
    return id;
  }

  private of(build: BuildId, firmware: Firmware | undefined): Collected {
    let collected = this.programs.get(build.name);
    if (collected) mergeBuilds([collected.build, build]);
    else {
      collected = { build, counts: new CountTable(), firmware };
      this.programs.set(build.name, collected);
    }
    collected.firmware ??= firmware;
    return collected;
  }
}
