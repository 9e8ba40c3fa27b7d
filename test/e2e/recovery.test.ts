/** A core that crashes while Linux hears of it: dump, gdb-multiarch on the dump, recovery, and messages again. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Machine } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { findSoc } from '../../src/soc/index.ts';

const IMAGE = 'images/imx8mp_echo.elf';
const TTY = '/dev/ttyRPMSG30';
const SYS = '/sys/class/remoteproc/remoteproc0';
const hasGdb = spawnSync('gdb-multiarch', ['--version']).status === 0;
const directory = mkdtempSync(join(tmpdir(), 'imx-sim-recovery-'));
afterAll(() => rmSync(directory, { recursive: true }));

function machineOf(image: string, crashDetection: 'none' | 'report' = 'report') {
  const firmware = parseFirmware(readFileSync(`images/${image}`), image);
  const machine = new Machine({ soc: findSoc('imx8mp'), firmware, crashDetection });
  const linux = machine.linux!;
  const dmesg = (): string[] => machine.kernel!.log.map(({ text }) => text);
  return { machine, linux, firmware, dmesg };
}

describe('crash and recovery', () => {
  it.skipIf(!hasGdb)('the firmware faults at a message: core dump that gdb opens, recovery, messages again', async () => {
    const { machine, linux, firmware, dmesg } = machineOf('imx8mp_echo.elf');
    // What comes back is read by the program that shows ttys on the console.
    let shown = '';
    machine.events.subscribe((event) => {
      if (event.type === 'console' && event.device === 'ttyRPMSG30') shown += String.fromCharCode(event.byte);
    });
    const echo = async (text: string): Promise<string> => {
      shown = '';
      await linux.api.writeFile(TTY, `${text}\n`);
      machine.run(machine.scheduler.now + machine.scheduler.cyclesFromNs(20e6));
      return shown;
    };
    await linux.api.waitFor(TTY);
    expect(await echo('before')).toContain('before');
    await linux.api.writeFile(`${SYS}/coredump`, 'enabled');

    // The handler of messages becomes an undefined instruction; loading the image again mends it.
    const receive = firmware.symbols.find(({ name }) => name === 'receive')!.address;
    machine.view('m7').write(receive, 0xde00, 2);
    await linux.api.writeFile(TTY, 'crash\n');
    await linux.api.waitFor('/sys/class/devcoredump/devcd1/data');
    const file = join(directory, 'core');
    writeFileSync(file, await linux.api.readFile('/sys/class/devcoredump/devcd1/data'));
    const gdb = spawnSync(
      'gdb-multiarch',
      [
        '-nx',
        '-batch',
        '-ex',
        `core-file ${file}`,
        '-ex',
        'bt',
        '-ex',
        'info registers pc',
        '-ex',
        'x/2i $pc',
        '-ex',
        'print echo.name',
        IMAGE,
      ],
      { encoding: 'utf8' },
    );
    expect(gdb.stdout, gdb.stderr).toMatch(/#0 .*receive/);
    expect(gdb.stdout).toMatch(/#1 .*rpmsg_poll.*#2 .*main/s);
    expect(gdb.stdout).toMatch(new RegExp(`pc +0x${receive.toString(16)} `));
    expect(gdb.stdout).toMatch(/=> .*udf\s+#0/);
    expect(gdb.stderr).not.toMatch(/Couldn't find general-purpose registers|not a core dump/);

    await linux.api.waitFor(TTY);
    expect(await echo('after')).toContain('after');
    expect(await linux.api.readText(`${SYS}/state`)).toBe('running\n');
    const lines = dmesg().filter((line) => line.startsWith('remoteproc remoteproc0'));
    expect(lines.slice(-5)).toEqual([
      'remoteproc remoteproc0: crash detected in imx-rproc: type fatal error', // rproc_report_crash
      'remoteproc remoteproc0: handling crash #1 in imx-rproc', // rproc_crash_handler_work
      'remoteproc remoteproc0: recovering imx-rproc', // rproc_trigger_recovery
      'remoteproc remoteproc0: stopped remote processor imx-rproc', // rproc_stop
      'remoteproc remoteproc0: remote processor imx-rproc is now up', // rproc_start
    ]);
    await linux.api.writeFile('/sys/class/devcoredump/devcd1/data', '1', 'r+');
    expect(await linux.api.exists('/sys/class/devcoredump/devcd1')).toBe(false);
    machine.dispose();
  });

  const WDOG1 = 0x3028_0000;
  const WDOG3 = 0x302a_0000;
  const run = ({ machine }: ReturnType<typeof machineOf>, seconds: number) =>
    machine.run(machine.scheduler.now + seconds * machine.scheduler.hz);

  it.each([
    ['lockup', 'imx8mp_lockup.elf'],
    ['a fault handler that loops', 'imx8mp_fault.elf'],
  ])('%s: detected as a fatal error, each time anew', (_what, image) => {
    const made = machineOf(image);
    expect(run(made, 0.03)).toEqual({ kind: 'limit' });
    const crashes = made.dmesg().filter((line) => line.includes('handling crash'));
    expect(crashes.length).toBeGreaterThan(2);
    expect(crashes[2]).toBe('remoteproc remoteproc0: handling crash #3 in imx-rproc');
    expect(
      made
        .dmesg()
        .filter((line) => line.includes('crash detected'))
        .every((line) => line.endsWith('type fatal error')),
    ).toBe(true);
    made.machine.dispose();
  });

  it('the watchdog of the core: detected as such; those of Linux reset the SoC', () => {
    const made = machineOf('imx8mp_echo.elf');
    run(made, 0.1);
    made.machine.view('m7').write(WDOG3, 0x0034, 2);
    // Then the core sleeps until a message comes.
    expect(run(made, 1)).toEqual({ kind: 'deadlock' });
    expect(made.dmesg()).toContain('remoteproc remoteproc0: crash detected in imx-rproc: type watchdog');
    expect(made.dmesg().at(-1)).toMatch(/creating channel rpmsg-virtual-tty-channel-1|new channel|Install rpmsg tty driver/);
    made.machine.view('linux').write(WDOG1, 0x0034, 2);
    expect(run(made, 1)).toMatchObject({ kind: 'system-reset', block: 'WDOG1' });
    made.machine.dispose();
  });

  it.each([
    ['report', 1],
    ['none', 0],
  ] as const)('the core resets itself (%s)', async (detection, crashes) => {
    const made = machineOf('imx8mp_echo.elf', detection);
    const { machine, linux, firmware } = made;
    await linux.api.waitFor(TTY);
    const receive = firmware.symbols.find(({ name }) => name === 'receive')!.address;
    // ldr r0, =AIRCR; ldr r1, =VECTKEY | SYSRESETREQ; str r1, [r0]; b .
    for (const [i, word] of [0x4903_4802, 0xe7fe_6001, 0xbf00_bf00, 0xe000_ed0c, 0x05fa_0004].entries())
      machine.view('m7').write(receive + 4 * i, word, 4);
    await linux.api.writeFile(TTY, 'reset\n');
    run(made, 0.1);
    expect(made.dmesg().filter((line) => line.endsWith('crash detected in imx-rproc: type watchdog'))).toHaveLength(crashes);
    expect(machine.core.halted).toBe(false);
    machine.dispose();
  });

  it('as on 8M boards, nobody tells Linux: the crash ends the run', () => {
    const made = machineOf('imx8mp_echo.elf', 'none');
    run(made, 0.1);
    made.machine.view('m7').write(WDOG3, 0x0034, 2);
    expect(run(made, 1)).toMatchObject({ kind: 'system-reset', block: 'WDOG3' });
    const lockup = machineOf('imx8mp_lockup.elf', 'none');
    expect(run(lockup, 0.1)).toMatchObject({ kind: 'crashed', core: 'm7' });
    expect(lockup.dmesg().join()).not.toContain('crash detected');
    made.machine.dispose();
    lockup.machine.dispose();
  });

  it('recovery disabled: it stays crashed until somebody asks for it', async () => {
    const made = machineOf('imx8mp_lockup.elf');
    const { linux, machine } = made;
    await linux.api.waitFor(SYS);
    await linux.api.writeFile(`${SYS}/recovery`, 'disabled');
    run(made, 0.05);
    expect(await linux.api.readText(`${SYS}/state`)).toBe('crashed\n');
    expect(machine.core.halted).toBe(true);
    await linux.api.writeFile(`${SYS}/recovery`, 'recover');
    expect(machine.core.halted).toBe(false);
    machine.dispose();
  });
});
