/** What does a cold start cost, and which part of it is Node's, ours, an engine's? Medians of five. */
import { engines, image, imxSim, mustEndWith, spread, timed, whenRunAlone } from './measure.mjs';

const RUNS = 5;
const median = (run) => spread(Array.from({ length: RUNS }, run)).median;

export function coldStart() {
  const seconds = {
    node: median(() => mustEndWith(timed(process.execPath, ['-e', '0'])).seconds),
    version: median(() => mustEndWith(imxSim(['--version'])).seconds),
    info: median(() => mustEndWith(imxSim(['info', image('imx8mp_rpmsg')])).seconds),
  };
  for (const engine of engines()) {
    const first = ['run', image('imx8mp_hello'), '--cpu', engine, '--no-linux', '--until', 'hello world'];
    seconds[`first line on ${engine}`] = median(() => mustEndWith(imxSim(first)).seconds);
  }
  return { question: 'cold-start', runs: RUNS, seconds };
}

whenRunAlone(import.meta.url, coldStart);
