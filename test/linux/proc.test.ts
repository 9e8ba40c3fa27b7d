/** proc, sysctl and /sys/firmware: formats of fs/proc, kernel/irq/proc.c, kernel/resource.c, kernel/module/procfs.c. */
import { describe, expect, it } from 'vitest';
import { parseDtb } from '../../src/devicetree/parse-dtb.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import { ERRNO } from '../../src/linux/errno.ts';
import { DirectoryNode, O } from '../../src/linux/fs/vfs.ts';
import { PlatformBus, type PlatformDevice } from '../../src/linux/platform.ts';
import { addSystemFiles } from '../../src/linux/system-files.ts';
import { kernelFixture } from './kernel-fixture.ts';

const TREE = `/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <1>;
  model = "Test board"; compatible = "test,board", "fsl,imx8mp";
  chosen { bootargs = "console=ttymxc1,115200"; };
  cpus {
    #address-cells = <1>; #size-cells = <0>;
    cpu@0 { device_type = "cpu"; compatible = "arm,cortex-a53"; reg = <0>; };
    cpu@1 { device_type = "cpu"; compatible = "arm,cortex-a53"; reg = <1>; };
  };
  gic: interrupt-controller@38800000 { compatible = "arm,gic-v3"; interrupt-controller; #interrupt-cells = <3>; reg = <0x38800000 0x10000>; };
  memory@40000000 { device_type = "memory"; reg = <0x40000000 0x100000>; };
  reserved-memory {
    #address-cells = <1>; #size-cells = <1>; ranges;
    vdev0vring0@40010000 { reg = <0x40010000 0x8000>; no-map; };
    rsc-table@400ff000 { reg = <0x400ff000 0x1000>; no-map; };
    kept@40040000 { reg = <0x40040000 0x1000>; };
  };
  mailbox@30aa0000 { compatible = "fsl,imx8mp-mu"; reg = <0x30aa0000 0x10000>; secret-key = "x"; security-key = "s"; };
};
`;

function fixture() {
  const board = kernelFixture();
  const { kernel } = board;
  const tree = parseDts(TREE);
  const platform = new PlatformBus(kernel);
  addSystemFiles(kernel, {
    deviceTree: () => tree,
    platform,
    modules: () => [
      { name: 'rpmsg_ctrl', size: 16_384, refcount: 0, usedBy: [], state: 'Live' },
      { name: 'rpmsg_char', size: 20_480, refcount: 1, usedBy: ['rpmsg_ctrl'], state: 'Live' },
    ],
    majors: () => [
      { major: 240, name: 'ttyRPMSG' },
      { major: 239, name: 'rpmsg_ctrl' },
    ],
    ttyDrivers: () => [
      { name: 'ttyRPMSG', major: 240, count: 32 },
      { name: 'ttyRPMSG30', major: 238, count: 1 },
    ],
  });
  return { ...board, platform, tree };
}

describe('proc', () => {
  it('interrupts: show_interrupts', () => {
    const { kernel, pass, read } = fixture();
    let served = 0;
    kernel.requestIrq(88, 'imx_mu_chan[0-1]', () => served++);
    kernel.requestIrq(88, 'imx_mu_chan[1-1]', () => kernel.setInterrupt(88, false));
    kernel.requestIrq(5, 'other', () => {});
    kernel.setInterrupt(88, true);
    pass(1e6);
    expect(served).toBe(1);
    kernel.freeIrq(88, 'imx_mu_chan[0-1]');
    kernel.freeIrq(5, 'other');
    expect(read('/proc/interrupts')).toBe(
      [
        '           CPU0       CPU1       ',
        ' 14:          1          0     GICv3 120 Level     imx_mu_chan[1-1]',
        'IPI0:         0          0       Rescheduling interrupts',
        'IPI1:         0          0       Function call interrupts',
        'IPI2:         0          0       CPU stop interrupts',
        'IPI3:         0          0       CPU stop (for crash dump) interrupts',
        'IPI4:         0          0       Timer broadcast interrupts',
        'IPI5:         0          0       IRQ work interrupts',
        'IPI6:         0          0       CPU wake-up interrupts',
        'Err:          0',
        '',
      ].join('\n'),
    );
    kernel.freeIrq(88, 'imx_mu_chan[1-1]');
    expect(read('/proc/interrupts')).toContain('\n 14:          1          0     GICv3 120 Level     \n');
    kernel.setInterrupt(88, true);
    pass(1e6);
    expect(served).toBe(1);
  });

  it('iomem: r_show, RAM without what is reserved, and windows of drivers', () => {
    const { platform, read, run, tree } = fixture();
    const node = tree.node('/mailbox@30aa0000')!;
    platform.addDevice({ name: '30aa0000.mailbox', compatible: 'fsl,imx8mp-mu', properties: undefined, node });
    const bare = read('/proc/iomem');
    run(
      platform.registerDriver({
        name: 'imx_mu',
        matches: (device): device is PlatformDevice => device.node === node,
        *probe() {
          return 0;
        },
      }),
    );
    const ram = [
      '40000000-4000ffff : System RAM',
      '40010000-40017fff : reserved',
      '40018000-400fefff : System RAM',
      '  40040000-40040fff : reserved',
      '400ff000-400fffff : reserved',
      '',
    ].join('\n');
    expect(bare).toBe(ram);
    expect(read('/proc/iomem')).toBe(`30aa0000-30aaffff : 30aa0000.mailbox mailbox@30aa0000\n${ram}`);
  });

  it.each([
    ['cmdline', 'console=ttymxc1,115200\n'],
    ['filesystems', 'nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tdebugfs\n'],
    ['devices', 'Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n239 rpmsg_ctrl\n240 ttyRPMSG\n\nBlock devices:\n'],
    ['modules', 'rpmsg_ctrl 16384 0 - Live 0xffff80000100c000\nrpmsg_char 20480 1 rpmsg_ctrl, Live 0xffff800001019000\n'],
    [
      'tty/drivers',
      '/dev/tty             /dev/tty        5       0 system:/dev/tty\n' +
        '/dev/console         /dev/console    5       1 system:console\n' +
        'rpmsg_tty            /dev/ttyRPMSG 240 0-31 console\n' +
        'rpmsg_tty            /dev/ttyRPMSG30 238       0 console\n',
    ],
    ['sys/kernel/ostype', 'Linux\n'],
    ['sys/kernel/printk', '7\t4\t1\t7\n'],
    ['version', "Linux version 6.1.192 (imx-sim) (Debian's linux-source-6.1) #1 SMP PREEMPT\n"],
  ])('%s', (file, text) => {
    expect(fixture().read(`/proc/${file}`)).toBe(text);
  });

  it('cpuinfo, uptime, loadavg, meminfo', () => {
    const { pass, read } = fixture();
    pass(1_234_567_890);
    expect(read('/proc/uptime')).toBe('1.23 2.46\n');
    const cpuinfo = read('/proc/cpuinfo') as string;
    expect(cpuinfo.match(/^processor\t: \d$/gm)).toEqual(['processor\t: 0', 'processor\t: 1']);
    expect(cpuinfo).toContain('CPU part\t: 0xd03\nCPU revision\t: 4\n');
    expect(read('/proc/loadavg')).toMatch(/^0\.00 0\.00 0\.00 1\/1 100\n$/);
    expect(read('/proc/meminfo')).toMatch(/^MemTotal: {10}65536 kB\nMemFree: {8} +\d+ kB\n/);
  });

  it('mounts', () => {
    const { process, read } = fixture();
    process.mount('none', '/mnt', 'tmpfs', 'size=1m');
    expect((read('/proc/self/mounts') as string).split('\n').slice(-3)).toEqual([
      'proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0',
      'none /mnt tmpfs rw,relatime,size=1m 0 0',
      '',
    ]);
  });

  it('takes no writes (proc_reg_write) and no names (proc_lookup)', () => {
    const { process, write } = fixture();
    expect(write('/proc/version', 'x', O.WRONLY)).toBe(ERRNO.EIO);
    expect(write('/proc/new', 'x', O.WRONLY | O.CREAT)).toBe(ERRNO.ENOENT);
    expect(process.mkdir('/proc/new')).toBe(ERRNO.ENOENT);
    expect(process.unlink('/proc/version')).toBe(ERRNO.EPERM);
  });

  it('has a directory for each process', () => {
    const { kernel, process, read, run } = fixture();
    process.argv = ['cat', '/proc/self/cmdline'];
    const fd = run(process.open('/proc/100/status'));
    expect(read('/proc/100/comm')).toBe('test\n');
    expect(read('/proc/100/cmdline')).toBe('cat\0/proc/self/cmdline\0');
    expect(read('/proc/100/status')).toContain('Name:\ttest\nUmask:\t0022\nState:\tR (running)\nTgid:\t100\nPid:\t100\n');
    expect(read('/proc/100/stat')).toMatch(/^100 \(test\) R 1 100 100( 0){46}\n$/);
    expect(process.readlink(`/proc/100/fd/${fd}`)).toBe('/proc/100/status');
    expect(process.readlink('/proc/100/cwd')).toBe('/');
    expect((kernel.vfs.find('/proc/100/fd') as DirectoryNode).names()).toEqual(['0']);
    expect(kernel.vfs.find('/proc/101')).toBe(ERRNO.ENOENT);
    run(process.exit(0));
    expect(kernel.vfs.find('/proc/100')).toBe(ERRNO.ENOENT);
  });
});

describe('/proc/sys', () => {
  it('takes log levels: proc_dointvec', () => {
    const { kernel, read, write } = fixture();
    const printk = '/proc/sys/kernel/printk';
    expect(write(printk, '3\n', O.WRONLY)).toBe(2);
    expect(read(printk)).toBe('3\t4\t1\t7\n');
    expect(kernel.syslog.consoleLoglevel).toBe(3);
    expect(write(printk, '8 0x2 -1 7 9', O.WRONLY)).toBe(12);
    expect(read(printk)).toBe('8\t2\t-1\t7\n');
    expect(write(printk, 'loud', O.WRONLY)).toBe(ERRNO.EINVAL);
    expect(write(printk, '4294967296', O.WRONLY)).toBe(ERRNO.EINVAL);
    expect(write(printk, '\n', O.WRONLY)).toBe(ERRNO.EINVAL);
  });

  it('takes a host name: proc_do_uts_string; refuses the rest: proc_sys_permission', () => {
    const { kernel, read, write } = fixture();
    expect(write('/proc/sys/kernel/hostname', `${'n'.repeat(70)}\n`, O.WRONLY)).toBe(71);
    expect(kernel.hostname).toBe('n'.repeat(64));
    expect(write('/proc/sys/kernel/ostype', 'BSD', O.WRONLY)).toBe(ERRNO.EACCES);
    expect(write('/proc/sys/kernel/none', 'x', O.WRONLY | O.CREAT)).toBe(ERRNO.ENOENT);
    expect(read('/proc/sys/kernel/osrelease')).toBe(`${kernel.flavour.release}\n`);
  });
});

describe('/sys/firmware', () => {
  it('has the device tree as files, with the bytes of its properties', () => {
    const { kernel, process, read } = fixture();
    const base = '/sys/firmware/devicetree/base';
    expect(read(`${base}/model`)).toBe('Test board\0');
    expect(read(`${base}/mailbox@30aa0000/reg`)).toBe('0\ufffd\0\0\0\x01\0\0');
    expect(read(`${base}/mailbox@30aa0000/name`)).toBe('mailbox\0');
    expect(read('/proc/device-tree/compatible')).toBe('test,board\0fsl,imx8mp\0');
    const file = (name: string) => kernel.vfs.find(`${base}/${name}`) as DirectoryNode;
    expect([file('model').size, file('model').mode, file('mailbox@30aa0000/security-key').mode]).toEqual([11, 0o444, 0o400]);
    expect(file('reserved-memory/vdev0vring0@40010000')).toBeInstanceOf(DirectoryNode);
    expect(process.unlink(`${base}/model`)).toBe(ERRNO.EPERM);
  });

  it('has the blob', () => {
    const { process, run } = fixture();
    const blob = run(
      (function* () {
        const fd = yield* process.open('/sys/firmware/fdt');
        return yield* process.read(fd, 1 << 20);
      })(),
    );
    expect(parseDtb(blob as Uint8Array).root.string('model')).toBe('Test board');
  });
});

describe('mount', () => {
  it.each<[source: string, target: string, type: string, options: string, errno: number, how: string]>([
    ['none', '/mnt', 'ext4', '', ERRNO.ENODEV, 'do_new_mount'],
    ['none', '/none', 'tmpfs', '', ERRNO.ENOENT, 'user_path_at'],
    ['none', '/root/file', 'tmpfs', '', ERRNO.ENOTDIR, 'do_add_mount'],
    ['none', '/mnt', 'tmpfs', 'size=lots', ERRNO.EINVAL, 'shmem_parse_one'],
    ['none', '/sys/kernel/debug', 'debugfs', '', ERRNO.EBUSY, 'do_add_mount'],
    ['none', '/mnt', 'debugfs', '', 0, 'do_add_mount'],
    ['proc', '/mnt', 'proc', '', 0, 'do_add_mount'],
  ])('of %s at %s as %s with "%s" gives %i (%s)', (source, target, type, options, errno) => {
    const { process, write } = fixture();
    write('/root/file', '', O.WRONLY | O.CREAT);
    expect(process.mount(source, target, type, options)).toBe(errno);
    if (errno === 0) expect(process.umount(target)).toBe(0);
  });

  it('takes debugfs away and brings it back: umount, mount -t debugfs', () => {
    const { kernel, process, read } = fixture();
    expect((kernel.vfs.find('/sys/kernel/debug') as DirectoryNode).mode).toBe(0o700);
    expect(read('/sys/kernel/debug/devices_deferred')).toBe('');
    expect(process.umount('/sys/kernel/debug')).toBe(0);
    expect(read('/sys/kernel/debug/devices_deferred')).toBe(ERRNO.ENOENT);
    expect(process.umount('/sys/kernel/debug')).toBe(ERRNO.EINVAL);
    expect(process.mount('debugfs', '/sys/kernel/debug', 'debugfs')).toBe(0);
    expect(read('/sys/kernel/debug/devices_deferred')).toBe('');
  });

  it('is not undone under open files and other mounts: -EBUSY of do_umount', () => {
    const { process, run } = fixture();
    expect(process.umount('/')).toBe(ERRNO.EBUSY);
    expect(process.umount('/sys')).toBe(ERRNO.EBUSY);
    process.mount('none', '/mnt', 'tmpfs');
    const fd = run(process.open('/mnt/a', O.WRONLY | O.CREAT));
    expect(process.umount('/mnt')).toBe(ERRNO.EBUSY);
    run(process.close(fd));
    process.chdir('/mnt');
    expect(process.umount('/mnt')).toBe(ERRNO.EBUSY);
    process.chdir('/');
    expect(process.umount('/mnt')).toBe(0);
  });

  it('has an end: -ENOSPC of count_mounts', () => {
    const { process } = fixture();
    let mounts = 0;
    while (mounts < 1000 && process.mount('none', '/mnt', 'tmpfs') === 0) mounts++;
    expect(mounts).toBe(64 - 5);
    expect(process.mount('none', '/mnt', 'tmpfs')).toBe(ERRNO.ENOSPC);
  });
});
