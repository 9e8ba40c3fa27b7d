/** Errors that no i.MX board of ours provokes by itself: operations that fail under the remoteproc core, with the kernel's lines for them. */
import { describe, expect, it } from 'vitest';
import { Rproc } from '../../src/remoteproc/remoteproc-core.ts';
import { rprocAllocCarveout } from '../../src/remoteproc/rproc-resources.ts';
import { createBoard, TABLE } from '../linux/board-fixture.ts';
import { buildElf, rpmsgTable, words } from './elf-builder.ts';

const code = words(0x2002_0000, 0x401, 0x401, 0x401);
const table = rpmsgTable({ num: 8, align: 16 });
const elf = buildElf({ segments: [{ da: 0, data: code }], sections: [{ name: '.resource_table', addr: 0x400, data: table }] }).bytes;
const P = 'remoteproc remoteproc0: ';

/** A board whose remoteproc is offline; `run` writes to sysfs and returns the result with the lines that the kernel printed meanwhile. */
function offline() {
  const board = createBoard({ autostart: elf });
  board.settle();
  const imx = board.linux.remoteprocs[0]!;
  const { rproc } = imx;
  board.run(rproc.storeState('stop'));
  const write = (state: string): { result: unknown; lines: string[] } => {
    const from = board.kernel.log.length;
    const result = board.run(rproc.storeState(state));
    return { result, lines: board.dmesg().slice(from) };
  };
  return { board, imx, rproc, write };
}

const returns = (value: number) =>
  function* () {
    yield* [];
    return value;
  };

const failing = {
  start: function* () {
    yield* [];
    return -5;
  },
  stop: function* () {
    yield* [];
  },
};

describe('operations that fail', () => {
  it('rproc_fw_boot: prepare', () => {
    const { rproc, write } = offline();
    Object.assign(rproc.ops, { prepare: () => -12 });
    const { result, lines } = write('start');
    expect(result).toBe(-12);
    expect(lines).toContain(`${P}can't prepare rproc imx-rproc: -12`);
    expect(rproc.state).toBe('offline');
  });

  it('rproc_start: subdevices', () => {
    const { rproc, write } = offline();
    rproc.subdevs.push(failing);
    const { result, lines } = write('start');
    expect(result).toBe(-5);
    expect(lines).toContain(`${P}failed to probe subdevices for imx-rproc: -5`);
    expect(rproc.state).toBe('offline');
  });

  it('rproc_attach and __rproc_attach: prepare, attach, subdevices', () => {
    const { rproc, write } = offline();
    rproc.state = 'detached';
    Object.assign(rproc.ops, { prepare: () => -12 });
    expect(write('start')).toMatchObject({ result: -12, lines: expect.arrayContaining([`${P}can't prepare rproc imx-rproc: -12`]) });
    Object.assign(rproc.ops, { prepare: () => 0, attach: returns(-19) });
    rproc.state = 'detached';
    expect(write('start')).toMatchObject({ result: -19, lines: expect.arrayContaining([`${P}can't attach to rproc imx-rproc: -19`]) });
    Object.assign(rproc.ops, { attach: returns(0) });
    rproc.subdevs.push(failing);
    rproc.state = 'detached';
    expect(write('start')).toMatchObject({
      result: -5,
      lines: expect.arrayContaining([`${P}failed to probe subdevices for imx-rproc: -5`]),
    });
  });

  it('__rproc_detach: the operation fails, then works; the table is again as it was', () => {
    const { board, rproc, write } = offline();
    board.memory.writeBytes(TABLE, table);
    rproc.state = 'detached';
    Object.assign(rproc.ops, { detach: returns(-5) });
    expect(write('start').result).toBe(0);
    expect([rproc.state, board.memory.read(TABLE + 24 + 20, 1)]).toEqual(['attached', 7]);
    expect(write('detach')).toMatchObject({ result: -5, lines: expect.arrayContaining([`${P}can't detach from rproc: -5`]) });
    expect(rproc.state).toBe('attached');
    Object.assign(rproc.ops, { detach: returns(0) });
    const { result, lines } = write('detach');
    expect([result, rproc.state]).toEqual([0, 'detached']);
    expect(lines).toContain(`${P}detached remote processor imx-rproc`);
    expect(board.memory.readBytes(TABLE, table.length)).toEqual(table);
  });

  it('__rproc_detach: a table of which no clean copy was kept', () => {
    const { rproc, write } = offline();
    expect(write('start').result).toBe(0);
    rproc.state = 'attached';
    Object.assign(rproc.ops, { detach: returns(0) });
    expect(write('detach')).toMatchObject({ result: -22, lines: expect.arrayContaining([`${P}can't reset resource table: -22`]) });
  });

  it('imx_rproc_kick: no transmit channel', () => {
    const { board, imx } = offline();
    Object.assign(imx, { txCh: undefined });
    const from = board.kernel.log.length;
    board.run(imx.kick(0));
    expect(board.dmesg().slice(from)).toEqual(['imx-rproc remoteproc-cm7: No initialized mbox tx channel']);
  });

  it('rproc_add_virtio_dev: no kick operation', () => {
    const { rproc, write } = offline();
    Object.assign(rproc.ops, { kick: undefined });
    const { lines } = write('start');
    expect(lines.filter((line) => line.includes('.kick'))).toEqual([
      expect.stringMatching(/^rproc-virtio .*: \.kick method not defined for imx-rproc$/),
    ]);
  });
});

describe('resources that cannot be had', () => {
  it('rproc_alloc_carveout: no DMA memory', () => {
    const { board, rproc } = offline();
    Object.assign(rproc.env, { dmaAlloc: () => undefined });
    const from = board.kernel.log.length;
    const carveout = { name: 'big', va: undefined, dma: 0, da: 0xffff_ffff, len: 0x2000, rscOffset: 0xffff_ffff, flags: 0 };
    expect(rprocAllocCarveout(rproc, carveout)).toBe(-12);
    expect(board.dmesg().slice(from)).toEqual(['imx-rproc remoteproc-cm7: failed to allocate dma memory: len 0x2000']);
  });

  it('rproc_add_virtio_dev: the virtio device cannot be registered', () => {
    const { board, write } = offline();
    Object.assign(board.linux.modules.virtioBus, {
      registerDevice: function* () {
        yield* [];
        return -17;
      },
    });
    const { lines } = write('start');
    expect(lines.filter((line) => /^rproc-virtio .*: failed to register vdev: -17$/.test(line))).toHaveLength(1);
  });

  it('imx_rproc_probe: rproc_add', () => {
    const { add } = Rproc.prototype;
    Rproc.prototype.add = returns(-22);
    try {
      const board = createBoard();
      board.settle();
      expect(board.dmesg()).toContain('imx-rproc remoteproc-cm7: rproc_add failed');
    } finally {
      Rproc.prototype.add = add;
    }
  });
});
