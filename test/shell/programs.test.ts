/**
 * Programs against the real ones: recorded.json has what bash 5.2, coreutils 9.1, grep, hexdump and xxd of Debian 12 said (in an empty directory, with
 * LC_ALL=C; line numbers of `bash -c` and coreutils' second line on usage left out). Then programs that only a modelled board has.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShellFixture, shellOn } from './fixture.ts';

interface Recorded {
  readonly script: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

const RECORDED = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded.json'), 'utf8')) as readonly Recorded[];

let shell: ShellFixture;

beforeAll(async () => {
  shell = await shellOn(['imx8mp_echo.elf']);
  await shell.run('sleep 0.1; mkdir /root/w');
});

afterAll(() => shell.dispose());

describe('as recorded from a real system', () => {
  // Each case leaves files for the next ones.
  it.each(RECORDED)('$script', async ({ script, stdout, stderr, status }) => {
    const ours = await shell.run(`cd /root/w; ${script}`);
    expect({ ...ours, stderr: ours.stderr.replace(/^(\w+): (.*)\nTry .*$/gm, '$1: $2') }).toEqual({ stdout, stderr, status });
  });
});

describe('kmod', () => {
  it('modprobe, lsmod, rmmod and their words', async () => {
    expect(
      await shell.run(
        'modprobe foo; modprobe rpmsg-tty; lsmod | grep ^rpmsg_tty; rmmod rpmsg_tty; rmmod rpmsg_tty; rmmod rpmsg_char; modprobe -r rpmsg_char',
      ),
    ).toEqual({
      stdout: 'rpmsg_tty              16384  0\n',
      stderr: `modprobe: FATAL: Module foo not found in directory /lib/modules/${shell.machine.kernel!.flavour.release}
rmmod: ERROR: Module rpmsg_tty is not currently loaded
rmmod: ERROR: Module rpmsg_char is in use by: rpmsg_ctrl
modprobe: FATAL: Module rpmsg_char is in use.
`,
      status: 1,
    });
  });

  it('insmod by path, modinfo', async () => {
    const { stdout, stderr } = await shell.run(
      'insmod /lib/modules/foo.ko; insmod rpmsg_char.ko; modinfo -F depends rpmsg_ctrl; modinfo foo',
    );
    expect(stdout).toBe('rpmsg_char\n');
    expect(stderr).toBe(
      'insmod: ERROR: could not load module /lib/modules/foo.ko: No such file or directory\ninsmod: ERROR: could not insert module rpmsg_char.ko: File exists\nmodinfo: ERROR: Module foo not found.\n',
    );
  });
});

describe('dmesg', () => {
  it('prints lines with their times to the letter, and clears, follows and filters', async () => {
    const { stdout } = await shell.run(
      'dmesg | grep "imx-rproc is available"; dmesg -t | grep -c "^remoteproc"; dmesg -l err,crit | wc -l',
    );
    expect(stdout).toMatch(/^\[ {4}0\.\d{6}\] remoteproc remoteproc0: imx-rproc is available\n1\n0\n$/);
    expect((await shell.run('dmesg -C; dmesg | wc -l')).stdout).toBe('0\n');
    const followed = await shell.run(
      'timeout 1 dmesg -w | grep --line-buffered -o "powering up.*" & sleep 0.2; cd /sys/class/remoteproc/remoteproc0; echo imx8mp_echo.elf > firmware; echo start > state; echo stop > state; wait',
    );
    expect(followed.stdout).toBe('powering up imx-rproc\n');
    expect((await shell.run('dmesg -n 9; dmesg --level=loud')).stderr).toContain("dmesg: unknown level '9'");
  });
});

describe('ls', () => {
  it('shows sysfs as a board does', async () => {
    const { stdout } = await shell.run('ls -la /sys/class/remoteproc/');
    expect(stdout).toMatch(
      /^total 0\ndrwxr-xr-x +\d+ root root 0 Oct {2}7 06:59 \.\ndrwxr-xr-x +\d+ root root 0 Oct {2}7 06:59 \.\.\nlrwxrwxrwx +1 root root 0 Oct {2}7 06:59 remoteproc0 -> \.\.\/\.\.\/devices\/platform\/imx8mp-cm7\/remoteproc\/remoteproc0\n$/,
    );
  });

  it('shows devices with their numbers', async () => {
    expect((await shell.run('ls -l /dev/null')).stdout).toBe('crw-rw-rw- 1 root root 1,   3 Oct  7 06:59 /dev/null\n');
  });
});

describe('a tty of RPMsg', () => {
  it('stty, cat and echo, microcom', async () => {
    const { stdout, stderr } = await shell.run(`cd /sys/class/remoteproc/remoteproc0
echo imx8mp_echo.elf > firmware; echo start > state; sleep 0.1
modprobe imx_rpmsg_tty
stty -F /dev/ttyRPMSG30 raw -echo; stty -F /dev/ttyRPMSG30 -a | grep -o -e '-icanon' -e '-echo ' -e '-opost'
timeout 0.5 cat /dev/ttyRPMSG30 & echo Toradex! > /dev/ttyRPMSG30; sleep 0.1; kill %1; wait
printf 'abc' | microcom /dev/ttyRPMSG30; echo
exec 3<>/dev/ttyRPMSG30; echo ping >&3; read -t 1 answer <&3; echo "answer $answer"; exec 3>&-
read -t 0.1 x < /dev/ttyRPMSG30; echo $?
echo stop > state; cat /dev/ttyRPMSG30`);
    expect(stdout).toBe('-opost\n-icanon\n-echo \nhello world!Toradex!\nabc\nanswer ping\n142\n');
    expect(stderr).toBe('cat: /dev/ttyRPMSG30: No such file or directory\n');
  });

  it('stty says what is no terminal and what is no setting', async () => {
    const { stderr, status } = await shell.run('stty -F /dev/null; stty -F /dev/nothing; stty < /dev/null');
    expect(stderr).toBe(
      "stty: /dev/null: Inappropriate ioctl for device\nstty: /dev/nothing: No such file or directory\nstty: 'standard input': Inappropriate ioctl for device\n",
    );
    expect(status).toBe(1);
  });
});

describe('rpmsg-utils and devmem', () => {
  it('make and end endpoints by /dev/rpmsg_ctrl0', async () => {
    const { stdout, stderr } = await shell.run(`cd /sys/class/remoteproc/remoteproc0; echo start > state; sleep 0.1
rpmsg_export_ept /dev/rpmsg_ctrl0 mine 50 30; ls /dev/rpmsg[0-9]; cat /sys/class/rpmsg/rpmsg0/name
rpmsg_destroy_ept /dev/rpmsg0; sleep 0.1; ls /dev/rpmsg[0-9] 2>/dev/null; rpmsg_export_ept /dev/rpmsg_ctrl7 x; rpmsg_export_ept; echo stop > state`);
    expect(stdout).toBe('/dev/rpmsg0\nmine\n');
    expect(stderr).toBe(
      'rpmsg_export_ept: failed to open /dev/rpmsg_ctrl7\n: No such file or directory\nrpmsg_export_ept <ctrl> <name> [<src> <dst>]\n',
    );
  });

  it('devmem reads and writes memory and refuses what is not there', async () => {
    const { stdout, stderr } = await shell.run(
      'devmem 0x55500000 32 0x12345678; devmem 0x55500000; devmem 0x55500001 8; devmem 0x55500001 16; devmem 0x55500000 7',
    );
    expect(stdout).toBe('0x12345678\n0x56\n');
    expect(stderr).toContain("devmem: bad width '7'\n");
  });

  it('devmem dies of a bus error where nothing takes what it writes', async () => {
    const { stdout, stderr } = await shell.run('devmem 0xd00000 32 1; echo $?; devmem 0xd00000; echo $?; devmem 0x55500000 8 1; echo $?');
    expect(stdout).toBe('135\n135\n0\n');
    expect(stderr).toBe('devmem: Bus error\ndevmem: Bus error\n');
  });
});

describe('the machine', () => {
  it('uname, hostname, date, uptime of virtual time', async () => {
    const { stdout } = await shell.run("uname -snm; hostname; date +%Y-%m-%d; whoami; ps | grep -c ' ps$'");
    expect(stdout).toBe('Linux imx8mp-evk aarch64\nimx8mp-evk\n2025-10-07\nroot\n1\n');
  });

  it('FIFOs, temporary files, mounts', async () => {
    expect(
      await shell.run(
        'cd /tmp; mkfifo pipe; echo through > pipe & cat pipe; wait; f=$(mktemp); echo x > $f; cat $f; mount -t tmpfs none /mnt; echo y > /mnt/y; umount /mnt; ls /mnt; mount -t debugfs none /sys/kernel/debug',
      ),
    ).toEqual({
      stdout: 'through\nx\n',
      stderr: 'mount: /sys/kernel/debug: none already mounted on /sys/kernel/debug.\n',
      status: 32,
    });
  });

  it('watch and dd take virtual time', async () => {
    expect((await shell.run('timeout 5 watch -t -n 2 echo tick')).stdout).toBe('tick\ntick\ntick\n');
  });
});
