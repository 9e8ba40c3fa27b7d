/** How the engines compare, from the figures of a comparison. */
import { geometricMean, spread } from './measure.mjs';

/**
 * How much faster engine `a` is than `b` in one result of a comparison: the median of the rounds' ratios, for what disturbs one round disturbs
 * both. `of` and `to` are the figures that are compared. Undefined where one is missing.
 */
export function ratio({ engines: measured }, a, b, of = 'perSecond', to = of) {
  const [above, below] = [measured[a]?.rounds[of], measured[b]?.rounds[to]];
  if (!above || !below) return undefined;
  return spread(above.map((value, round) => (value && below[round] ? value / below[round] : undefined)))?.median;
}

/** For every pair of engines, the geometric mean of `ratio` over the integer programs. A pair of which one is missing has none. */
export function ratiosOf(results, of = 'perSecond', to = of) {
  const integer = results.filter(({ group }) => group === 'integer');
  const names = [...new Set(integer.flatMap(({ engines: measured }) => Object.keys(measured)))];
  const ratios = {};
  for (const a of names) {
    for (const b of names) {
      const values = integer.map((result) => ratio(result, a, b, of, to));
      if (a !== b && !values.includes(undefined)) ratios[`${a}/${b}`] = geometricMean(values);
    }
  }
  return ratios;
}
