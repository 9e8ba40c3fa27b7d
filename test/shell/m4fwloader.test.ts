/** m4fwloader on an i.MX 7D: its words are NXP's, and what it does to the hardware is seen at the core. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { buildElf } from '../remoteproc/elf-builder.ts';
import { type ShellFixture, shellOn } from './fixture.ts';

/** `start` at vectors + 9: stores r1 = 0x55 to the word at 0x20200100 (OCRAM), loops. */
const CODE = [0x4902, 0x2055, 0x6008, 0xe7fe, 0xe7fe, 0xe7fe];
const MARK = 0x0090_0100;

/** Vector table, code and literal, for `base`; `value` is what it leaves at the mark. */
function image(base: number, value = 0x55): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x2000_8000, true);
  view.setUint32(4, base + 9, true);
  for (const [index, word] of CODE.entries()) view.setUint16(8 + 2 * index, index === 1 ? 0x2000 | value : word, true);
  view.setUint32(20, 0x2020_0100, true);
  return bytes;
}

const BANNER = 'i.MX M4 Loader - M4 firmware loader v. 1.0.0\n';
const SRC = 0x3039_000c;

describe('m4fwloader', () => {
  let shell: ShellFixture;
  beforeAll(async () => {
    shell = await shellOn([], interpreterFactory, 'imx7d');
    const { firmwareFiles } = shell.machine.linux!;
    firmwareFiles.set('tcml.bin', image(0x1fff_8000));
    firmwareFiles.set('ocram.bin', image(0x0091_0000, 0x66));
    firmwareFiles.set('tcml.elf', buildElf({ segments: [{ da: 0x1fff_8000, data: image(0x1fff_8000, 0x77) }], entry: 0x1fff_8009 }).bytes);
    firmwareFiles.set('far.elf', buildElf({ segments: [{ da: 0x3000_0000, data: image(0x3000_0000) }], entry: 0x3000_0009 }).bytes);
    const bss = { da: 0x1fff_8000, data: image(0x1fff_8000, 0x78) };
    firmwareFiles.set('bss.elf', buildElf({ segments: [{ ...bss, memsz: 0x1_0000 }], entry: 0x1fff_8009 }).bytes);
    firmwareFiles.set('long.elf', buildElf({ segments: [{ ...bss, memsz: 0x1_0001 }], entry: 0x1fff_8009 }).bytes);
    firmwareFiles.set('cut.elf', buildElf({ segments: [bss], entry: 0x1fff_8009 }).bytes.slice(0, 60));
    const many = Array.from({ length: 2000 }, () => ({ da: 0x2020_0000, memsz: 0x4_0000 }));
    firmwareFiles.set('many.elf', buildElf({ segments: many, entry: 0x1fff_8009 }).bytes);
    const full = new Uint8Array(0x8000);
    full.set(image(0x1fff_8000));
    firmwareFiles.set('full.bin', full);
    firmwareFiles.set('big.bin', new Uint8Array(0x8001));
  });
  afterAll(() => shell.dispose());
  const run = async (script: string) => shell.run(`cd /lib/firmware; ${script}`);
  const word = (address: number): number => shell.machine.view('linux').peek(address, 4);
  const held = (): boolean => (word(SRC) & 1) === 1;

  it('says how it is used', async () => {
    expect(await run('m4fwloader')).toEqual({
      status: 1,
      stderr: '',
      stdout:
        `${BANNER}-- i.MX M4 Loader -- \nUsage:\n` +
        'm4fwloader [filename.bin] [0xLOADADDR] [--verbose]  # loads new firmware\n' +
        'or: m4fwloader stop                    # holds the auxiliary core in reset\n' +
        'or: m4fwloader start                   # releases the auxiliary core from reset\n' +
        'or: m4fwloader kick [n]                # triggers interrupt on RPMsg virtqueue n\n',
    });
    const usage = `${BANNER}i.MX M4 Loader - Usage: m4fwloader [yourfwname.bin] [0xLOADADDR] [--verbose]\n`;
    expect((await run('m4fwloader tcml.bin')).stdout).toBe(usage);
    expect((await run('m4fwloader tcml.bin 0x7f8000 -v')).stdout).toBe(usage);
    expect((await run('m4fwloader kick')).stdout).toBe(`${BANNER}i.MX M4 Loader - Usage: m4fwloader kick {vq_id to kick}\n`);
    expect(await run('m4fwloader none.bin 0x7f8000')).toMatchObject({ stdout: 'File none.bin not found.\n', status: 1 });
  });

  it('loads a raw image and starts it', async () => {
    expect(held()).toBe(true);
    expect(await run('m4fwloader tcml.bin 0x7f8000; sleep 0.01')).toEqual({ stdout: '', stderr: '', status: 0 });
    expect(held()).toBe(false);
    expect([word(0x0018_0000), word(0x0018_0004)]).toEqual([0x2000_8000, 0x1fff_8009]);
    expect(word(MARK)).toBe(0x55);
  });

  it('swaps one image for another, at the address of its reset vector when none is given', async () => {
    const { stdout } = await run('m4fwloader ocram.bin 0 --verbose; sleep 0.01');
    expect(word(MARK)).toBe(0x66);
    expect(stdout).toContain('loadaddr = 0x00910000');
  });

  it('stops and starts the core where it was', async () => {
    await run('m4fwloader tcml.bin 0x7f8000; sleep 0.01; m4fwloader stop');
    expect([held(), shell.machine.core.halted]).toEqual([true, true]);
    shell.machine.view('linux').write(MARK, 0, 4);
    await run('m4fwloader start; sleep 0.01');
    expect([held(), word(MARK)]).toEqual([false, 0x55]);
  });

  it('shows each register with --verbose', async () => {
    const { stdout } = await run('m4fwloader tcml.bin 0x7f8000 --verbose');
    expect(stdout.split('\n').map((line) => line.replace('\r', ''))).toEqual([
      'LoadAddr is: 7F8000',
      'Will stop CPU now...',
      'STOP - before (0x3039000C): 0x000000A8',
      'STOP - after (0x3039000C): 0x000000A9',
      'Will ungate M4 clock source...',
      'i.MX7D specific function for M4 clock enabling!',
      expect.stringMatching(/^CCM_ANALOG_PLL_480 \(0x303600B0\): 0x/),
      expect.stringMatching(/^CCM_ANALOG_PLL_480 \(0x303600B0\): 0x/),
      'CCM_ANALOG_PLL_480 done',
      expect.stringMatching(/^CCM1_CCGR1 \(0x30384010\): 0x/),
      'CCM1_CCGR1 (0x30384010): 0x00000003',
      'CCM1_CCGR1 done',
      'Will load M4 firmware...',
      'i.MX M4 Loader - FILENAME = tcml.bin; loadaddr = 0x007f8000',
      'i.MX M4 Loader - start - end (0x007f0000 - 0x00800000)',
      'Will set PC and STACK......Done',
      'Will start CPU now...',
      'START - before (0x3039000C): 0x000000A9',
      'START -after (0x3039000C): 0x000000A8',
      'Done!',
      '',
    ]);
  });

  it('has 32 KiB of TCML for a file, and says so', async () => {
    expect(await run('m4fwloader full.bin 0x7f8000; m4fwloader stop')).toMatchObject({ stdout: '' });
    const { stdout, status } = await run('m4fwloader big.bin 0x7f8000');
    expect({ stdout, status }).toEqual({ stdout: "i.MX M4 Loader - File size too big, can't load: 32769 > 32768 \n", status: 3 });
    expect(held()).toBe(true);
  });

  it('takes an ELF without an address', async () => {
    expect(await run('m4fwloader tcml.elf; sleep 0.01')).toMatchObject({ stdout: '', status: 0 });
    expect(word(MARK)).toBe(0x77);
    expect((await run('m4fwloader far.elf')).stdout).toBe('i.MX M4 Loader - Invalid aux core address: 30000000\n');
  });

  it('fills the rest of a segment with zeros, across the two halves of the TCM and no farther', async () => {
    for (const address of [0x007f_8018, 0x0080_7ffc]) shell.machine.view('linux').write(address, 0xffff_ffff, 4);
    expect(await run('m4fwloader bss.elf; sleep 0.01; m4fwloader stop')).toMatchObject({ stdout: '', status: 0 });
    expect([word(MARK), word(0x007f_8018), word(0x0080_7ffc)]).toEqual([0x78, 0, 0]);
    expect(await run('m4fwloader long.elf')).toMatchObject({ stdout: 'i.MX M4 Loader - Invalid aux core address: 1fff8000\n', status: 3 });
  });

  it('starts nothing of an ELF without segments', async () => {
    expect(await run('m4fwloader cut.elf')).toMatchObject({ stdout: 'i.MX M4 Loader - the ELF file has nothing to load\n', status: 3 });
    expect(held()).toBe(true);
  });

  it('takes its time for many segments, and can be stopped', async () => {
    expect((await run('timeout 0.01 m4fwloader many.elf; echo $?')).stdout).toMatch(/124\n$/);
  });

  it('rings the doorbell of a queue', async () => {
    const words: number[] = [];
    const stop = shell.machine.events.subscribe((event) => {
      if (event.type === 'mu' && event.action === 'transmit' && event.side === 'A') words.push(event.channel, event.value);
    });
    await run('m4fwloader kick 1');
    stop();
    expect(words).toEqual([1, 0x1_0000]);
  });

  it('cannot reach memory that the kernel uses', async () => {
    expect((await run('m4fwloader tcml.bin 0x80000000')).stdout).toBe('i.MX M4 Loader - /dev/mem at 0x80000000: Operation not permitted\n');
  });
});

it('knows no board with a Cortex-M7', async () => {
  const shell = await shellOn();
  expect(await shell.run('m4fwloader stop')).toEqual({ stdout: `${BANNER}Board is not supported.\n`, stderr: '', status: 1 });
  shell.dispose();
});
