#!/usr/bin/env node
/**
 * The `imx-sim` command. Exit statuses are in exit.ts and in the help's last lines.
 */
import './patience.ts';
import { EXIT } from '../session/exit.ts';
import { program } from './program.ts';

// A reader that goes away (`| head`) ends the run quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.OK);
  throw error;
});

process.exitCode = await program(process.argv.slice(2));
