#!/usr/bin/env node
/**
 * The `imx-sim` command. Exit statuses are in exit.ts and in the help's last lines.
 */
import { setFlagsFromString } from 'node:v8';
import { EXIT } from '../session/exit.ts';
import { program } from './program.ts';

// V8 (of Node 20, where this was measured) optimises functions that a short run has done with by then: a third of its CPU time, and a
// single one, the interpreter's switch, takes 0.2 s. Three times the patience costs longer runs nothing that can be measured (docs/adr/0009).
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=400000');

// A reader that goes away (`| head`) ends the run quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.OK);
  throw error;
});

process.exitCode = await program(process.argv.slice(2));
