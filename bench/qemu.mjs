/** The same programs under qemu-system-arm, on the board whose core each SoC has; its start-up is measured too, to be subtracted. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timed } from './measure.mjs';

export const BOARDS = { 'cortex-m4': 'mps2-an386', 'cortex-m7': 'mps2-an500', 'cortex-m33': 'mps2-an505' };

const probe = timed('qemu-system-arm', ['--version']);

/** Version of QEMU; undefined when there is none. */
export const qemuVersion = probe.error ? undefined : /version ([\d.]+)/.exec(probe.stdout)?.[1];

/**
 * The core of mps2-an505 fetches its first two words from 0x10000000, where the memory at 0 appears again, but not yet when QEMU resets it.
 * A copy of them there makes an ELF that is linked at 0 start.
 */
function startOfCortexM33(file, directory) {
  const elf = readFileSync(file);
  const at = elf.readUInt32LE(elf.readUInt32LE(0x1c) + 4);
  const words = join(directory, 'vectors.bin');
  writeFileSync(words, elf.subarray(at, at + 8));
  return ['-device', `loader,addr=0x10000000,file=${words},force-raw=on`];
}

/** Runs a program `repeat` times; with 0 it only starts and ends. */
export function runQemu(program, { soc, repeat = 1, plain = false }) {
  const directory = mkdtempSync(join(tmpdir(), 'imx-sim-bench-'));
  try {
    const line = ['enable=on', `arg=${program.name}`, `arg=repeat=${repeat}`, ...(plain ? ['arg=plain'] : [])].join(',');
    const args = ['-M', BOARDS[soc], '-display', 'none', '-monitor', 'none', '-serial', 'none', '-semihosting-config', line];
    const more = soc === 'cortex-m33' ? startOfCortexM33(program.file, directory) : [];
    const run = timed('qemu-system-arm', [...args, '-kernel', program.file, ...more], { timeout: 120_000 });
    if (run.status !== 0 || !program.until.test(run.stdout + run.stderr))
      throw new Error(`${program.name} on qemu-system-arm: status ${run.status}, it printed ${JSON.stringify(run.stdout + run.stderr)}`);
    return { wall: run.wall, cpu: run.cpu };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
