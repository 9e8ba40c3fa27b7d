/** What npm installs: the files that are needed at run time, and the licences of what is bundled. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';

const vendor = (name: string): string => readFileSync(join(inject('dist'), 'vendor', name), 'utf8');

describe('the package', () => {
  it('has the licences of just-bash and of all that its bundle may have in it', () => {
    const [head] = vendor('just-bash.js').split('\n');
    expect(head).toMatch(/^\/\*! just-bash \d+\.\d+\.\d+ \(Apache-2\.0\).*just-bash\.LICENSES\.txt/);
    const licences = vendor('just-bash.LICENSES.txt');
    const packages = [...licences.matchAll(/^(\S+) \d+\.\d+\.\d+\S*: [\w.-]+$/gm)].map(([, name]) => name);
    // Direct dependencies and theirs.
    expect(packages).toEqual(expect.arrayContaining(['just-bash', 're2js', 'sprintf-js', 'ieee754', 'strnum', '@mixmark-io/domino']));
    expect(licences).toMatch(/Apache License\s+Version 2\.0, January 2004/);
    expect(licences).toMatch(/Redistributions in binary form must reproduce/);
  });

  it('has what the manuals name, and nothing that only developers need', () => {
    const out = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [{ files }] = JSON.parse(out) as [{ files: { path: string }[] }];
    const paths = new Set(files.map(({ path }) => path));
    for (const path of [
      'LICENSE',
      'docs/bridges.md',
      'test/clients/imx_rpmsg_sock.h',
      'test/clients/rpmsg_preload.c',
      'docs/testing.md',
      'examples/bare-metal/build/door.elf',
      'examples/zephyr-style/.github/workflows/test.yml',
      'images/imx8mp_echo.elf',
      'bin/imx-sim.js',
    ])
      expect(paths, path).toContain(path);
    expect([...paths].filter((path) => /^(src|bench|\.ci|test\/(?!clients))/.test(path))).toEqual([]);
  });
});
