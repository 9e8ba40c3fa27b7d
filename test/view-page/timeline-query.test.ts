/** The language of filter and search. */
import { describe, expect, it } from 'vitest';
import type { ViewEvent } from '../../src/view/protocol.ts';
import { parseQuery } from '../../view/src/panes/timeline/query.ts';
import { FIELD_HELP, FIELDS } from '../../view/src/panes/timeline/query-fields.ts';
import { HZ, Script } from './timeline-run.ts';

const script = new Script();
script.dmesg('virtio_rpmsg_bus virtio0: rpmsg host is online');
script.dmesg('msg received with no recipient', 3, 10);
script.toCore(0x400, 0x1e, 'hello world!');
script.toLinux(0x1e, 0x400, 'or (not) a=b', 7);
script.thread('IDLE', 0x2000_0600);
script.line('Waiting for "ping"...');
script.put({ type: 'finding', finding: { kind: 'guest-error', severity: 'error', text: 'a word is lost' } });
script.put({ type: 'fault', fault: 'lost-doorbell', text: 'a doorbell was lost' });
const { events } = script;

function found(query: string): readonly ViewEvent[] {
  const parsed = parseQuery(query);
  if (parsed.error) throw parsed.error;
  return events.filter((event) => parsed.test?.(event, HZ) ?? true);
}

const count = (query: string): number => found(query).length;

describe('queries', () => {
  it('find words in what a line says, in any case', () => {
    expect(count('')).toBe(events.length);
    expect(count('   ')).toBe(events.length);
    expect(count('HELLO')).toBe(1);
    expect(count('hello world')).toBe(1);
    expect(count('"world hello"')).toBe(0);
    expect(count('"Waiting for \\"ping\\""')).toBe(1);
    expect(count('/rpmsg host is \\w+/')).toBe(1);
  });

  it('ask for fields', () => {
    expect(found('type:message').map(({ type }) => type)).toEqual(['message', 'message']);
    expect(count('type:mess')).toBe(2);
    expect(count('TYPE:mu side:a')).toBe(2);
    expect(count('mu:MU1 channel:1 action:transmit')).toBe(2);
    expect(count('value:0x10000')).toBe(2);
    expect(count('addr:0x400')).toBe(2);
    expect(count('src:1024')).toBe(1);
    expect(count('device:virtio0 queue:0')).toBe(2);
    expect(count('buffer:7')).toBe(2);
    expect(count('name:mu1')).toBe(2);
    expect(count('irq:113')).toBe(2);
    expect(count('thread:idle')).toBe(1);
    expect(count('lane:"vring1 kick"')).toBe(1);
    expect(count('text:/no rec.*t$/')).toBe(1);
    expect(count('text:"or (not) a=b"')).toBe(1);
  });

  it('compare, and take ranges with units', () => {
    expect(count('level:<=4')).toBe(1);
    expect(count('level:3..6')).toBe(2);
    expect(count('len:>11 type:message')).toBe(2);
    expect(count('len>=512')).toBe(2);
    expect(count('seq:2..')).toBe(events.length - 2);
    expect(count('cycle<900')).toBe(events.filter(({ cycle }) => cycle < 900).length);
    const middle = events[8]!.cycle;
    expect(count(`time:..${(middle / HZ) * 1e6}us`)).toBe(events.filter(({ cycle }) => cycle <= middle).length);
    expect(count(`time:${middle / HZ}`)).toBe(events.filter(({ cycle }) => cycle === middle).length);
    expect(count('time:>1s')).toBe(0);
  });

  it('know not, or, and, parentheses', () => {
    expect(count('-type:mu')).toBe(events.length - 4);
    expect(count('not type:mu')).toBe(events.length - 4);
    expect(count('- type:mu')).toBe(0);
    expect(count('type:mu or type:message')).toBe(6);
    expect(count('type:mu | type:message')).toBe(6);
    expect(count('type:message and hello')).toBe(1);
    expect(count('(type:mu or type:message) -(side:A or src:0x400)')).toBe(3);
    expect(count('type:message src:0x400 or type:thread')).toBe(2);
    expect(count('text:or')).toBe(count('text:"or"'));
  });

  it.each([
    ['typ:message', 'did you mean type', 0, 3],
    ['zzzzz:1', 'there is no field', 0, 5],
    ['type:messages', 'type is one of console', 5, 13],
    ['len:abc', 'is no number', 4, 7],
    ['len:5ms', 'is no number', 4, 7],
    ['time:5min', 'is no time', 5, 9],
    ['text:>5', 'text is a text', 6, 7],
    ['type:', 'needs a value right after it', 0, 5],
    ['type: message', 'needs a value right after it', 0, 5],
    ['(type:mu', 'is not closed', 0, 1],
    ['type:mu)', 'there is no (', 7, 8],
    ['hello or', 'something is to follow', 8, 9],
    ['or hello', 'needs something before it', 0, 2],
    ['"open', 'closing " is missing', 0, 5],
    ['text:/(/', 'no regular expression', 5, 8],
    [`${'('.repeat(60)}x`, 'too many parentheses', 50, 51],
  ])('say what is wrong with %s', (query, message, from, to) => {
    const { error } = parseQuery(query);
    expect(error?.message).toContain(message);
    expect([error?.from, error?.to]).toEqual([from, to]);
  });

  it('never throw anything else, whatever is typed', () => {
    const alphabet = ['type', ':', '(', ')', '-', '"', '/', '|', 'or', ' ', '<', '>=', '..', '0x', '5s', 'mu', '\\'];
    let state = 9;
    for (let round = 0; round < 2000; round++) {
      let text = '';
      for (let index = 0; index < 8; index++) {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        text += alphabet[(state >>> 16) % alphabet.length];
      }
      const { test, error } = parseQuery(text);
      if (error) expect(error.to).toBeGreaterThan(error.from);
      else if (test) for (const event of events) test(event, HZ);
    }
  });

  it('have fields whose examples are right', () => {
    for (const field of FIELD_HELP) {
      expect(parseQuery(field.example).error, field.example).toBeUndefined();
      expect(FIELDS.get(field.name)).toBe(field);
    }
  });
});
