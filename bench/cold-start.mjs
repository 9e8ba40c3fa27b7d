/** What does a cold start cost, and which part of it is Node's, ours, an engine's? */
import { engines } from './in-process.mjs';
import { image, imxSim, mustEndWith, spreads, timed, whenRunAlone } from './measure.mjs';

const CASES = {
  node: () => timed(process.execPath, ['-e', '0']),
  'imx-sim --version': () => imxSim(['--version']),
  'imx-sim info': () => imxSim(['info', image('imx8mp_rpmsg')]),
};
for (const engine of Object.keys(engines)) {
  const first = ['run', image('imx8mp_hello'), '--cpu', engine, '--no-linux', '--until', 'hello world'];
  CASES[`first UART line, ${engine}`] = () => imxSim(first);
}

/** Seconds from the start of a process to its end, the cases in turn. */
export function coldStart({ rounds = 5 } = {}) {
  const runs = Object.fromEntries(Object.keys(CASES).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) for (const [name, run] of Object.entries(CASES)) runs[name].push(mustEndWith(run()));
  return Object.fromEntries(Object.entries(runs).map(([name, list]) => [name, spreads(list)]));
}

await whenRunAlone(import.meta.url, () => ({ question: 'cold-start', seconds: coldStart() }));
