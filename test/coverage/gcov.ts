/** What gcov says of the programs, as build.mjs wrote it, and the programs run on an engine. */
import { readFileSync } from 'node:fs';
import { CoverageCollector } from '../../src/coverage/index.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { Machine } from '../../src/machine.ts';
import { type Firmware, parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { BARE_CORTEX_M4 } from '../../src/soc/cortex-m.ts';

const PROGRAMS = 'test/coverage/programs';

/** gcov's report of one source. */
export interface GcovFile {
  readonly functions: readonly { readonly name: string; readonly line: number; readonly count: number }[];
  readonly lines: ReadonlyMap<number, { readonly count: number; readonly branches: readonly number[] }>;
}

/** gcov's report of a program: the result that it printed, and its sources. */
export function gcovReport(name: string): { readonly result: string; readonly files: ReadonlyMap<string, GcovFile> } {
  const files = new Map<
    string,
    { functions: GcovFile['functions'][number][]; lines: Map<number, { count: number; branches: number[] }> }
  >();
  let result = '';
  let file = '';
  for (const text of readFileSync(`${PROGRAMS}/${name}.gcov`, 'utf8').split('\n')) {
    const [kind, first = '', ...rest] = text.split(' ');
    if (kind === 'result') result = first;
    else if (kind === 'file') {
      file = first;
      files.set(file, { functions: [], lines: new Map() });
    } else if (kind === 'function') files.get(file)!.functions.push({ name: first, line: Number(rest[0]), count: Number(rest[1]) });
    else if (kind === 'line') {
      const [count, ...branches] = rest.map(Number);
      files.get(file)!.lines.set(Number(first), { count: count!, branches });
    }
  }
  return { result, files };
}

/** A program's ELF. */
export function program(name: string): Firmware {
  return parseFirmware(new Uint8Array(readFileSync(`${PROGRAMS}/${name}.elf`)), `${name}.elf`);
}

/** Sources as the debug information names them: relative to the repository. */
export function source(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Runs a program to its end with counting on; what it printed, and its machine, still there. */
export function runCounted(firmware: Firmware, engine: EngineFactory): { readonly machine: Machine; readonly text: string } {
  let text = '';
  const semihosting = {
    write: (_: 1 | 2, bytes: Uint8Array) => {
      text += new TextDecoder().decode(bytes);
    },
    read: () => new Uint8Array(),
    readable: true,
  };
  const machine = new Machine({ soc: BARE_CORTEX_M4, engine, firmware, linux: false, semihosting });
  machine.core.count(true);
  for (let slices = 0; slices < 1000; slices++) {
    const stop = machine.run(machine.scheduler.now + 100_000);
    if (stop.kind === 'exit') return { machine, text };
    if (stop.kind !== 'limit') throw new Error(`the program ended with ${stop.kind}`);
  }
  throw new Error('the program did not end');
}

/** Coverage of a program that was run to its end. */
export function coverageOf(firmware: Firmware, engine: EngineFactory, withSource = true) {
  const { machine, text } = runCounted(firmware, engine);
  const collector = new CoverageCollector(withSource ? { source } : {});
  collector.addCore(firmware, machine.core, { test: 'run' });
  machine.dispose();
  return { coverage: collector.report(), collector, text };
}
