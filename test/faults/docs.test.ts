/** docs/faults.md against the table of faults: its tables are made of it, and its examples are faults. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FAULT_NAMES, faultSpec, parametersOf } from '../../src/faults/catalogue.ts';
import { failuresMarkdown, faultsMarkdown, parametersMarkdown } from '../../src/faults/documentation.ts';
import { parseFaults } from '../../src/faults/grammar.ts';

const PAGE = readFileSync('docs/faults.md', 'utf8');

describe('docs/faults.md', () => {
  it.each([
    ['faults', faultsMarkdown],
    ['parameters', parametersMarkdown],
    ['failures', failuresMarkdown],
  ])('has the table of %s', (name, made) => {
    const [, table] = new RegExp(`<!-- ${name}: [^>]*-->\\n([\\s\\S]*?)\\n?<!-- /${name} -->`).exec(PAGE) ?? [];
    expect(table).toBe(made());
  });

  it('has examples that are understood', () => {
    const lines = [...PAGE.matchAll(/--faults '?([^'\n]+?)'?(?: --seed \d+)?$/gm)].map(([, text]) => text!);
    const calls = [...PAGE.matchAll(/fault\('([^']+)'\)|faults: \['([^']+)'\]/g)].map(([, one, other]) => (one ?? other)!);
    expect([...lines, ...calls].length).toBeGreaterThan(3);
    for (const text of [...lines, ...calls]) expect(parseFaults(text).length, text).toBeGreaterThan(0);
  });
});

describe('the table of faults', () => {
  it('says in words what each does and what each parameter means', () => {
    for (const name of FAULT_NAMES) {
      expect(faultSpec(name).text.length, name).toBeGreaterThan(10);
      for (const [key, spec] of Object.entries(parametersOf(name))) expect(spec.text.length, `${name} ${key}`).toBeGreaterThan(5);
    }
  });

  it('quotes kernel messages that the models print', () => {
    const sources = ['src/remoteproc/imx-rproc.ts', 'src/remoteproc/rproc-resources.ts', 'src/remoteproc/remoteproc-core.ts']
      .concat(['src/virtio/virtproc-info.ts', 'src/virtio/virtqueue.ts', 'src/linux/suspend.ts'])
      .map((path) => readFileSync(path, 'utf8'))
      .join('\n')
      .replaceAll(/\$\{[^}]*\}/g, '#');
    for (const name of FAULT_NAMES) {
      const { message } = faultSpec(name);
      const parts = message?.split(/-?\d+|imx-rproc|deep|da request/).filter((part) => part.trim().length > 3) ?? [];
      for (const part of parts) expect(sources, `${name}: ${part}`).toContain(part.replace(/^input:/, '').replace(/^\S*:(?=id)/, ''));
    }
  });
});
