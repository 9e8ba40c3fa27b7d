/**
 * The library entry without Node: bundled as a page would, no built-in and no package in it, run where only a browser's globals are.
 */
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { createContext, runInContext } from 'node:vm';
import { build, type Plugin, type Rolldown } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';
import * as library from '../../src/index.ts';
import { TraceHash } from '../../src/session/trace-hash.ts';

const IMAGE = 'images/imx8mp_rpmsg.elf';
const NODE_GLOBALS = ['process', 'Buffer', 'require', 'module', 'global', 'setImmediate', '__dirname'];

/** Bundles `entry` into one script that defines `ImxSim`; `imports` gets every import that is not a file of ours. */
async function bundle(entry: string, imports: string[]): Promise<{ code: string; modules: string[] }> {
  const watch: Plugin = {
    name: 'imports',
    enforce: 'pre',
    resolveId(id) {
      if (!id.startsWith('.') && !id.startsWith('/') && !id.startsWith('\0')) imports.push(id);
      if (id.startsWith('node:') || builtinModules.includes(id)) throw new Error(`${id} is a built-in of Node`);
      return null;
    },
  };
  const result = (await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [watch],
    build: { write: false, minify: false, target: 'es2022', lib: { entry, formats: ['iife'], name: 'ImxSim' } },
  })) as Rolldown.RolldownOutput[];
  const [chunk, ...others] = result.flatMap(({ output }) => output);
  expect(others).toEqual([]);
  if (chunk?.type !== 'chunk') throw new Error('no chunk');
  return { code: chunk.code, modules: chunk.moduleIds };
}

/** A run of the RPMsg image as this library gives it: the hash of its trace and the consoles' text. */
function runImage(lib: typeof library, bytes: Uint8Array): { hash: string; text: string } {
  const hash = new TraceHash();
  let text = '';
  const machine = new lib.Machine({ soc: lib.findSoc('imx8mp'), firmware: lib.parseFirmware(bytes, 'rpmsg.elf') });
  machine.events.subscribe((event) => {
    hash.add(event);
    if (event.type === 'console') text += String.fromCharCode(event.byte);
    if (event.type === 'dmesg') text += `${event.text}\n`;
  });
  machine.run(machine.scheduler.cyclesFromNs(1e9));
  machine.dispose();
  return { hash: hash.digest(), text };
}

describe('the library entry in a browser', () => {
  const imports: string[] = [];
  let code = '';
  let modules: string[] = [];
  beforeAll(async () => {
    ({ code, modules } = await bundle('src/index.ts', imports));
  });

  it('imports nothing but files of ours: no built-in of Node, no package, no command line', () => {
    // The shell's language: a bundle of its own, which is loaded with the first shell.
    expect(imports.filter((id) => !id.endsWith('src/index.ts'))).toEqual(['#just-bash']);
    expect(modules.length).toBeGreaterThan(100);
    expect(modules.filter((id) => /node_modules|\/src\/(cli|node\.ts|cpu\/unicorn)/.test(id))).toEqual([]);
  });

  it('is caught when it does: a built-in fails the bundle', async () => {
    await expect(bundle('src/node.ts', [])).rejects.toThrow(/is a built-in of Node/);
  });

  it('runs an image to the same trace as in Node, with no global but those of a browser', () => {
    const context = createContext({ TextEncoder, TextDecoder });
    expect(runInContext(`[${NODE_GLOBALS.map((name) => `typeof ${name}`)}]`, context)).not.toContain('object');
    runInContext(code, context);
    const bytes = new Uint8Array(readFileSync(IMAGE));
    const inside = runInContext('(list) => Uint8Array.from(list)', context) as (list: number[]) => Uint8Array;
    const lib = runInContext('ImxSim', context) as typeof library;
    const there = runImage(lib, inside([...bytes]));
    expect(there.text).toContain('goodbye!');
    expect(there.hash).toBe(runImage(library, bytes).hash);
    expect(Object.keys(lib).sort()).toEqual(Object.keys(library).sort());
    expect(() => lib.parseFirmware(inside([1, 2, 3]), 'x.bin')).toThrow(/begins with 01 02 03/);
  });
});
