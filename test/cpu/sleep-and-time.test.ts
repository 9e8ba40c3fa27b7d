/** WFI, WFE, SEV, SCR, SysTick, CYCCNT and system reset in real Thumb code. */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../support/engines.ts';
import { Scenarios } from '../support/thumb-scenario.ts';

const scenarios = new Scenarios('sleep-and-time');
const noQemu = { qemu: false } as const;

describe.each(ENGINES)('sleep and time on $name', (engine) => {
  const trace = (source: string, options = {}) => scenarios.trace(engine, source, { ...noQemu, ...options });
  const run = (source: string, options = {}) => scenarios.run(engine, source, { ...noQemu, ...options });

  it('sleeps in WFI until SysTick, at no cost in instructions', () => {
    const { trace: values, rig } = run(
      `
reset:
  put SYST+4, 9999
  put SYST+8, 0
  put SYST, 7
  ldr r4, =0x40000010
  str r4, [r4]
  wfi
  str r4, [r4]
  wfi
  str r4, [r4]
  done
systick:
  bx lr`,
      { cycles: 100_000 },
    );
    const [armed, first, second] = values;
    expect(second! - first!).toBe(10_000);
    expect(first! - armed!).toBeGreaterThan(9_990);
    expect(rig.core.instructions).toBeLessThan(30);
  });

  it('wakes from WFI with PRIMASK set and does not enter the handler until CPSIE (Zephyr idle)', () => {
    expect(
      trace(
        `
reset:
  put SYST+4, 2499999
  put SYST+8, 0
  put SYST, 7
  cpsid i
  movs r2, #0
  msr basepri, r2
  isb
  dsb
  wfi
  trace 1
  cpsie i
  isb
  trace 3
  done
systick:
  put SYST, 0
  trace 2
  bx lr`,
        { qemu: true, cycles: 5_000_000 },
      ),
    ).toEqual([1, 2, 3]);
  });

  it('stays asleep when nothing enabled comes', () => {
    const { stop, rig } = run(`
reset:
  wfi
  trace 1
  done`);
    expect(stop).toEqual({ kind: 'asleep' });
    expect(rig.trace).toEqual([]);
    expect(rig.core.describe()[0]).toMatch(/Thread mode, MSP, privileged; waits in WFI$/);
  });

  it('SLEEPONEXIT: goes back to sleep from the last handler, without running Thread mode', () => {
    const { stop, trace: values } = run(
      `
reset:
  put SCR, 2
  put SYST+4, 999
  put SYST+8, 0
  put SYST, 7
  wfi
  trace 0xbad
  b .
systick:
  ldr r2, =0x20000000
  ldr r3, [r2]
  adds r3, #1
  str r3, [r2]
  tracer r3
  cmp r3, #3
  bne 1f
  put SCR, 0
  done
1:bx lr`,
      { cycles: 10_000, qemu: 'has no SLEEPONEXIT' },
    );
    expect(stop.kind).toBe('slice');
    expect(values).toEqual([1, 2, 3]);
  });

  it('WFE consumes an event; SEV makes one', () => {
    const { stop, trace: values } = run(`
reset:
  sev
  wfe
  trace 1
  wfe
  trace 2
  done`);
    expect(values).toEqual([1]);
    expect(stop).toEqual({ kind: 'asleep' });
  });

  it('SEVONPEND: a disabled interrupt that becomes pending ends WFE', () => {
    const source = (scr: number) => `
reset:
  put SCR, ${scr}
  put ICER, 0xffffffff
  put 0x40000004, 4
  wfe
  trace 1
  tracem ISPR
  wfe
  trace 2
  done`;
    expect(run(source(0x10)).trace).toEqual([1, 0x10]);
    expect(run(source(0)).trace).toEqual([]);
  });

  it('WFE ends when an interrupt is taken, and the return leaves an event', () => {
    const { trace: values } = run(`
reset:
  put SYST+4, 999
  put SYST+8, 0
  put SYST, 7
  wfe
  trace 2
  put SYST, 0
  wfe
  trace 3
  wfe
  trace 4
  done
systick:
  trace 1
  bx lr`);
    expect(values).toEqual([1, 2, 3]);
  });

  it('keeps SLEEPDEEP and the other bits of SCR', () => {
    expect(trace('\nreset:\n put SCR, 0xffffffff\n tracem SCR\n done\n', { qemu: 'lets all bits of SCR be set' })).toEqual([0x16]);
  });

  it('COUNTFLAG: set when SysTick reaches zero, cleared by reading CTRL and by writing VAL', () => {
    expect(
      trace(`
reset:
  put SYST+4, 19
  put SYST+8, 0
  put SYST, 5
  movs r2, #20
1:subs r2, #1
  bne 1b
  tracem SYST
  tracem SYST+8            @ somewhere in a period
  movs r2, #20
1:subs r2, #1
  bne 1b
  put SYST+8, 123
  tracem SYST
  done`).map((value, index) => (index === 1 ? value < 20 : value)),
    ).toEqual([0x1_0005, true, 5]);
  });

  it('reads SysTick exactly: each instruction is one tick', () => {
    expect(
      trace(`
reset:
  put SYST+4, 0xffffff
  put SYST+8, 0
  ldr r4, =SYST
  movs r2, #5
  str r2, [r4]
  ldr r1, [r4, #8]
  ldr r2, [r4, #8]
  nop
  nop
  ldr r3, [r4, #8]
  tracer r1
  tracer r2
  tracer r3
  done`),
    ).toEqual([0xff_ffff, 0xff_fffe, 0xff_fffb]);
  });

  it("Zephyr's elapsed(): VAL, CTRL, VAL see the wrap exactly once", () => {
    const values = trace(`
reset:
  put SYST+4, 99
  put SYST+8, 0
  cpsid i
  put SYST, 7
  ldr r4, =SYST
  movs r5, #60
2:ldr r1, [r4, #8]
  ldr r2, [r4]
  ldr r3, [r4, #8]
  tst r2, #0x10000
  beq 1f
  tracer r1
  tracer r3
1:subs r5, #1
  bne 2b
  tracem ICSR
  done`);
    const pairs = values.slice(0, -1);
    expect(pairs).toHaveLength(8);
    for (let index = 0; index < pairs.length; index += 2) expect(pairs[index]! < 12 || pairs[index + 1]! > 90).toBe(true);
    expect(values.at(-1)! & (1 << 26)).not.toBe(0);
  });

  it('CYCCNT counts one per instruction', () => {
    expect(
      trace(`
reset:
  put DEMCR, 0x01000000
  put 0xe0001000, 1
  ldr r4, =0xe0001000
  ldr r2, [r4, #4]
  nop
  nop
  udiv r1, r1, r1
  ldr r3, [r4, #4]
  subs r3, r2
  tracer r3
  done`),
    ).toEqual([4]);
  });

  it('SYSRESETREQ ends the run after the instruction', () => {
    const { stop, symbols, rig } = run(`
reset:
  ldr r2, =AIRCR
  ldr r3, =0x05fa0004
  str r3, [r2]
after:
  b .`);
    expect(stop).toEqual({ kind: 'reset-request' });
    expect(rig.core.pc).toBe(symbols['after']);
    expect(rig.core.instructions).toBe(3);
  });
});
