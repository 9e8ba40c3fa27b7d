/**
 * Stretches of virtual time as people write them: `500ms`, `10s`, `2m`.
 */
import { UsageError } from '../errors.ts';

const NANOSECONDS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, min: 60e9, h: 3600e9 };

/** A number is nanoseconds, which may be infinite; a text is a number and a unit. */
export type Duration = number | string;

/** The nanoseconds of `500ms`, `10s`, `1.5s`, `2m`, `1h`; undefined for what is no time. */
export function durationNs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ns|us|ms|s|m|min|h)$/.exec(text.trim());
  return match ? Math.round(Number(match[1]) * NANOSECONDS[match[2]!]!) : undefined;
}

/** As nanoseconds. `place` is the option that it was given for. @throws {UsageError} for what is no time */
export function nanoseconds(value: Duration, place: string): number {
  const ns = typeof value === 'number' ? value : durationNs(value);
  if (ns === undefined || !(ns >= 0)) {
    const remedy = "give a number and a unit ('500ms', '10s', '2m'), or nanoseconds as a number";
    throw new UsageError(`${place}: ${JSON.stringify(value)} is no time`, remedy, place);
  }
  return ns;
}

/** `5ms`, in the largest unit up to seconds that needs no fraction. */
export function timeText(ns: number): string {
  const unit = ns === 0 ? 'ns' : (['s', 'ms', 'us'].find((each) => ns % NANOSECONDS[each]! === 0) ?? 'ns');
  return `${ns / NANOSECONDS[unit]!}${unit}`;
}
