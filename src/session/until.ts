/**
 * The line that ends a run: `--until [device=]regex`.
 *
 * A device is what the output shows in brackets: a UART, a tty of Linux, `linux` (dmesg), `semihosting`, or `console`, the core's UART. All
 * that stands before the first `=` must have the form of such a name; otherwise it is part of the expression, and every device counts.
 */
import { UsageError } from '../errors.ts';
import type { OutputLine } from './lines.ts';
import { terminalText } from './terminal-text.ts';

/** Lines that match `pattern`, of `device` if that is given. */
export interface LineCondition {
  readonly device?: string;
  readonly pattern: RegExp;
}

/** Names of devices that have lines; whether the machine at hand has one is the session's to say. */
const DEVICE = /linux|console|uboot|semihosting|(?:lp)?uart\d+|tty[A-Za-z]*\d+/;
const NAMED = new RegExp(`^(${DEVICE.source})=([^]*)$`);
/** The prefix of the output, as it stands or with brackets escaped. */
const PREFIX = new RegExp(`^\\^?\\\\?\\[(${DEVICE.source})\\\\?\\]`);

/** Parses `ttyRPMSG30=Toradex` or `all tests passed`. @throws {UsageError} */
export function parseLineCondition(value: string): LineCondition {
  const [, device, text = value] = NAMED.exec(value) ?? [];
  // It would end any run at its first line with success: as a rule a variable of a script that was not set.
  if (text === '') throw new UsageError('it is empty, so that every line would match', 'write what the line has, such as ready', '--until');
  const prefix = PREFIX.exec(text)?.[1];
  if (prefix !== undefined) {
    throw new UsageError(
      `lines are compared without the prefix [${prefix}]; write ${prefix}=<regex> for the lines of that device`,
      `${prefix}=<regex>`,
      '--until',
    );
  }
  return { ...(device === undefined ? {} : { device }), pattern: regularExpression(text) };
}

function regularExpression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError((error as Error).message, 'write \\ before ( ) [ ] { } * + ? . ^ $ | that are meant as such', '--until');
  }
}

/** Whether `line` is one that was waited for; what it does to a terminal (colours, cursor) need not be in the expression. */
export function matches({ device, pattern }: LineCondition, { source, text }: OutputLine): boolean {
  if (device !== undefined && device !== source) return false;
  return pattern.test(text) || pattern.test(terminalText(text));
}

/** As people write it. */
export function conditionText({ device, pattern }: LineCondition): string {
  return device === undefined ? `no line matched /${pattern.source}/` : `no line of ${device} matched /${pattern.source}/`;
}
