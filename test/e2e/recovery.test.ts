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
    const echo = async (text: string): Promise<string> => {
      const tty = await linux.open(TTY, 'r+', { timeoutNs: 1e9 });
      await tty.write(`${text}\n`);
      let answer = '';
      while (!answer.includes('\n')) answer += await tty.readText(100);
      await tty.close();
      return answer;
    };
    await linux.waitFor(TTY);
    expect(await echo('before')).toContain('before');
    await linux.writeFile(`${SYS}/coredump`, 'enabled');

    // The handler of messages becomes an undefined instruction; loading the image again mends it.
    const receive = firmware.symbols.find(({ name }) => name === 'receive')!.address;
    machine.view('m7').write(receive, 0xde00, 2);
    const tty = await linux.open(TTY, 'r+');
    await tty.write('crash\n');
    await tty.close();
    await linux.waitFor('/sys/class/devcoredump/devcd1/data');
    const file = join(directory, 'core');
    writeFileSync(file, await linux.readFile('/sys/class/devcoredump/devcd1/data'));
    const gdb = spawnSync(
      'gdb-multiarch',
      ['-nx', '-batch', '-ex', `core-file ${file}`, '-ex', 'bt', '-ex', 'info registers pc', '-ex', 'x/2i $pc', '-ex', 'print echo.name', IMAGE],
      { encoding: 'utf8' },
    );
    expect(gdb.stdout, gdb.stderr).toMatch(/#0 .*receive/);
    expect(gdb.stdout).toMatch(/#1 .*rpmsg_poll[^]*main/);
    expect(gdb.stdout).toMatch(new RegExp(`pc +0x${receive.toString(16)} `));
    expect(gdb.stdout).toMatch(/=> .*udf\s+#0/);
    expect(gdb.stderr).not.toMatch(/Couldn't find general-purpose registers|not a core dump/);

    await linux.waitFor(TTY);
    expect(await echo('after')).toContain('after');
    expect(await linux.readText(`${SYS}/state`)).toBe('running\n');
    const lines = dmesg().filter((line) => line.startsWith('remoteproc remoteproc0'));
    expect(lines.slice(-5)).toEqual([
      'remoteproc remoteproc0: crash detected in imx-rproc: type fatal error', // rproc_report_crash
      'remoteproc remoteproc0: handling crash #1 in imx-rproc', // rproc_crash_handler_work
      'remoteproc remoteproc0: recovering imx-rproc', // rproc_trigger_recovery
      'remoteproc remoteproc0: stopped remote processor imx-rproc', // rproc_stop
      'remoteproc remoteproc0: remote processor imx-rproc is now up', // rproc_start
    ]);
    await linux.writeFile('/sys/class/devcoredump/devcd1/data', '1', 'r+');
    expect(await linux.exists('/sys/class/devcoredump/devcd1')).toBe(false);
    machine.dispose();
  });
});
