/** Sessions under a debugger, for tests: what they showed, and their state in a few numbers. */
import { createHash } from 'node:crypto';
import { readFirmware } from '../../src/cli/firmware-file.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { Debugger, type DebuggerOptions } from '../../src/debug/debugger.ts';
import type { DebuggerEvent } from '../../src/debug/types.ts';
import type { Machine } from '../../src/machine.ts';
import { runInputs } from '../../src/session/run-inputs.ts';
import { Session, type SessionOptions } from '../../src/session/session.ts';
import { chooseTarget } from '../../src/session/target.ts';

/** A session, what it has shown, and how it ended. */
export function sessionOf(image: string, options: Partial<SessionOptions> = {}, engine: EngineFactory = jitFactory) {
  const firmware = readFirmware(`images/${image}.elf`);
  const shown: string[] = [];
  const events: string[] = [];
  let result: Readonly<Record<string, unknown>> = {};
  const renderer = {
    line: ({ source, text }: { source: string; text: string }) => void shown.push(`${source}: ${text}`),
    event: (event: object) => void events.push(JSON.stringify(event, (key, value) => (key === 'data' ? undefined : value))),
    note: (text: string) => void shown.push(`note: ${text}`),
    diagnostic: ({ text }: { text: string }) => void shown.push(`diagnostic: ${text}`),
    finding: ({ text }: { text: string }) => void shown.push(`finding: ${text}`),
    report: (lines: readonly string[]) => void shown.push(...lines.map((line) => `report: ${line}`)),
    finish: (given: Readonly<Record<string, unknown>>) => {
      result = given;
    },
  };
  const host = { renderer, disassemble: async () => [], now: () => 0, pause: () => turns(1) };
  const session = new Session({ firmware, target: chooseTarget(firmware, {}), engine, traceHash: true, ...options }, host);
  return { session, shown, events, result: () => result };
}

/** A run that a debugger holds at its beginning. */
export function debugged(
  image: string,
  options: Partial<SessionOptions> = {},
  engine: EngineFactory = jitFactory,
  more: Partial<DebuggerOptions> = {},
  prepare: (session: Session) => Promise<void> = async () => {},
) {
  const parts = sessionOf(image, options, engine);
  const { session } = parts;
  const begun = prepare(session);
  const inputs = runInputs({ session });
  const debug = new Debugger({ session, inputs, wait: true, ...more });
  const heard: DebuggerEvent[] = [];
  debug.subscribe((event) => void heard.push(event));
  debug.attach('test');
  const status = begun.then(() => session.run());
  return { ...parts, inputs, debug, heard, begun, status, machine: session.machine };
}

/** The same run without a debugger. */
export async function straight(image: string, options: Partial<SessionOptions> = {}, engine: EngineFactory = jitFactory) {
  const parts = sessionOf(image, options, engine);
  const status = await parts.session.run();
  parts.session.dispose();
  return { ...parts, status };
}

/** Registers, memory, Linux's log: two machines in which these are the same are in the same moment. */
export function stateOf(machine: Machine): string {
  const hash = createHash('sha256');
  for (const space of machine.spaces.values()) {
    for (const { ram } of space.regions) {
      for (const [index, bytes] of ram?.contents() ?? [])
        if (bytes.some((byte) => byte !== 0)) hash.update(`${ram!.name} ${index}`).update(bytes);
    }
  }
  const { scheduler, core, kernel, linuxTurns } = machine;
  const log = kernel?.log.map(({ text }) => text).join('\n') ?? '';
  const registers = [...core.registerValues(), core.readRegister('msp'), core.readRegister('psp'), core.readRegister('primask')];
  const { instructions, entries, asleep, halted } = core;
  hash.update(log);
  return `${scheduler.now} ${instructions} ${entries} ${asleep} ${halted} ${linuxTurns} ${registers.join(' ')} ${hash.digest('hex')}`;
}

/** So many turns of the host's event loop. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
