/** Trees that shells hand to each other are dropped once nothing can name them any more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShellFixture, shellOn } from './fixture.ts';

let shell: ShellFixture;

beforeAll(async () => {
  shell = await shellOn();
});

afterAll(() => shell.dispose());

/** The most trees that are kept while `script` runs. */
async function most(script: string): Promise<{ stdout: string; trees: number }> {
  const { land } = shell;
  const keep = land.keep.bind(land);
  let trees = 0;
  land.keep = (tree) => {
    const id = keep(tree);
    trees = Math.max(trees, land.keptTrees);
    return id;
  };
  const { stdout, stderr } = await shell.run(script);
  expect(stderr).toBe('');
  expect(land.keptTrees).toBe(0);
  land.keep = keep;
  return { stdout, trees };
}

describe('loops keep no more trees the longer they run', () => {
  it.each([
    ['eval', 'for i in {1..60}; do eval "x=\\$(echo $i | cat)"; done; echo $x', '60\n'],
    ['eval in eval', `for i in {1..60}; do eval 'eval "x=\\$(echo $i | cat)"'; done; echo $x`, '60\n'],
    ['eval in a function', 'f() { eval "x=\\$(echo $1 | cat)"; }; for i in {1..60}; do f $i; done; echo $x', '60\n'],
    ['background', 'for i in {1..60}; do (echo $i >> /tmp/trees) & wait; done; tail -n 1 /tmp/trees', '60\n'],
    ['substitutions in subshells', 'for i in {1..60}; do x=$(echo $(echo $(echo $i))); done; echo $x', '60\n'],
  ])('%s', async (_name, script, stdout) => {
    const result = await most(script);
    expect(result.stdout).toBe(stdout);
    expect(result.trees).toBeLessThan(12);
  });

  it('keeps what functions that called themselves still need', async () => {
    const { stdout } = await most(
      'f() { eval "if [ $1 -gt 0 ]; then f \\$(( $1 - 1 )); fi; echo \\$(echo $1); (echo sub$1)"; }; f 3; f 1; eval "g() { echo \\$(echo g); }"; eval :; g',
    );
    expect(stdout).toBe('0\nsub0\n1\nsub1\n2\nsub2\n3\nsub3\n0\nsub0\n1\nsub1\ng\n');
  });

  it('starts jobs whose shell has ended', async () => {
    expect((await most('(sleep 0.1 && (echo late > /tmp/late)) & sleep 1; (  (sleep 0.1; (cat /tmp/late)) & ); sleep 1')).stdout).toBe(
      'late\n',
    );
  });
});
