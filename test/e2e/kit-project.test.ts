/** A newcomer's project, outside of the repository and with the package as npm installs it: README's steps, a failing test, CI's reports. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { addExample, project, tsc, vitest } from '../vitest-kit/project.ts';

const EXAMPLES = ['bare-metal', 'zephyr-style', 'mcuxpresso-style'];

let path: string;
let dispose: () => void;

beforeAll(() => {
  ({ path, dispose } = project(inject('dist'), {
    'package.json': JSON.stringify({ name: 'newcomer', private: true, type: 'module' }),
    'vitest.config.ts': `import { defineConfig } from 'vitest/config';\nexport default defineConfig({ test: { projects: ${JSON.stringify(EXAMPLES)} } });\n`,
  }));
  for (const name of EXAMPLES) addExample(path, name);
}, 60_000);

afterAll(() => dispose?.());

describe('the examples', () => {
  it('pass, but for the test that shows a failure', async () => {
    const { output, status } = await vitest(path, [], { SHOW_FAILURE: '1' });
    console.log(output, path);
    expect(status).toBe(1);
  });
  it('types', async () => {
    for (const name of EXAMPLES) {
      const { output, status } = await tsc(join(path, name));
      expect(output).toBe('');
    }
  });
});
