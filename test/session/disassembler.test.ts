import capstone from '@alexaltea/capstone-js';
import { describe, expect, it } from 'vitest';
import { capstoneDisassembler } from '../../src/session/disassembler.ts';

describe('capstoneDisassembler', () => {
  it('gives a line for each instruction, the marked one with an arrow', async () => {
    let loads = 0;
    const disassemble = capstoneDisassembler(() => {
      loads++;
      return capstone();
    });
    expect(loads).toBe(0);
    const code = Uint8Array.of(0x00, 0xbf, 0x01, 0x68, 0x4f, 0xf0, 0x01, 0x03, 0x70, 0x47);
    expect(await disassemble(code, 0x8000_0400, 0x8000_0402, 3)).toEqual([
      '   0x80000400  nop',
      '=> 0x80000402  ldr r1, [r0]',
      '   0x80000404  mov.w r3, #1',
    ]);
    expect(loads).toBe(1);
  });

  it('is no reason to lose a report: empty when capstone cannot be loaded', async () => {
    const disassemble = capstoneDisassembler(() => Promise.reject(new Error('offline')));
    expect(await disassemble(Uint8Array.of(0, 0xbf), 0, 0, 1)).toEqual([]);
  });
});
