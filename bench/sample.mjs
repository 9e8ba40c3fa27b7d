/**
 * One sample: runs of one program on some engines, one after the other, in a Node process of their own.
 *
 * A process of its own, because V8 keeps compiled WebAssembly by its bytes: a second run of a program in one process would be given the optimised
 * code of the first, which nobody has who starts `imx-sim run`. So every translation that a sample contains is its own.
 *
 *   node bench/sample.mjs '[{"engine":"jit","program":"alu","repeat":20}]'      prints one JSON line
 */
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { dist, mustEndWith, program, timed } from './measure.mjs';

const SCRIPT = fileURLToPath(import.meta.url);

/** Results of `runInProcess` for every one of `runs`, which are its arguments by name; and those of raw libunicorn. */
export function sample(runs) {
  const env = { ...process.env, IMX_SIM_DIST: dist };
  return JSON.parse(mustEndWith(timed(process.execPath, [SCRIPT, JSON.stringify(runs)], { env })).stdout);
}

/** Makes `object[name]` add its time to `total`, calls from inside it aside. */
function stopwatch(object, name) {
  const watch = { milliseconds: 0 };
  const original = object[name];
  let depth = 0;
  const timedCall = (call) => {
    const start = performance.now();
    depth++;
    try {
      return call();
    } finally {
      if (--depth === 0) watch.milliseconds += performance.now() - start;
    }
  };
  object[name] = new Proxy(original, {
    apply: (target, self, args) => timedCall(() => Reflect.apply(target, self, args)),
    construct: (target, args) => timedCall(() => Reflect.construct(target, args)),
  });
  return watch;
}

/** Times what the translating engine and V8 do before translated code runs; V8 optimises it later, on other threads. */
async function watchTranslation() {
  const { Translations } = await import(pathToFileURL(join(dist, 'cpu/jit/translations.js')).href);
  const [all, modules] = [stopwatch(Translations.prototype, 'translate'), stopwatch(WebAssembly, 'Module')];
  return () => ({ milliseconds: all.milliseconds, moduleMilliseconds: modules.milliseconds });
}

async function main(runs) {
  const { runInProcess } = await import('./in-process.mjs');
  const { FREE, RAW, runRaw } = await import('./unicorn-raw.mjs');
  const compiling = await watchTranslation();
  const results = [];
  for (const { engine, program: name, ...how } of runs) {
    const subject = program(name);
    const run = engine === RAW || engine === FREE ? runRaw(engine, subject, how) : await runInProcess(engine, subject, how);
    results.push(run.translation ? { ...run, translation: { ...run.translation, ...compiling() } } : run);
  }
  console.log(JSON.stringify(results));
}

if (process.argv[1] === SCRIPT) await main(JSON.parse(process.argv[2]));
