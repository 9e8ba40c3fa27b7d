/**
 * Commands on memory: outputs of cmd/mem.c, lib/display_options.c, common/hash.c, and what an access to nothing does.
 */
import { describe, expect, it } from 'vitest';
import { UBOOT_BOARDS } from '../../src/uboot/boards.ts';
import { TestBoot } from './support.ts';

const boot = new TestBoot();
const say = (line: string): string => boot.say(line);

describe('md (do_mem_md, hexdump_line)', () => {
  it('shows words, halfwords, bytes and double words with their characters', () => {
    boot.view.writeBytes(0x4000_0000, new TextEncoder().encode('imx-sim\x01\x7f\xff0123456789abcdef'));
    expect(say('md 40000000 5')).toBe(
      '40000000: 2d786d69 016d6973 30bfc37f 34333231  imx-sim....01234\n40000010: 38373635                             5678\n',
    );
    expect(say('md.w 40000000 2')).toBe(`40000000: 6d69 2d78${' '.repeat(30)}  imx-\n`);
    expect(say('md.b 40000000 3')).toBe(`40000000: 69 6d 78${' '.repeat(39)}  imx\n`);
    expect(say('md.q 40000000 1')).toBe(`40000000: 016d69732d786d69${' '.repeat(17)}  imx-sim.\n`);
  });

  it('shows 0x40 objects unless told otherwise, and goes on at Enter', () => {
    expect(new TestBoot().say('md 0x40000000').split('\n')).toHaveLength(17);
    // The number that was given last stays.
    expect(say('md 40000000 8; md 40000000').split('\n')).toHaveLength(5);
    expect(boot.type('md 40000000 4\r')).toContain('40000000: ');
    expect(boot.type('\r')).toContain('40000010: ');
    expect(boot.type('\r')).toContain('40000020: ');
  });

  it('had four blanks before the characters up to 2021.07', () => {
    const old = new TestBoot({ board: { ...UBOOT_BOARDS.EVK, text: { ...UBOOT_BOARDS.EVK.text, dumpGap: 4 } } });
    expect(old.say('md 40000000 1')).toBe(`40000000: 00000000${' '.repeat(27)}    ....\n`);
  });

  it('refuses a letter that it does not know, and .q on 32 bits', () => {
    expect(boot.run('md.x 40000000')).toEqual({ code: 1, text: '' });
    expect(say('md')).toBe('md - memory display\n\nUsage:\nmd [.b, .w, .l, .q] address [# of objects]\n');
    const colibri = new TestBoot({ board: UBOOT_BOARDS.COLIBRI_IMX7 });
    expect(colibri.run('md.q 80000000')).toEqual({ code: 1, text: '' });
  });
});

describe('mw, cp, cmp', () => {
  it('writes and copies by size and count', () => {
    expect(say('mw.b 40001000 ab 3; mw.w 40001004 1234; mw.q 40001008 1122334455667788; md 40001000 4')).toBe(
      '40001000: 00ababab 00001234 55667788 11223344  ....4....wfUD3".\n',
    );
    expect(say('mw.b 7e0000 1 20000; cp.b 7e0000 40002000 10; md.b 40002000 11')).toContain('40002010: 00');
    expect(say('cp.l 40001000 40003000 2; cmp.l 40001000 40003000 2')).toBe('Total of 2 word(s) were the same\n');
  });

  it('compares with the texts of do_mem_cmp', () => {
    say('mw 40004000 12345678 2; mw 40005000 12345678; mw 40005004 0');
    expect(boot.run('cmp 40004000 40005000 2')).toEqual({
      code: 1,
      text: 'word at 0x40004004 (0x12345678) != word at 0x40005004 (0000)\nTotal of 1 word(s) were the same\n',
    });
    expect(say('cmp.b 40004000 40005000 4')).toBe('Total of 4 byte(s) were the same\n');
    expect(say('cmp.w 40004000 40005000 2')).toBe('Total of 2 halfword(s) were the same\n');
    expect(say('cmp.q 40004000 40004000 1')).toBe('Total of 1 double word(s) were the same\n');
  });

  it('refuses to copy nothing', () => {
    expect(boot.run('cp 40000000 40001000 0')).toEqual({ code: 1, text: 'Zero length ???\n' });
    expect(say('cp 40000000')).toContain('Usage:\ncp [.b, .w, .l, .q] source target count\n');
    expect(say('mw 40000000')).toContain('Usage:\nmw ');
  });
});

describe('crc32 (hash_command)', () => {
  it('sums, stores and verifies', () => {
    boot.view.writeBytes(0x4000_0000, new TextEncoder().encode('123456789'));
    expect(say('crc32 40000000 9')).toBe('crc32 for 40000000 ... 40000008 ==> cbf43926\n');
    expect(say('crc32 40000000 9 40000100; md.b 40000100 4')).toContain('40000100: cb f4 39 26');
    expect(boot.run('crc32 -v 40000000 9 cbf43926').code).toBe(0);
    expect(boot.run('crc32 -v 40000000 9 1')).toEqual({
      code: 1,
      text: 'crc32 for 40000000 ... 40000008 ==> cbf43926 != 00000001 ** ERROR **\n',
    });
  });

  it("is not in Toradex' configuration", () => {
    expect(new TestBoot({ board: UBOOT_BOARDS.VERDIN }).say('crc32 40000000 9')).toBe("Unknown command 'crc32' - try 'help'\n");
  });
});

describe('base, mm, nm', () => {
  it('adds the base to addresses', () => {
    expect(say('base')).toBe('Base Address: 0x00000000\n');
    expect(say('base 40000000; md.b 0 1; base 0')).toMatch(/^Base Address: 0x40000000\n40000000: 31 .*\nBase Address: 0x00000000\n$/);
  });

  it('modifies memory step by step', () => {
    expect(boot.type('mm 40006000\r11\r\r22\r-\r.\r')).toBe(
      'mm 40006000\n40006000: 00000000 ? 11\n40006004: 00000000 ? \n40006008: 00000000 ? 22\n4000600c: 00000000 ? -\n40006008: 00000022 ? .\nu-boot=> ',
    );
    expect(boot.type('nm.b 40006000\r33\rq\r')).toBe('nm.b 40006000\n40006000: 11 ? 33\n40006000: 33 ? q\nu-boot=> ');
  });
});

describe('an access that nothing answers', () => {
  it('ends U-Boot: Synchronous Abort on arm64', () => {
    const board = new TestBoot();
    expect(board.say('md 100000 1; echo after')).toBe(
      '"Synchronous Abort" handler, esr 0x96000210, far 0x100000\nResetting CPU ...\n\nresetting ...\n',
    );
    expect(board.resetCause).toBe('an access of U-Boot to 0x100000, where nothing answers');
    expect(board.findings).toEqual(["U-Boot's read faulted: no memory or device answers at 0x100000"]);
    expect(board.uboot.state).toBe('left');
  });

  it('tells a write from a read, and is a data abort on ARMv7', () => {
    expect(new TestBoot().say('mw 100000 1')).toContain('esr 0x96000250');
    expect(new TestBoot().say('mw fffffffffffffff0 1 20')).toContain('esr 0x96000250');
    expect(new TestBoot({ board: UBOOT_BOARDS.COLIBRI_IMX7 }).say('mw 100000 1')).toBe('data abort\nResetting CPU ...\n\nresetting ...\n');
  });
});

describe('long work', () => {
  it('takes its time and can be interrupted', () => {
    boot.uboot.type(new TextEncoder().encode('md 40000000 ffffffff\r'));
    boot.until(() => false, 2);
    expect(boot.uboot.state).toBe('busy');
    boot.uboot.type(new Uint8Array([3]));
    boot.until(() => boot.uboot.state === 'prompt', 1);
    expect(boot.take().length).toBeLessThan(40_000);
    expect(boot.uboot.state).toBe('prompt');
  });

  it('copies at a stated rate', () => {
    const begin = boot.scheduler.seconds;
    boot.run('cp.b 40000000 48000000 1000000');
    expect(boot.scheduler.seconds - begin).toBeCloseTo(0.0168, 2);
  });
});
