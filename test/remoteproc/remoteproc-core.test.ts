import { describe, expect, it } from 'vitest';
import type { DeviceTree } from '../../src/devicetree/tree.ts';
import { findKernelFlavour } from '../../src/linux/kernel-flavour.ts';
import type { RprocCrashType } from '../../src/remoteproc/remoteproc-core.ts';
import {
  bootedBoard,
  VECTORS as code,
  createBoard,
  EVK_REGIONS,
  SMALL_ELF as elf,
  TABLE,
  SMALL_TABLE as table,
} from '../linux/board-fixture.ts';
import { buildElf, words } from './elf-builder.ts';

const P = 'remoteproc remoteproc0: ';
const NODE = '/remoteproc-cm7';

describe('state in sysfs', () => {
  it('counts users: the second start returns at once, the first stop does nothing', () => {
    const { board, since } = bootedBoard();
    expect(board.linux.start(0)).toMatchObject({ result: undefined });
    board.settle();
    expect(since()).toEqual([]);
    board.linux.stop(0);
    board.settle();
    expect(since()).toEqual([]);
    const { rproc } = board.linux.remoteprocs[0]!;
    expect(rproc.state).toBe('running');
    board.linux.stop(0);
    board.settle();
    expect(since()).toEqual([`${P}stopped remote processor imx-rproc`]);
    expect(rproc.state).toBe('offline');
    expect(rproc.table.inEffect).toBeUndefined();
  });

  it('refuses what makes no sense', () => {
    const { board, since } = bootedBoard();
    const { rproc } = board.linux.remoteprocs[0]!;
    expect(board.run(rproc.storeState('jump\n'))).toBe(-22);
    expect(since()).toEqual([`${P}Unrecognised option: jump\n`]); // state_store
    expect(board.run(rproc.storeState('detach\n'))).toBe(-22); // imx_rproc of 6.1 has no detach
    expect(board.run(rproc.setFirmware('other.elf'))).toBe(-16);
    expect(since()).toEqual(["imx-rproc remoteproc-cm7: can't change firmware while running"]); // rproc_set_firmware
    board.run(rproc.storeState('stop\n'));
    expect(board.run(rproc.storeState('stop'))).toBe(-22); // rproc_shutdown
    since();
    expect(board.run(rproc.setFirmware('\n'))).toBe(-22);
    expect(since()).toEqual(["imx-rproc remoteproc-cm7: can't provide empty string for firmware name"]);
    expect(board.run(rproc.setFirmware('other.elf\n'))).toBe(0);
    expect(rproc.firmware).toBe('other.elf');
  });

  it('serialises two starts that come at once', () => {
    const board = createBoard();
    board.linux.firmwareFiles.set('fw.elf', elf);
    board.settle(0.1);
    const commands = [board.linux.start(0, 'fw.elf'), board.linux.start(0)];
    board.settle();
    expect(commands.map(({ result }) => result)).toEqual([0, 0]);
    expect(board.dmesg().filter((line) => line.includes('powering up'))).toHaveLength(1);
  });
});

describe('crash and recovery', () => {
  it.each(['mmufault', 'watchdog', 'fatal error'] satisfies RprocCrashType[])('recovers from a %s', (type) => {
    const { board, since } = bootedBoard();
    const { rproc } = board.linux.remoteprocs[0]!;
    rproc.reportCrash(type);
    board.settle();
    expect(since()).toEqual([
      `${P}crash detected in imx-rproc: type ${type}`, // rproc_report_crash
      `${P}handling crash #1 in imx-rproc`, // rproc_crash_handler_work
      `${P}recovering imx-rproc`, // rproc_trigger_recovery
      `${P}stopped remote processor imx-rproc`, // rproc_stop
      'rproc-virtio rproc-virtio.0.auto: assigned reserved memory node vdev0buffer@55400000',
      'virtio_rpmsg_bus virtio0: rpmsg host is online',
      'rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 7)',
      `${P}remote processor imx-rproc is now up`, // rproc_start
    ]);
    expect(rproc.state).toBe('running');
    expect(board.memory.read(TABLE + 24 + 20, 1)).toBe(7);
    board.linux.stop(0);
    board.settle();
    expect(rproc.state).toBe('offline');
  });

  it('stays crashed when recovery is disabled, counts further ones, and can be stopped', () => {
    const { board, since } = bootedBoard();
    const { rproc } = board.linux.remoteprocs[0]!;
    rproc.recoveryDisabled = true;
    rproc.reportCrash('watchdog');
    board.settle();
    expect(rproc.state).toBe('crashed');
    expect(board.linux.waitingFor()[0]).toContain('has crashed');
    since();
    rproc.reportCrash('watchdog');
    board.settle();
    expect(since()).toEqual([`${P}crash detected in imx-rproc: type watchdog`]);
    board.linux.stop(0);
    board.settle();
    expect(since()).toEqual([`${P}stopped remote processor imx-rproc`]);
  });

  it('does not recover what was stopped, and says when the file is gone', () => {
    const { board, since } = bootedBoard();
    const { rproc } = board.linux.remoteprocs[0]!;
    board.linux.firmwareFiles.clear();
    rproc.reportCrash('fatal error');
    board.settle();
    expect(since().slice(-2)).toEqual([
      `${P}Direct firmware load for fw.elf failed with error -2`,
      `${P}request_firmware failed: -2`, // rproc_boot_recovery
    ]);
    expect(rproc.state).toBe('offline');
    rproc.reportCrash('fatal error');
    board.settle();
    expect(since()).toEqual([`${P}crash detected in imx-rproc: type fatal error`]);
  });
});

describe('crashes at awkward moments', () => {
  it('during a start: recovered once it is up', () => {
    const { board, since } = bootedBoard();
    const { rproc } = board.linux.remoteprocs[0]!;
    board.run(rproc.storeState('stop'));
    since();
    board.linux.start(0);
    board.settle(0.005);
    expect(rproc.state).toBe('offline');
    rproc.reportCrash('fatal error');
    board.settle();
    const lines = since().filter((line) => line.startsWith(P));
    expect(lines.slice(2)).toEqual([
      `${P}crash detected in imx-rproc: type fatal error`,
      `${P}remote processor imx-rproc is now up`,
      `${P}handling crash #1 in imx-rproc`,
      `${P}recovering imx-rproc`,
      `${P}stopped remote processor imx-rproc`,
      `${P}remote processor imx-rproc is now up`,
    ]);
  });

  it('during a recovery: a second one follows', () => {
    const { board, since } = bootedBoard();
    const { rproc } = board.linux.remoteprocs[0]!;
    rproc.reportCrash('watchdog');
    board.settle(0.005);
    rproc.reportCrash('watchdog');
    board.settle();
    expect(since().filter((line) => line.includes('handling crash'))).toEqual([
      `${P}handling crash #1 in imx-rproc`,
      `${P}handling crash #2 in imx-rproc`,
    ]);
    expect(rproc.state).toBe('running');
  });

  it('a recovery that fails leaves the user counted: start does nothing, stop is refused (rproc_boot_recovery)', () => {
    const { board, since } = bootedBoard();
    const { rproc } = board.linux.remoteprocs[0]!;
    board.linux.firmwareFiles.clear();
    rproc.reportCrash('watchdog');
    board.settle();
    since();
    expect(board.run(rproc.storeState('start'))).toBe(0);
    expect(since()).toEqual([]);
    expect(board.run(rproc.storeState('stop'))).toBe(-22);
    expect(rproc.state).toBe('offline');
  });

  it('rproc_attach_recovery: detached and attached again, the table as it was before (8QM, 8QXP)', () => {
    const board = createBoard({ control: { coreStarted: () => true }, prepare: table });
    board.settle();
    const { rproc } = board.linux.remoteprocs[0]!;
    const from = board.kernel.log.length;
    rproc.attachOnRecovery = true;
    rproc.reportCrash('watchdog');
    board.settle();
    // Without a detach operation it cannot be recovered.
    expect([rproc.state, board.dmesg().slice(from).at(-1)]).toEqual(['crashed', `${P}recovering imx-rproc`]);
    let detached = 0;
    board.run(rproc.triggerRecovery());
    Object.assign(rproc.ops, {
      detach: function* () {
        yield* [];
        detached++;
        return 0;
      },
    });
    board.run(rproc.storeState('stop'));
    rproc.state = 'detached';
    board.memory.writeBytes(TABLE, table);
    board.run(rproc.storeState('start'));
    rproc.reportCrash('watchdog');
    board.settle();
    expect([rproc.state, detached]).toEqual(['attached', 1]);
    expect(board.memory.readBytes(TABLE, table.length)).toEqual(table);
    expect(board.dmesg().slice(-2)).toEqual([
      expect.stringContaining('registered virtio'),
      `${P}remote processor imx-rproc is now attached`,
    ]);
    expect(board.dmesg()).toContain(`${P}detached remote processor imx-rproc`);
  });
});

describe('fsl,auto-boot (rproc_trigger_auto_boot)', () => {
  it('asks for the firmware, then boots, whether it was found or not', () => {
    const board = createBoard({ change: (tree) => tree.node(NODE)?.set('fsl,auto-boot') });
    board.settle();
    expect(board.dmesgOfDrivers()).toEqual([
      `${P}imx-rproc is available`,
      `${P}Direct firmware load for rproc-imx-rproc-fw failed with error -2`, // request_firmware_nowait
      `${P}powering up imx-rproc`, // rproc_auto_boot_callback
      `${P}Direct firmware load for rproc-imx-rproc-fw failed with error -2`,
      `${P}request_firmware failed: -2`,
    ]);
  });
});

describe('the node of imx_rproc', () => {
  const nxp = findKernelFlavour('nxp')!;
  const remove = (property: string) => (tree: DeviceTree) => void tree.node(NODE)?.delete(property);

  it('fsl,startup-delay-ms: nxp waits after the start, mainline does not know it (imx_rproc_start)', () => {
    for (const [flavour, least, most] of [
      [nxp, 500, 600],
      [undefined, 0, 100],
    ] as const) {
      const change = (tree: DeviceTree) => void tree.node(NODE)?.set('fsl,startup-delay-ms', 500);
      const board = createBoard({ autostart: elf, change, ...(flavour ? { flavour } : {}) });
      board.settle();
      const at = (text: string): number => board.kernel.log.find((line) => line.text.includes(text))!.cycle / (board.scheduler.hz / 1000);
      const delay = at('rpmsg host is online') - at('Booting fw image');
      expect([delay >= least, delay <= most]).toEqual([true, true]);
    }
  });

  it('without clocks: fatal for mainline, not for nxp (imx_rproc_clk_enable)', () => {
    const board = createBoard({ change: remove('clocks') });
    board.settle();
    expect(board.dmesgOfDrivers()).toEqual([
      'imx-rproc remoteproc-cm7: Failed to get clock',
      `${P}releasing imx-rproc`,
      'imx-rproc: probe of remoteproc-cm7 failed with error -2',
    ]);
    const other = createBoard({ change: remove('clocks'), flavour: nxp });
    other.settle();
    expect(other.dmesgOfDrivers()).toContain(`${P}imx-rproc is available`);
  });

  it('without mbox-names: nothing can be kicked (imx_rproc_xtr_mbox_init)', () => {
    const board = createBoard({ autostart: elf, change: remove('mbox-names') });
    board.settle();
    expect(board.dmesg()).toContain('imx-rproc remoteproc-cm7: No initialized mbox tx channel');
    expect(board.dmesg().at(-1)).toBe(`${P}remote processor imx-rproc is now up`);
  });

  it('nxp attaches within the probe, which fails with it (rproc_trigger_auto_boot); mainline does so later', () => {
    const bad = words(1, 1, 0, 0, 0x1000, 3);
    const options = { control: { coreStarted: () => true }, prepare: bad };
    const board = createBoard({ ...options, flavour: nxp });
    board.settle();
    expect(board.dmesgOfDrivers().filter((line) => !line.startsWith('imx'))).toEqual([
      `${P}imx-rproc is available`,
      `${P}attaching to imx-rproc`,
      `${P}rsc table is truncated`,
      `${P}Failed to process resources: -22`,
      `${P}releasing imx-rproc`,
    ]);
    expect(board.dmesg().slice(-3)).toEqual([
      'imx-rproc remoteproc-cm7: rproc_add failed',
      `${P}releasing imx-rproc`,
      'imx-rproc: probe of remoteproc-cm7 failed with error -22',
    ]);
    const other = createBoard(options);
    other.settle();
    expect(other.dmesg().at(-1)).toBe(`${P}Failed to process resources: -22`);
    expect(other.linux.remoteprocs[0]!.rproc.state).toBe('detached');
  });

  it('imx_rproc_get_boot_addr: .interrupts on some cores with nxp', () => {
    const image = buildElf({ segments: [{ da: 0, data: code }], sections: [{ name: '.interrupts', addr: 0x1234, data: code }] }).bytes;
    for (const [flavour, compatible, address] of [
      [nxp, 'fsl,imx93-cm33', 0x1234],
      [nxp, 'fsl,imx8mp-cm7', 0x401],
      [findKernelFlavour('mainline')!, 'fsl,imx93-cm33', 0x401],
    ] as const) {
      const board = createBoard({ flavour, remoteproc: { compatible } });
      board.settle(0.1);
      expect(board.linux.remoteprocs[0]!.getBootAddr({ name: 'x', data: image })).toBe(address);
    }
    const board = createBoard({ flavour: nxp, remoteproc: { compatible: 'fsl,imx93-cm33' } });
    board.settle(0.1);
    expect(board.linux.remoteprocs[0]!.getBootAddr({ name: 'x', data: elf })).toBe(0);
  });
});

describe('attach', () => {
  it('attaches to a core that somebody else started (8ULP, 7ULP), and cannot stop it', () => {
    const board = createBoard({ remoteproc: { method: 'none' }, services: [['rpmsg-client-sample', 0x400]] });
    board.memory.writeBytes(TABLE, table);
    board.core.startCore('m7', { bootAddress: 0, vectors: 0 });
    board.settle();
    const lines = board.dmesgOfDrivers();
    expect(lines.slice(0, 2)).toEqual([`${P}imx-rproc is available`, `${P}attaching to imx-rproc`]); // rproc_add, rproc_boot
    expect(lines).toContain(`${P}remote processor imx-rproc is now attached`); // __rproc_attach
    expect(lines.at(-1)).toContain('goodbye!');
    const stop = board.linux.stop(0);
    board.settle();
    expect(stop.result).toBe(-95);
    expect(board.dmesg().at(-1)).toBe(`${P}can't stop rproc: -95`); // rproc_stop
    expect(board.linux.remoteprocs[0]!.rproc.state).toBe('attached');
  });

  it('attaches when TF-A says that the core runs, without a table too', () => {
    const board = createBoard({ regions: EVK_REGIONS.filter(({ name }) => name !== 'rsc-table'), control: { coreStarted: () => true } });
    board.settle();
    expect(board.dmesgOfDrivers()).toEqual([
      `${P}imx-rproc is available`,
      `${P}attaching to imx-rproc`,
      `${P}remote processor imx-rproc is now attached`,
    ]);
    board.linux.stop(0);
    board.settle();
    expect(board.dmesg().at(-1)).toBe(`${P}stopped remote processor imx-rproc`);
    expect(board.core.stops).toBe(1);
  });

  it('starts and stops by register (7D, 8MQ, 8MM)', () => {
    const src = { address: 0x4100_0000, mask: 0xf, start: 0xe, stop: 0xb };
    const announced: unknown[] = [];
    const board = createBoard({
      remoteproc: { method: 'mmio', src },
      control: { announceBoot: (core, boot) => announced.push([core, boot]) },
    });
    board.memory.write(src.address, 0x50 | src.stop, 4);
    board.linux.firmwareFiles.set('fw.elf', elf);
    board.settle(0.1);
    board.linux.start(0, 'fw.elf');
    board.settle();
    expect(board.memory.read(src.address, 4)).toBe(0x50 | src.start); // imx_rproc_start
    expect(announced).toEqual([['m7', { bootAddress: 0x401, vectors: 0 }]]);
    board.linux.stop(0);
    board.settle();
    expect(board.memory.read(src.address, 4)).toBe(0x50 | src.stop); // imx_rproc_stop
    board.memory.write(src.address, src.start, 4);
    const running = createBoard({ remoteproc: { method: 'mmio', src } });
    running.memory.write(src.address, src.start, 4);
    running.settle();
    expect(running.dmesg()).toContain(`${P}attaching to imx-rproc`); // imx_rproc_detect_mode
  });
});

describe('the table in effect', () => {
  it('is the linked copy alone where the board has no rsc-table region', () => {
    const regions = EVK_REGIONS.filter(({ name }) => name !== 'rsc-table');
    const { board } = bootedBoard({ regions });
    expect(board.memory.read(0x007e_0400 + 24 + 20, 1)).toBe(7);
    expect(board.memory.read(TABLE, 4)).toBe(0);
  });

  it('is written once where the firmware is linked to the region', () => {
    const fixed = buildElf({
      segments: [
        { da: 0, data: code },
        { da: TABLE, data: table },
      ],
      sections: [{ name: '.resource_table', addr: TABLE, data: table }],
    });
    const { board } = bootedBoard({ autostart: fixed.bytes });
    expect(board.memory.read(TABLE + 24 + 20, 1)).toBe(7);
    expect(board.dmesg().at(-1)).toBe(`${P}remote processor imx-rproc is now up`);
  });

  it('survives firmware that overwrites it while it runs', () => {
    const { board } = bootedBoard();
    board.memory.fill(TABLE, 0xff, 4096);
    board.linux.stop(0);
    board.settle();
    expect(board.linux.remoteprocs[0]!.rproc.state).toBe('offline');
    board.linux.start(0);
    board.settle();
    expect(board.dmesg().at(-1)).toBe(`${P}remote processor imx-rproc is now up`);
  });
});
