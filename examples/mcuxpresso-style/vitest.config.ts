import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // In CI: annotations at the line of the test and at that of the firmware, and a report for whatever reads JUnit.
    reporters: process.env['CI']
      ? ['default', 'github-actions', 'imx-sim/vitest/reporter', ['junit', { outputFile: 'reports/junit.xml' }]]
      : ['default'],
  },
});
