/**
 * The wall clock of the modelled Linux. A board without a network has no notion of the year; here power-on is always the same moment, so that
 * runs are reproducible: Tuesday, 7 October 2025, 06:59:00 UTC.
 */

/** Milliseconds since 1970 at power-on. */
const POWER_ON_MS = Date.UTC(2025, 9, 7, 6, 59, 0);

/** Date and time at `ns` of virtual time. */
export function dateAt(ns: number): Date {
  return new Date(POWER_ON_MS + Math.floor(ns / 1e6));
}
