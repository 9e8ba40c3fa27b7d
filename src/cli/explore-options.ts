/**
 * The options of `imx-sim explore` as one typed table: those of `run` that say what runs, and its own.
 */
import { InvalidArgumentError } from 'commander';
import { GENERAL_FAULTS } from '../faults/explore.ts';
import { parseTemplates } from '../faults/generate.ts';
import { FAILURES, type FailureKind, USUAL_FAILURES } from '../faults/judge.ts';
import { type OptionRow, parsed, RUN_OPTIONS, type RunOptions, withRemedy } from './options.ts';

/** What `explore` receives after parsing. */
export interface ExploreCommandOptions
  extends Pick<
    RunOptions,
    | 'soc'
    | 'board'
    | 'core'
    | 'cpu'
    | 'lockstep'
    | 'linux'
    | 'modules'
    | 'dtb'
    | 'overlay'
    | 'boot'
    | 'ubootScript'
    | 'ubootCmd'
    | 'kernel'
    | 'recover'
    | 'fastForward'
    | 'semihosting'
    | 'hostMemory'
    | 'until'
    | 'timeout'
    | 'send'
    | 'json'
    | 'color'
  > {
  readonly faults: string;
  readonly seeds: number;
  readonly firstSeed: number;
  readonly maxFaults: number;
  readonly workers?: number;
  readonly failOn: readonly FailureKind[];
  readonly replayDir: string;
}

/** Options of `run` that `explore` has, too. */
const SHARED =
  /^--(?:soc|board|core|cpu|lockstep|no-linux|dtb|overlay|boot|uboot-script|uboot-cmd|kernel|modules|recover|no-fast-forward|semihosting|host-memory|until|send|no-color)\b/;

function wholeNumber(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least && number <= most)) throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    return number;
  };
}

function failures(value: string): FailureKind[] {
  const kinds = value.split(',').filter(Boolean);
  const unknown = kinds.find((kind) => !Object.hasOwn(FAILURES, kind));
  if (unknown !== undefined || kinds.length === 0) throw new InvalidArgumentError(`They are some of ${Object.keys(FAILURES).join(', ')}.`);
  return kinds as FailureKind[];
}

/** All options of `explore`, in the order in which help shows them. */
export const EXPLORE_OPTIONS: readonly OptionRow[] = [
  {
    group: 'What goes wrong',
    flags: '--faults <list>',
    text: 'faults to choose from, comma separated, as in docs/faults.md; what is not said of one (parameters, moment) the seeds decide',
    parse: (value) => {
      parsed((text) => withRemedy(() => parseTemplates(text)), value);
      return value;
    },
    fallback: GENERAL_FAULTS,
    fallbackText: 'all that firmware can get over',
  },
  { group: 'What goes wrong', flags: '--seeds <n>', text: 'how many plans are tried', parse: wholeNumber(1, 1_000_000), fallback: 64 },
  { group: 'What goes wrong', flags: '--first-seed <n>', text: 'the first of them', parse: wholeNumber(0, 0xffff_ffff), fallback: 1 },
  { group: 'What goes wrong', flags: '--max-faults <n>', text: 'faults in one run, at most', parse: wholeNumber(1, 16), fallback: 3 },
  {
    group: 'What goes wrong',
    flags: '--fail-on <list>',
    text: `what counts as a failure, of ${Object.keys(FAILURES).join(', ')}`,
    parse: failures,
    fallback: USUAL_FAILURES,
    fallbackText: USUAL_FAILURES.join(','),
  },
  {
    group: 'Output',
    flags: '--workers <n>',
    text: 'threads that run the firmware (default: one for each processor)',
    parse: wholeNumber(0, 256),
  },
  {
    group: 'Output',
    flags: '--replay-dir <directory>',
    text: 'where the file of each failure goes, which imx-sim replay runs again',
    fallback: '.',
    fallbackText: 'here',
  },
  { group: 'Output', flags: '--json', text: 'one JSON object on standard output' },
  ...RUN_OPTIONS.filter(({ flags }) => SHARED.test(flags)),
  {
    group: 'When it ends',
    flags: '--timeout <time>',
    text: 'virtual time that a run has (default: 10s without faults, with them twice what it took, and a second)',
    parse: RUN_OPTIONS.find(({ flags }) => flags.startsWith('--timeout'))!.parse!,
  },
];
