/** The examples of docs/linux-api.md, executed as they stand. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as library from '../../src/index.ts';
import { read, tableRows } from './support.ts';

const PAGE = read('docs/linux-api.md');
const BLOCKS = [...PAGE.matchAll(/^```ts\n(.*?)^```/gms)].map(([, block]) => block!);

const readFirmware = (path: string) => library.parseFirmware(new Uint8Array(readFileSync(path)), path);

describe('docs/linux-api.md', () => {
  it('has examples that work', async () => {
    const code = BLOCKS.join('\n').replace(/^import .*$/gm, '');
    const names = [...Object.keys(library), 'readFirmware', 'console'];
    const printed: string[] = [];
    const values = [...Object.values(library), readFirmware, { log: (text: string) => printed.push(text) }];
    const AsyncFunction = (async () => {}).constructor as new (...parameters: string[]) => (...values: unknown[]) => Promise<unknown>;
    const uptime = await new AsyncFunction(...names, `${code}\nmachine.dispose();\nreturn new TextDecoder().decode(uptime);`)(...values);
    expect(printed[0]).toContain('Hello Zephyr');
    expect(printed[1]).toBe('offline\n');
    expect(printed[2]).toMatch(/^\[ {4}0\.\d{6}\] .*\n/);
    expect(printed[2]).toContain('remoteproc remoteproc0: stopped remote processor imx-rproc\n');
    expect(uptime).toMatch(/^\d+\.\d\d \d+\.\d\d\n$/);
    for (const [, list] of BLOCKS[0]!.matchAll(/^import \{ (.*) \} from 'imx-sim'/gm)) {
      for (const name of list!.split(', ')) expect(Object.keys(library)).toContain(name);
    }
  });

  it('names calls that exist', () => {
    const machine = new library.Machine({ soc: library.findSoc('imx8mp'), engine: library.interpreterFactory });
    const roots = { linux: machine.linux } as Record<string, unknown>;
    const calls = tableRows(PAGE, ['call', 'what it does']).flatMap(([cell]) => [...cell!.matchAll(/`([\w.]+)/g)].map(([, name]) => name!));
    expect(calls.length).toBeGreaterThan(10);
    let object: unknown = machine.linux;
    for (const call of calls) {
      const path = call.split('.');
      if (path[0] === 'linux')
        object = path.slice(0, -1).reduce((value, name) => (value as Record<string, unknown>)[name], roots as unknown);
      expect((object as Record<string, unknown>)[path.at(-1)!], call).toBeDefined();
    }
  });
});
