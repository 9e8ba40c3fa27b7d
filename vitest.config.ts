import { defineConfig } from 'vitest/config';

/** Directories of tests with a project of their own; the rest is `unit`. */
const OTHERS = ['conformance', 'differential', 'e2e', 'firmware'];

/**
 * `exclude` and not a negated `include`: vitest adds the include patterns to what coverage leaves out, and a negated one leaves out everything.
 */
const project = (name: string, include: string[], testTimeout = 20_000, exclude: string[] = []) => ({
  test: { name, include, exclude, testTimeout },
});

export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      project(
        'unit',
        ['test/**/*.test.ts'],
        20_000,
        OTHERS.map((name) => `test/${name}/**`),
      ),
      project('conformance', ['test/conformance/**/*.test.ts'], 60_000),
      project('differential', ['test/differential/**/*.test.ts'], 120_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 120_000),
      project('firmware', ['test/firmware/**/*.test.ts'], 300_000),
    ],
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'json-summary', 'lcov'] },
  },
});
