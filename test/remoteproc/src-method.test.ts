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

/** Where the registers are on the parts whose imx_rproc uses them, with what they hold when the core runs. */
describe.each([
  ['imx8mm', 0x3039_000c, 0xf, 0x8],
  ['imx8mq', 0x3039_000c, 0xf, 0x8],
  ['imx7d', 0x3039_000c, 0xf, 0x8],
  ['imx6sx', 0x020d_8000, 0x0040_1018, 0x0040_0000],
])('%s', (name, address, mask, running) => {
  it('is started and stopped by its SRC', () => {
    const firmware = parseFirmware(readFileSync(`images/${name}_rpmsg.elf`), `${name}_rpmsg.elf`);
    const machine = new Machine({ soc: findSoc(name), firmware });
    const { linux, core, kernel } = machine;
    const run = (seconds: number) => machine.run(machine.scheduler.now + seconds * machine.scheduler.hz);
    const register = () => (machine.view('linux').peek(address, 4) & mask) >>> 0;
    const { src } = machine.soc.remoteprocs[0]!;
    expect([src!.address, src!.mask]).toEqual([address, mask]);
    expect(core.halted).toBe(true);
    run(0.05);
    expect([core.halted, register(), linux!.remoteprocs[0]!.rproc.state]).toEqual([false, running, 'running']);
    expect(kernel!.log.some(({ text }) => text.includes('creating channel rpmsg-client-sample'))).toBe(true);
    linux!.stop(0);
    run(0.02);
    expect([core.halted, register(), linux!.remoteprocs[0]!.rproc.state]).toEqual([true, src!.stop, 'offline']);
    machine.dispose();
  });
});

describe('where a core starts when the SRC lets it go', () => {
  const words = [0x2000_8000, 0x1fff_8101];

  it('is where SP and PC are in its own memory, once somebody has written them', () => {
    const of = new Machine({ soc: findSoc('imx7d'), linux: false });
    const view = of.view('linux');
    for (const [index, word] of words.entries()) view.write(0x0018_0000 + 4 * index, word, 4);
    view.write(0x3039_000c, 0xaa, 4);
    expect([of.core.halted, of.core.pc]).toEqual([false, 0x1fff_8100]);
    of.dispose();
  });
});
