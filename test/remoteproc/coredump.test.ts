/** Core dumps: remoteproc_coredump.c and drivers/base/devcoredump.c. */
import { describe, expect, it } from 'vitest';
import { O } from '../../src/linux/fs/vfs.ts';
import { ERRNO } from '../../src/linux/kernel.ts';
import { bootedBoard, TABLE } from '../linux/board-fixture.ts';
import { files } from './files.ts';

const P = 'remoteproc remoteproc0: ';
const SYS = '/sys/class/remoteproc/remoteproc0';
const CLASS = '/sys/class/devcoredump';
const CRASH = '/sys/kernel/debug/remoteproc/remoteproc0/crash';
/** What prepare registers: the memory-regions that are carveouts. */
const SEGMENTS = [
  { da: 0x5500_0000, size: 0x8000 },
  { da: 0x5500_8000, size: 0x8000 },
  { da: 0x8000_0000, size: 0x100_0000 },
];

function booted(options: Parameters<typeof bootedBoard>[0] = {}) {
  const up = bootedBoard(options);
  return { ...up, ...files(up.board) };
}

/** Class, machine, entry and program headers of an ELF core. */
function readCore(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const wide = bytes[4] === 2;
  const word = (at: number): number => view.getUint32(at, true);
  const count = view.getUint16(wide ? 56 : 44, true);
  const headers = Array.from({ length: count }, (_, i) => {
    const at = (wide ? 64 : 52) + i * (wide ? 56 : 32);
    const field = (n: number): number => word(at + (wide ? 8 + 8 * n : 4 + 4 * n));
    return {
      type: word(at),
      flags: word(at + (wide ? 4 : 24)),
      offset: field(0),
      vaddr: field(1),
      paddr: field(2),
      filesz: field(3),
      memsz: field(4),
    };
  });
  return { magic: word(0), type: view.getUint16(16, true), machine: view.getUint16(18, true), entry: word(24), headers };
}

describe('rproc_coredump', () => {
  it('as imx_rproc of 6.1 leaves it: no ELF class, so no dump', () => {
    const { echo, since, names, cat } = booted();
    echo(`${SYS}/coredump`, 'enabled');
    echo(CRASH, '2');
    expect(since()).toContain(`${P}Elf class is not set`);
    expect(names(CLASS)).toEqual(['disabled']);
    expect(cat(`${SYS}/state`)).toBe('running\n');
  });

  it('disabled: none', () => {
    const { rproc, echo, names, since } = booted();
    rproc.elf = { class: 1, machine: 40 };
    echo(CRASH, '2');
    expect(names(CLASS)).toEqual(['disabled']);
    expect(since().join()).not.toContain('Elf class');
  });

  it.each([1, 2] as const)('enabled: ELF of class %i with the segments as they were at the crash', (elfClass) => {
    const { board, rproc, echo, bytes, names } = booted();
    rproc.elf = { class: elfClass, machine: 40 };
    echo(`${SYS}/coredump`, 'enabled');
    board.memory.write(0x8000_1234, 0xcafe_f00d, 4);
    echo(CRASH, '2');
    board.memory.write(0x8000_1234, 0, 4);
    expect(names(CLASS)).toEqual(['devcd1', 'disabled']);
    const dump = bytes(`${CLASS}/devcd1/data`) as Uint8Array;
    const { magic, type, machine, entry, headers } = readCore(dump);
    expect([magic, dump[4], dump[5], type, machine, entry]).toEqual([0x464c_457f, elfClass, 1, 4, 40, 0x401]);
    expect(headers.map(({ vaddr, filesz }) => ({ da: vaddr, size: filesz }))).toEqual(SEGMENTS);
    expect(
      headers.every((header) => header.type === 1 && header.flags === 7 && header.paddr === header.vaddr && header.memsz === header.filesz),
    ).toBe(true);
    const at = headers[2]!.offset + 0x1234;
    expect(new DataView(dump.buffer, dump.byteOffset).getUint32(at, true)).toBe(0xcafe_f00d);
    expect(dump).toHaveLength(headers[2]!.offset + headers[2]!.filesz);
  });

  it('rproc_copy_segment: what cannot be read is all ones, and said', () => {
    const { rproc, echo, bytes, since } = booted();
    rproc.elf = { class: 1, machine: 40 };
    rproc.dumpSegments.splice(0, 3, { da: 0x7_0000, size: 16 });
    echo(`${SYS}/coredump`, 'enabled');
    echo(CRASH, '2');
    expect(since()).toContain(`${P}invalid copy request for segment 0x0000000000070000 with offset 0 and size 16)`);
    expect([...(bytes(`${CLASS}/devcd1/data`) as Uint8Array).subarray(-16)]).toEqual(Array(16).fill(255));
  });

  it('rproc_coredump_read: inline, recovery waits until the dump was read and freed', () => {
    const { board, rproc, echo, bytes, cat, since, names } = booted();
    rproc.elf = { class: 1, machine: 40 };
    rproc.dumpSegments.splice(2);
    echo(`${SYS}/coredump`, 'inline');
    echo(CRASH, '2');
    board.settle(100);
    expect(cat(`${SYS}/state`)).toBe('offline\n');
    board.memory.write(0x5500_0000, 0x1234_5678, 4);
    const dump = bytes(`${CLASS}/devcd1/data`) as Uint8Array;
    expect(dump).toHaveLength(52 + 2 * 32 + 0x1_0000);
    expect(new DataView(dump.buffer).getUint32(readCore(dump).headers[0]!.offset, true)).toBe(0x1234_5678);
    expect(since()).toContain(`${P}Ramdump done, ${dump.length} bytes read`);
    expect(echo(`${CLASS}/devcd1/data`, '1')).toBe(1);
    board.settle();
    expect([cat(`${SYS}/state`), names(CLASS)]).toEqual(['running\n', ['disabled']]);
  });

  it('with the complete dump: memories of the core, all regions, and the registers', () => {
    const registers = Array.from({ length: 17 }, (_, i) => 0x100 + i);
    const { board, echo, bytes } = booted({ completeDump: true, control: { crashRegisters: () => registers } });
    echo(`${SYS}/coredump`, 'enabled');
    board.memory.write(0x0080_0010, 0x5555_aaaa, 4);
    echo(CRASH, '2');
    const dump = bytes(`${CLASS}/devcd1/data`) as Uint8Array;
    const { headers } = readCore(dump);
    const loads = headers.filter(({ type }) => type === 1).map(({ vaddr, filesz }) => ({ da: vaddr, size: filesz }));
    expect(loads).toEqual(
      expect.arrayContaining([{ da: 0, size: 0x2_0000 }, { da: 0x2000_0000, size: 0x2_0000 }, { da: TABLE, size: 0x1000 }, ...SEGMENTS]),
    );
    const dtcm = headers.find(({ vaddr }) => vaddr === 0x2000_0000)!;
    const view = new DataView(dump.buffer, dump.byteOffset);
    expect(view.getUint32(dtcm.offset + 0x10, true)).toBe(0x5555_aaaa);
    const note = headers.find(({ type }) => type === 4)!;
    expect([0, 1, 2].map((i) => view.getUint32(note.offset + 4 * i, true))).toEqual([5, 148, 1]);
    expect(registers.map((_, i) => view.getUint32(note.offset + 20 + 72 + 4 * i, true))).toEqual(registers);
  });
});

describe('devcoredump', () => {
  function dumped() {
    const all = booted();
    all.rproc.elf = { class: 1, machine: 40 };
    all.echo(`${SYS}/coredump`, 'enabled');
    all.echo(CRASH, '2');
    return all;
  }

  it('dev_coredumpm: links to the device that failed, and back', () => {
    const { resolved, node } = dumped();
    const device = '/sys/devices/platform/remoteproc-cm7/remoteproc/remoteproc0';
    expect(resolved(`${CLASS}/devcd1`)).toBe('/sys/devices/virtual/devcoredump/devcd1');
    expect(resolved(`${CLASS}/devcd1/failing_device`)).toBe(device);
    expect(resolved(`${device}/devcoredump`)).toBe('/sys/devices/virtual/devcoredump/devcd1');
    expect(node(`${CLASS}/devcd1/failing_device`)).toMatchObject({ target: '../../../platform/remoteproc-cm7/remoteproc/remoteproc0' });
    expect(node(`${CLASS}/devcd1/data`).mode).toBe(0o600);
  });

  it('a second dump of the same device is dropped; numbers count on', () => {
    const { board, echo, names, exists } = dumped();
    echo(CRASH, '2');
    expect(names(CLASS)).toEqual(['devcd1', 'disabled']);
    expect(echo(`${CLASS}/devcd1/data`, 'anything')).toBe(8);
    expect(names(CLASS)).toEqual(['disabled']);
    // Nothing is left that would happen: a machine that waits for ever is seen to.
    expect(board.scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(exists(`${SYS}/devcoredump`)).toBe(false);
    echo(CRASH, '2');
    expect(names(CLASS)).toEqual(['devcd2', 'disabled']);
  });

  it('DEVCD_TIMEOUT: five minutes', () => {
    const { board, names } = dumped();
    board.settle(298);
    expect(names(CLASS)).toContain('devcd1');
    board.settle(3);
    expect(names(CLASS)).toEqual(['disabled']);
  });

  it('disabled_store: for good', () => {
    const { echo, cat, names } = dumped();
    expect(cat(`${CLASS}/disabled`)).toBe('0\n');
    expect(echo(`${CLASS}/disabled`, '0')).toBe(-22);
    expect(echo(`${CLASS}/disabled`, 'x')).toBe(-22);
    expect(echo(`${CLASS}/disabled`, '1\n')).toBe(2);
    expect([cat(`${CLASS}/disabled`), names(CLASS)]).toEqual(['1\n', ['disabled']]);
    echo(CRASH, '2');
    expect(names(CLASS)).toEqual(['disabled']);
  });

  it('kernfs_get_active: -ENODEV for who still has the data of a freed dump open', () => {
    const { board, echo, process } = dumped();
    const data = `${CLASS}/devcd1/data`;
    const fd = board.run(process.open(data, O.RDWR))!;
    expect(board.run(process.read(fd, 4), 0.01)).toEqual(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46));
    echo(data, '1');
    const write = process.write(fd, Uint8Array.of(1));
    expect([board.run(process.read(fd, 4), 0.01), board.run(write, 0.01)]).toEqual([ERRNO.ENODEV, ERRNO.ENODEV]);
  });

  it('devcd_dev_release: the link of a later dump, of the device that was bound again, stays', () => {
    const { board, echo, names, resolved, exists } = dumped();
    echo('/sys/bus/platform/drivers/imx-rproc/unbind', 'remoteproc-cm7');
    echo('/sys/bus/platform/drivers/imx-rproc/bind', 'remoteproc-cm7');
    const again = board.linux.remoteprocs.at(-1)!.rproc;
    again.elf = { class: 1, machine: 40 };
    echo(`${SYS}/firmware`, 'fw.elf');
    echo(`${SYS}/state`, 'start');
    again.elf = { class: 1, machine: 40 };
    echo(`${SYS}/coredump`, 'enabled');
    echo(CRASH, '2');
    expect(names(CLASS)).toEqual(['devcd1', 'devcd2', 'disabled']);
    echo(`${CLASS}/devcd1/data`, '1');
    expect(resolved(`${SYS}/devcoredump`)).toBe('/sys/devices/virtual/devcoredump/devcd2');
    echo(`${CLASS}/devcd2/data`, '1');
    expect(exists(`${SYS}/devcoredump`)).toBe(false);
  });

  it('a dump outlives its device', () => {
    const { echo, names } = dumped();
    echo('/sys/bus/platform/drivers/imx-rproc/unbind', 'remoteproc-cm7');
    expect(names(CLASS)).toContain('devcd1');
    expect(echo(`${CLASS}/devcd1/data`, '1')).toBe(1);
    expect(names(CLASS)).toEqual(['disabled']);
  });
});
