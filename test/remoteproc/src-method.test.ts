/** imx_rproc by register, as on 7D, 8MQ and 8MM, against the SRC of a whole machine. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { findSoc } from '../../src/soc/index.ts';

const SRC_M7RCR = 0x3039_000c;
/** The 8MP as if its driver used the SRC; `stop` is what the register holds after reset. */
const base = findSoc('imx8mp');
const soc = {
  ...base,
  remoteprocs: base.remoteprocs.map((description) => ({
    ...description,
    method: 'mmio' as const,
    src: { address: SRC_M7RCR, mask: 0xf, start: 0xe, stop: 0x9 },
  })),
};

describe.each(['imx8mp_echo.elf', 'imx8mp_rpmsg_ddr.elf'])('%s', (name) => {
  it('is started, stopped and started again by SRC_M7RCR', () => {
    const machine = new Machine({ soc, firmware: parseFirmware(readFileSync(`images/${name}`), name) });
    const { linux, core, kernel } = machine;
    const run = (seconds: number) => machine.run(machine.scheduler.now + seconds * machine.scheduler.hz);
    const channels = () => kernel!.log.filter(({ text }) => text.includes('creating channel')).length;
    const register = () => machine.view('linux').peek(SRC_M7RCR, 4) & 0xf;
    expect([core.halted, register()]).toEqual([true, 0x9]);
    run(0.1);
    // imx_rproc_start; the SRC clears the resets by itself.
    expect([core.halted, register()]).toEqual([false, 0x8]);
    const first = channels();
    expect(first).toBeGreaterThan(0);
    linux!.stop(0);
    run(0.1);
    expect([core.halted, register()]).toEqual([true, 0x9]); // imx_rproc_stop
    linux!.start(0);
    run(0.1);
    expect([core.halted, channels()]).toEqual([false, 2 * first]);
    expect(kernel!.log.at(-1)!.text).not.toMatch(/fail|error/);
    machine.dispose();
  });
});
