/** How much memory does a process take at most, in which one program runs on one engine? Each in a process of its own. */
import { fileURLToPath } from 'node:url';
import { engines, runInProcess } from './in-process.mjs';
import { mustEndWith, program, timed } from './measure.mjs';

const SUBJECT = 'blend';
const REPEAT = 2;

/** Largest resident set in bytes, by engine; `none`: the library is loaded and nothing runs. */
export function memory() {
  const of = (engine) => JSON.parse(mustEndWith(timed(process.execPath, [fileURLToPath(import.meta.url), engine])).stdout);
  return Object.fromEntries(['none', ...Object.keys(engines)].map((engine) => [engine, of(engine)]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const engine = process.argv[2];
  if (engine in engines) await runInProcess(engine, program(SUBJECT), { repeat: REPEAT });
  console.log(engine === undefined ? JSON.stringify({ question: 'memory', bytes: memory() }) : process.resourceUsage().maxRSS * 1024);
}
