/** The firmware of the examples: what is committed is what was built of the sources. Whether its tests pass is seen in test/e2e/kit-project.test.ts. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const { projects } = JSON.parse(readFileSync('examples/manifest.json', 'utf8')) as {
  readonly projects: readonly { readonly name: string; readonly elf: string }[];
};

it('the manifest agrees with sources, options and ELFs, which needs no compiler', () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['examples/build.mjs', '--check'], {
    encoding: 'utf8',
    env: { PATH: '' },
  });
  expect(stderr).toBe('');
  expect(stdout).toBe(`${projects.length} projects agree with their sources\n`);
  expect(status).toBe(0);
});

describe.each(projects)('$name', ({ name, elf }) => {
  it('has an ELF without paths of the machine that built it', () => {
    const bytes = readFileSync(elf);
    for (const path of ['/work', '/tmp/', '/home/', '/root/']) expect(bytes.includes(path), path).toBe(false);
  });

  it('has a workflow with the shards for which it has test files', () => {
    const workflow = readFileSync(`examples/${name}/.github/workflows/test.yml`, 'utf8');
    expect(workflow).toContain('shard: [1, 2]');
    expect(workflow).toMatch(/--shard=\$\{\{ matrix\.shard \}\}\/2/);
    expect(workflow).toContain('IMX_SIM_ARTIFACTS: artifacts');
    const readme = readFileSync(`examples/${name}/README.md`, 'utf8');
    const named = [...readme.matchAll(/`test\/([\w-]+\.test\.ts)`/g)].map(([, file]) => file);
    expect(named).toHaveLength(2);
    for (const file of named) expect(() => readFileSync(`examples/${name}/test/${file}`)).not.toThrow();
  });
});
