/**
 * Threads of real Zephyr and FreeRTOS firmware as gdb-multiarch shows them: IMX_SIM_FIRMWARE names a directory with ELFs, IMX_SIM_FIRMWARE_ONLY picks some.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { readFirmware } from '../../src/cli/firmware-file.ts';
import { DebuggedRun, gdb, mark, section } from '../e2e/gdb-session.ts';
import { firmwareKind } from './catalogue.ts';

const directory = process.env['IMX_SIM_FIRMWARE'];
const only = new RegExp(process.env['IMX_SIM_FIRMWARE_ONLY'] ?? '');

/** ELFs with an RTOS, and a thread that each must have. */
function threaded(path: string): (readonly [name: string, elf: string, thread: string])[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.elf'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((elf) => only.test(relative(path, elf)))
    .sort()
    .flatMap((elf): (readonly [string, string, string])[] => {
      const symbols = new Set(readFirmware(elf).symbols.map(({ name }) => name));
      if (symbols.has('_kernel') && symbols.has('z_idle_threads')) return [[basename(elf), elf, 'idle']];
      return symbols.has('pxCurrentTCB') ? [[basename(elf), elf, 'IDLE']] : [];
    });
}

describe.skipIf(directory === undefined)('threads', () => {
  it.each(directory === undefined ? [] : threaded(directory))('of %s', async (_, elf, thread) => {
    // BSP 1.0.1 is started by U-Boot, which is not what is debugged here.
    const options = firmwareKind(elf, readFileSync(elf))?.kind.startsWith('BSP') ? ['--no-linux'] : [];
    const run = new DebuggedRun(inject('dist'), elf, options);
    try {
      const port = await run.port();
      // Nothing bounds the run, so it keeps to the host's time.
      await new Promise((resolve) => setTimeout(resolve, 500));
      const output = await gdb(port, [mark('threads'), 'info threads', mark('stacks'), 'thread apply all backtrace 1', 'detach']);
      const threads = [...section(output, 'threads').matchAll(/Thread \d+ "([^"]+)" \((\w[^)]*)\)/g)];
      // Some begin with a question on the console, before there are threads.
      if (output.includes('has not started its scheduler')) return;
      expect(
        threads.map(([, name]) => name),
        output,
      ).toContain(thread);
      expect(threads.filter(([, , detail]) => detail!.startsWith('running'))).toHaveLength(1);
      // Each stands in code that has a name.
      const frames = [...section(output, 'stacks').matchAll(/^#0 .*$/gm)].map(([frame]) => frame);
      expect(frames).toHaveLength(threads.length);
      for (const frame of frames) expect(frame).not.toContain('??');
    } finally {
      run.kill();
    }
  });
});
