/** What grep's patterns match, as GNU grep 3.8 with LC_ALL=C does; in time that is linear in the line. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShellFixture, shellOn } from './fixture.ts';

let shell: ShellFixture;

beforeAll(async () => {
  shell = await shellOn();
});

afterAll(() => shell.dispose());

describe('grep', () => {
  it.each([
    ["echo abcd | grep -oE 'ab|abcd'", 'abcd\n'],
    ["echo 'foo foo-bar afoo foo' | grep -ow foo", 'foo\nfoo\nfoo\n'],
    ["echo 'a  b c' | grep -ow '[a-z]*'", 'a\nb\nc\n'],
    ["echo 'foo_bar afoo' | grep -cw foo", '0\n'],
    ["printf 'abab\\nabba\\n' | grep '\\(ab\\)\\1'", 'abab\n'],
    ["printf 'foobar\\nfoobaz\\n' | grep -P 'foo(?!bar)'", 'foobaz\n'],
    ["printf 'a+b\\na.b\\n' | grep -F a+b", 'a+b\n'],
    ["printf 'A\\nab\\n' | grep -ixw a", 'A\n'],
    ["printf 'x\\ny\\nz\\n' | grep -v -e x", 'y\nz\n'],
    ["echo aabab | grep -oE 'b*'", 'b\nb\n'],
    ["printf 'a]b\\n[x\\n' | grep '[]]'", 'a]b\n'],
    ["echo 'café au lait' | grep -o 'caf[^ ]*'", 'café\n'],
  ])('%s', async (script, stdout) => {
    expect(await shell.run(script)).toMatchObject({ stdout, stderr: '' });
  });

  it.each(["grep -E '^(a+)+b$'", "grep -E '(a|aa)*$b'", "grep -P '^(a|a)*b'", "grep -w '\\(a*\\)*b'"])(
    '%s has an answer at once',
    async (grep) => {
      expect(await shell.run(`printf '%0100000d' 0 | tr 0 a | ${grep}`)).toEqual({ stdout: '', stderr: '', status: 1 });
    },
  );

  it('refuses what is wrong or too big', async () => {
    expect(await shell.run("echo a | grep -E '(a'")).toEqual({ stdout: '', stderr: 'grep: Invalid regular expression\n', status: 2 });
    for (const pattern of ['a{40000}', '((a{900}){900}){900}'])
      expect(await shell.run(`echo a | grep -E '${pattern}'`)).toEqual({
        stdout: '',
        stderr: 'grep: Regular expression too big\n',
        status: 2,
      });
  });
});
