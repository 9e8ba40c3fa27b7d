/** What one GDB has under way, and its end. */
import { expect, it } from 'vitest';
import { Course } from '../../../src/debug/gdb/course.ts';
import { Threads } from '../../../src/debug/gdb/threads.ts';
import type { DebuggerApi, HaltReason } from '../../../src/debug/types.ts';
import { debugged } from '../support.ts';

it('ends with its GDB: nothing of it resumes the machine that somebody else has halted', async () => {
  const { debug, machine, session } = debugged('imx8mp_hello');
  const resumed: string[] = [];
  let halt = (_reason: HaltReason): void => {};
  let listeners = 0;
  const api: DebuggerApi = Object.assign(Object.create(debug) as DebuggerApi, {
    resume: ({ kind }: { kind: string }) => {
      resumed.push(kind);
      return new Promise<HaltReason>((resolve) => {
        halt = resolve;
      });
    },
    subscribe: () => {
      listeners++;
      return () => {
        listeners--;
      };
    },
    add: () => 7,
    remove: () => true,
  });
  const target = { debugger: api, machine, core: 'm7' };
  const { pc } = machine.core;
  const course = new Course(target, new Threads(target), 'gdb 1', () => {});
  const step = course.run({ kind: 'step', core: 'm7', range: { from: pc, to: pc + 64 } });
  expect(resumed).toEqual(['continue']);
  course.close();
  // Within the range still, at a breakpoint of its own: it would have gone on.
  halt({ kind: 'breakpoint', core: 'm7', address: pc, ids: [7] });
  expect(await step).toEqual({ kind: 'request' });
  expect(resumed).toEqual(['continue']);
  // Waiting for a halt that somebody else will cause.
  Object.defineProperty(api, 'halted', { value: undefined });
  const other = new Course(target, new Threads(target), 'gdb 2', () => {});
  const waiting = other.run({ kind: 'continue' });
  expect(listeners).toBe(1);
  other.close();
  expect(await waiting).toEqual({ kind: 'request' });
  expect(listeners).toBe(0);
  session.stop(0);
  session.dispose();
});
