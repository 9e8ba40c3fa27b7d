/** Random writes to everything that remoteproc shows: whatever is written, and when, nothing breaks and the core can be started again. */
import { describe, expect, it } from 'vitest';
import { createBoard } from '../linux/board-fixture.ts';
import { buildElf, random, rpmsgTable, words } from './elf-builder.ts';
import { files } from './files.ts';

const code = words(0x2002_0000, 0x401, 0x401, 0x401);
const table = rpmsgTable({ num: 8, align: 16 });
const elf = buildElf({ segments: [{ da: 0, data: code }], sections: [{ name: '.resource_table', addr: 0x400, data: table }] }).bytes;
const SYS = '/sys/class/remoteproc/remoteproc0';
const DEBUG = '/sys/kernel/debug/remoteproc/remoteproc0';
const DRIVER = '/sys/bus/platform/drivers/imx-rproc';

const OVERRIDE = '/sys/devices/platform/remoteproc-cm7/driver_override';

const PATHS = [
  `${SYS}/state`,
  `${SYS}/firmware`,
  `${SYS}/recovery`,
  `${SYS}/coredump`,
  `${SYS}/name`,
  `${SYS}/uevent`,
  OVERRIDE,
  `${DEBUG}/recovery`,
  `${DEBUG}/crash`,
  `${DEBUG}/coredump`,
  `${DEBUG}/resource_table`,
  '/dev/remoteproc0',
  `${DRIVER}/bind`,
  `${DRIVER}/unbind`,
  '/sys/class/devcoredump/devcd1/data',
  '/sys/power/mem_sleep',
];
const WORDS = [
  'start',
  'stop',
  'detach',
  'fw.elf',
  'other.elf',
  '../fw.elf',
  'enabled',
  'disabled',
  'inline',
  'recover',
  '0',
  '1',
  '2',
  '0x99999999999',
  'remoteproc-cm7',
  'imx_mu',
  '',
  '\n',
  '\0',
  'x'.repeat(5000),
  '\xff\xfe',
  '%s%n',
];

describe('random writes', () => {
  const seed = 0x1c0f_fee5;
  it(`100,000 of them, seed ${seed.toString(16)}`, () => {
    const next = random(seed);
    const pick = <T>(list: readonly T[]): T => list[next() % list.length]!;
    const board = createBoard({ autostart: elf, completeDump: true, control: { crashRegisters: () => Array(17).fill(0) } });
    board.settle();
    const { writeOnce, wholeFile, process, cat, echo } = files(board);
    const written = { count: 0, refused: 0, taken: 0 };
    function* user() {
      for (let i = 0; i < 12_500; i++) {
        const text = next() % 4 === 0 ? `${pick(WORDS)}${pick(WORDS)}` : pick(WORDS) + pick(['', '\n', '\n', '\0']);
        const path = pick(PATHS);
        const result = yield* writeOnce(path, text);
        written.count++;
        if (result < 0) written.refused++;
        else written.taken++;
        if (result < -133 && result > -512) throw new Error(`${path}: ${result}`);
        // Now and then somebody puts right what would make everything else fail.
        if (next() % 32 === 0) {
          yield* writeOnce(OVERRIDE, '\n');
          yield* writeOnce(`${DRIVER}/bind`, 'remoteproc-cm7');
          yield* writeOnce(`${SYS}/firmware`, 'fw.elf');
          yield* writeOnce(`${SYS}/state`, 'start');
        }
        if (next() % 16 === 0) yield* wholeFile(pick(PATHS));
        if (next() % 32 === 0) yield* process.sleep(next() % 20_000_000);
      }
    }
    // Eight users at once; a dump that is read inline holds up recovery for five minutes at most.
    for (let i = 0; i < 8; i++) board.kernel.spawn(`user ${i}`, user());
    for (let minutes = 0; written.count < 100_000 && minutes < 20_000; minutes++) board.settle(60);
    expect(written.count).toBe(100_000);
    expect(written.refused).toBeGreaterThan(1000);
    expect(written.taken).toBeGreaterThan(1000);
    board.settle(600);

    // Whatever state it is in, binding the driver anew brings it back.
    echo(OVERRIDE, '\n');
    for (let users = 0; users < 100 && cat(`${SYS}/state`) === 'running\n'; users++) echo(`${SYS}/state`, 'stop');
    echo(`${DRIVER}/unbind`, 'remoteproc-cm7');
    echo('/sys/bus/platform/drivers/imx_mu/unbind', 'remoteproc-cm7');
    board.core.stopCore();
    echo(`${DRIVER}/bind`, 'remoteproc-cm7', 5);
    expect(cat(`${SYS}/state`)).toBe('offline\n');
    echo(`${SYS}/firmware`, 'fw.elf');
    expect(echo(`${SYS}/state`, 'start')).toBe(5);
    expect(cat(`${SYS}/state`)).toBe('running\n');
  }, 240_000);
});
