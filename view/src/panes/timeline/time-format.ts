/** Cycles as times. Cycles are exact; what is printed of them says how many digits it has. */

const THIN = '\u2009';

/** Nanoseconds of a cycle, whole, as text without rounding errors: `2016009010`. */
export function nanoseconds(cycle: number, hz: number): string {
  const seconds = Math.floor(cycle / hz);
  const rest = Math.round(((cycle - seconds * hz) / hz) * 1e9);
  const carry = rest >= 1e9 ? 1 : 0;
  const whole = seconds + carry;
  const digits = String(rest - carry * 1e9);
  return whole === 0 ? digits : `${whole}${digits.padStart(9, '0')}`;
}

/** `2.016 009 010 s`, to the nanosecond. */
export function formatTime(cycle: number, hz: number): string {
  const sign = cycle < 0 ? '−' : '';
  const ns = nanoseconds(Math.abs(cycle), hz).padStart(10, '0');
  const fraction = ns.slice(-9);
  return `${sign}${ns.slice(0, -9)}.${fraction.slice(0, 3)}${THIN}${fraction.slice(3, 6)}${THIN}${fraction.slice(6)} s`;
}

/** Thousands apart: `1 612 807 208`. */
export function formatInteger(value: number): string {
  const digits = String(Math.round(Math.abs(value)));
  return `${value < 0 ? '−' : ''}${digits.replace(/\B(?=(\d{3})+$)/g, THIN)}`;
}

const UNITS: readonly (readonly [number, string])[] = [
  [1, 's'],
  [1e-3, 'ms'],
  [1e-6, 'µs'],
  [1e-9, 'ns'],
];

/** `3.294 ms`: four digits. */
export function formatDuration(cycles: number, hz: number): string {
  return formatSeconds(cycles / hz);
}

export function formatSeconds(seconds: number): string {
  if (seconds === 0) return '0 s';
  const sign = seconds < 0 ? '−' : '';
  const size = Math.abs(seconds);
  const [unit, name] = UNITS.find(([each]) => size >= each * 0.9995) ?? UNITS[3]!;
  const value = size / unit;
  const digits = value >= 999.5 ? 0 : value >= 99.95 ? 1 : value >= 9.995 ? 2 : 3;
  return `${sign}${value.toFixed(digits)} ${name}`;
}

/** A mark of the axis. */
export interface Tick {
  readonly cycle: number;
  /** Undefined: a small one. */
  readonly label?: string;
}

export interface Axis {
  readonly ticks: readonly Tick[];
  /** What the labels, which begin with +, are added to; undefined when they are times themselves. */
  readonly base?: { readonly cycle: number; readonly label: string };
}

/** 1, 2 or 5 times a power of ten, not below `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of [1, 2, 5]) if (power * factor >= least * 0.999999) return power * factor;
  return power * 10;
}

/** Marks of the axis: labels at least `distance` pixels apart. Where the labels would only differ in late digits, they count from a round time before. */
export function axisOf(start: number, perPixel: number, width: number, hz: number, distance = 110): Axis {
  const stepSeconds = niceStep(Math.max((perPixel * distance) / hz, 1e-12));
  const minor = stepSeconds / 5;
  const from = start / hz;
  const to = (start + perPixel * width) / hz;
  const span = to - from;
  const ticks: Tick[] = [];
  let base: Axis['base'];
  let origin = 0;
  if (from > span * 20 && span < 0.5) {
    const coarse = 10 ** Math.ceil(Math.log10(span));
    origin = Math.floor(from / coarse + 1e-9) * coarse;
    base = { cycle: origin * hz, label: trimmed(origin, coarse) };
  }
  const firstIndex = Math.ceil((from - origin) / minor - 1e-6);
  const lastIndex = Math.floor((to - origin) / minor + 1e-6);
  for (let index = firstIndex; index <= lastIndex && ticks.length < 2000; index++) {
    const offset = index * minor;
    const cycle = (origin + offset) * hz;
    if (index % 5 !== 0) ticks.push({ cycle });
    else if (origin + offset > -minor / 2)
      ticks.push({ cycle, label: base ? `+${stepped(offset, stepSeconds)}` : stepped(offset, stepSeconds) });
  }
  return base ? { ticks, base } : { ticks };
}

/** As many digits as the step needs, in the unit of the step or of the value. */
function stepped(seconds: number, step: number): string {
  if (Math.abs(seconds) < step / 1000) return '0';
  const size = Math.abs(seconds);
  const [unit, name] = UNITS.find(([each]) => size >= each * 0.9995) ?? UNITS[3]!;
  const digits = Math.max(0, Math.ceil(Math.log10(unit / step) - 1e-9));
  return `${(seconds / unit).toFixed(Math.min(digits, 9))} ${name}`;
}

function trimmed(seconds: number, step: number): string {
  const digits = Math.min(9, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)));
  return `${seconds.toFixed(digits)} s`;
}
