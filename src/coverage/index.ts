/** Coverage of firmware: what other parts of the simulator use of it. */

export { type CollectedData, type CollectorOptions, CoverageCollector } from './collector.ts';
export { type CountData, type CountedCore, CountTable, type ProgramCounts } from './counts.ts';
export { Coverage, type CoverageJson, type FunctionInFile } from './coverage.ts';
export type { SourceReader } from './exclusions.ts';
export type { LcovOptions } from './lcov.ts';
export {
  type BuildId,
  type CoverageReport,
  type Decision,
  type FileCoverage,
  type FunctionCoverage,
  percent,
  type Ratio,
  type Totals,
  totalsOf,
} from './report.ts';
