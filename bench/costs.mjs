/**
 * What do an access to a device register, an exception, an interrupt and sleep cost on each engine, in nanoseconds of the host?
 *
 * Each program is run as it is and with `plain`, which leaves out the thing in question; the difference, divided by how often it happened,
 * is its cost. Programs that wait for SysTick are not comparable with QEMU, whose clock is the host's.
 */
import { engines, runInProcess, socOf } from './in-process.mjs';
import { program, spread, whenRunAlone } from './measure.mjs';
import { qemuVersion, runQemu } from './qemu.mjs';

/** `repeat`: for about a quarter of a second on a fast engine. Without `difference` the whole run is counted. */
const QUESTIONS = {
  'access to a device register': { name: 'mmio', repeat: 4, difference: true },
  'exception, entry to return': { name: 'exceptions', repeat: 8, difference: true },
  'SysTick interrupt, entry to return': { name: 'interrupts', repeat: 8, difference: true },
  'sleep until an interrupt, and the interrupt': { name: 'sleep', repeat: 10 },
  'poll of a status register until it changes, 10,000 cycles': { name: 'poll', repeat: 8 },
  'the same without fast-forward': { name: 'poll', repeat: 4, fastForward: false },
};

async function cost(engine, { name, repeat, difference = false, fastForward = true }) {
  const subject = program(name);
  const soc = socOf(subject);
  const run = (plain) =>
    engine === 'qemu' ? runQemu(subject, { soc, repeat, plain }) : runInProcess(engine, subject, { soc, repeat, plain, fastForward });
  const whole = await run(false);
  const rest = difference ? await run(true) : { wall: 0, cpu: 0 };
  return { wall: whole.wall - rest.wall, cpu: whole.cpu === undefined ? undefined : whole.cpu - rest.cpu, events: whole.events };
}

/** `quick`: runs are a quarter as long. */
export async function costs({ rounds = 5, quick = false } = {}) {
  const answers = {};
  for (const [question, asked] of Object.entries(QUESTIONS)) {
    const how = { ...asked, repeat: quick ? Math.ceil(asked.repeat / 4) : asked.repeat };
    const names = [...Object.keys(engines), ...(qemuVersion && how.difference && !program(how.name).virtualTime ? ['qemu'] : [])];
    const runs = Object.fromEntries(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) for (const name of names) runs[name].push(await cost(name, how));
    const { events } = runs.interpreter[0];
    const nanoseconds = (list, clock) => spread(list.map((run) => (run[clock] === undefined ? undefined : (run[clock] * 1e9) / events)));
    answers[question] = {
      program: how.name,
      events,
      nanoseconds: Object.fromEntries(names.map((name) => [name, nanoseconds(runs[name], 'wall')])),
      cpuNanoseconds: Object.fromEntries(names.map((name) => [name, nanoseconds(runs[name], 'cpu')])),
    };
  }
  return answers;
}

await whenRunAlone(import.meta.url, async () => ({ question: 'costs', costs: await costs() }));
