import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], testTimeout = 20_000) => ({ test: { name, include, testTimeout } });

export default defineConfig({
  test: {
    reporters: ['default', './test/support/summary-reporter.ts'],
    projects: [
      project('unit', ['test/**/*.test.ts'].concat(['!test/{conformance,differential,e2e,firmware}/**'])),
      project('conformance', ['test/conformance/**/*.test.ts'], 60_000),
      project('differential', ['test/differential/**/*.test.ts'], 120_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 120_000),
      project('firmware', ['test/firmware/**/*.test.ts'], 300_000),
    ],
    coverage: { provider: 'v8', include: ['src/**'], reporter: ['text-summary', 'json-summary', 'lcov'] },
  },
});
