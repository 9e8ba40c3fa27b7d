/** How long does the main job take, from the start of the process to `goodbye!` of the RPMsg image? */
import { engines } from './in-process.mjs';
import { image, imxSim, mustEndWith, spreads, whenRunAlone } from './measure.mjs';

export function mainJob({ rounds = 5 } = {}) {
  const runs = Object.fromEntries(Object.keys(engines).map((engine) => [engine, []]));
  for (let round = 0; round < rounds; round++) {
    for (const engine of Object.keys(engines)) {
      runs[engine].push(mustEndWith(imxSim(['run', image('imx8mp_rpmsg'), '--cpu', engine, '--until', 'goodbye!'])));
    }
  }
  return Object.fromEntries(Object.entries(runs).map(([engine, list]) => [engine, spreads(list)]));
}

await whenRunAlone(import.meta.url, () => ({ question: 'main-job', seconds: mainJob() }));
