/**
 * `toStayWithinStack`: no thread has used more of its stack than it has, or the thread that is named no more than so many bytes.
 */
import { UsageError } from '../../errors.ts';
import { asSimulation } from '../simulations.ts';
import { type StackUse, stackUses } from '../stacks.ts';
import { hint, type MatcherOutcome, type Matching, written } from './result.ts';

/** Free bytes below which a stack counts as used up when no number is given: what an exception frame takes. */
const MARGIN = 32;

const WIDTH = 24;

function bar({ used, size }: StackUse): string {
  if (!size) return '';
  const full = Math.min(WIDTH, Math.round((used / size) * WIDTH));
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${Math.round((used / size) * 100)} %`;
}

function table(stacks: readonly StackUse[], over: ReadonlySet<StackUse>): string {
  const name = Math.max(...stacks.map(({ thread }) => thread.length));
  return stacks
    .map((stack) => {
      const size = stack.size === undefined ? '      ?' : String(stack.size).padStart(7);
      return `${over.has(stack) ? '>' : ' '} ${stack.thread.padEnd(name)} ${String(stack.used).padStart(7)} of ${size} bytes  ${bar(stack)}`.trimEnd();
    })
    .join('\n');
}

/** `m`'s threads, or one of them, stay within their stacks. @throws {UsageError} when there is no such thread */
export function toStayWithinStack(this: Matching, received: unknown, ...args: readonly (string | number | undefined)[]): MatcherOutcome {
  const m = asSimulation('toStayWithinStack', received);
  const thread = args.find((each) => typeof each === 'string');
  const bytes = args.find((each) => typeof each === 'number');
  const stacks = stackUses(m);
  const chosen = thread === undefined ? stacks : stacks.filter((stack) => stack.thread === thread);
  if (chosen.length === 0) {
    const names = stacks.map((stack) => stack.thread).join(', ');
    throw new UsageError(
      `toStayWithinStack: there is no thread ${thread}`,
      names ? `there are ${names}` : 'nothing has run yet',
      'toStayWithinStack',
    );
  }
  const limit = ({ size }: StackUse): number => bytes ?? (size === undefined ? Number.POSITIVE_INFINITY : size - MARGIN);
  const over = new Set(chosen.filter((stack) => stack.used > limit(stack)));
  const head = hint(
    this,
    'toStayWithinStack',
    'm',
    args
      .filter((each) => each !== undefined)
      .map(written)
      .join(', '),
  );
  const message = (): string => {
    const first = [...over][0];
    const what = first
      ? `${first.thread} has used ${first.used} bytes of stack, ${first.used - limit(first)} more than ${bytes === undefined ? `leaves ${MARGIN} free` : 'allowed'}`
      : `${thread ?? 'every thread'} has stayed within ${bytes ?? 'its stack'}${bytes === undefined ? '' : ' bytes'}`;
    return `${head}\n\n${what}:\n${table(stacks, over)}`;
  };
  return { pass: over.size === 0, message };
}
