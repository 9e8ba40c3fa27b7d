/**
 * `imx-sim/vitest/reporter`: annotations of GitHub at the firmware's source line for tests that failed there, beside those that vitest's
 * `github-actions` puts at the line of the test. Outside of GitHub's runners it prints nothing.
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import type { FirmwareFailure } from './failure.ts';

/** As GitHub wants it within a workflow command. */
function data(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

const property = (text: string): string => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C');

/**
 * The file of `source` in the repository at `root`: debug information has the path of the machine that built it, so the longest end of it that is a
 * file, below one of `directories`. Undefined when there is none.
 */
export function inRepository(source: string, root: string, directories: readonly string[], exists = existsSync): string | undefined {
  const parts = source.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  if (isAbsolute(source) && !relative(root, source).startsWith('..') && exists(source)) return relative(root, source);
  for (let skip = 0; skip < parts.length; skip++) {
    const end = parts.slice(skip);
    if (end.includes('..')) continue;
    for (const directory of directories) {
      const path = join(directory, ...end);
      if (exists(path)) return relative(root, path).split(sep).join('/');
    }
  }
  return undefined;
}

/** A place as `m.explain()` has it: `src/main.c:42`. */
function split(source: string): { file: string; line: string } | undefined {
  const match = /^(.*):(\d+)$/.exec(source);
  return match ? { file: match[1]!, line: match[2]! } : undefined;
}

/** Where annotations go. */
export interface ReporterOptions {
  /** True: also where GITHUB_ACTIONS is not set. */
  readonly always?: boolean;
  /** Receives each line; standard output unless given. */
  readonly print?: (line: string) => void;
}

/** The reporter. */
export default class FirmwareReporter implements Reporter {
  private readonly options: ReporterOptions;

  constructor(options: ReporterOptions = {}) {
    this.options = options;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const { always = false, print = (line) => process.stdout.write(`${line}\n`) } = this.options;
    if (!always && process.env['GITHUB_ACTIONS'] !== 'true') return;
    const root = process.env['GITHUB_WORKSPACE'] ?? process.cwd();
    for (const module of modules) {
      const directories = [...new Set([module.project.config.root, root])];
      for (const test of module.children.allTests('failed')) {
        const { imxSim: failure } = test.meta() as { readonly imxSim?: FirmwareFailure };
        const place = failure?.source === undefined ? undefined : split(failure.source);
        const file = place && inRepository(place.file, root, directories);
        if (!failure || !place || !file) continue;
        const where = failure.symbol ? ` (the firmware was in ${failure.symbol})` : '';
        print(`::error file=${property(file)},line=${place.line},title=${property(test.fullName)}::${data(`${failure.text}${where}`)}`);
      }
    }
  }
}
