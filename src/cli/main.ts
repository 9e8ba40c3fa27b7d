#!/usr/bin/env node
/**
 * The `imx-sim` command. Exit statuses are in exit.ts and in the help's last lines.
 */
import './patience.ts';
import { EXIT } from '../session/exit.ts';
import { program } from './program.ts';

// A reader that goes away (`| head`) ends the run quietly; one of standard error alone just misses something.
process.stderr.on('error', () => {});
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.OK);
  process.stderr.write(`imx-sim: standard output cannot be written: ${error.message}\n`);
  process.exit(EXIT.USAGE);
});

process.exitCode = await program(process.argv.slice(2));
