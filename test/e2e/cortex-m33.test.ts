/** `imx-sim run` with firmware for a bare Cortex-M33: found from the ELF, heard through semihosting. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/session/exit.ts';
import { ENGINES } from '../support/engines.ts';
import { runFirmware } from './session.ts';

const EXPECTED = readFileSync(new URL('../cpu/v8m/trustzone.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');

describe('on a bare Cortex-M33', () => {
  it.each(ENGINES.map(({ name }) => name))('trustzone.elf runs on %s without a word of what it is', async (engine) => {
    const run = await runFirmware('trustzone', ['--semihosting', '--cpu', engine]);
    expect(run.stderr).toBe(
      "imx-sim: cortex-m33 m33 (its segments lie in CODE, SSRAM of cortex-m33's m33; it is built for ARMv8-M Mainline; 1 more in imx-sim info), " +
        `without Linux, engine ${engine}\n`,
    );
    expect(run.console('semihosting')).toEqual(EXPECTED);
    expect(run.status).toBe(EXIT.OK);
  });

  it('programs for ARMv7-M run as well', async () => {
    const run = await runFirmware('semihosting_exit7', ['--semihosting', '--soc', 'cortex-m33']);
    expect(run.console('semihosting')).toEqual(['hello from semihosting, -1 text 00c0ffee', 'leaving with status 7']);
    expect(run.status).toBe(7);
  });
});
