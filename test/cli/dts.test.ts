/** `imx-sim dts`, and `--dtb` and `--overlay` of the other commands. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { program } from '../../src/cli/program.ts';
import { builtInSource, builtInTree } from '../../src/devicetree/built-in-tree.ts';
import { parseDtb } from '../../src/devicetree/parse-dtb.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { writeDts } from '../../src/devicetree/write-dts.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { BOARD_8MP, RPMSG_8MP, VERDIN_HMP } from '../devicetree/samples.ts';

const FIRMWARE = 'images/imx8mp_rpmsg.elf';
const [EVK, VERDIN] = IMX8MP.boards;
const dir = mkdtempSync(join(tmpdir(), 'imx-sim-dts-'));
const out: (string | Uint8Array)[] = [];
const err: string[] = [];
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};
const board = file('board.dts', BOARD_8MP);
const overlay = file('rpmsg.dtbo', writeDtb(parseDts(RPMSG_8MP, { symbols: true })));

beforeEach(() => {
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => out.push(chunk) > 0);
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => err.push(String(chunk)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  out.length = 0;
  err.length = 0;
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('imx-sim dts', () => {
  it('prints the source of the built-in tree, with labels', async () => {
    expect(await program(['dts', '--board', 'verdin-hmp'])).toBe(0);
    expect(out.join('')).toBe(builtInSource(IMX8MP, VERDIN!));
    expect(err).toEqual([]);
  });

  it('writes a blob', async () => {
    const path = join(dir, 'out.dtb');
    expect(await program(['dts', '-O', 'dtb', '-o', path])).toBe(0);
    expect(writeDts(parseDtb(new Uint8Array(readFileSync(path))))).toBe(writeDts(builtInTree(IMX8MP, EVK!)));
  });

  it('prints a tree of the user with its overlays', async () => {
    expect(await program(['dts', '--dtb', board, '--overlay', overlay])).toBe(0);
    expect(parseDts(out.join('')).node('/imx8mp-cm7')?.string('compatible')).toBe('fsl,imx8mn-cm7');
  });

  it('says what is wrong with it, with status 2 when remoteproc cannot work', async () => {
    expect(await program(['dts', '--dtb', board])).toBe(2);
    expect(err.join('')).toMatch(/^error: \/: it has no node with compatible "fsl,imx8mp-cm7"/);
  });

  it.each<[string, string[], RegExp]>([
    ['a bare core', ['--soc', 'cortex-m7'], /bare core, which has no device tree.*\[E_USAGE\]/],
    ['a file that is not there', ['--dtb', '/nowhere.dtb'], /\/nowhere\.dtb: no such file \[E_USAGE\]/],
    ['a directory', ['--dtb', '/'], /\/: it is no file/],
    ['an ELF', ['--dtb', FIRMWARE], /FDT_ERR_BADMAGIC: it begins with 0x7f454c46.*\[E_DTB_MAGIC\]/],
    ['an overlay for another base', ['--dtb', 'BOARD', '--overlay', 'BOARD'], /FDT_ERR_BADOVERLAY: it has no fragment.*\[E_DTB_OVERLAY\]/],
    ['a format that there is not', ['-O', 'yaml'], /Allowed choices are dts, dtb/],
    ['a file that cannot be written', ['-o', '/nowhere/x'], /\/nowhere\/x: ENOENT.*\[E_USAGE\]/],
  ])('refuses %s', async (_name, args, text) => {
    expect(await program(['dts', ...args.map((arg) => (arg === 'BOARD' ? board : arg))])).toBe(2);
    expect(err.join('')).toMatch(text);
  });

  it('names the line of a syntax error, in the file that has it', async () => {
    file('inner.dtsi', '/ {\n\ta = <1;\n};\n');
    const main = file('main.dts', '/dts-v1/;\n/include/ "inner.dtsi"\n');
    expect(await program(['dts', '--dtb', main])).toBe(2);
    expect(err.join('')).toContain(`${dir}/inner.dtsi:2.8: syntax error`);
    expect(err.join('')).toContain('[E_DTS]');
  });
});

describe('imx-sim info and run with a tree', () => {
  it('info checks the tree, and the firmware against its regions', async () => {
    expect(await program(['info', FIRMWARE, '--dtb', board, '--overlay', overlay, '--json'])).toBe(0);
    out.length = 0;
    const verdin = file('verdin.dts', VERDIN_HMP);
    expect(await program(['info', 'images/imx8mp_echo.elf', '--dtb', board, '--overlay', verdin, '--json'])).toBe(2);
    const { findings } = JSON.parse(out.join('')) as { findings: { place: string; text: string }[] };
    expect(findings.map(({ place }) => place)).toEqual(expect.arrayContaining(['/imx8mp-cm7', 'vdev0vring0', 'vdev0vring1']));
  });

  it('run boots Linux with it', async () => {
    const args = ['run', FIRMWARE, '--dtb', board, '--overlay', overlay, '--until', 'linux=incoming msg 3', '--timeout', '2s'];
    expect(await program(args)).toBe(0);
    expect(out.join('')).toContain('assigned reserved memory node vdevbuffer@55400000');
  });

  it('run without Linux has no use for one', async () => {
    expect(await program(['run', FIRMWARE, '--no-linux', '--dtb', board])).toBe(2);
    expect(err.join('')).toContain('a device tree, but no Linux to boot with it');
  });
});
