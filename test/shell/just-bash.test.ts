/** What the shell relies on in just-bash beyond its documentation; a new version has to pass this before anything else. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bash, type CustomCommand, type JustBash, loadJustBash } from '../../src/shell/just-bash.ts';
import { Parser } from '../../src/shell/parse.ts';
import { command, literal, type Statement, single, variable } from '../../src/shell/syntax.ts';

let justBash: JustBash;

beforeAll(async () => {
  justBash = await loadJustBash();
});

function bash(customCommands: readonly CustomCommand[] = [], commands: readonly string[] = []): Bash {
  const fs = {
    exists: async () => false,
    stat: async () => Promise.reject(new Error('ENOENT')),
    resolvePath: (_base: string, path: string) => path,
  };
  const processInfo = { pid: 7, ppid: 1, uid: 0, gid: 0 };
  const executionLimits = { maxExecutionTimeMs: Number.POSITIVE_INFINITY };
  return new justBash.Bash({
    fs,
    cwd: '/',
    env: {},
    customCommands,
    commands,
    executionLimits,
    defenseInDepth: false,
    processInfo,
    sleep: async () => {},
  });
}

describe('just-bash', () => {
  it('is the version that was looked at, and is bundled without Node', () => {
    const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { devDependencies: Record<string, string> };
    expect(devDependencies['just-bash']).toBe('3.4.2');
    expect(readFileSync('dist/vendor/just-bash.js', 'utf8')).not.toMatch(/\bfrom\s*["']node:|import\(["']node:/);
  });

  it('executes a list of statements that grows while it is executed, in one state', async () => {
    const seen: string[] = [];
    const queue: Statement[] = [];
    const see: CustomCommand = {
      name: 'see',
      execute: async ([text]) => {
        seen.push(text!);
        if (seen.length === 1) queue.push(single(command('see', [variable('?')])), single(command('see', [variable('x')])));
        return { stdout: '', stderr: '', exitCode: 5 };
      },
    };
    const shell = bash([see]);
    queue.push(...(new Parser(bash()).parse('x=kept; see first') as { statements: readonly Statement[] }).statements);
    shell.registerTransformPlugin({
      name: 'test',
      transform: () => ({
        ast: {
          type: 'Script',
          statements: {
            *[Symbol.iterator]() {
              for (let next = queue.shift(); next; next = queue.shift()) yield next;
            },
          },
        },
      }),
    });
    expect((await shell.exec('anything', { rawScript: true })).exitCode).toBe(5);
    expect(seen).toEqual(['first', '5', 'kept']);
  });

  it('begins with the state that is put into it', async () => {
    const shell = bash();
    const { state } = shell;
    state.env.set('x', 'seeded');
    state.exportedVars.add('x');
    state.options['nounset'] = true;
    state.lastExitCode = 42;
    const given: Record<string, unknown> = {};
    const seeded = bash([
      {
        name: 'look',
        execute: async (args, { env, exportedEnv, cwd }) => {
          Object.assign(given, { args, x: env.get('x'), exported: exportedEnv?.['x'], cwd });
          return { stdout: '', stderr: '', exitCode: 0 };
        },
      },
    ]);
    Object.assign(seeded.state, { lastExitCode: 42 });
    seeded.state.env.set('x', 'seeded');
    seeded.state.exportedVars.add('x');
    await seeded.exec('look $? "$x"');
    expect(given).toEqual({ args: ['42', 'seeded'], x: 'seeded', exported: 'seeded', cwd: '/' });
    expect((await shell.exec('true $unset')).exitCode).toBe(1);
  });

  it('finds commands of ours whatever PATH is when there is no /usr/bin', async () => {
    const shell = bash([{ name: '__ours', execute: async () => ({ stdout: 'found', stderr: '', exitCode: 0 }) }]);
    expect((await shell.exec('PATH=/nowhere; __ours')).stdout).toBe('found');
  });

  it('gives statements their text, lines and errors', () => {
    const parser = new Parser(bash());
    expect(parser.parse('a b\nc | d &')).toMatchObject({
      kind: 'ok',
      statements: [
        { sourceText: 'a b', background: false },
        { sourceText: 'c | d &', background: true },
      ],
    });
    expect(parser.parse('a\nfi')).toEqual({ kind: 'error', message: "syntax error near unexpected token `fi'", line: 2 });
    for (const open of [
      'if true',
      'while true; do',
      'echo "a',
      "echo 'a",
      'a |',
      'a &&',
      'a \\',
      'f() {',
      'cat <<E\nx',
      'echo $(ls',
      'echo $((1+',
      '{ a',
      'case x in',
    ])
      expect(parser.parse(open).kind, open).toBe('incomplete');
    for (const wrong of [')', '&& a', 'a > >', 'a;;', 'for', 'if true; fi']) expect(parser.parse(wrong).kind, wrong).toBe('error');
    expect(literal('x').parts[0]!.value).toBe('x');
  });

  it('refuses a condition without commands at once, as no further line would mend it', () => {
    const parser = new Parser(bash());
    const near = (token: string, line = 1) => ({ kind: 'error', message: `syntax error near unexpected token \`${token}'`, line });
    expect(parser.parse('if then')).toEqual(near('then'));
    expect(parser.parse('echo; while do ')).toEqual(near('do'));
    expect(parser.parse('if true; then\n  if then')).toEqual(near('then', 2));
    expect(parser.parse('echo\nif then\n  echo\nelse')).toEqual(near('then', 2));
    for (const open of ['if', 'if true; then', 'while true\ndo', 'echo if then |', 'for x in if then'])
      expect(parser.parse(open).kind, open).toBe('incomplete');
  });

  it('takes words with = behind an operator', async () => {
    expect(new Parser(bash()).parse('cat <<< a=b > c=d').kind).toBe('ok');
    expect(new Parser(bash()).parse('cat <<< a=b )').kind).toBe('error');
  });
});
