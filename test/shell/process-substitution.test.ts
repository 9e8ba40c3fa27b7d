/** `<(...)` leaves nothing behind. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ShellFixture, shellOn } from './fixture.ts';

let shell: ShellFixture;

beforeAll(async () => {
  shell = await shellOn();
});

afterAll(() => shell.dispose());

it.each([
  ['cat <(echo a) <(echo b)', 'a\nb\n'],
  ['while read x; do echo "<$x>"; done < <(echo a; echo b)', '<a>\n<b>\n'],
  ['f() { cat $1; cat $1; }; f <(echo twice)', 'twice\ntwice\n'],
  ['(cat <(echo inner)); cat <(cat <(echo nested)); exit 0', 'inner\nnested\n'],
])('%s', async (script, stdout) => {
  expect(await shell.run(script)).toEqual({ stdout, stderr: '', status: 0 });
  expect((await shell.run('ls -A /tmp')).stdout).not.toContain('substitution');
});
