/** Semihosting calls, from real Thumb code and with hostile parameters. */
import { describe, expect, it } from 'vitest';
import { TestConsole } from '../support/core-harness.ts';
import { ENGINES } from '../support/engines.ts';
import { Scenarios } from '../support/thumb-scenario.ts';

const scenarios = new Scenarios('semihosting');

const MACROS = `
  .macro call operation, parameter
    movs r0, #\\operation
    ldr r1, =\\parameter
    bkpt 0xab
  .endm
  .macro result
    mov r2, r0
    tracer r2
  .endm
`;

describe.each(ENGINES)('semihosting on $name', (engine) => {
  const run = (source: string, console = new TestConsole(), options = {}) => ({
    console,
    ...scenarios.run(engine, `${MACROS}${source}`, { qemu: false, semihosting: console, ...options }),
  });

  it('writes characters, strings and blocks to the console', () => {
    const { console, trace } = run(`
reset:
  call 0x03, letter
  call 0x04, string
  call 0x01, open_out
  result
  call 0x01, open_err
  result
  call 0x05, write_out
  result
  call 0x05, write_err
  result
  call 0x09, handle_out
  result
  call 0x0c, handle_out
  result
  call 0x02, handle_out
  result
  done
  .align 2
open_out: .word tt, 4, 3
open_err: .word tt, 8, 3
write_out: .word 2, block, 5
write_err: .word 3, block, 2
handle_out: .word 2
letter: .ascii "L"
string: .asciz "hello\\n"
tt: .asciz ":tt"
block: .ascii "12345"
  .align 2`);
    expect(console.output).toBe('Lhello\n12345');
    expect(console.errors).toBe('12');
    expect(trace).toEqual([2, 3, 0, 0, 1, 0, 0]);
  });

  it('reads what is there, waits for more, and sees the end', () => {
    const console = new TestConsole();
    console.input = ['abc', undefined, 'd'];
    const { trace, stop, rig } = run(
      `
reset:
  call 0x01, open_in
  result
  call 0x06, read
  result
  tracem 0x20000000
  call 0x07, 0
  result
  call 0x07, 0
  result
  done
  .align 2
open_in: .word tt, 0, 3
read: .word 1, 0x20000000, 8
tt: .asciz ":tt"
  .align 2`,
      console,
    );
    expect(stop).toEqual({ kind: 'asleep' });
    expect(trace).toEqual([1, 5, 0x63_6261]);
    expect(rig.core.describe()[0]).toMatch(/waits for semihosting input$/);
    console.input.shift();
    rig.run(1000);
    expect(trace).toEqual([1, 5, 0x63_6261, 0x64, 0xffff_ffff]);
  });

  it('fails to open anything but the console, and says why through ERRNO', () => {
    const { trace } = run(`
reset:
  call 0x01, open
  result
  call 0x13, 0
  result
  call 0x02, bad_handle
  result
  call 0x13, 0
  result
  done
  .align 2
open: .word name, 0, 11
bad_handle: .word 77
name: .asciz "/etc/passwd"
  .align 2`);
    expect(trace).toEqual([0xffff_ffff, 2, 0xffff_ffff, 9]);
  });

  it('offers its extensions in :semihosting-features', () => {
    const { trace } = run(`
reset:
  call 0x01, open
  result
  call 0x0c, handle
  result
  call 0x06, read
  result
  tracem 0x20000000
  call 0x0a, seek
  result
  call 0x06, read
  ldr r1, =0x20000000
  ldrb r2, [r1]
  tracer r2
  done
  .align 2
open: .word name, 0, 21
handle: .word 4
read: .word 4, 0x20000000, 4
seek: .word 4, 4
name: .asciz ":semihosting-features"
  .align 2`);
    expect(trace).toEqual([4, 5, 0, 0x4246_4853, 0, 3]);
  });

  it('tells virtual time, ticks and their frequency', () => {
    const { trace } = run(
      `
reset:
  put SYST+4, 0xffffff
  put SYST+8, 0
  put SYST, 7
  wfi
  call 0x10, 0
  result
  call 0x11, 0
  result
  call 0x30, 0x20000000
  result
  tracem 0x20000004
  call 0x31, 0
  result
  done
systick:
  bx lr`,
      new TestConsole(),
      { hz: 1_000_000, cycles: 2 ** 25 },
    );
    expect(trace).toEqual([1677, 16, 0, 0, 1_000_000]);
  });

  it('gives command line and heap information', () => {
    const { trace, rig } = run(`
reset:
  ldr r2, =0x20000000
  ldr r3, =0x20000100
  movs r4, #64
  strd r3, r4, [r2]
  call 0x15, 0x20000000
  result
  tracem 0x20000004
  ldr r2, =0x20000000
  ldr r3, =0x20000200
  str r3, [r2]
  str r3, [r3]
  call 0x16, 0x20000000
  result
  tracem 0x20000200
  done`);
    expect(trace).toEqual([0, 15, 0, 0]);
    expect(String.fromCharCode(...rig.bus.readBytes(0x2000_0100, 16)!)).toBe('firmware --flag\0');
  });

  it.each([
    ['SYS_EXIT with ApplicationExit', 'call 0x18, 0x20026', 0],
    ['SYS_EXIT with anything else', 'call 0x18, 0x20023', 1],
    ['SYS_EXIT_EXTENDED with its status', 'call 0x20, block\n b .\n .ltorg\n .align 2\nblock: .word 0x20026, 42', 42],
    ['SYS_EXIT_EXTENDED with another reason', 'call 0x20, block\n b .\n .ltorg\n .align 2\nblock: .word 0x20024, 42', 1],
  ])('%s ends the run', (_name, code, status) => {
    const { stop } = run(`\nreset:\n  ${code}\n`);
    expect(stop).toEqual({ kind: 'exit', status });
  });

  it('survives every operation with bad pointers, and reports operations it does not know', () => {
    const { trace, rig } = run(`
reset:
  movs r7, #0
1:ldr r6, =pointers
2:mov r0, r7
  ldr r1, [r6], #4
  cbz r1, 3f
  cmp r7, #0x18            @ EXIT ends the run, READC is at its end
  beq 3f
  cmp r7, #0x20
  beq 3f
  bkpt 0xab
  b 2b
3:adds r7, #1
  cmp r7, #0x40
  bne 1b
  trace 1
  done
  .align 2
pointers: .word 0x70000000, 0xffffffff, 0x000ffffe, 0x200fffff, 0x40000000, 0xe000ed00, absurd, 0
absurd: .word 2, 0x20000000, 0xffffffff`);
    expect(trace).toEqual([1]);
    expect(rig.diagnostics.all.every(({ block, kind }) => block === 'semihosting' && kind === 'unimplemented')).toBe(true);
    expect(rig.diagnostics.all.map(({ register }) => register)).toContain('0x12');
  });

  it('leaves other BKPTs, and all of them when it is off, to the architecture', () => {
    const source = (immediate: number) => `
reset:
  movs r0, #0x18
  ldr r1, =0x20026
  bkpt ${immediate}
  done
hardfault:
  tracem HFSR
  done`;
    expect(run(source(1)).trace).toEqual([0x8000_0000]);
    expect(scenarios.trace(engine, `${MACROS}${source(0xab)}`, { qemu: false })).toEqual([0x8000_0000]);
  });
});
