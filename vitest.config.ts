import { defineConfig } from 'vitest/config';
import ByProject from './test/support/sequencer.ts';

/** Directories of tests with a project of their own; the rest is `unit`. */
const OTHERS = ['conformance', 'differential', 'e2e', 'firmware'];

/** Files that replace modules for all who import them, which needs a process of their own. */
const ALONE = ['test/cpu/unicorn/unavailable.test.ts'];

/**
 * `exclude` and not a negated `include`: vitest adds the include patterns to what coverage leaves out, and a negated one leaves out everything.
 */
const project = (
  name: string,
  include: string[],
  testTimeout = 20_000,
  more: { exclude?: string[]; globalSetup?: string; isolate?: boolean } = {},
) => ({
  test: { name, include, testTimeout, ...more },
});

/** For tests that run `imx-sim` as a process. */
const BUILD = { globalSetup: './test/support/build-once.ts' };

export default defineConfig({
  test: {
    // One worker less than CPUs unless said otherwise, which is half of a machine with two.
    maxWorkers: '100%',
    sequence: { sequencer: ByProject },
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      // Loading and compiling the sources takes longer than most of these files: they share processes, one for each CPU.
      project('unit', ['test/**/*.test.ts'], 20_000, { exclude: [...ALONE, ...OTHERS.map((name) => `test/${name}/**`)], isolate: false }),
      project('alone', ALONE),
      project('conformance', ['test/conformance/**/*.test.ts'], 60_000),
      project('differential', ['test/differential/**/*.test.ts'], 120_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 120_000, BUILD),
      project('firmware', ['test/firmware/**/*.test.ts'], 300_000, BUILD),
    ],
    coverage: { provider: 'v8', include: ['src/**'], reportOnFailure: true, reporter: ['text-summary', 'json-summary', 'lcov'] },
  },
});
