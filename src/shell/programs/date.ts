/** strftime(3) and ctime(3) in the C locale, in UTC. */

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

function two(value: number, fill = '0'): string {
  return String(value).padStart(2, fill);
}

/** Formats `date`, with `nanoseconds` for `%N`. */
export function strftime(format: string, date: Date, nanoseconds = date.getUTCMilliseconds() * 1e6): string {
  return format.replace(/%[-_0^#]?([A-Za-z%])/g, (whole, letter: string) => {
    const text = field(letter, date, nanoseconds);
    if (text === undefined) return whole;
    return whole[1] === '-' ? text.replace(/^[0 ](?=.)/, '') : text;
  });
}

function field(letter: string, date: Date, nanoseconds: number): string | undefined {
  const day = date.getUTCDay();
  const month = date.getUTCMonth();
  const hour = date.getUTCHours();
  const again = (format: string): string => strftime(format, date, nanoseconds);
  const fields: Readonly<Record<string, () => string>> = {
    a: () => DAYS[day]!.slice(0, 3),
    A: () => DAYS[day]!,
    b: () => MONTHS[month]!.slice(0, 3),
    h: () => MONTHS[month]!.slice(0, 3),
    B: () => MONTHS[month]!,
    c: () => again('%a %b %e %H:%M:%S %Y'),
    d: () => two(date.getUTCDate()),
    D: () => again('%m/%d/%y'),
    e: () => two(date.getUTCDate(), ' '),
    F: () => again('%Y-%m-%d'),
    H: () => two(hour),
    I: () => two(hour % 12 || 12),
    j: () =>
      String(
        Math.floor((Date.UTC(date.getUTCFullYear(), month, date.getUTCDate()) - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000) + 1,
      ).padStart(3, '0'),
    m: () => two(month + 1),
    M: () => two(date.getUTCMinutes()),
    n: () => '\n',
    N: () => String(Math.floor(nanoseconds)).padStart(9, '0'),
    p: () => (hour < 12 ? 'AM' : 'PM'),
    R: () => again('%H:%M'),
    s: () => String(Math.floor(date.getTime() / 1000)),
    S: () => two(date.getUTCSeconds()),
    t: () => '\t',
    T: () => again('%H:%M:%S'),
    u: () => String(day || 7),
    w: () => String(day),
    x: () => again('%m/%d/%y'),
    X: () => again('%H:%M:%S'),
    y: () => two(date.getUTCFullYear() % 100),
    Y: () => String(date.getUTCFullYear()),
    z: () => '+0000',
    Z: () => 'UTC',
    '%': () => '%',
  };
  return fields[letter]?.();
}

/** `Tue Oct  7 07:52:00 2025`. */
export function cTime(date: Date): string {
  return strftime('%a %b %e %H:%M:%S %Y', date);
}
