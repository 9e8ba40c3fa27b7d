/** remoteproc in sysfs, debugfs and /dev: formats, rules and errnos of remoteproc_sysfs.c, remoteproc_debugfs.c and remoteproc_cdev.c. */
import { describe, expect, it } from 'vitest';
import { O } from '../../src/linux/fs/vfs.ts';
import { ERRNO, type KernelCode } from '../../src/linux/kernel.ts';
import { findKernelFlavour } from '../../src/linux/kernel-flavour.ts';
import { RPROC_GET_SHUTDOWN_ON_RELEASE, RPROC_SET_SHUTDOWN_ON_RELEASE } from '../../src/remoteproc/remoteproc-cdev.ts';
import { bootedBoard, VECTORS as code, createBoard, TABLE, SMALL_TABLE as table } from '../linux/board-fixture.ts';
import { buildElf, tableOf } from './elf-builder.ts';
import { files } from './files.ts';

const P = 'remoteproc remoteproc0: ';
const SYS = '/sys/class/remoteproc/remoteproc0';
const DEBUG = '/sys/kernel/debug/remoteproc/remoteproc0';

function booted(options: Parameters<typeof bootedBoard>[0] = {}) {
  const up = bootedBoard(options);
  return { ...up, ...files(up.board) };
}

describe('/sys/class/remoteproc (remoteproc_sysfs.c)', () => {
  it('is a class device below the platform device', () => {
    const { names, resolved, cat } = booted();
    expect(names('/sys/class/remoteproc')).toEqual(['remoteproc0']);
    expect(resolved(SYS)).toBe('/sys/devices/platform/remoteproc-cm7/remoteproc/remoteproc0');
    expect(names(SYS)).toEqual([
      'coredump',
      'dev',
      'device',
      'firmware',
      'name',
      'recovery',
      'rproc-virtio.0.auto',
      'state',
      'subsystem',
      'uevent',
    ]);
    expect(resolved(`${SYS}/device/driver`)).toBe('/sys/bus/platform/drivers/imx-rproc');
    expect(cat(`${SYS}/uevent`)).toBe('MAJOR=243\nMINOR=0\nDEVNAME=remoteproc0\nDEVTYPE=remoteproc\n');
    expect(cat(`${SYS}/device/uevent`)).toContain('DRIVER=imx-rproc\n');
    expect(cat(`${SYS}/device/modalias`)).toBe('of:Nremoteproc-cm7T(null)Cfsl,imx8mp-cm7\n');
  });

  it('shows state, firmware, name, recovery and coredump with a newline', () => {
    const { cat, rproc } = booted();
    expect(cat(`${SYS}/state`)).toBe('running\n'); // state_show
    expect(cat(`${SYS}/firmware`)).toBe('fw.elf\n'); // firmware_show
    expect(cat(`${SYS}/name`)).toBe('imx-rproc\n'); // name_show
    expect(cat(`${SYS}/recovery`)).toBe('enabled\n'); // recovery_show
    expect(cat(`${SYS}/coredump`)).toBe('disabled\n'); // coredump_show
    for (const state of ['offline', 'suspended', 'crashed', 'detached'] as const) {
      rproc.state = state;
      expect(cat(`${SYS}/state`)).toBe(`${state}\n`);
    }
    rproc.state = 'attached';
    expect(cat(`${SYS}/firmware`)).toBe('unknown\n');
  });

  it('state_store: words, refusals, and what is printed', () => {
    const { echo, since, cat, board } = booted();
    expect(echo(`${SYS}/state`, 'jump\n')).toBe(-22);
    expect(since()).toEqual([`${P}Unrecognised option: jump\n`]);
    expect(echo(`${SYS}/state`, 'detach')).toBe(-22); // rproc_detach: not attached
    expect(echo(`${SYS}/state`, 'stop\n')).toBe(5);
    expect(cat(`${SYS}/state`)).toBe('offline\n');
    expect(echo(`${SYS}/state`, 'stop')).toBe(-22); // rproc_shutdown
    expect(echo(`${SYS}/firmware`, 'other.elf')).toBe(9);
    since();
    expect(echo(`${SYS}/state`, 'start\0junk')).toBe(-2);
    expect(since()).toEqual([
      `${P}powering up imx-rproc`,
      `${P}Direct firmware load for other.elf failed with error -2`,
      `${P}request_firmware failed: -2`,
      `${P}Boot failed: -2`,
    ]);
    expect(echo(`${SYS}/name`, 'x')).toBe(-13); // kernfs_fop_open
    board.settle();
  });

  it('firmware_store: only while it is offline', () => {
    const { echo, since, cat } = booted();
    expect(echo(`${SYS}/firmware`, 'other.elf')).toBe(-16);
    expect(since()).toEqual(["imx-rproc remoteproc-cm7: can't change firmware while running"]);
    echo(`${SYS}/state`, 'stop');
    expect(echo(`${SYS}/firmware`, '\n')).toBe(-22);
    expect(echo(`${SYS}/firmware`, 'a b\nc')).toBe(5);
    expect(cat(`${SYS}/firmware`)).toBe('a b\n');
  });

  it('coredump_store', () => {
    const { echo, since, cat, rproc } = booted();
    for (const word of ['enabled', 'inline', 'disabled']) {
      expect(echo(`${SYS}/coredump`, `${word}\n`)).toBe(word.length + 1);
      expect(cat(`${SYS}/coredump`)).toBe(`${word}\n`);
    }
    expect(echo(`${SYS}/coredump`, 'default')).toBe(-22);
    expect(since()).toEqual([`${P}Invalid coredump configuration`]);
    rproc.state = 'crashed';
    expect(echo(`${SYS}/coredump`, 'enabled')).toBe(-16);
    expect(since()).toEqual([`${P}can't change coredump configuration`]);
  });

  it('recovery_store: disabled keeps it crashed, recover and enabled recover it', () => {
    const { echo, since, cat, board } = booted();
    expect(echo(`${SYS}/recovery`, 'sometimes')).toBe(-22);
    expect(echo(`${SYS}/recovery`, 'disabled\n')).toBe(9);
    expect(cat(`${SYS}/recovery`)).toBe('disabled\n');
    expect(echo(`${DEBUG}/crash`, '1')).toBe(1);
    expect(cat(`${SYS}/state`)).toBe('crashed\n');
    expect(since()).toEqual([`${P}crash detected in imx-rproc: type watchdog`, `${P}handling crash #1 in imx-rproc`]);
    expect(echo(`${SYS}/recovery`, 'recover')).toBe(7);
    expect([cat(`${SYS}/state`), cat(`${SYS}/recovery`)]).toEqual(['running\n', 'disabled\n']);
    expect(since()[0]).toBe(`${P}recovering imx-rproc`);
    echo(`${DEBUG}/crash`, '2\n');
    expect(echo(`${SYS}/recovery`, 'enabled')).toBe(7);
    expect([cat(`${SYS}/state`), cat(`${SYS}/recovery`)]).toEqual(['running\n', 'enabled\n']);
    expect(board.core.starts).toHaveLength(3);
  });

  it('a start that is interrupted while another one is under way (mutex_lock_interruptible)', () => {
    const { board, since, rproc } = booted();
    board.run(rproc.storeState('stop'));
    since();
    const results: (number | undefined)[] = [];
    const start = (name: string) =>
      board.kernel.spawn(
        name,
        (function* () {
          results.push(yield* rproc.storeState('start'));
        })(),
      );
    start('first');
    const second = start('second');
    board.settle(0.0005);
    second.signal();
    board.settle();
    expect(results).toEqual([-4, 0]);
    expect(since()).toEqual(expect.arrayContaining([`${P}can't lock rproc imx-rproc: -4`, `${P}Boot failed: -4`]));
  });
});

describe('/sys/kernel/debug/remoteproc (remoteproc_debugfs.c)', () => {
  it('has its files', () => {
    const { names, cat, node } = booted();
    expect(names(DEBUG)).toEqual(['carveout_memories', 'coredump', 'crash', 'name', 'recovery', 'resource_table']);
    expect(node(`${DEBUG}/crash`).mode).toBe(0o200);
    expect(cat(`${DEBUG}/name`)).toBe('imx-rproc\n'); // rproc_name_read
    expect(cat(`${DEBUG}/recovery`)).toBe('enabled\n'); // rproc_recovery_read
    expect(cat(`${DEBUG}/coredump`)).toBe('disabled\n'); // rproc_coredump_read
    expect(cat(`${DEBUG}/crash`)).toBe(-22); // vfs_read: no read operation
  });

  it('rproc_crash_write: kstrtouint in any base', () => {
    const { echo, since, board } = booted();
    for (const [text, result] of [
      ['', -22],
      ['x', -22],
      ['-1', -22],
      [' 1', -22],
      ['08', -22],
      ['1 2', -22],
      ['4294967296', -34],
    ] as const)
      if (text !== '') expect([text, echo(`${DEBUG}/crash`, text)]).toEqual([text, result]);
    expect(since()).toEqual([]);
    board.linux.stop(0);
    board.settle();
    since();
    for (const [text, type] of [
      ['0', 'mmufault'],
      ['0x1\n', 'watchdog'],
      ['02', 'fatal error'],
      ['3', 'unknown'],
    ] as const) {
      expect(echo(`${DEBUG}/crash`, text)).toBe(text.length);
      expect(since()).toEqual([`${P}crash detected in imx-rproc: type ${type}`]); // rproc_crash_handler_work: it was stopped
    }
  });

  it('rproc_recovery_write and rproc_coredump_write take a beginning of a word', () => {
    const { echo, cat, since, rproc } = booted();
    expect(echo(`${DEBUG}/recovery`, 'dis')).toBe(3);
    expect(cat(`${DEBUG}/recovery`)).toBe('disabled\n');
    expect(echo(`${DEBUG}/recovery`, 'dis\n')).toBe(-22);
    expect(echo(`${DEBUG}/recovery`, 'enabled\n')).toBe(8);
    expect(cat(`${DEBUG}/recovery`)).toBe('enabled\n');
    expect(echo(`${DEBUG}/recovery`, 'disabled\0\0\0')).toBe(-22); // longer than the buffer
    expect(echo(`${DEBUG}/coredump`, 'inline\n')).toBe(7);
    expect(cat(`${SYS}/coredump`)).toBe('inline\n');
    expect(echo(`${DEBUG}/coredump`, 'perhaps')).toBe(-22);
    expect(echo(`${DEBUG}/coredump`, 'a'.repeat(21))).toBe(-22);
    expect(since()).toEqual([`${P}Invalid coredump configuration`]);
    rproc.state = 'crashed';
    expect(echo(`${DEBUG}/coredump`, 'enabled\n')).toBe(-16);
    expect(since()).toEqual([`${P}can't change coredump configuration`]);
  });

  it('rproc_rsc_table_show', () => {
    const { board, cat } = booted();
    const vring = (n: number, da: number): string =>
      `  Vring ${n}\n    Device Address 0x${da.toString(16)}\n    Alignment 16\n    Number of buffers 8\n    Notify ID ${n}\n    Physical Address 0x0\n\n`;
    expect(cat(`${DEBUG}/resource_table`)).toBe(
      `Entry 0 is of type vdev\n  ID 7\n  Notify ID 2\n  Device features 0x1\n  Guest features 0x1\n  Config length 0x0\n  Status 0x7\n  Number of vrings 2\n  Reserved (should be zero) [0][0]\n\n${vring(0, 0x5500_0000)}${vring(1, 0x5500_8000)}`,
    );
    board.memory.write(TABLE + 20, 200, 4);
    expect(cat(`${DEBUG}/resource_table`)).toMatch(/^Unknown resource type found: 200 \[hdr: [0-9a-f]{16}\]\n$/);
    board.memory.fill(TABLE, 0xff, 64);
    expect(typeof cat(`${DEBUG}/resource_table`)).toBe('string');
    board.linux.stop(0);
    board.settle();
    expect(cat(`${DEBUG}/resource_table`)).toBe('No resource table found\n');
  });

  it('rproc_carveouts_show', () => {
    const { board, cat } = booted();
    const text = cat(`${DEBUG}/carveout_memories`) as string;
    expect(text.split('Carveout memory entry:\n').slice(1)).toHaveLength(3);
    expect(text).toMatch(
      /^Carveout memory entry:\n\tName: vdev0vring0\n\tVirtual address: [0-9a-f]{16}\n\tDMA address: 0x0000000055000000\n\tDevice address: 0x55000000\n\tLength: 0x8000 Bytes\n\nCarveout/,
    );
    board.linux.stop(0);
    board.settle();
    expect(cat(`${DEBUG}/carveout_memories`)).toBe('');
  });

  it('debugfs_file_get: -EIO for who still has a file of a removed remoteproc open', () => {
    const { board, echo, process } = booted();
    const call = <T>(code: KernelCode<T>) => board.run(code, 0.1);
    const [name, crash] = [call(process.open(`${DEBUG}/name`))!, call(process.open(`${DEBUG}/crash`, O.WRONLY))!];
    echo('/sys/bus/platform/drivers/imx-rproc/unbind', 'remoteproc-cm7');
    expect([call(process.read(name, 9)), call(process.write(crash, Uint8Array.of(0x31)))]).toEqual([ERRNO.EIO, ERRNO.EIO]);
  });

  it('rproc_trace_read: a file for each trace buffer while it is up', () => {
    const name = Array<number>(8).fill(0x41);
    const traced = tableOf([2, 0x2000_0100, 0x100, 0, ...name], [2, 0x7000_0000, 0x100, 0, ...name]);
    const image = buildElf({ segments: [{ da: 0, data: code }], sections: [{ name: '.resource_table', addr: 0x400, data: traced }] }).bytes;
    const { board, cat, names, echo } = booted({ autostart: image });
    expect(names(DEBUG).filter((name) => name.startsWith('trace'))).toEqual(['trace0', 'trace1']);
    board.memory.writeBytes(
      0x0080_0100,
      Uint8Array.from('booted\n\0rest', (c) => c.charCodeAt(0)),
    );
    expect(cat(`${DEBUG}/trace0`)).toBe('booted\n');
    board.memory.fill(0x0080_0100, 0x41, 0x200);
    expect(cat(`${DEBUG}/trace0`)).toBe('A'.repeat(0x100));
    expect(cat(`${DEBUG}/trace1`)).toBe('Trace  not available\n'); // the name in it is never set
    expect(cat(`${DEBUG}/resource_table`)).toContain('Entry 0 is of type trace\n  Device Address 0x20000100\n  Length 0x100 Bytes\n');
    echo(`${SYS}/state`, 'stop');
    expect(names(DEBUG)).not.toContain('trace0');
  });
});

describe('/dev/remoteproc0 (remoteproc_cdev.c)', () => {
  it('rproc_init_cdev: its major is taken before there is a device, with CONFIG_REMOTEPROC_CDEV', () => {
    const mainline = findKernelFlavour('mainline')!;
    const devices = (cdev: boolean) => {
      const board = createBoard({ flavour: { ...mainline, remoteproc: { ...mainline.remoteproc, cdev } } });
      return files(board).cat('/proc/devices');
    };
    expect(devices(true)).toContain('\n243 remoteproc\n');
    expect(devices(false)).not.toContain('remoteproc');
    expect(createBoard().linux.modules.majors.take(243, 'other')).toBe(false);
  });

  it('rproc_cdev_write', () => {
    const { echo, cat, since } = booted();
    const start = (text: string) => echo('/dev/remoteproc0', text);
    expect(start('sta')).toBe(3); // strncmp with the length written
    expect(start('start\n')).toBe(-22);
    expect(since()).toEqual([`${P}Unrecognized option`]);
    expect(start('start and go')).toBe(-22);
    expect(start('detach')).toBe(-22);
    expect([start('stop'), start('stop')]).toEqual([4, 4]);
    expect(cat(`${SYS}/state`)).toBe('offline\n');
    expect(start('stop')).toBe(-22);
    expect(cat('/dev/remoteproc0')).toBe(-22); // no read operation
  });

  it('rproc_device_ioctl and rproc_cdev_release', () => {
    const { board, process, cat, since } = booted();
    const value = new Uint8Array(4);
    const results = board.run(
      (function* () {
        const fd = yield* process.open('/dev/remoteproc0', O.RDWR);
        const log = [yield* process.ioctl(fd, RPROC_GET_SHUTDOWN_ON_RELEASE, value), value[0]];
        log.push(yield* process.ioctl(fd, 0x1234));
        log.push(yield* process.ioctl(fd, RPROC_SET_SHUTDOWN_ON_RELEASE, 0));
        log.push(yield* process.ioctl(fd, RPROC_SET_SHUTDOWN_ON_RELEASE, Uint8Array.of(1, 0, 0, 0)));
        log.push(yield* process.ioctl(fd, RPROC_GET_SHUTDOWN_ON_RELEASE, value), value[0]);
        yield* process.close(fd);
        return log;
      })(),
    );
    expect(results).toEqual([0, 0, -22, -14, 0, 0, 1]);
    expect(since()).toEqual([`${P}Unsupported ioctl`, `${P}stopped remote processor imx-rproc`]);
    expect(cat(`${SYS}/state`)).toBe('offline\n');
  });
});

describe('unbinding and binding', () => {
  const DRIVER = '/sys/bus/platform/drivers/imx-rproc';

  it('imx_rproc_remove and rproc_del: stopped, gone, released; binding brings it back', () => {
    const { board, echo, since, exists } = booted();
    expect(echo(`${DRIVER}/unbind`, 'remoteproc-cm8')).toBe(-19); // unbind_store
    expect(echo(`${DRIVER}/unbind`, 'remoteproc-cm7\n')).toBe(15);
    expect(since()).toEqual([`${P}stopped remote processor imx-rproc`, `${P}releasing imx-rproc`]); // rproc_stop, rproc_type_release
    expect([exists(SYS), exists(DEBUG), exists('/dev/remoteproc0'), exists('/sys/class/remoteproc/remoteproc0')]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(board.core.stops).toBe(1);
    expect(echo(`${DRIVER}/unbind`, 'remoteproc-cm7')).toBe(-19);
    expect(echo(`${DRIVER}/bind`, 'remoteproc-cm7')).toBe(14);
    expect(since()).toEqual([`${P}imx-rproc is available`]);
    expect(echo(`${DRIVER}/bind`, 'remoteproc-cm7')).toBe(-16); // __driver_probe_device
    expect(echo(`${SYS}/firmware`, 'fw.elf')).toBe(6);
    expect(echo(`${SYS}/state`, 'start')).toBe(5);
    expect(since().at(-1)).toBe(`${P}remote processor imx-rproc is now up`);
  });

  it('rproc_del with several users leaves the core running', () => {
    const { board, echo, since } = booted();
    board.linux.start(0);
    board.settle();
    expect(echo(`${DRIVER}/unbind`, 'remoteproc-cm7')).toBe(14);
    expect(since()).toEqual([`${P}releasing imx-rproc`]); // rproc_shutdown only counted
    expect(board.core.stops).toBe(0);
    // The core runs, so the driver attaches to it.
    expect(echo(`${DRIVER}/bind`, 'remoteproc-cm7')).toBe(14);
    expect(since()).toEqual(expect.arrayContaining([`${P}attaching to imx-rproc`]));
  });

  it('rproc_boot, rproc_report_crash, rproc_trigger_recovery: while it is being deleted', () => {
    const { board, since, rproc } = booted();
    board.run(rproc.del());
    since();
    expect(board.run(rproc.boot())).toBe(-19);
    expect(since()).toEqual([`${P}can't boot deleting rproc imx-rproc`]);
    rproc.reportCrash('watchdog');
    board.settle();
    expect(board.run(rproc.triggerRecovery())).toBe(-19);
    expect(since()).toEqual([]);
  });

  it('device_links_unbind_consumers: without the MU no remoteproc, and again with it', () => {
    const { echo, since, cat } = booted();
    expect(echo('/sys/bus/platform/drivers/imx_mu/unbind', '30aa0000.mailbox')).toBe(16);
    expect(since()).toEqual([`${P}stopped remote processor imx-rproc`, `${P}releasing imx-rproc`]);
    expect(echo(`${DRIVER}/bind`, 'remoteproc-cm7')).toBe(-11); // device_driver_attach: deferred
    expect(echo('/sys/bus/platform/drivers/imx_mu/bind', '30aa0000.mailbox')).toBe(16);
    expect(since()).toEqual([`${P}imx-rproc is available`]);
    expect(cat(`${SYS}/firmware`)).toBe('rproc-imx-rproc-fw\n'); // rproc_alloc_firmware
  });

  it('driver_override: another driver finds nothing of its own in the device', () => {
    const { echo, cat, since } = booted();
    const device = '/sys/devices/platform/remoteproc-cm7';
    expect(cat(`${device}/driver_override`)).toBe('(null)\n');
    echo(`${DRIVER}/unbind`, 'remoteproc-cm7');
    echo(`${device}/driver_override`, 'imx_mu\n');
    since();
    expect(echo(`${DRIVER}/bind`, 'remoteproc-cm7')).toBe(-19);
    expect(echo('/sys/bus/platform/drivers/imx_mu/bind', 'remoteproc-cm7')).toBe(-22);
    expect(since()).toEqual(['imx_mu: probe of remoteproc-cm7 failed with error -22']);
    echo(`${device}/driver_override`, '\n');
    expect(echo(`${DRIVER}/bind`, 'remoteproc-cm7')).toBe(14);
  });
});

describe('--kernel', () => {
  const nxp = findKernelFlavour('nxp')!;

  it('nxp: detaching is refused, but has taken the virtio device away (__rproc_detach, imx_rproc_detach)', () => {
    const { board, echo, cat, since } = booted({
      control: { coreStarted: () => true },
      autostart: undefined,
      flavour: nxp,
      prepare: table,
    });
    expect(cat(`${SYS}/state`)).toBe('attached\n');
    expect(board.memory.read(TABLE + 24 + 20, 1)).toBe(7);
    since();
    expect(echo(`${SYS}/state`, 'detach')).toBe(-95);
    expect(since()).toEqual([`${P}can't detach from rproc: -95`]);
    expect(cat(`${SYS}/state`)).toBe('attached\n');
    expect(board.memory.readBytes(TABLE, table.length)).toEqual(table); // rproc_reset_rsc_table_on_detach
  });

  it('mainline: no detach operation', () => {
    const { echo, cat } = booted({ control: { coreStarted: () => true }, autostart: undefined, prepare: table });
    expect(cat(`${SYS}/state`)).toBe('attached\n');
    expect(echo(`${SYS}/state`, 'detach')).toBe(-22);
  });

  it('nxp: a crashed core cannot be stopped (rproc_shutdown); mainline stops it', () => {
    for (const [flavour, result] of [
      [nxp, -22],
      [findKernelFlavour('mainline')!, 4],
    ] as const) {
      const { echo } = booted({ flavour });
      echo(`${SYS}/recovery`, 'disabled');
      echo(`${DEBUG}/crash`, '2');
      expect(echo(`${SYS}/state`, 'stop')).toBe(result);
    }
  });

  it('nxp: channels are held while the core runs (imx_rproc_start, imx_rproc_stop)', () => {
    const { board, rproc, since, echo } = booted({ flavour: nxp });
    echo(`${SYS}/state`, 'stop');
    since();
    board.run(rproc.ops.kick!(1));
    expect(since()).toEqual(['imx-rproc remoteproc-cm7: No initialized mbox tx channel']);
    expect(echo(`${SYS}/state`, 'start')).toBe(5);
    expect(rproc.state).toBe('running');
  });
});
