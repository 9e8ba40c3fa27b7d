/** The matchers' verdicts and messages, on consoles and channels that are made up. */
import { describe, expect, it } from 'vitest';
import '../../src/vitest/index.ts';
import { lineDifference } from '../../src/vitest/line-difference.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

const uart = (printed: string | Uint8Array) => {
  const bytes = typeof printed === 'string' ? encode(printed) : printed;
  return { name: 'uart4', bytes, text: new TextDecoder().decode(bytes).replaceAll('\r\n', '\n') };
};

const channel = (sent: readonly (string | Uint8Array)[], received: readonly (string | Uint8Array)[] = []) => {
  const messages = (list: readonly (string | Uint8Array)[]) =>
    list.map((each, index) => ({ bytes: typeof each === 'string' ? encode(each) : each, time: (index + 1) * 1e6 }));
  return { name: 'rpmsg-tty', sent: messages(sent), received: messages(received) };
};

interface Failure {
  readonly message: string;
  readonly actual?: unknown;
  readonly expected?: unknown;
}

/** What an expectation that fails says, without colours. */
function failureOf(assertion: () => unknown): Failure {
  try {
    assertion();
  } catch (error) {
    const { message, actual, expected } = error as Failure;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    return { message: message.replace(/\u001b\[\d+m/g, ''), actual, expected };
  }
  throw new Error('it did not fail');
}

describe('toHaveSent of a console', () => {
  it('finds text, expressions and bytes anywhere', () => {
    const console = uart('ready\r\nstate 3\r\n');
    expect(console).toHaveSent('ready\nstate');
    expect(console).toHaveSent(/^state \d$/);
    expect(console).toHaveSent(/ready/g);
    expect(console).toHaveSent(encode('y\r\ns'));
    expect(console).toHaveSent('');
    expect(console).not.toHaveSent('Ready');
    expect(console).not.toHaveSent(encode('y\ns'));
    expect(uart('')).not.toHaveSent('x');
  });

  it('finds a list in its order alone', () => {
    const console = uart('one two three two');
    expect(console).toHaveSent(['one', 'two', /t\w+e/, 'two']);
    expect(console).not.toHaveSent(['one', 'two', 'two', 'three']);
    expect(console).not.toHaveSent(['three', /three/]);
  });

  it('counts characters of several bytes right', () => {
    expect(uart('25 °C, 30 °C')).toHaveSent([/\d+ °C/, '30 °C']);
    expect(uart('25 °C, 30 °C')).not.toHaveSent([/\d+ °C/, /\d+ °C/, /\d/]);
  });

  it('says what was printed, and lays the line beside it that is most like the expected one', () => {
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    const failure = failureOf(() => expect(uart(`${lines.join('\r\n')}\r\nlink is up\r\n`)).toHaveSent('link is down'));
    expect(failure.message).toBe(
      [
        'expect(uart4).toHaveSent("link is down")',
        '',
        'uart4 has not sent "link is down". It has sent:',
        '  ... 13 before',
        ...lines.slice(13).map((line) => `  ${line}`),
        '  link is up',
      ].join('\n'),
    );
    expect(failure).toMatchObject({ actual: 'link is up', expected: 'link is down' });
  });

  it('names the one of a list that was missing', () => {
    const { message } = failureOf(() => expect(uart('one\n')).toHaveSent(['one', 'two']));
    expect(message).toContain('uart4 has not sent "two", behind the 1 before it in the list. It has sent:\n  one');
  });

  it('says of silence that it was silence', () => {
    const { message, actual } = failureOf(() => expect(uart('')).toHaveSent('x'));
    expect(message).toContain('It has sent:\n  nothing');
    expect(actual).toBeUndefined();
  });

  it('shows with .not what was there', () => {
    const { message } = failureOf(() => expect(uart('panic\n')).not.toHaveSent(/panic/));
    expect(message).toBe('expect(uart4).not.toHaveSent(/panic/)\n\nuart4 has sent it:\n  panic');
  });

  it('compares bytes as hex beside text', () => {
    const failure = failureOf(() => expect(uart(Uint8Array.of(1, 2, 3, 65))).toHaveSent(Uint8Array.of(3, 66)));
    expect(failure.actual).toBe(`0000  03 41${' '.repeat(44)}.A`);
    expect(failure.expected).toBe(`0000  03 42${' '.repeat(44)}.B`);
  });
});

describe('toHaveSent and toHaveReceived of a channel', () => {
  it('find text within a message, bytes as a whole message', () => {
    const tty = channel(['hello', 'stats'], ['TTY 0x0401: hello', Uint8Array.of(0, 1, 2)]);
    expect(tty).toHaveSent('ell');
    expect(tty).toHaveSent(['hello', /^stats$/]);
    expect(tty).toHaveReceived(Uint8Array.of(0, 1, 2));
    expect(tty).not.toHaveReceived(Uint8Array.of(0, 1));
    expect(tty).not.toHaveSent(['stats', 'hello']);
    expect(tty).not.toHaveSent('hellostats');
    expect(channel([''])).toHaveSent(new Uint8Array());
  });

  it('list messages with their times', () => {
    const failure = failureOf(() => expect(channel(['a', Uint8Array.of(0, 255)])).toHaveSent('ab'));
    expect(failure.message).toBe(
      [
        'expect(rpmsg-tty).toHaveSent("ab")',
        '',
        'rpmsg-tty has not sent "ab". It has sent:',
        '  0.001000 s  "a"',
        '  0.002000 s  2 bytes',
      ].join('\n'),
    );
    expect(failure).toMatchObject({ actual: 'a', expected: 'ab' });
  });

  it('tell those who look in the wrong direction', () => {
    const { message } = failureOf(() => expect(channel(['stats'], ['client 3'])).toHaveSent('client 3'));
    expect(message).toContain('It came from the firmware');
    expect(message).toContain('expect(channel).toHaveReceived(...) looks there');
    expect(failureOf(() => expect(channel(['stats'])).toHaveReceived('stats')).message).toContain('It went to the firmware');
  });

  it('lay the message of the same length beside expected bytes', () => {
    const failure = failureOf(() => expect(channel([Uint8Array.of(1, 2), Uint8Array.of(9)])).toHaveSent(Uint8Array.of(1, 3)));
    expect(failure.actual).toBe(`0000  01 02${' '.repeat(44)}..`);
  });
});

describe('matchers', () => {
  it('refuse what they cannot look at', () => {
    expect(() => expect('text').toHaveSent('x')).toThrow("toHaveSent looks at a console (m.uart('uart4')) or a channel");
    expect(() => expect(uart('x')).toHaveReceived('x')).toThrow(
      "toHaveReceived looks at a channel (m.rpmsg.channel('rpmsg-tty')), not at this object",
    );
    expect(() => expect({}).toStayWithinStack()).toThrow('toStayWithinStack looks at a machine');
  });

  it('are there in asymmetric form', () => {
    expect({ console: uart('ready') }).toEqual({ console: expect.toHaveSent('ready') });
    expect({ console: uart('ready') }).not.toEqual({ console: expect.toHaveSent('steady') });
  });
});

describe('the difference of two traces', () => {
  const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `line ${from + index}`);

  it('is empty for equal ones', () => {
    expect(lineDifference(numbers(0, 50), numbers(0, 50))).toEqual([]);
    expect(lineDifference([], [])).toEqual([]);
  });

  it('shows the first place with what comes before, and where both go on', () => {
    const received = [...numbers(0, 20), 'something else', ...numbers(21, 1000)];
    expect(lineDifference(numbers(0, 1000), received, (line) => `${line} ms `)).toEqual([
      '@@ line 21 of the file, line 21 of this run @@',
      '  16 ms line 16',
      '  17 ms line 17',
      '  18 ms line 18',
      '  19 ms line 19',
      '-      line 20',
      '+ 20 ms something else',
    ]);
  });

  it('knows inserted and missing lines', () => {
    expect(lineDifference(numbers(0, 10), ['new', ...numbers(0, 10)])).toEqual(['@@ line 1 of the file, line 1 of this run @@', '+ new']);
    expect(lineDifference(numbers(0, 10), numbers(0, 8))).toEqual([
      '@@ line 9 of the file, line 9 of this run @@',
      ...numbers(4, 8).map((line) => `  ${line}`),
      '- line 8',
      '- line 9',
    ]);
  });

  it('stays short, however much differs', () => {
    const lines = lineDifference(
      numbers(0, 10_000),
      numbers(0, 10_000).map((line) => `${line}!`),
    );
    expect(lines.length).toBeLessThan(25);
    expect(lines).toContain('- ... 9992 more');
    const often = lineDifference(
      numbers(0, 900),
      numbers(0, 900).map((line, index) => (index % 30 === 0 ? 'x' : line)),
    );
    expect(often.at(-1)).toBe('... and 27 more places');
  });
});
