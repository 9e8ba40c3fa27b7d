/** How long does the main job take, from the start of the process to `goodbye!` of the RPMsg image? Five runs on each engine. */
import { engines, image, imxSim, mustEndWith, spread, whenRunAlone } from './measure.mjs';

const RUNS = 5;

export function mainJob() {
  const seconds = {};
  for (const engine of engines()) {
    const run = () => mustEndWith(imxSim(['run', image('imx8mp_rpmsg'), '--cpu', engine, '--until', 'goodbye!'])).seconds;
    seconds[engine] = spread(Array.from({ length: RUNS }, run));
  }
  return { question: 'main-job', runs: RUNS, seconds };
}

whenRunAlone(import.meta.url, mainJob);
