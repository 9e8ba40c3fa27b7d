/** `imx-sim info` of firmware that U-Boot starts, and of boards that an ELF speaks against. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { program } from '../../src/cli/program.ts';
import type { Firmware } from '../../src/remoteproc/elf-loader.ts';
import { chooseTarget } from '../../src/session/target.ts';

let out = '';

beforeEach(() => {
  out = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('imx-sim info', () => {
  it('says that the board`s U-Boot starts firmware without a table, and takes what remoteproc would say for notes', async () => {
    expect(await program(['info', 'images/imx7d_fixed.elf'])).toBe(0);
    expect(out).toContain('as on this board, U-Boot starts it (bootaux), and NXP');
    expect(out).not.toMatch(/^error:/m);
  });

  it('does not, where there is a table', async () => {
    expect(await program(['info', 'images/imx7d_rpmsg.elf'])).toBe(0);
    expect(out).not.toContain('U-Boot starts it');
  });
});

describe('chooseTarget', () => {
  const text = new TextEncoder().encode('imx7d_sdb_m4 is what it was built for');
  const segment = { index: 0, da: 0x1fff_8000, vaddr: 0x1fff_8000, offset: 0, filesz: text.length, memsz: text.length, data: text };
  const firmware: Firmware = {
    name: 'a.elf',
    bytes: text,
    entry: 0,
    segments: [segment],
    sections: [],
    symbols: [],
    resourceTable: undefined,
    notes: [],
  };

  it('says when the ELF speaks for another board than the one that was named', () => {
    expect(chooseTarget(firmware, {}).board).toBe('sdb');
    expect(chooseTarget(firmware, { board: 'colibri-imx7' }).reasons).toContain(
      'the ELF looks like one for board sdb: it holds the text "imx7d_sdb_m4", as firmware for board sdb does',
    );
    expect(chooseTarget(firmware, { board: 'sdb' }).reasons.join('; ')).not.toContain('looks like');
  });
});
