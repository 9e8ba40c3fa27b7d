/** What a core says about itself: state, crash report, backtrace, endless loops. */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../support/engines.ts';
import { Scenarios } from '../support/thumb-scenario.ts';

const scenarios = new Scenarios('fault-report');

describe.each(ENGINES)('reports on $name', (engine) => {
  const run = (source: string, options = {}) => {
    const names: Record<string, number> = {};
    const symbolise = (address: number) => {
      const [name, at] = Object.entries(names)
        .filter(([, start]) => start <= address && address < 0x1000)
        .sort((a, b) => b[1] - a[1])[0] ?? [undefined, 0];
      return name && `${name}+${address - at}`;
    };
    const before = () => {};
    const outcome = scenarios.run(engine, source, {
      qemu: false,
      before,
      symbolise,
      disassemble: () => 'ldr r3, [r2]',
      cycles: 200_000,
      ...options,
    });
    Object.assign(names, outcome.symbols);
    if (outcome.stop.kind === 'slice') outcome.rig.run(200_000);
    return outcome;
  };

  it('describes a lockup: cause, registers, status bits with their meaning, the faults that led there, backtrace', () => {
    const { stop, rig, symbols } = run(`
reset:
  bl outer
  done
outer:
  push {r4, lr}
  bl inner
  pop {r4, pc}
inner:
  push {r4, lr}
  ldr r2, =0x70000010
fails:
  ldr r3, [r2]
  pop {r4, pc}
hardfault:
  udf #0`);
    expect(stop.kind).toBe('crashed');
    rig.core.start(0);
    const again = rig.run(1000);
    if (again.kind !== 'crashed') throw new Error('did not crash again');
    const text = again.report.join('\n');
    expect(again.reason).toBe('lockup: UsageFault in HardFault');
    expect(text).toContain(`pc 0x000000${symbols['hardfault']!.toString(16)} hardfault+0  ldr r3, [r2]`);
    expect(text).toContain('xPSR 0x01000003: nzcvq, Thumb, HardFault');
    expect(text).toContain('PRECISERR: nothing answers at the address of a load or store');
    expect(text).toContain('UNDEFINSTR: undefined instruction');
    expect(text).toContain('FORCED: ');
    expect(text).toContain('BFAR 0x70000010');
    expect(text).toMatch(/HardFault taken at pc 0x0000007\w fails\+0 in cycle \d+: FORCED PRECISERR, address 0x70000010/);
    expect(text).toMatch(/r2 0x70000010/);
    const frames = text
      .slice(text.lastIndexOf('backtrace:'))
      .split('\n')
      .map((line) => line.trim().split(' ')[1]);
    expect(frames).toEqual([undefined, 'fails+0', 'outer+2', 'reset+0']);
  });

  it('recognises a fault handler that loops for ever', () => {
    const { rig, symbols } = run(`
reset:
  udf #0
hardfault:
  nop
loop:
  b loop`);
    expect(rig.core.stuckLoop()).toEqual({ exception: 3, inFault: true, pc: symbols['loop'] });
    expect(rig.core.faultReport()[0]).toMatch(/^HardFault taken at pc 0x00000060 reset\+0 in cycle 0: FORCED UNDEFINSTR$/);
    expect(rig.core.describe().join('\n')).toMatch(/Handler mode \(HardFault\)[\s\S]*HardFault taken at pc 0x00000060 .*\(1 in all\)/);
  });

  it('recognises a fault handler that sleeps for ever', () => {
    const { rig } = run('\nreset:\n  udf #0\nhardfault:\n  wfi\n  b hardfault\n');
    expect(rig.core.stuckLoop()).toMatchObject({ inFault: true });
  });

  it('recognises a loop with everything masked, and one that nothing can interrupt', () => {
    expect(run('\nreset:\n  cpsid i\n  put ISER, 1\n  b .\n').rig.core.stuckLoop()).toMatchObject({ exception: 0, inFault: false });
    expect(run('\nreset:\n  b .\n').rig.core.stuckLoop()).toMatchObject({ inFault: false });
  });

  it('sees no endless loop where an interrupt may come, memory is polled, or time is counted', () => {
    const polls = 'ldr r2, =0x20000000\n1:ldr r3, [r2]\n cmp r3, #0\n beq 1b\n';
    const counts = 'ldr r2, =10000000\n1:subs r2, #1\n bne 1b\n';
    for (const code of [
      'put ISER, 1\n b .\n',
      'put SYST+4, 0xffffff\n put SYST, 7\n b .\n',
      polls,
      counts,
      `udf #0\nhardfault:\n ${polls}`,
    ]) {
      expect(run(`\nreset:\n  ${code}  b .\n`).rig.core.stuckLoop()).toBeUndefined();
    }
  });

  it('describes Thread mode, stacks, pending and masked interrupts', () => {
    const { rig } = run(`
reset:
  ldr r2, =0x20008000
  msr psp, r2
  movs r2, #2
  msr control, r2
  isb
  put ISER, 4
  cpsid i
  put ISPR, 5
  b .`);
    expect(rig.core.describe()).toEqual([
      expect.stringMatching(/^cm7: pc 0x000000\w\w reset\+\d+, Thread mode, PSP, privileged$/),
      '  pending: IRQ 2',
      '  pending but disabled: IRQ 0',
      expect.stringMatching(/^ {2}loops at 0x000000\w\w reset\+\d+, 1 instruction$/),
      '  masked by PRIMASK',
    ]);
  });

  it('describes a loop that polls: from where to where, what it reads, and what is there', () => {
    const memory = run(`
reset:
  ldr r2, =0x20000010
  movs r3, #0x5a
  str r3, [r2]
  nop
again:
  ldrb r3, [r2]
  ldr r4, =0x12345678
  cmp r3, #0
  bne again
  b .`);
    const { again } = memory.symbols as { again: number };
    const at = (address: number) => `0x${address.toString(16).padStart(8, '0')} again+${address - again}`;
    expect(memory.rig.core.describe().slice(1)).toEqual([
      `  loops from ${at(again)} to ${at(again + 6)}, 4 instructions a round`,
      '    reads 0x20000010 sram+0x10, which is 0x5a',
    ]);
    const device = run(`
reset:
  ldr r2, =SYST
  nop
again:
  ldr r3, [r2]
  lsls r3, r3, #15
  bpl again
  b .`);
    expect(device.rig.core.describe().slice(1)).toEqual([
      expect.stringMatching(/^ {2}loops from .* again\+0 to .* again\+4, 3 instructions a round$/),
      '    reads 0xe000e010 SYST_CSR, which is 0x00000004',
    ]);
  });

  it('names an interrupt whose handler does not clear the cause', () => {
    const storm = run('\nreset:\n  put ISER, 2\n  put 0x40000004, 1\n  b .\nirq1:\n  nop\n  nop\n  nop\n  nop\n  bx lr', { qemu: false });
    expect(storm.rig.core.describe()).toEqual([
      expect.stringMatching(/Handler mode \(IRQ 1\)$/),
      '  asserted: IRQ 1; the handler is entered again and again until it clears the cause',
    ]);
    const cleared = run('\nreset:\n  put ISER, 2\n  put 0x40000004, 1\n  b .\nirq1:\n  put 0x40000008, 1\n  b .');
    expect(cleared.rig.core.describe().join()).not.toContain('asserted');
  });

  it('says of code that is on its way somewhere no loop', () => {
    const { rig } = run(`\nreset:\n  ldr r2, =0xffffff\n1: subs r2, #1\n  bne 1b\n${'  adds r3, #1\n'.repeat(100)}  b reset`, {
      cycles: 50,
    });
    expect(rig.core.describe().slice(1)).toEqual([expect.stringMatching(/^ {2}loops from .*, 2 instructions a round$/)]);
    const straight = run(`\nreset:\n${'  adds r3, #1\n'.repeat(200)}  b reset`, { cycles: 50 });
    expect(straight.rig.core.describe()).toHaveLength(1);
  });

  it('does not call a sleep with PRIMASK set masked: an interrupt ends it', () => {
    const { rig } = run('\nreset:\n  put ISER, 1\n  cpsid i\n  wfi\n  cpsie i\n  b .');
    expect(rig.core.describe()).toEqual([expect.stringMatching(/waits in WFI$/)]);
  });

  it('gives faults as data: where, why, registers, backtrace, and what lies at the address', () => {
    const { rig, symbols } = run(`
reset:
  bl inner
  b .
inner:
  push {r4, lr}
  ldr r2, =0x70000010
fails:
  ldr r3, [r2]
  pop {r4, pc}
hardfault:
  b .`);
    expect(rig.core.faults()).toEqual([
      {
        exception: 'HardFault',
        cycle: expect.any(Number),
        pc: { address: symbols['fails'], symbol: 'fails+0' },
        causes: [expect.objectContaining({ name: 'FORCED' }), expect.objectContaining({ name: 'PRECISERR' })],
        fault: { register: 'BFAR', address: 0x7000_0010, text: expect.stringMatching(/^nothing is mapped there/) },
        registers: expect.objectContaining({ r2: 0x7000_0010, pc: symbols['fails'] }),
        status: { cfsr: 0x8200, hfsr: 0x4000_0000 },
        backtrace: [
          { address: symbols['fails'], symbol: 'fails+0' },
          { address: symbols['reset'], symbol: 'reset+0' },
        ],
      },
    ]);
    expect(rig.core.faultReport().join('\n')).toMatch(/BFAR 0x70000010: nothing is mapped there/);
  });
});
