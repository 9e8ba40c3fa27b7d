/**
 * What do an access to a device register, an exception, an interrupt, sleep and idle time cost on each engine, in nanoseconds of the host?
 *
 * Each program is run as it is and with `plain`, which leaves out the thing in question; the difference, divided by how often it happened,
 * is its cost. Of our engines the second half of a run counts, when what is hot has been translated. Programs that wait for SysTick
 * are not comparable with QEMU, whose clock is the host's.
 */
import { idleCosts, idleSeconds, TICK_HZ } from './idle.mjs';
import { engines, socOf } from './in-process.mjs';
import { program, spread, whenRunAlone } from './measure.mjs';
import { qemuVersion, runQemu } from './qemu.mjs';
import { sample } from './sample.mjs';

/** `repeat`: for a tenth of a second or more on a fast engine. Without `difference` the whole run is counted. `label`: for a plot. */
const QUESTIONS = {
  'access to a device register': { label: 'device register', name: 'mmio', repeat: 4, difference: true },
  'exception, entry to return': { label: 'exception', name: 'exceptions', repeat: 6, difference: true },
  'SysTick interrupt, entry to return': { label: 'interrupt', name: 'interrupts', repeat: 6, difference: true },
  'sleep until an interrupt, and the interrupt': { label: 'sleep and interrupt', name: 'sleep', repeat: 8 },
  'poll of a status register until it changes, 10,000 cycles': { label: 'poll, 10,000 cycles', name: 'poll', repeat: 8 },
  'the same without fast-forward': { label: 'poll, no fast-forward', name: 'poll', repeat: 4, fastForward: false },
};

/** What a whole run takes at the speed of its second half. */
const steadily = ({ steady, instructions }, unit) => (steady[unit] * instructions) / steady.instructions;

/** One round of a question on our engines. */
function ours(names, { name, soc, repeat, difference = false, fastForward = true }) {
  const kinds = difference ? [false, true] : [false];
  const runs = sample(names.flatMap((engine) => kinds.map((plain) => ({ engine, program: name, soc, repeat, plain, fastForward }))));
  return names.map((engine, i) => {
    const [whole, plain] = runs.slice(i * kinds.length, (i + 1) * kinds.length);
    const of = (unit) => steadily(whole, unit) - (plain ? steadily(plain, unit) : 0);
    return [engine, { wall: of('wall'), cpu: of('cpu'), events: whole.events }];
  });
}

/** The same on QEMU. */
function qemus({ name, soc, repeat }) {
  const [whole, plain] = [false, true].map((left) => runQemu(program(name), { soc, repeat, plain: left }));
  return { wall: whole.wall - plain.wall, cpu: whole.cpu === undefined ? undefined : whole.cpu - plain.cpu };
}

/** Idle time by the millisecond: the tick and what the idle task does until the next. */
const IDLE = {
  'idle loop': { question: 'a millisecond of an idle task that loops, with its tick', label: '1 ms idle loop, tick' },
  WFI: { question: 'a millisecond of an idle task that sleeps, with its tick', label: '1 ms idle WFI, tick' },
};

function idle(how) {
  const measured = Object.entries(idleCosts(how));
  const perTick = ({ min, median, max }) => {
    const of = (seconds) => (seconds * 1e9) / (60 * TICK_HZ);
    return { min: of(min), median: of(median), max: of(max) };
  };
  return Object.fromEntries(
    measured.map(([kind, answers]) => {
      const each = (unit) => Object.fromEntries(Object.entries(answers).map(([engine, figures]) => [engine, perTick(figures[unit])]));
      const { question, label } = IDLE[kind];
      const events = (idleSeconds(how.quick) / 2) * TICK_HZ;
      return [question, { program: 'idle', label, events, nanoseconds: each('wall'), cpuNanoseconds: each('cpu') }];
    }),
  );
}

/** `quick`: runs are a quarter as long. */
export function costs({ rounds = 5, quick = false } = {}) {
  const answers = {};
  for (const [question, asked] of Object.entries(QUESTIONS)) {
    const subject = program(asked.name);
    const how = { ...asked, soc: socOf(subject), repeat: quick ? Math.ceil(asked.repeat / 4) : asked.repeat };
    const done = [];
    for (let round = 0; round < rounds; round++) {
      const results = Object.fromEntries(ours(Object.keys(engines), how));
      if (qemuVersion && how.difference && !subject.virtualTime) results.qemu = qemus(how);
      done.push(results);
    }
    const { events } = done[0].interpreter;
    const nanoseconds = (engine, unit) =>
      spread(done.map(({ [engine]: run }) => (run[unit] === undefined ? undefined : (run[unit] * 1e9) / events)));
    const each = (unit) => Object.fromEntries(Object.keys(done[0]).map((engine) => [engine, nanoseconds(engine, unit)]));
    answers[question] = { program: how.name, label: how.label, events, nanoseconds: each('wall'), cpuNanoseconds: each('cpu') };
  }
  return { ...answers, ...idle({ rounds, quick }) };
}

await whenRunAlone(import.meta.url, () => ({ question: 'costs', costs: costs() }));
