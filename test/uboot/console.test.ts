/**
 * The line that is typed: editing, history, completion, Ctrl-C (common/cli_readline.c).
 */
import { describe, expect, it } from 'vitest';
import { LineEditor } from '../../src/uboot/line-editor.ts';
import { TestBoot } from './support.ts';

/** What becomes of keys: the screen line and the result. */
function typed(
  keys: string,
  complete: readonly string[] = [],
  history: readonly string[] = [],
): { screen: string; line: string | undefined } {
  let out = '';
  const echo = (text: string): void => {
    out += text;
  };
  const editor = new LineEditor({ echo, complete: () => complete, prompt: '=> ' });
  const feed = (text: string): string | undefined => {
    editor.start();
    for (const character of text) {
      const result = editor.key(character.charCodeAt(0));
      if (result.kind === 'line') return result.text;
    }
    return undefined;
  };
  for (const line of history) feed(`${line}\r`);
  out = '';
  const line = feed(keys);
  return { screen: screenOf(out), line };
}

/** The last line as a terminal shows it. */
function screenOf(text: string): string {
  const line: string[] = [];
  let at = 0;
  for (const character of text) {
    if (character === '\b') at = Math.max(0, at - 1);
    else if (character === '\r' || character === '\n') {
      line.length = 0;
      at = 0;
    } else if (character >= ' ') line[at++] = character;
  }
  return line.join('').trimEnd();
}

describe('editing keys', () => {
  it.each([
    ['plain', 'abc\r', 'abc'],
    ['backspace', 'abx\x7fc\r', 'abc'],
    ['backspace at the beginning', '\x08abc\r', 'abc'],
    ['Ctrl-A and Ctrl-E', 'bc\x01a\x05d\r', 'abcd'],
    ['Ctrl-B, Ctrl-F', 'ac\x02b\x06d\r', 'abcd'],
    ['arrows', 'ac\x1b[Db\x1b[Cd\r', 'abcd'],
    ['Home, End, Delete', 'xac\x1b[H\x1b[3~\x1b[F!\r', 'ac!'],
    ['Ctrl-D', 'abc\x02\x04\r', 'ab'],
    ['Ctrl-K', 'abc\x02\x02\x0b\r', 'a'],
    ['Ctrl-U', 'abc\x15d\r', 'd'],
    ['Ctrl-W', 'one two\x17three\r', 'one three'],
    ['an escape sequence that means nothing', 'a\x1b[5~b\r', 'ab'],
    ['an unfinished one', 'a\x1bZb\r', 'ab'],
    ['bytes that are no text', 'a\x80\x1fb\r', 'ab'],
  ])('%s', (_name, keys, line) => {
    expect(typed(keys).line).toBe(line);
  });

  it('keeps the screen as the line is', () => {
    expect(typed('abXcd\x02\x02\x08').screen).toBe('abcd');
    expect(typed('hello\x15').screen).toBe('');
  });

  it('takes no more than 2047 characters', () => {
    expect(typed(`${'a'.repeat(3000)}\r`).line).toHaveLength(2047);
  });

  it('goes through its history', () => {
    expect(typed('\x10\x10\x0e\r', [], ['one', 'two']).line).toBe('two');
    expect(typed('\x1b[A\x1b[A\r', [], ['one', 'two']).line).toBe('one');
    expect(typed('\x10\x0e\r', [], ['one']).line).toBe('');
    expect(typed('\x10\x10\x10\x10\r', [], ['one']).line).toBe('one');
  });

  it('completes what is clear, and lists what is not', () => {
    expect(typed('prin\t', ['printenv']).screen).toBe('printenv');
    expect(typed('fat\t', ['fatload', 'fatls']).screen).toBe('fatl');
    expect(typed('fatl\t', ['fatload', 'fatls']).screen).toBe('=> fatl');
    expect(typed('zz\ta\r', []).line).toBe('zza');
  });
});

describe('at the prompt', () => {
  it('completes commands, variables, files and subcommands', () => {
    const boot = new TestBoot({ files: { 'fw.bin': new Uint8Array(4) } });
    expect(boot.uboot.complete(['boota'])).toEqual(['bootaux']);
    expect(boot.uboot.complete(['printenv', 'mmcd'])).toEqual(['mmcdev']);
    expect(boot.uboot.complete(['echo', '${mmcd'])).toEqual(['${mmcdev']);
    expect(boot.uboot.complete(['fatload', 'mmc', '1:1', '40000000', 'fw'])).toEqual(['fw.bin']);
    expect(boot.uboot.complete(['mmc', 'l'])).toEqual(['list']);
    expect(boot.uboot.complete(['fdt', 'pr'])).toEqual(['print']);
    expect(boot.uboot.complete(['nonsense', ''])).toEqual([]);
    expect(boot.type('versi\t\r')).toContain('versi');
  });

  it('answers Ctrl-C at the prompt and within a command', () => {
    const boot = new TestBoot();
    expect(boot.type('abc\x03')).toBe('abc\n<INTERRUPT>\nu-boot=> ');
    boot.uboot.type(new TextEncoder().encode('sleep 100\r'));
    boot.until(() => false, 2);
    expect(boot.uboot.state).toBe('busy');
    boot.uboot.type(new Uint8Array([3]));
    expect(boot.until(() => boot.uboot.state === 'prompt', 1)).toBe(true);
    expect(boot.type('while true; do true; done\r')).not.toContain('u-boot=> \n');
    expect(boot.type('\x03')).toMatch(/u-boot=> $/);
  });

  it('repeats what can be repeated', () => {
    const boot = new TestBoot();
    expect(boot.type('echo a\r\r')).toBe('echo a\na\nu-boot=> \na\nu-boot=> ');
    expect(boot.type('setenv x 1\r\r')).toBe('setenv x 1\nu-boot=> \nu-boot=> ');
    expect(boot.type('nonsense\r\r')).toBe("nonsense\nUnknown command 'nonsense' - try 'help'\nu-boot=> \nu-boot=> ");
  });

  it('asks for the rest of a command', () => {
    const boot = new TestBoot();
    expect(boot.type('for i in 1 2\rdo echo $i\rdone\r')).toBe('for i in 1 2\n> do echo $i\n> done\n1\n2\nu-boot=> ');
    expect(boot.type("echo 'a\r\x03")).toContain('<INTERRUPT>\nu-boot=> ');
  });
});
