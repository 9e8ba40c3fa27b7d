/** What is demanded of the engines, held against the figures of a run. Printed, not tested: a busy machine may miss what an idle one keeps. */
import { ratio } from './ratios.mjs';
import { viewPerCent } from './view.mjs';

/** Round trips in a second. */
export const ECHOES_WANTED = 20_000;

const smallest = (list) => list.reduce((least, item) => (item.value < least.value ? item : least));

/** Of some programs, the one for which `of` gives least. */
function worst(programs, of) {
  const values = programs.map((program) => ({ program: program.name, value: of(program) })).filter(({ value }) => value !== undefined);
  return values.length > 0 ? smallest(values) : undefined;
}

/** What an engine's speed is measured by, by the clock. */
const UNITS = { wall: 'perSecond', cpu: 'perCpuSecond' };

/** `{ text, wanted, wall, cpu, program?, holds }` of every demand. Wall time decides; `holds` is null where the run has no figure for it. */
export function conditionsOf({ programs, ratios, ratiosByCpuTime, mainJob, echo, view }) {
  const integer = programs.filter(({ group }) => group === 'integer');
  const means = (pair) => ({ wall: { value: ratios[pair] }, cpu: { value: ratiosByCpuTime[pair] } });
  const worsts = (list, of) => ({
    wall: worst(list, (program) => of(program, UNITS.wall)),
    cpu: worst(list, (program) => of(program, UNITS.cpu)),
  });
  const job = mainJob?.jit;
  const exchanges = Object.entries(echo ?? {}).map(([name, { jit }]) => ({ name, ...jit }));
  const looked = (name) => ({
    wall: { value: view && viewPerCent(view, name, 'wall') },
    cpu: { value: view && viewPerCent(view, name, 'cpu') },
  });
  const demands = [
    { text: 'jit/unicorn, geometric mean of the integer programs', wanted: 2, ...means('jit/unicorn') },
    { text: 'jit/qemu, geometric mean of the integer programs', wanted: 0.6, ...means('jit/qemu') },
    {
      text: 'jit/unicorn, the program where it is least',
      wanted: 1,
      ...worsts(programs, (program, unit) => ratio(program, 'jit', 'unicorn', unit)),
    },
    {
      text: 'interpreter, M instructions/s, the integer program where it is slowest',
      wanted: 40,
      ...worsts(integer, ({ engines }, unit) => (engines.interpreter?.[unit] ? engines.interpreter[unit].median / 1e6 : undefined)),
    },
    {
      text: 'jit, messages to the firmware and back in a second, where they are fewest',
      wanted: ECHOES_WANTED,
      ...worsts(exchanges, (exchange, unit) => exchange[unit]?.median),
    },
    {
      text: 'per cent that --view costs a run with 10,000 events in a second, nobody there',
      wanted: 2,
      most: true,
      ...looked('--view, nobody there'),
    },
    {
      text: 'per cent that --view costs a run with 10,000 events in a second, all of which a client gets',
      wanted: 10,
      most: true,
      ...looked('--view, a client'),
    },
    {
      text: 'seconds from the start of the process to goodbye!',
      wanted: 0.6,
      most: true,
      wall: { value: job?.wall.median },
      cpu: { value: job?.cpu?.median },
    },
  ];
  return demands.map(({ text, wanted: limit, most = false, wall, cpu }) => {
    const wanted = `${most ? '<=' : '>='} ${limit.toLocaleString('en-US')}`;
    if (wall?.value === undefined) return { text, wanted, holds: null };
    return {
      text,
      wanted,
      wall: wall.value,
      cpu: cpu?.value,
      ...(wall.program ? { program: wall.program } : {}),
      holds: most ? wall.value <= limit : wall.value >= limit,
    };
  });
}
