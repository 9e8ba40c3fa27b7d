import { describe, expect, it } from 'vitest';
import { CoreFailed, Deadlock, FirmwareExited, type WaitError, WaitTimeout } from '../../src/errors.ts';
import { failure, machine } from './support.ts';

describe('a wait that cannot end', () => {
  it('a machine in which nothing can happen: where it is, what both sides wait for, what came instead', async () => {
    const m = await machine('imx8mp_hello');
    const error = await failure<Deadlock>(m.until('uart4', /ready/, { within: '1h' }));
    expect(error).toBeInstanceOf(Deadlock);
    expect(error).toMatchObject({ code: 'E_DEADLOCK', awaited: 'a line of uart4 that matches /ready/' });
    expect(error.situation).toMatchObject({ core: 'm7', time: m.now, pc: { symbol: expect.stringMatching(/^main/) } });
    expect(error.message).toContain('hello world.');
    expect(error.message).toMatch(/m7: pc 0x[0-9a-f]{8} main.*waits in WFI/);
    expect(error.message).toContain('linux: remoteproc0 is running');
    expect(error.message).toContain('the table has no vdev');
    expect(error.message).toContain('m7 started');
    expect(error.message).toMatch(/\nremedy: look at who should interrupt m7, which sleeps$/);
    expect(m.now).toBeLessThan(1e9);
  });

  it('time still passes for whoever wants no more than that', async () => {
    const m = await machine('imx8mp_hello');
    await m.advance('2h');
    expect(m.now).toBe(7200e9);
  });

  it('a loop without end: ends by virtual time, with the loop and what it reads', async () => {
    const m = await machine('imx8mp_hang');
    const error = await failure<WaitTimeout>(m.until('uart4', 'done', { within: '20ms' }));
    expect(error).toBeInstanceOf(WaitTimeout);
    expect(error.message).toMatch(/^a line of uart4 that has "done": not within 20 ms of virtual time\n/);
    expect(error.message).toContain('reads 0x20000000 sensor_ready, which is 0x00000000');
    expect(error.message).toContain("give it longer: { within: '40ms' }");
    expect(error.situation.time).toBe(20_000_000);
  });

  it('a fault: instruction, cause, callers; later waits say that it was before', async () => {
    const m = await machine('imx8mp_fault');
    const error = await failure<CoreFailed>(m.until('uart4', 'step 9'));
    expect(error).toBeInstanceOf(CoreFailed);
    expect(error.faults[0]).toMatchObject({ exception: 'HardFault', pc: { symbol: 'read_sensor' }, fault: { address: 0x2019_0000 } });
    expect(error.message).toContain('m7 took a fault and its handler loops at HardFault_Handler');
    expect(error.message).toContain('nothing is mapped there');
    expect(error.message).toMatch(/average.*\n.*control_step.*\n.*control_loop.*\n.*main/);
    expect(error.message.match(/HardFault taken at/g)).toHaveLength(2);
    const later = await failure<WaitError>(m.until('uart4', 'step 9', { within: '1ms' }));
    expect(later).toBeInstanceOf(WaitTimeout);
    expect(later.message).toContain('the core had failed before: m7 took a fault');
    expect((await m.linux.exec('echo still here')).stdout).toBe('still here\n');
  });

  it('a lockup, also while only time is awaited', async () => {
    const m = await machine('imx8mp_lockup');
    const error = await failure<CoreFailed>(m.advance('1s'));
    expect(error).toBeInstanceOf(CoreFailed);
    expect(error.message).toContain('m7: lockup: UsageFault in HardFault');
    await m.advance('1ms');
  });

  it('a failure that nobody awaited yet is told by the next wait', async () => {
    const m = await machine('imx8mp_lockup');
    await m.linux.exec('sleep 0.1');
    expect(m.now).toBeGreaterThan(100e6);
    expect(await failure(m.advance('1ms'))).toBeInstanceOf(CoreFailed);
  });

  it('a failure that is meant', async () => {
    const m = await machine('imx8mp_fault');
    const found = await m.untilFailure();
    expect(found.faults[0]?.pc.symbol).toBe('read_sensor');
    await m.advance('1ms');
    const lockup = await machine('imx8mp_lockup');
    expect((await lockup.untilFailure()).text).toContain('lockup');
  });

  it('the firmware ends the run', async () => {
    const m = await machine('semihosting_exit7', { semihosting: true });
    expect(await m.untilExit()).toBe(7);
    expect(await m.until('semihosting', 'leaving')).toMatchObject({ source: 'semihosting' });
    const error = await failure<FirmwareExited>(m.until('semihosting', 'more'));
    expect(error).toBeInstanceOf(FirmwareExited);
    expect(error).toMatchObject({ code: 'E_EXIT', status: 7, remedy: expect.stringContaining('untilExit()') });
    expect(await failure(m.advance('1ms'))).toBeInstanceOf(FirmwareExited);
  });

  it('semihosting that nobody serves', async () => {
    const m = await machine('semihosting_exit7');
    const error = await failure<CoreFailed>(m.until('any', 'hello'));
    expect(error.message).toContain('semihosting: true serves');
  });

  it('a firmware that Linux refuses', async () => {
    const m = await machine('imx8mp_bad_table_truncated');
    const error = await failure<WaitError>(m.until('uart4', 'x'));
    expect(error.message).toContain('Linux refused the firmware:');
    expect(error.message).toContain('remoteproc remoteproc0: vdev rsc is truncated');
    expect(error.remedy).toMatch(/^let the section hold the whole table/);
  });

  it('text for a console that is not there', async () => {
    const m = await machine('imx8mp_hello');
    m.uart('ttyRPMSG30').send('x');
    const error = await failure<Deadlock>(m.until('ttyRPMSG30', 'x', { within: Number.POSITIVE_INFINITY }));
    expect(error).toBeInstanceOf(Deadlock);
    expect(error.message).toContain('nothing was printed on ttyRPMSG30');
    expect(error.message).toContain('text for ttyRPMSG30 was not given: it was not ready');
  });

  it('a machine that is gone', async () => {
    const m = await machine('imx8mp_hello');
    const wait = m.until('uart4', 'never');
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    m.dispose();
    expect(await failure(wait)).toMatchObject({
      code: 'E_USAGE',
      message: 'the machine was disposed of while somebody awaited a line of uart4 that has "never"',
      remedy: expect.stringContaining('an await is missing'),
    });
    expect(await failure(m.advance('1ms'))).toMatchObject({ message: 'the machine was disposed of' });
  });
});

describe('options', () => {
  it.each([
    [{ linux: false, modules: ['rpmsg_tty'] }, 'leave out modules, or linux: false'],
    [{ soc: 'imx9' }, 'imx8mp'],
    [{ board: 'nix' }, 'evk'],
    [{ modules: ['nix'] }, 'rpmsg_tty'],
    [{ seed: -1 }, 'whole number'],
    [{ engine: 'fast' }, "'jit'"],
    [{ firmware: 'images/none.elf' }, 'give the path of an ELF'],
    [{ boot: 'uboot', soc: 'imx8mp', board: 'nix' }, 'evk'],
  ] as const)('%j is refused with what to do: %s', async (options, remedy) => {
    const error = await failure<WaitError>(machine('imx8mp_hello', options as object));
    expect(error.code).toMatch(/^E_/);
    expect(`${error.message} ${error.remedy}`).toContain(remedy);
    expect(`${error.message} ${error.remedy}`).not.toMatch(/--[a-z]/);
  });
});
