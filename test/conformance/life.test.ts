/**
 * The life of a core on every SoC: Linux boots its firmware, the firmware announces itself, both talk, Linux stops it and starts it again; and with
 * firmware without a resource table, U-Boot starts it and NXP's kernel talks to it. The same programs of images/, built for each SoC.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createMachine } from '../../src/kit/index.ts';
import { SOCS } from '../../src/soc/index.ts';
import { findUBootBoard } from '../../src/uboot/boards.ts';
import { ENGINES } from '../support/engines.ts';

const image = (name: string) => new URL(`../../images/${name}.elf`, import.meta.url);
const firmware = (name: string) => ({ name: `${name}.elf`, bytes: new Uint8Array(readFileSync(image(name))) });
const STATE = '/sys/class/remoteproc/remoteproc0/state';

/** Programs of another SoC that are the same on this one. */
const TWINS: Readonly<Record<string, string>> = { imx7s: 'imx7d' };
const programs = (soc: string): string => TWINS[soc] ?? soc;

const REAL = SOCS.filter(({ remoteprocs }) => remoteprocs.length > 0).map(({ name }) => name);
/** SoCs whose first board has imx_rpmsg's vrings in its tree, and a U-Boot. */
const FIXED = SOCS.filter(({ name, boards: [board] }) => board?.rpmsg && findUBootBoard(name, board.name)).map(({ name }) => name);

describe.each(REAL)('%s', (soc) => {
  it('has hello and rpmsg among the images', () => {
    expect(['hello', 'rpmsg'].filter((name) => !existsSync(image(`${programs(soc)}_${name}`)))).toEqual([]);
  });

  it('boots, announces, talks, stops and starts again, with the same trace on every engine', async () => {
    const traces = new Map<string, string>();
    for (const engine of ENGINES) {
      const m = await createMachine({ firmware: firmware(`${programs(soc)}_rpmsg`), soc, engine });
      expect(m.machine.soc.name).toBe(soc);
      const round = async (): Promise<void> => {
        await m.until('linux', /creating channel rpmsg-client-sample addr 0x400/);
        await m.until('linux', /incoming msg 100 \(src: 0x400\)/);
        await m.until('linux', /goodbye!/);
      };
      await round();
      await m.linux.writeFile(STATE, 'stop');
      expect(await m.linux.readText(STATE)).toBe('offline\n');
      await m.linux.writeFile(STATE, 'start');
      await round();
      await m.linux.writeFile('/dev/ttyRPMSG0', 'again\n');
      await m.until('ttyRPMSG0', /^TTY 0x0401: again/);
      expect(m.machine.diagnostics.all).toEqual([]);
      traces.set(engine.name, m.traceHash());
      m.dispose();
    }
    expect(new Set(traces.values()).size, JSON.stringify([...traces])).toBe(1);
  });
});

it('knows boards with imx_rpmsg', () => {
  expect(FIXED).toEqual(['imx7d', 'imx6sx']);
});

describe.each(FIXED)('%s with firmware without a resource table', (soc) => {
  it('is started by U-Boot, and echoes what NXP`s kernel sends', async () => {
    const m = await createMachine({ firmware: firmware(`${soc}_fixed`) });
    await m.until('linux', /creating channel rpmsg-virtual-tty-channel-1 addr 0x1e/);
    await m.until('console', /Get Message From Master Side : "hello world!"/);
    await m.linux.writeFile('/dev/ttyRPMSG30', 'SoloX');
    await m.until('console', /Get Message From Master Side : "SoloX" \[len : 5\]/);
    m.dispose();
  });
});
