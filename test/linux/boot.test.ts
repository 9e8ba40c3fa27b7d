import { describe, expect, it } from 'vitest';
import type { DeviceTree } from '../../src/devicetree/tree.ts';
import { buildElf, rpmsgTable, words } from '../remoteproc/elf-builder.ts';
import { createBoard, ITCM_SA, rpmsgElf, TABLE, TABLE_DA, VECTORS } from './board-fixture.ts';

describe('boot of an rpmsg firmware', () => {
  it('prints what a board prints, in its order, and talks to the client sample', () => {
    const elf = rpmsgElf();
    const board = createBoard({ autostart: elf, services: [['rpmsg-client-sample', 0x400]] });
    board.settle();
    const lines = board.dmesgOfDrivers();
    const upTo = lines.findIndex((line) => line.includes('incoming msg 1 '));
    expect(lines.slice(0, upTo)).toEqual([
      'remoteproc remoteproc0: imx-rproc is available', // rproc_add
      'remoteproc remoteproc0: powering up imx-rproc', // rproc_boot
      `remoteproc remoteproc0: Booting fw image fw.elf, size ${elf.length}`, // rproc_fw_boot
      'rproc-virtio rproc-virtio.0.auto: assigned reserved memory node vdev0buffer@55400000', // of_reserved_mem_device_init_by_idx
      'virtio_rpmsg_bus virtio0: rpmsg host is online', // rpmsg_probe
      'rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 7)', // rproc_add_virtio_dev
      'remoteproc remoteproc0: remote processor imx-rproc is now up', // rproc_start
      'virtio_rpmsg_bus virtio0: creating channel rpmsg-client-sample addr 0x400', // rpmsg_ns_cb
      'rpmsg_client_sample virtio0.rpmsg-client-sample.-1.1024: new channel: 0x400 -> 0x400!',
    ]);
    expect(lines.at(-1)).toContain('goodbye!');
    expect(board.core.messages.filter(({ text }) => text === 'hello world!')).toHaveLength(100);
    expect(board.core.starts).toEqual([{ bootAddress: 0x579, vectors: 0 }]);
    expect([...board.memory.readBytes(ITCM_SA, 16)!]).toEqual([...VECTORS]);
    expect(new Set(board.core.words)).toEqual(new Set([0, 0x1_0000]));
    expect(board.findings).toEqual([]);
    expect(board.linux.waitingFor()).toEqual([]);
  });

  it('prints with the levels of the kernel', () => {
    const board = createBoard({ autostart: rpmsgElf() });
    board.settle();
    expect(new Set(board.kernel.log.map(({ level }) => level))).toEqual(new Set([6]));
  });

  it('runs the same on the MU of the second generation', () => {
    const board = createBoard({ autostart: rpmsgElf(), layout: 'imx8ulp', services: [['rpmsg-client-sample', 0x400]] });
    board.settle();
    expect(board.dmesg().at(-1)).toContain('goodbye!');
  });

  it('writes the virtio status, the rings and the negotiated features to both copies of the table', () => {
    const board = createBoard({ autostart: rpmsgElf(rpmsgTable({ num: 8, align: 16 })) });
    const statuses: number[] = [];
    const at = { region: TABLE, linked: ITCM_SA + TABLE_DA };
    board.settle();
    for (const base of Object.values(at)) {
      statuses.push(board.memory.read(base + 24 + 20, 1));
      expect(board.memory.read(base, 4)).toBe(1);
      expect(board.memory.read(base + 24 + 12, 4)).toBe(1); // gfeatures
      expect(board.memory.read(base + 24 + 24, 4)).toBe(0x5500_0000); // vring0.da
      expect(board.memory.read(base + 24 + 44, 4)).toBe(0x5500_8000); // vring1.da
      expect(board.memory.read(base + 24 + 44 + 12, 4)).toBe(1); // vring1.notifyid
    }
    expect(statuses).toEqual([7, 7]); // ACKNOWLEDGE | DRIVER | DRIVER_OK
  });

  it('serves firmware that polls the table where it was linked', () => {
    const board = createBoard({ autostart: rpmsgElf(), tableAt: ITCM_SA + TABLE_DA, services: [['rpmsg-client-sample', 0x400]] });
    board.settle();
    expect(board.dmesg().at(-1)).toContain('goodbye!');
  });

  it('stops and starts again, five times, with the same numbers', () => {
    const board = createBoard({ autostart: rpmsgElf(), services: [['rpmsg-client-sample', 0x400]] });
    board.settle();
    for (let round = 0; round < 5; round++) {
      const from = board.kernel.log.length;
      const stop = board.linux.stop(0);
      board.settle();
      expect(stop.result).toBe(0);
      expect(board.dmesg().slice(from)).toEqual([
        'rpmsg_client_sample virtio0.rpmsg-client-sample.-1.1024: rpmsg sample client driver is removed',
        'remoteproc remoteproc0: stopped remote processor imx-rproc', // rproc_stop
      ]);
      expect(board.memory.read(TABLE + 24 + 20, 1)).toBe(1); // rproc_virtio_reset, then ACKNOWLEDGE by virtio_dev_remove
      const start = board.linux.start(0);
      board.settle();
      expect(start.result).toBe(0);
      expect(board.dmesg().slice(from)).toContain('rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 7)');
      expect(board.dmesg().at(-1)).toContain('goodbye!');
    }
    expect(board.core.stops).toBe(5);
    expect(board.core.starts).toHaveLength(6);
  });

  it('gives the same log twice', () => {
    const run = (): unknown => {
      const board = createBoard({ autostart: rpmsgElf(), services: [['rpmsg-client-sample', 0x400]] });
      board.settle();
      return [board.kernel.log, board.events];
    };
    expect(run()).toEqual(run());
  });
});

describe('what goes wrong', () => {
  it('a core that never reads its MU: the kick times out after 100 ms with -62', () => {
    const board = createBoard({ autostart: rpmsgElf(), answersMu: false });
    board.settle();
    // imx_rproc_kick, out of mbox_send_message
    expect(board.dmesg()).toContain('imx-rproc remoteproc-cm7: imx_rproc_kick: failed (0, err:-62)');
    const log = board.kernel.log;
    const failed = log.findIndex(({ text }) => text.includes('imx_rproc_kick'));
    expect(log[failed]!.level).toBe(3);
    const kick = board.events.find((event) => event.type === 'mu' && event.action === 'transmit')!;
    expect((log[failed]!.cycle - kick.cycle) / 800_000).toBeCloseTo(100, 0);
    expect(board.dmesg().at(-1)).toBe('remoteproc remoteproc0: remote processor imx-rproc is now up');
  });

  it('says what Linux waits for while the kick is under way', () => {
    const board = createBoard({ autostart: rpmsgElf(), answersMu: false });
    board.settle(0.05);
    expect(board.linux.waitingFor()).toEqual(expect.arrayContaining([expect.stringContaining('mailbox MU1 channel 0-1 to take the word')]));
  });

  it('a mailbox that is disabled: the probe waits for ever', () => {
    const change = (tree: DeviceTree): unknown => tree.find('/soc/mailbox')!.set('status', 'disabled');
    const board = createBoard({ autostart: rpmsgElf(), change });
    board.settle();
    // rproc_type_release: once for each attempt
    expect(board.dmesgOfDrivers()).toEqual(['remoteproc remoteproc0: releasing imx-rproc']);
    expect(board.linux.waitingFor()).toEqual([
      'the probe of remoteproc-cm7 waits for /soc@0/mailbox@30aa0000 (its status is "disabled"), which has no driver or does not exist',
    ]);
  });

  it('an image without a resource table runs without virtio', () => {
    const board = createBoard({ autostart: buildElf({ segments: [{ da: 0, data: VECTORS }] }).bytes });
    board.settle();
    expect(board.dmesg().slice(-2)).toEqual([
      'remoteproc remoteproc0: No resource table in elf', // imx_rproc_parse_fw
      'remoteproc remoteproc0: remote processor imx-rproc is now up',
    ]);
    expect(board.kernel.log.at(-2)!.level).toBe(6);
    expect(board.linux.waitingFor()[0]).toContain('no resource table');
  });

  it('a raw binary and a missing file', () => {
    const board = createBoard({ autostart: new Uint8Array(64).fill(0x20) });
    board.settle();
    expect(board.dmesg().slice(-3)).toEqual([
      'remoteproc remoteproc0: powering up imx-rproc',
      'remoteproc remoteproc0: Image is corrupted (bad magic)', // rproc_elf_sanity_check
      'remoteproc remoteproc0: Boot failed: -22', // state_store
    ]);
    const missing = board.linux.start(0, 'nowhere.elf');
    board.settle();
    expect(missing.result).toBe(-2);
    expect(board.dmesg().slice(-3)).toEqual([
      'remoteproc remoteproc0: Direct firmware load for nowhere.elf failed with error -2', // _request_firmware
      'remoteproc remoteproc0: request_firmware failed: -2', // rproc_boot
      'remoteproc remoteproc0: Boot failed: -2',
    ]);
    expect(board.linux.start(7)).toMatchObject({ result: undefined });
  });

  it('a segment outside of the map', () => {
    const board = createBoard({ autostart: buildElf({ segments: [{ da: 0x1_de78, data: VECTORS, memsz: 0xd5a0 }] }).bytes });
    board.settle();
    expect(board.dmesg().slice(-5)).toEqual([
      'remoteproc remoteproc0: No resource table in elf',
      'imx-rproc remoteproc-cm7: Translation failed: da = 0x1de78 len = 0xd5a0', // imx_rproc_da_to_sys
      'remoteproc remoteproc0: bad phdr da 0x1de78 mem 0xd5a0', // rproc_elf_load_segments
      'remoteproc remoteproc0: Failed to load program segments: -22', // rproc_start
      'remoteproc remoteproc0: Boot failed: -22',
    ]);
    expect(board.kernel.log.at(-4)!.level).toBe(4);
  });

  it('a segment in DDR that no memory-region covers', () => {
    const board = createBoard({ autostart: buildElf({ segments: [{ da: 0x9000_0000, data: VECTORS }] }).bytes });
    board.settle();
    expect(board.dmesg().slice(-3, -1)).toEqual([
      'remoteproc remoteproc0: bad phdr da 0x90000000 mem 0x10',
      'remoteproc remoteproc0: Failed to load program segments: -22',
    ]);
  });

  it('TF-A that refuses', () => {
    const board = createBoard({ autostart: rpmsgElf(), control: { startCore: () => -1 } });
    board.settle();
    expect(board.dmesg().slice(-3)).toEqual([
      'imx-rproc remoteproc-cm7: Failed to enable remote core!', // imx_rproc_start
      "remoteproc remoteproc0: can't start rproc imx-rproc: -1", // rproc_start
      'remoteproc remoteproc0: Boot failed: -1',
    ]);
    expect(board.linux.remoteprocs[0]!.rproc.state).toBe('offline');
  });

  it('a core that is stopped while it runs, and one that cannot be stopped', () => {
    const stop = { error: 0, forced: true };
    const board = createBoard({ autostart: rpmsgElf(), control: { stopCore: () => stop } });
    board.settle();
    board.linux.stop(0);
    board.settle();
    expect(board.dmesg().slice(-2)).toEqual([
      'imx-rproc remoteproc-cm7: Not in wfi, force stopped', // imx_rproc_stop
      'remoteproc remoteproc0: stopped remote processor imx-rproc',
    ]);
    board.linux.start(0);
    board.settle();
    stop.error = -1;
    const again = board.linux.stop(0);
    board.settle();
    expect(again.result).toBe(-1);
    expect(board.dmesg().slice(-2)).toEqual([
      'imx-rproc remoteproc-cm7: Failed to stop remote core',
      "remoteproc remoteproc0: can't stop rproc: -1", // rproc_stop
    ]);
    // rproc_shutdown: its user still counts, so that it can be stopped and started once that works.
    stop.error = 0;
    const later = board.linux.stop(0);
    board.settle();
    const anew = board.linux.start(0);
    board.settle();
    expect([later.result, anew.result, board.linux.remoteprocs[0]!.rproc.state]).toEqual([0, 0, 'running']);
  });
});

describe('the rest of Linux', () => {
  it('writes to a tty in order, once it is ready', () => {
    const board = createBoard({ autostart: rpmsgElf(), services: [['rpmsg-tty', 0x400]] });
    expect(board.linux.ttyInputState('ttyRPMSG0')).toBe('absent');
    board.linux.writeTty('ttyRPMSG0', new TextEncoder().encode('one '));
    board.linux.writeTty('ttyRPMSG0', new TextEncoder().encode('two'));
    board.settle(0.01);
    board.settle();
    expect(board.core.messages.map(({ text }) => text)).toEqual(['one ', 'two']);
    expect(board.linux.ttyInputState('ttyRPMSG0')).toBe('listening');
    const echoed = board.events.flatMap((event) => (event.type === 'console' && event.device === 'ttyRPMSG0' ? [event.byte] : []));
    expect(String.fromCharCode(...echoed)).toBe('one two');
  });

  it('says what input was lost where a write to a tty fails', () => {
    const board = createBoard({ autostart: rpmsgElf(), services: [['rpmsg-tty', 0x400]] });
    board.settle();
    for (const { svq } of board.linux.modules.virtioRpmsgBus.virtprocs) svq.break();
    board.linux.writeTty('ttyRPMSG0', new TextEncoder().encode('gone'));
    board.settle(0.01);
    expect(board.findings).toEqual(['/dev/ttyRPMSG0: 4 of 4 bytes of input are lost: the write failed (EIO)']);
  });

  it('loads only the modules it is told to, and says which one is missing', () => {
    const board = createBoard({ autostart: rpmsgElf(), modules: ['virtio_rpmsg_bus'], services: [['rpmsg-client-sample', 0x400]] });
    board.settle();
    expect(board.dmesg().at(-1)).toBe('virtio_rpmsg_bus virtio0: creating channel rpmsg-client-sample addr 0x400');
    expect(board.linux.waitingFor()).toEqual([expect.stringContaining('load rpmsg_client_sample')]);
  });

  it('starts an image for DDR with the address of its vector table', () => {
    const image = words(0x8040_0000, 0x8000_0401, 0, 0);
    const table = rpmsgTable({ num: 8, align: 16 });
    const elf = buildElf({
      entry: 0x8000_0401,
      segments: [
        { da: TABLE, data: table },
        { da: 0x8000_0000, data: image },
      ],
      sections: [{ name: '.resource_table', addr: TABLE, data: table }],
    });
    const board = createBoard({ autostart: elf.bytes });
    board.settle();
    expect(board.core.starts).toEqual([{ bootAddress: 0x8000_0401, vectors: 0x8000_0000 }]);
  });

  it('a mailbox channel that is taken: the probe fails with the name of the error', () => {
    const board = createBoard();
    board.later(1_050_000, () => {
      const { mailboxes } = board.linux;
      const register = mailboxes.register.bind(mailboxes);
      mailboxes.register = (controller) => {
        register(controller);
        mailboxes.request({ device: 'other', txBlock: false, txTout: 0 }, 'MU1', 1, 1);
      };
    });
    board.settle();
    expect(board.dmesgOfDrivers()).toEqual([
      'imx-rproc remoteproc-cm7: error -EBUSY: failed to request rx mailbox channel', // imx_rproc_xtr_mbox_init
      'remoteproc remoteproc0: releasing imx-rproc', // rproc_type_release
      'imx-rproc: probe of remoteproc-cm7 failed with error -16',
    ]);
    expect(board.linux.remoteprocs).toEqual([]);
    const start = board.linux.start(0);
    board.settle();
    expect(start.result).toBe(-2);
  });
});
