/** docs/testing-api.md against the sources: its example runs, its calls exist. */
import { describe, expect, it } from 'vitest';
import { createMachine } from '../../src/cli/create-machine.ts';
import { read, tableRows } from '../docs/support.ts';
import { machine } from './support.ts';

const PAGE = read('docs/testing-api.md');

describe('docs/testing-api.md', () => {
  it('has an example that works', async () => {
    const [, block] = /^```ts\n(.*?)^```/ms.exec(PAGE)!;
    const printed: string[] = [];
    const AsyncFunction = (async () => {}).constructor as new (...parameters: string[]) => (...values: unknown[]) => Promise<void>;
    const run = new AsyncFunction('createMachine', 'console', block!.replace(/^import .*$/m, ''));
    await run(createMachine, { log: (text: string) => printed.push(text) });
    expect(printed).toEqual(['TTY 0x0401: Hello Zephyr']);
  });

  it('names calls that exist', async () => {
    const m = await machine('imx8mp_rpmsg');
    const channel = await m.rpmsg.waitFor('rpmsg-tty');
    const roots: Record<string, unknown> = { m, channel, uart: m.uart('uart4') };
    const cells = tableRows(PAGE, ['call', 'what it does']).map(([cell]) => cell!);
    const calls = cells.flatMap((cell) => [...cell.matchAll(/`([a-z][\w.]+)/g)].map(([, name]) => name!));
    expect(calls.length).toBeGreaterThan(50);
    for (const call of calls) {
      const path = call.split('.');
      let holder: unknown = { ...roots };
      for (const name of path) {
        expect(name in (holder as object), `${call}: ${name}`).toBe(true);
        if (name !== path.at(-1)) holder = (holder as Record<string, unknown>)[name];
      }
    }
  });

  it('names options that there are', async () => {
    const names = tableRows(PAGE, ['option', 'what it says']).flatMap(([cell]) => [...cell!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
    const declared = [...read('src/kit/options.ts').matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name!);
    const known = new Set(declared);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    expect(declared.filter((name) => !names.includes(name))).toEqual([]);
  });
});
