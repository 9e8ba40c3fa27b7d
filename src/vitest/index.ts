/**
 * `imx-sim/vitest`: tests of firmware with vitest. Importing it registers the matchers.
 */
import { expect } from 'vitest';
import type { Duration } from '../time/duration.ts';
import { toReachWithin } from './matchers/reach.ts';
import { type Expected, toHaveReceived, toHaveSent } from './matchers/sent.ts';
import { toStayWithinStack } from './matchers/stack.ts';
import { type TraceMatch, toMatchTrace } from './matchers/trace.ts';

export { createMachine } from '../cli/create-machine.ts';
export * from '../kit/index.ts';
export type { FirmwareFailure } from './failure.ts';
export type { FileName, FileOptions } from './files.ts';
export { type FirmwareFixtures, type FirmwareTest, type FirmwareTestOptions, firmwareTest } from './firmware-test.ts';
export { type StackUse, stackUses } from './stacks.ts';
export type { Setup } from './stages.ts';
export type { TraceMatch };

/** What can be expected of machines, consoles and channels. */
export interface FirmwareMatchers<R = unknown> {
  /**
   * `expect(m.uart('uart4'))`: the console has printed it. `expect(channel)`: Linux has sent it, which is what `channel.sent` has. Text or an
   * expression anywhere in what a console printed or within a message; bytes anywhere, or a whole message. A list: one behind the other.
   */
  toHaveSent(expected: Expected | readonly Expected[]): R;
  /** `expect(channel)`: it came from the firmware, which is what `channel.received` has. */
  toHaveReceived(expected: Expected | readonly Expected[]): R;
  /** `await expect(m)`: the core comes to a function or `file.c:line` within that much virtual time from now. */
  toReachWithin(place: string, within: Duration): Promise<R>;
  /** `await expect(m)`: a console, dmesg (`linux`) or `any` has a line that matches, as `m.until` looks for it, within that much virtual time. */
  toReachWithin(source: string, pattern: RegExp | string, within: Duration): Promise<R>;
  /** `expect(m)`, with `stacks: true`: no thread has used up its stack; or all have used so many bytes at most. */
  toStayWithinStack(bytes?: number): R;
  /** `expect(m)`, with `stacks: true`: the thread has not used up its stack, or has used so many bytes at most. */
  toStayWithinStack(thread: string, bytes?: number): R;
  /** `await expect(m)`: what it said and did is what the file in `__traces__` has; vitest writes the file when there is none, and with `-u`. */
  toMatchTrace(match?: TraceMatch | string): Promise<R>;
}

declare module 'vitest' {
  // Its parameter has to be named as vitest names it.
  interface Assertion<T> extends FirmwareMatchers<void> {}
  interface AsymmetricMatchersContaining extends Pick<FirmwareMatchers, 'toHaveSent' | 'toHaveReceived' | 'toStayWithinStack'> {}
}

// The line of the test is behind some of ours.
Error.stackTraceLimit = Math.max(Error.stackTraceLimit, 40);

expect.extend({ toHaveSent, toHaveReceived, toReachWithin, toStayWithinStack, toMatchTrace });
