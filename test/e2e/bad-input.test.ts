/**
 * Files that are no firmware, or none that Linux can start: one line that names the place, a remedy, what Linux prints, and the right
 * exit status; never a stack trace.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/session/exit.ts';
import { buildElf, words } from '../remoteproc/elf-builder.ts';
import { linesOf, runCli } from '../support/run-cli.ts';
import { imagePath, inOrder, runFirmware, session } from './session.ts';

const directory = mkdtempSync(join(tmpdir(), 'imx-sim-input-'));
afterAll(() => rmSync(directory, { recursive: true }));

const hello = readFileSync(imagePath('imx8mp_hello'));

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(directory, name);
  writeFileSync(path, bytes);
  return path;
}

/** The hello image with some bytes changed. */
function patched(name: string, change: (view: DataView, phoff: number) => void): string {
  const bytes = Uint8Array.from(hello);
  const view = new DataView(bytes.buffer);
  change(view, view.getUint32(28, true));
  return file(name, bytes);
}

const vectors = words(0x2002_0000, 0x401, 0x401, 0x401);
const elf = (...args: Parameters<typeof buildElf>) => buildElf(...args).bytes;

interface Rejected {
  readonly what: string;
  readonly path: () => string;
  readonly says: RegExp;
  readonly remedy: RegExp;
  readonly linux?: string;
}

const TOO_SMALL = 'remoteproc remoteproc0: Image is too small';
const CORRUPTED = 'remoteproc remoteproc0: Image is corrupted (bad magic)';

const REJECTED: readonly Rejected[] = [
  {
    what: 'no such file',
    path: () => '/nowhere/at/all.elf',
    says: /\/nowhere\/at\/all\.elf: no such file/,
    remedy: /give the path of an ELF/,
  },
  { what: 'a directory', path: () => directory, says: /: it is a directory/, remedy: /give the path of an ELF in it/ },
  {
    what: 'an empty file',
    path: () => file('empty.elf', ''),
    says: /empty\.elf: is empty/,
    remedy: /build or copy it again/,
    linux: TOO_SMALL,
  },
  {
    what: 'text',
    path: () => file('readme.elf', 'hello world\n'.repeat(20)),
    says: /is not an ELF file: it is text/,
    remedy: /\.elf/,
    linux: CORRUPTED,
  },
  {
    what: 'a Git LFS pointer',
    path: () => file('lfs.elf', `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\n`),
    says: /it is a Git LFS pointer/,
    remedy: /git lfs pull/,
  },
  {
    what: 'Intel HEX',
    path: () => file('a.hex', `:10010000${'00'.repeat(16)}EF\n`.repeat(4)),
    says: /it is Intel HEX/,
    remedy: /give the \.elf/,
  },
  {
    what: 'gzip',
    path: () => file('a.elf.gz', Uint8Array.of(0x1f, 0x8b, 8, 0, ...new Uint8Array(60))),
    says: /compressed with gzip/,
    remedy: /gunzip/,
  },
  {
    what: 'a .bin in place of the ELF',
    path: () => file('hello.bin', Uint8Array.from([...words(0x2002_0000, 0x2f9, 0x2ed), ...new Uint8Array(500)])),
    says: /hello\.bin: is not an ELF file: it looks like a raw binary \(\.bin\) that begins with a vector table \(initial SP 0x20020000, reset vector 0x000002f9\)/,
    remedy: /give the \.elf that the build made beside it/,
    linux: CORRUPTED,
  },
  {
    what: 'noise',
    path: () =>
      file(
        'noise.elf',
        Uint8Array.from({ length: 4000 }, (_, i) => (i * 151 + 7) & 0xff),
      ),
    says: /is not an ELF file: it begins with 07 9e 35 cc instead of 7f 45 4c 46/,
    remedy: /give the \.elf/,
    linux: CORRUPTED,
  },
  {
    what: 'a 64-bit ELF for AArch64',
    path: () =>
      patched('aarch64.elf', (view) => {
        view.setUint8(4, 2);
        view.setUint16(18, 183, true);
      }),
    says: /is a 64-bit ELF \(AArch64\), but a Cortex-M runs 32-bit code/,
    remedy: /arm-none-eabi-gcc/,
  },
  {
    what: 'a 64-bit ELF for x86-64',
    path: () =>
      patched('x86.elf', (view) => {
        view.setUint8(4, 2);
        view.setUint16(18, 62, true);
      }),
    says: /is a 64-bit ELF \(x86-64\)/,
    remedy: /Cortex-M/,
  },
  {
    what: 'a 32-bit ELF for x86',
    path: () => patched('i386.elf', (view) => view.setUint16(18, 3, true)),
    says: /is an ELF for .*x86.*, not for ARM|is an ELF for .*386.*, not for ARM/,
    remedy: /Cortex-M/,
  },
  {
    what: 'a big-endian ELF',
    path: () => patched('be.elf', (view) => view.setUint8(5, 2)),
    says: /is a big-endian ELF/,
    remedy: /Cortex-M/,
    linux: 'remoteproc remoteproc0: Unsupported firmware endianness',
  },
  {
    what: 'an object file',
    path: () => patched('main.o', (view) => view.setUint16(16, 1, true)),
    says: /is an object file \(\.o\), not linked/,
    remedy: /linked \.elf/,
  },
  {
    what: 'a core dump',
    path: () => patched('core', (view) => view.setUint16(16, 4, true)),
    says: /is a core dump/,
    remedy: /\.elf of the firmware/,
  },
  {
    what: 'an ELF cut off in its header',
    path: () => file('cut40.elf', hello.subarray(0, 40)),
    says: /the ELF header is truncated: 12 of its 52 bytes are missing/,
    remedy: /copy or download the file again/,
    linux: TOO_SMALL,
  },
  {
    what: 'an ELF cut off in the middle',
    path: () => file('cut.elf', hello.subarray(0, 3000)),
    says: /the section header table is truncated: 720 of its 720 bytes are missing from the file/,
    remedy: /copy or download the file again/,
  },
  {
    what: 'program headers outside of the file',
    path: () => patched('phoff.elf', (view) => view.setUint32(28, 0xffff_fff0, true)),
    says: /the program header table is truncated: 128 of its 128 bytes are missing/,
    remedy: /copy or download/,
    linux: 'remoteproc remoteproc0: Firmware size is too small',
  },
  {
    what: 'a segment that claims more than the file has',
    path: () => patched('segment.elf', (view, phoff) => view.setUint32(phoff + 4, 0x7fff_0000, true)),
    says: /segment 0.* is truncated: 1796 of its 1796 bytes are missing from the file/,
    remedy: /copy or download/,
  },
  {
    what: 'a segment that runs past the end of the address space',
    path: () =>
      patched('wrap.elf', (view, phoff) => {
        view.setUint32(phoff + 12, 0xffff_fff0, true);
      }),
    says: /bytes run past the end of the 32-bit address space/,
    remedy: /./,
  },
  {
    what: 'no segments',
    path: () => patched('empty-ph.elf', (view) => view.setUint16(44, 0, true)),
    says: /has no loadable segments/,
    remedy: /link it as an executable/,
  },
  {
    what: 'an ELF for no SoC that is modelled',
    path: () => file('elsewhere.elf', elf({ segments: [{ da: 0xf000_0000, data: vectors }] })),
    says: /elsewhere\.elf: it fits the memory map of no SoC that is modelled/,
    remedy: /--soc/,
  },
];

describe.each(REJECTED)('$what', ({ path, says, remedy, linux }) => {
  it.each(['run', 'info'])('%s says what it is and what to do, and ends with 2', async (command) => {
    const { status, stdout, stderr } = await runCli([command, path()]);
    const [first, second] = linesOf(stderr);
    expect(first).toMatch(/^imx-sim: /);
    expect(first).toMatch(says);
    expect(second).toMatch(new RegExp(`^ {2}remedy: .*${remedy.source}`));
    if (linux !== undefined) expect(stderr).toContain(`  Linux would print: ${linux}\n`);
    expect({ status, stdout }).toEqual({ status: EXIT.USAGE, stdout: '' });
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it.each(['run', 'info'])('%s --json ends with a result object that says the same', async (command) => {
    const { status, stdout, stderr } = await runCli([command, path(), '--json']);
    expect({ status, stderr }).toEqual({ status: EXIT.USAGE, stderr: '' });
    const result = JSON.parse(linesOf(stdout).at(-1)!) as { error: Record<string, string | string[]> };
    expect(result).toMatchObject({ type: 'result', reason: 'bad-input', status: EXIT.USAGE });
    expect(result.error['code']).toMatch(/^E_[A-Z_]+$/);
    expect(result.error['message']).toMatch(says);
    expect(result.error['remedy']).toMatch(remedy);
    expect(result.error['place']).not.toBe('');
    if (linux !== undefined) expect(result.error['linux']).toContain(linux);
  });
});

it('a bad option, and options that do not fit, end --json with a result object', async () => {
  const cases: [string[], string, RegExp][] = [
    [['run', imagePath('imx8mp_hello'), '--until', 'uart9=x'], '--until', /no device uart9/],
    [['run', imagePath('imx8mp_hello'), '--console', 'bar'], '--console', /no console bar/],
    [['run', imagePath('imx8mp_hello'), '--timeout', 'soon'], '--timeout', /A time is a number and a unit/],
    [['run', imagePath('imx8mp_hello'), '--nonsense'], '--nonsense', /unknown option/],
    [['run', imagePath('imx8mp_hello'), '--soc', 'imx99'], '--soc', /unknown SoC imx99/],
    [['run', imagePath('imx8mp_hello'), '--board', 'none'], '--board', /has no board none/],
    [['run', imagePath('imx8mp_rpmsg'), '--modules', 'ext4'], '--modules', /no kernel module ext4/],
    [['run', imagePath('imx8mp_hello'), '--send', 'uart9=x'], 'device uart9', /no device uart9/],
  ];
  for (const [args, place, message] of cases) {
    const { status, stdout } = await runCli([...args, '--json']);
    expect(status).toBe(EXIT.USAGE);
    const result = JSON.parse(linesOf(stdout).at(-1)!) as { error: { message: string } };
    expect(result).toMatchObject({ type: 'result', reason: 'bad-input', status, error: { code: 'E_USAGE', place } });
    expect(result.error.message).toMatch(message);
  }
});

interface Refused {
  readonly what: string;
  readonly path: () => string;
  /** The finding, which names the place. */
  readonly says: RegExp;
  /** Lines of Linux, which must be the ones that the finding foretells. */
  readonly linux: readonly string[];
  readonly status: number;
}

const FAILED = ['remoteproc remoteproc0: Failed to process resources: -22', 'remoteproc remoteproc0: Boot failed: -22'];
const NO_TABLE = 'remoteproc remoteproc0: No resource table in elf';
const NO_LOAD = ['remoteproc remoteproc0: Failed to load program segments: -22', 'remoteproc remoteproc0: Boot failed: -22'];
const image = (name: string) => () => imagePath(`imx8mp_${name}`);
const table = (what: string, name: string, says: RegExp, linux: readonly string[], status: number): Refused => ({
  what: `a table with ${what}`,
  path: image(`bad_table_${name}`),
  says,
  linux: linux.map((text) => (text.startsWith('remoteproc ') ? text : `remoteproc remoteproc0: ${text}`)),
  status,
});

const REFUSED: readonly Refused[] = [
  {
    what: 'no resource table',
    path: image('no_table'),
    says: /warning: resource table: there is no section \.resource_table/,
    linux: [NO_TABLE],
    status: EXIT.TIMEOUT,
  },
  table(
    'version 2',
    'version',
    /error: resource table, header: the table has version 2/,
    ['unsupported fw ver: 2', NO_TABLE],
    EXIT.TIMEOUT,
  ),
  table(
    'reserved words in use',
    'reserved',
    /header: its reserved words are not zero/,
    ['non zero reserved bytes', NO_TABLE],
    EXIT.TIMEOUT,
  ),
  table('0x10000000 entries', 'count', /header: it announces 268435456 entries/, ['resource table incomplete', NO_TABLE], EXIT.TIMEOUT),
  table(
    'half a header',
    'header',
    /header: the table has 12 bytes, less than its header of 16/,
    ['header-less resource table', NO_TABLE],
    EXIT.TIMEOUT,
  ),
  table(
    'a section longer than the file',
    'section',
    /of the 16777216 bytes of section \.resource_table are not in the file/,
    ['resource table truncated', NO_TABLE],
    EXIT.TIMEOUT,
  ),
  table(
    'an offset far outside',
    'offset',
    /entry 0: its offset 0x7fff0000 lies outside/,
    ['rsc table is truncated', ...FAILED],
    EXIT.USAGE,
  ),
  table(
    'an entry cut off',
    'truncated',
    /entry 0: the vdev with 2 vrings and a config space of 0 bytes needs \d+ bytes/,
    ['vdev rsc is truncated', ...FAILED],
    EXIT.USAGE,
  ),
  table(
    'reserved bytes of the vdev in use',
    'vdev_reserved',
    /entry 0: its reserved bytes are not zero/,
    ['vdev rsc has non zero reserved bytes', ...FAILED],
    EXIT.USAGE,
  ),
  table('three vrings', 'vrings', /entry 0: it has 3 vrings; Linux supports two/, ['too many vrings: 3', ...FAILED], EXIT.USAGE),
  table(
    'a vring of no descriptors',
    'queue',
    /entry 0 vring 0: it has 0 descriptors/,
    ['invalid qsz (0) or alignment (4096)'],
    EXIT.TIMEOUT,
  ),
  {
    what: 'a segment without bytes whose offset lies past the end of the file',
    path: () =>
      patched('offset.elf', (view, phoff) => {
        const last = phoff + 32 * (view.getUint16(44, true) - 1);
        view.setUint32(last, 1, true);
        view.setUint32(last + 4, 0x10_0000, true);
        view.setUint32(last + 12, 0x2000_0000, true);
        view.setUint32(last + 16, 0, true);
        view.setUint32(last + 20, 0x100, true);
      }),
    says: /error: segment \d: it has no bytes in the file, but its offset 0x100000 lies past the end of the file, 0x\w+/,
    linux: [`remoteproc remoteproc0: truncated fw: need 0x100000 avail 0x${hello.length.toString(16)}`, ...NO_LOAD],
    status: EXIT.USAGE,
  },
  {
    what: 'a segment where the board has set nothing aside',
    path: () => patched('outside.elf', (view, phoff) => view.setUint32(phoff + 12, 0x1000_0000, true)),
    says: /error: segment 0: 0x10000000\.\.0x\w+ /,
    linux: [`remoteproc remoteproc0: bad phdr da 0x10000000 mem 0x704`, ...NO_LOAD],
    status: EXIT.USAGE,
  },
  {
    what: 'a segment too long for its memory',
    path: () => patched('long.elf', (view, phoff) => view.setUint32(phoff + 20, 0x3_0000, true)),
    says: /error: segment 0: 0x0\.\.0x2ffff|error: segment 0: 0x00000000\.\.0x0002ffff/,
    linux: ['remoteproc remoteproc0: bad phdr da 0x0 mem 0x30000', ...NO_LOAD],
    status: EXIT.USAGE,
  },
];

describe.each(REFUSED)('$what', ({ path, says, linux, status }) => {
  it('run names place and remedy, and Linux prints what was foretold', async () => {
    const result = await runFirmware(path(), ['--timeout', '100ms']);
    expect(result.stderr).toMatch(says);
    const finding = linesOf(result.stderr).findIndex((line) => says.test(line));
    expect(linesOf(result.stderr)[finding + 1]).toMatch(/^ {2}remedy: ./);
    expect(inOrder(result.dmesg, linux), result.stdout).toEqual([]);
    const foretold = result.stderr.split('\n').filter((line) => line.startsWith('  Linux would print: '));
    expect(foretold.map((line) => line.slice(21)).filter((line) => !result.dmesg.includes(line))).toEqual([]);
    expect(result.status, result.stderr).toBe(status);
    if (status === EXIT.USAGE) expect(result.stderr).toContain('Linux refused the firmware:\n');
    expect(result.stderr).not.toMatch(/internal error|^ {4}at /m);
  });

  it('info names place and remedy without running anything', async () => {
    const { stdout, stderr } = await runCli(['info', path()]);
    expect(stdout).toMatch(new RegExp(says.source.replace('imx-sim: ', '')));
    expect(stdout).toMatch(/^ {2}remedy: ./m);
    expect(stderr).toBe('');
  });
});

describe('without Linux', () => {
  it('a segment outside of the core’s memory is refused at once', async () => {
    const path = patched('bare.elf', (view, phoff) => view.setUint32(phoff + 12, 0x7000_0000, true));
    const { status, stdout, stderr } = await runCli(['run', path, '--soc', 'cortex-m7']);
    expect(stderr).toMatch(
      /^imx-sim: bare\.elf: segment 0 \(0x70000000, 0x704 bytes\) lies outside the memory of cortex-m7 m7 \[E_SEGMENT_OUTSIDE\]\n {2}remedy: link it for this SoC/m,
    );
    expect({ status, stdout }).toEqual({ status: EXIT.USAGE, stdout: '' });
  });
});

it('a file that cannot be read is said to be so', async () => {
  const path = join(directory, 'loop', 'x');
  mkdirSync(join(directory, 'loop'));
  const { status, stderr } = await runCli(['run', `${path}/y.elf`]);
  expect(session({ status, stderr, stdout: '' }).status).toBe(EXIT.USAGE);
  expect(stderr).toMatch(/no such file/);
});
