/** What README.md says about the command is what the command does. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { optionsMarkdown } from '../../src/cli/options.ts';
import { EXIT } from '../../src/session/exit.ts';
import { runCli } from '../support/run-cli.ts';

const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const readme = readFileSync(path('README.md'), 'utf8');

/** Commands of the shell blocks that run an image of this repository, as argument lists. */
const commands = [...readme.matchAll(/^```(?:sh|console)\n([\s\S]*?)^```/gm)]
  .flatMap(([, block]) => block!.split(/\n|&&/))
  .map((line) => line.trim().replace(/ +# .*$/, ''))
  .map((line) => /(?:node bin\/imx-sim\.js|imx-sim) ((?:(?:run|info) .*|shell )images\/.*)$/.exec(line)?.[1])
  // Without -c a shell is for the keyboard.
  .filter((command) => !command?.startsWith('shell') || command.includes(' -c '))
  // The page needs the built command, and somebody who looks at it: test/e2e/view.test.ts.
  .filter((command) => !command?.endsWith(' --view'))
  .filter((command) => command !== undefined)
  .map((command) => [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!));

describe('README.md', () => {
  it('has the table of options that the command has', () => {
    const section = /<!-- options -->\n([\s\S]*?)\n<!-- \/options -->/.exec(readme);
    expect(section?.[1]).toBe(optionsMarkdown());
  });

  it('has the main job as a command', () => {
    expect(commands.map((args) => args.join(' '))).toContainEqual(expect.stringMatching(/^run images\/imx8mp_rpmsg\.elf .*goodbye!/));
  });

  it.each(commands.map((args) => ({ args, text: args.join(' ') })))('imx-sim $text works', async ({ args }) => {
    const { status, stdout, stderr } = await runCli(args.map((arg) => (arg.startsWith('images/') ? path(arg) : arg)));
    expect(status, stderr).toBe(EXIT.OK);
    expect(stdout).not.toBe('');
  });
});
