/** Where code leaves a stretch of itself: each kind of branch, and that nothing leaves an image's functions without being known. */
import { describe, expect, it } from 'vitest';
import { readFirmware } from '../../../src/cli/firmware-file.ts';
import { exitsOf } from '../../../src/debug/gdb/thumb-exits.ts';
import { debugged } from '../support.ts';

const BASE = 0x1000;

/** Exits of halfwords at 0x1000, as hex; `i` marks instructions that go anywhere. */
function exits(...halfwords: readonly number[]): string[] {
  const code = Uint8Array.from(halfwords.flatMap((each) => [each & 0xff, each >> 8]));
  const { targets, indirect } = exitsOf(code, BASE, code.length);
  return [...Array.from(targets, (each) => each.toString(16)), ...Array.from(indirect, (each) => `i${each.toString(16)}`)];
}

describe('exitsOf', () => {
  it.each([
    ['nop', [0xbf00], ['1002']],
    ['b .+0x104', [0xe080], ['1002', '1104']],
    ['b .-0x100', [0xe77e], ['1002', 'f00']],
    ['b . (inside)', [0xe7fe], ['1002']],
    ['beq .+0x24', [0xd010], ['1002', '1024']],
    ['svc', [0xdf00], ['1002', 'i1000']],
    ['cbz .+0x44', [0xb300], ['1002', '1044']],
    ['cbnz .+6', [0xb908], ['1002', '1006']],
    ['bx lr', [0x4770], ['1002', 'i1000']],
    ['blx r3', [0x4798], ['1002', 'i1000']],
    ['pop {r4, pc}', [0xbd10], ['1002', 'i1000']],
    ['pop {r4}', [0xbc10], ['1002']],
    ['mov pc, r3', [0x469f], ['1002', 'i1000']],
    ['mov r9, r3', [0x4699], ['1002']],
    ['bkpt', [0xbeab], ['1002', 'i1000']],
    ['bl .+0x1234', [0xf001, 0xf918], ['1004', '2234']],
    ['b.w .-0xffc', [0xf7ff, 0xb800], ['1004', '4']],
    ['bne.w .+0x804', [0xf040, 0x8400], ['1004', '1804']],
    ['ldr pc, [r0]', [0xf8d0, 0xf000], ['1004', 'i1000']],
    ['ldmia.w sp!, {r4, pc}', [0xe8bd, 0x8010], ['1004', 'i1000']],
    ['tbb', [0xe8df, 0xf000], ['1004', 'i1000']],
    ['msr', [0xf380, 0x8808], ['1004']],
  ] as const)('%s', (_, code, expected) => {
    const found = exits(...code);
    expect(found).toEqual(expect.arrayContaining([...expected]));
    if (!expected.some((each) => each.startsWith('i'))) expect(found.filter((each) => each === `i${BASE.toString(16)}`)).toEqual([]);
  });

  it('knows every way out of functions that really run', async () => {
    const { debug, session } = debugged('imx8mp_threads_freertos');
    const { symbols } = readFirmware('images/imx8mp_threads_freertos.elf');
    let checked = 0;
    for (const name of [
      'uart_init',
      'print',
      'thread_create',
      'list_add',
      'most_urgent',
      'item_give',
      'SysTick_Handler',
      'PendSV_Handler',
    ]) {
      const found = symbols.find((symbol) => symbol.name === name && symbol.size > 0);
      if (!found) continue;
      const { address, size } = found;
      const id = debug.add({ kind: 'breakpoint', core: 'm7', address }, 'test');
      await debug.resume({ kind: 'continue' });
      debug.remove(id);
      const { targets, indirect } = exitsOf(debug.readMemory('m7', address, size + 2), address, size);
      let pc = address;
      for (let steps = 0; steps < 300; steps++) {
        const from = pc;
        const entries = session.machine.core.entries;
        await debug.resume({ kind: 'step', core: 'm7' });
        pc = debug.readRegister('m7', 'pc');
        if (session.machine.core.entries !== entries) break;
        if (pc >= address && pc < address + size) continue;
        expect(indirect.has(from) || targets.has(pc), `${name}: ${from.toString(16)} -> ${pc.toString(16)}`).toBe(true);
        checked++;
        break;
      }
    }
    session.stop(0);
    session.dispose();
    expect(checked).toBeGreaterThan(3);
  });
});
