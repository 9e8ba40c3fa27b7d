/** Firmware that fails at run time: what the report says, and that it is the same on every engine. */
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/session/exit.ts';
import { ENGINES } from '../support/engines.ts';
import { linesOf } from '../support/run-cli.ts';
import { inOrder, runFirmware } from './session.ts';

describe.each(ENGINES.map(({ name }) => name))('on %s', (engine) => {
  const run = (image: string, ...options: string[]) => runFirmware(image, ['--cpu', engine, ...options]);

  it('a fault: registers, decoded status, symbolised backtrace', async () => {
    const { status, stderr, lines } = await run('imx8mp_fault');
    expect(status).toBe(EXIT.FIRMWARE);
    expect(lines.at(-1)).toBe('step 1 done');
    const report = linesOf(stderr).map((line) => line.trim());
    expect(
      inOrder(report, [
        'firmware failed: m7 took a fault and its handler loops at HardFault_Handler',
        /^HardFault taken at pc 0x\w{8} read_sensor in cycle \d+: FORCED PRECISERR, address 0x20190000$/,
        /^r0 0x20190000 +r1 0x\w{8} +r2 0x\w{8} +r3 0x\w{8}$/,
        /^r12 0x\w{8} +sp 0x2001\w{4} +lr 0x\w{8} +pc 0x\w{8}$/,
        /^xPSR 0x01000000: nzcvq, Thumb, Thread mode$/,
        'CFSR 0x00008200',
        /^PRECISERR: /,
        /^BFARVALID: /,
        'HFSR 0x40000000',
        /^FORCED: /,
        'BFAR 0x20190000: nothing is mapped there: 0x7000 bytes past the end of OCRAM_S at 0x20180000..0x20188fff',
        'backtrace:',
        /^0x\w{8} read_sensor$/,
        /^0x\w{8} average\+0x\w+ \(lr\)$/,
        /^0x\w{8} control_step\+0x\w+$/,
        /^0x\w{8} control_loop\+0x\w+$/,
        /^0x\w{8} main\+0x\w+$/,
        /^0x\w{8} Reset_Handler\+0x\w+$/,
        'code at read_sensor:',
        /^=> 0x\w{8} +ldr r\d, \[r0\]$/,
        'last events:',
        /m7 started$/,
      ]),
      stderr,
    ).toEqual([]);
  });

  it('a lockup: both faults, with the code where it ended', async () => {
    const { status, stderr } = await run('imx8mp_lockup');
    expect(status).toBe(EXIT.FIRMWARE);
    const report = linesOf(stderr).map((line) => line.trim());
    expect(
      inOrder(report, [
        'firmware failed: m7: lockup: UsageFault in HardFault',
        /^pc 0x\w{8} HardFault_Handler$/,
        'CFSR 0x00010000',
        'UNDEFINSTR: undefined instruction',
        /^HardFault taken at pc 0x\w{8} main\+0x\w+ in cycle \d+: FORCED UNDEFINSTR$/,
        'last events:',
        /m7 crashed: lockup: UsageFault in HardFault$/,
      ]),
      stderr,
    ).toEqual([]);
  });

  it('a firmware that hangs: where it loops, and what Linux waits for', async () => {
    const { status, stderr, dmesg } = await run('imx8mp_hang', '--timeout', '50ms', '--until', 'goodbye!');
    expect(status).toBe(EXIT.TIMEOUT);
    expect(dmesg).toContain('virtio_rpmsg_bus virtio0: rpmsg host is online');
    expect(
      inOrder(linesOf(stderr), [
        'timed out after 0.05 s of virtual time; no line matched /goodbye!/',
        /^m7: pc 0x\w{8} wait_for_sensor\+0x\w+, Thread mode/,
        /^ {2}loops from 0x\w{8} wait_for_sensor\+0x\w+ to 0x\w{8} wait_for_sensor\+0x\w+, 3 instructions a round$/,
        /^ {4}reads 0x\w{8} sensor_ready, which is 0x00000000$/,
        /^linux: the virtio device is ready, but the firmware has sent no message/,
        'last events:',
      ]),
      stderr,
    ).toEqual([]);
  });

  it('a firmware that never reads its MU: the kick times out after 100 ms, and Linux says so', async () => {
    const { status, dmesg, stdout, stderr } = await run('imx8mp_bad_table', '--timeout', '300ms');
    expect(status).toBe(EXIT.TIMEOUT);
    expect(dmesg).toContain('imx-rproc imx8mp-cm7: imx_rproc_kick: failed (0, err:-62)');
    const [, seconds] = /\[ *(\d+\.\d+)\] imx-rproc imx8mp-cm7: imx_rproc_kick/.exec(stdout)!;
    expect(Number(seconds)).toBeGreaterThan(0.1);
    expect(Number(seconds)).toBeLessThan(0.13);
    expect(stderr).toMatch(
      /warning: dmesg: the firmware did not take the word out of its MU within 100 ms.*\n {2}remedy: initialise the MU/,
    );
  });

  it('a fault, in the same cycle on every engine', async () => {
    const { stderr } = await run('imx8mp_fault', '--trace-hash');
    const reference = await runFirmware('imx8mp_fault', ['--cpu', 'interpreter', '--trace-hash']);
    const cycle = (text: string) => /in cycle (\d+)/.exec(text)?.[1];
    expect(cycle(stderr)).toBe(cycle(reference.stderr));
    expect(cycle(stderr)).toMatch(/^\d+$/);
  });
});
