/** docs/view-protocol.md against the sources: methods with their parameters, notifications, types of events, limits. */
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, MOST_BYTES, MOST_EVENTS, MOST_RATE, PARAMETERS } from '../../src/view/checks.ts';
import { MOST_PENDING, USUAL_RATE } from '../../src/view/connection.ts';
import { KEPT_OUTPUT, MOST_CONSOLES } from '../../src/view/console-log.ts';
import { KEPT_BYTES, KEPT_EVENTS } from '../../src/view/event-log.ts';
import { MOST_CLIENTS } from '../../src/view/hub.ts';
import { PROTOCOL_VERSION } from '../../src/view/protocol.ts';
import { MESSAGE_BYTES } from '../../src/view/recorder.ts';
import { LONGEST_CALL } from '../../src/view/rpc.ts';
import { quoted, read, tableRows } from './support.ts';

const PAGE = read('docs/view-protocol.md');
const PROTOCOL = read('src/view/protocol.ts');
const METHODS = tableRows(PAGE, ['method', 'parameters', 'what it gives']);

/** Names of the members of an interface of the protocol. */
function members(name: string): string[] {
  const body = new RegExp(`export interface ${name} \\{\\n(.*?)\\n\\}`, 's').exec(PROTOCOL)![1]!;
  return [...body.matchAll(/^ {2}(?:'([^']+)'|(\w+)): /gm)].map(([, text, word]) => text ?? word!);
}

describe('docs/view-protocol.md', () => {
  it('has a row for every method, and no other', () => {
    const names = METHODS.map(([name]) => quoted(name!)[0]);
    expect(names.sort()).toEqual(members('Methods').sort());
    expect(names).toEqual(Object.keys(PARAMETERS).sort());
  });

  it('gives each method the parameters that it takes, and says which need not be given', () => {
    for (const [name, parameters] of METHODS) {
      const table = PARAMETERS[quoted(name!)[0] as 'system.state'] as Readonly<Record<string, unknown>>;
      const taken = Object.entries(table).map(([key, check]) => (typeof check === 'function' ? key : `${key}?`));
      expect(quoted(parameters!), name).toEqual(taken);
    }
  });

  it('has a row for every notification, and no other', () => {
    expect(
      tableRows(PAGE, ['notification', 'when'])
        .map(([name]) => quoted(name!)[0])
        .sort(),
    ).toEqual(members('Notifications').sort());
  });

  it('names the types of events', () => {
    const [, types] = /^.*Types: ([^.]*)\.$/m.exec(PAGE.replace(/`\./g, '`.'))!;
    expect(quoted(types!)).toEqual([...EVENT_TYPES]);
    for (const type of EVENT_TYPES) expect(PROTOCOL).toContain(`readonly type: '${type}'`);
  });

  it('has the limits as they are', () => {
    const limits = tableRows(PAGE, ['what', 'limit'])
      .map(([, limit]) => limit)
      .join('\n');
    const number = (value: number): string => value.toLocaleString('en-US');
    for (const text of [
      `${number(LONGEST_CALL)} characters`,
      `; ${MOST_PENDING} that wait`,
      `${MOST_CLIENTS}\n`,
      `${MOST_BYTES / 1024} KiB\n`,
      `the last ${number(KEPT_EVENTS)}, and of their contents ${KEPT_BYTES / 1024 / 1024} MiB: of a message the first ${MESSAGE_BYTES} bytes`,
      `the last ${KEPT_OUTPUT / 1024} KiB of each console, of ${MOST_CONSOLES} consoles`,
    ])
      expect(limits).toContain(text);
    expect(PAGE).toContain(`${number(USUAL_RATE)} unless given, at most ${number(MOST_RATE)}`);
    expect(PAGE).toContain(`at most ${number(MOST_EVENTS)})`);
    expect(PAGE).toContain(`version ${PROTOCOL_VERSION}.`);
  });
});
