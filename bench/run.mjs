/**
 * `npm run bench`: the command line of all benches, which are in whole.mjs. Nothing is built or loaded before the command line is known to be right.
 *
 * Each question is a file of its own, which can also be run alone and then prints its answer as one JSON line.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { programs } from './measure.mjs';

const REMEDY = '  remedy: npm run bench -- --help shows what there is';
/** Exit status of a wrong command line, as of imx-sim. */
const USAGE = 2;
const SUBJECTS = programs.filter(({ group }) => group !== 'system');
const CORES = [...new Set(SUBJECTS.flatMap(({ socs }) => socs))];

const NOTES = `
Columns of the tables:
  jit, interpreter, unicorn   the engines of --cpu
  unicorn-raw                 libunicorn called for 100,000 instructions at a time: no devices, exceptions or clock; not with --quick
  unicorn-free                the same without a count, so that nothing can stop it; not with --quick
  qemu                        qemu-system-arm, if it is installed

Exit status:
  0  measured, also where a demand is MISSED or not measured: speed is no test, and a busy machine may miss what an idle one keeps
  1  a program failed, or engines disagree about its result or its instructions
  2  wrong command line

Examples:
  npm run bench                                      tables; five rounds, ten minutes or so
  npm run bench -- --quick                           one round or as many as there is time for, within 50 s on an idle machine
  npm run -s bench -- --json > run.json              every figure; 'ratios' compares the engines over the integer programs
  npm run bench -- --only '^alu$' --rounds 3 --soc cortex-m4

Programs: ${SUBJECTS.map(({ name }) => name).join(', ')}`;

function pattern(text) {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(error.message);
  }
}

function positive(text) {
  const value = Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError('A number above 0 is expected.');
  return value;
}

function count(text) {
  const value = Number(text);
  if (!(Number.isInteger(value) && value > 0)) throw new InvalidArgumentError('A whole number from 1 on is expected.');
  return value;
}

const command = new Command('npm run bench --')
  .description('measures the engines, native Unicorn and QEMU in turns on the same programs; builds first what is out of date')
  .option('--json', 'one JSON object with every figure instead of tables')
  .option('--quick', 'fewer and shorter runs; what there is no time for is named')
  .option('--only <regex>', 'programs whose names match, and nothing else', pattern)
  .addOption(new Option('--soc <name>', 'another core than the last that a program is for').choices(CORES))
  .option('--rounds <n>', 'rounds of everything (default: 5, with --quick as time allows)', count)
  .option('--millions <n>', 'million instructions of a run of jit and QEMU (default: 1500, with --quick 700)', positive)
  .option('--note <text>', 'words that are kept with the figures')
  .helpOption('-h, --help', 'this text')
  .addHelpText('after', NOTES)
  .showHelpAfterError(REMEDY)
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'bench: ')) })
  .allowExcessArguments(false)
  .exitOverride();

/** The options, or undefined when help or a remedy has been printed. */
function optionsOf(argv) {
  try {
    const options = command.parse(argv).opts();
    const { only = /./, soc } = options;
    if (!SUBJECTS.some(({ name, socs }) => only.test(name) && (soc === undefined || socs.includes(soc))))
      command.error(
        `error: no program matches ${only}${soc ? ` on ${soc}` : ''}; there are ${SUBJECTS.map(({ name }) => name).join(', ')}`,
      );
    return options;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
    return undefined;
  }
}

// `| head` reads no more than it wants.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
});
const options = optionsOf(process.argv);
if (options) {
  const { print } = await import('./whole.mjs');
  print(options);
}
