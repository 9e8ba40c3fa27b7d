/**
 * Filters that pass on what comes, programs that must end on endless input and on cycles of symlinks, and writes that fail. Expectations are
 * what bash 5.2, coreutils 9.1 and grep 3.8 print with LC_ALL=C.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ShellFixture, shellOn } from './fixture.ts';

let shell: ShellFixture;

beforeAll(async () => {
  shell = await shellOn(['imx8mp_echo.elf']);
  await shell.run('sleep 0.1');
});

afterAll(() => shell.dispose());

describe('tr', () => {
  it.each([
    [String.raw`printf 'a\0b\0' | tr '\0' '\n'`, 'a\nb\n'],
    [String.raw`printf 'a\0b' | tr '\000' x`, 'axb'],
    [String.raw`printf 'a\0b\r\n' | tr -d '\0\r'`, 'ab\n'],
    ['echo hello | tr a-y b-z', 'ifmmp\n'],
    ['echo abc | tr "[:lower:]" "[:upper:]"', 'ABC\n'],
    ['echo aabbccaa | tr -s a-b', 'abcca\n'],
    ['echo "a  b   c" | tr -s " " "\\n"', 'a\nb\nc\n'],
    ['echo "a b 1" | tr -cd "[:alpha:]\\n"', 'ab\n'],
    ['echo abc | tr abc "[x*]"', 'xxx\n'],
    ['echo abcd | tr abcd "1[x*2]"', '1xxx\n'],
    ['echo abc | tr -t abc 12', '12c\n'],
    ['echo abc | tr abc 1', '111\n'],
    ['echo aabb | tr -ds a b', 'b\n'],
    ['echo a-b | tr -- - _', 'a_b\n'],
  ])('%s', async (script, stdout) => {
    expect(await shell.run(script)).toEqual({ stdout, stderr: '', status: 0 });
  });

  it('says what is wrong', async () => {
    const { stderr, status } = await shell.run('tr z-a x; tr "[:foo:]" x; tr a ""; tr -d a b; tr a');
    expect(stderr).toBe(
      "tr: range-endpoints of 'z-a' are in reverse collating sequence order\ntr: invalid character class 'foo'\n" +
        "tr: when not truncating set1, string2 must be non-empty\ntr: extra operand 'b'\n" +
        "Only one string may be given when deleting without squeezing repeats.\nTry 'tr --help' for more information.\n" +
        "tr: missing operand after 'a'\nTwo strings must be given when translating.\nTry 'tr --help' for more information.\n",
    );
    expect(status).toBe(1);
  });

  it('passes on what a device gives before the device ends', async () => {
    const { stdout } = await shell.run('(echo one; sleep 1; echo two) | tr a-z A-Z | while read -r line; do date +%S; echo $line; done');
    const [first, , second] = stdout.split('\n');
    expect(Number(second) - Number(first)).toBe(1);
    expect(stdout).toMatch(/^\d\d\nONE\n\d\d\nTWO\n$/);
  });
});

describe('cut', () => {
  it.each([
    ['echo a:b:c | cut -d: -f1,3', 'a:c\n'],
    ['echo a:b:c | cut -d: -f2-', 'b:c\n'],
    ['echo a:b:c | cut -d: -f-2 --output-delimiter=,', 'a,b\n'],
    ['printf "a:b\\nnone\\n" | cut -d : -f 2', 'b\nnone\n'],
    ['printf "a:b\\nnone\\n" | cut -s -d: -f2', 'b\n'],
    ['echo abcdef | cut -c2-3,5', 'bce\n'],
    ['echo abcdef | cut -b 4-', 'def\n'],
    ['echo abcdef | cut --complement -c 2-5', 'af\n'],
    ['printf "a\\tb" | cut -f2', 'b\n'],
  ])('%s', async (script, stdout) => {
    expect(await shell.run(script)).toEqual({ stdout, stderr: '', status: 0 });
  });

  it('says what is wrong', async () => {
    const { stderr } = await shell.run('cut -d: x; cut -f0; cut -f 3-1; cut -d ab -f1; cut -f1 /nowhere');
    expect(stderr.replace(/^Try .*\n/gm, '')).toBe(
      'cut: you must specify a list of bytes, characters, or fields\ncut: fields are numbered from 1\ncut: invalid decreasing range\n' +
        'cut: the delimiter must be a single character\ncut: /nowhere: No such file or directory\n',
    );
  });
});

describe('input without end', () => {
  it('ends with its reader, or when memory does', async () => {
    const { stdout, stderr } = await shell.run(
      'yes | tr y n | head -2; yes a:b | cut -d: -f2 | head -1; cat /dev/zero | cut -c1; yes | sed s/y/n/ | head -1',
    );
    expect(stdout).toBe('n\nn\nb\n');
    expect(stderr).toBe('cut: -: Cannot allocate memory\nsed: memory exhausted\n');
  });

  it('tail keeps no more than it shows', async () => {
    expect((await shell.run('head -c 40000000 /dev/zero | tail -c 3 | wc -c; seq 200000 | tail -n 2')).stdout).toBe('3\n199999\n200000\n');
    expect((await shell.run('printf "\\na\\n" | tail -n 2; printf "\\n\\n" | tail -n 1; printf "a\\nb" | tail -n 1')).stdout).toBe(
      '\na\n\nb',
    );
    expect((await shell.run('seq 9 | tail -n +8; printf abcdef | tail -c +5; printf abcdef | head -c -4; seq 4 | head -n -2')).stdout).toBe(
      '8\n9\nefab1\n2\n',
    );
  });

  it('watch ends with its reader', async () => {
    expect(await shell.run('watch -n 1 -t echo hi | head -1')).toEqual({ stdout: 'hi\n', stderr: '', status: 0 });
  });
});

describe('writes that fail', () => {
  it.each([
    ['head -c 5 /dev/zero', "head: error writing 'standard output'", 1],
    ['head -n 1 /proc/version', "head: error writing 'standard output'", 1],
    ['tail -n 1 /proc/version', "tail: error writing 'standard output'", 1],
    ['hexdump -C /proc/version', 'hexdump: write error', 1],
    ['od /proc/version', 'od: write error', 1],
    ['grep Linux /proc/version', 'grep: write error', 2],
    ['grep -c Linux /proc/version', 'grep: write error', 2],
    ['ls /', 'ls: write error', 1],
    ['wc /proc/version', 'wc: write error', 1],
    ['cut -c1 /proc/version', 'cut: write error', 1],
    ['uniq /proc/version', 'uniq: write error', 1],
  ])('%s', async (command, words, status) => {
    expect(await shell.run(`${command} > /dev/full`)).toEqual({ stdout: '', stderr: `${words}: No space left on device\n`, status });
  });
});

describe('symlinks', () => {
  it('tree shows them, cp -r copies them', async () => {
    const link = 'remoteproc0 -> ../../devices/platform/imx8mp-cm7/remoteproc/remoteproc0';
    expect((await shell.run('tree /sys/class/remoteproc')).stdout).toBe(`/sys/class/remoteproc\n\`-- ${link}\n\n0 directories, 1 file\n`);
    const { stdout } = await shell.run('tree -d -L 1 /sys/class/remoteproc/remoteproc0; tree /nowhere');
    expect(stdout).toMatch(/remoteproc0\n\n0 directories\n\/nowhere {2}\[error opening dir\]\n\n0 directories, 0 files\n$/);
    const copied = await shell.run(
      'cp -r /sys/class/remoteproc /tmp/copied && readlink /tmp/copied/remoteproc0; cp -r /tmp/copied /tmp/copied/x',
    );
    expect(copied.stdout).toBe(`${link.slice('remoteproc0 -> '.length)}\n`);
    expect(copied.stderr).toBe("cp: cannot copy a directory, '/tmp/copied', into itself, '/tmp/copied/x'\n");
  });

  it('cp -rL ends at a cycle', async () => {
    const { stderr, status } = await shell.run('mkdir -p /tmp/round/a; ln -s .. /tmp/round/a/up; cp -rL /tmp/round /tmp/flat');
    expect(stderr).toBe("cp: cannot copy cyclic symbolic link '/tmp/round/a/up'\n");
    expect(status).toBe(1);
  });

  it('. is a directory, however one came there', async () => {
    const { stdout, stderr } = await shell.run(
      'cd /sys/class/remoteproc/remoteproc0; ls -l | grep -c state; ls -ld . | cut -c1; stat -c %F .; pwd; pwd -P; ls -d ../remoteproc0; rm -rf .; cd ..; pwd',
    );
    const physical = '/sys/devices/platform/imx8mp-cm7/remoteproc/remoteproc0';
    expect(stdout).toBe(`1\nd\ndirectory\n/sys/class/remoteproc/remoteproc0\n${physical}\n../remoteproc0\n/sys/class/remoteproc\n`);
    expect(stderr).toBe("rm: refusing to remove '.' or '..' directory: skipping '.'\n");
  });
});

describe('what systems have', () => {
  it('df and free agree with the kernel', async () => {
    const { stdout, stderr, status } = await shell.run(
      'df /dev /nowhere; df -hT | head -2 | tail -1; head -c 1048576 /dev/zero > /dev/shm.bin; df /dev',
    );
    expect(stderr).toBe('df: /nowhere: No such file or directory\n');
    expect(status).toBe(0);
    const lines = stdout.split('\n');
    expect(lines.slice(0, 2)).toEqual([
      'Filesystem 1K-blocks Used Available Use% Mounted on',
      'devtmpfs       16384    0     16384   0% /dev',
    ]);
    expect(lines[2]).toMatch(/^tmpfs +tmpfs +256M +\d+K +256M +1% \/$/);
    expect(lines[4]).toBe('devtmpfs       16384 1024     15360   7% /dev');
    const memory = await shell.run(
      'rm /dev/shm.bin; grep MemTotal /proc/meminfo | tr -s " " | cut -d" " -f2; free | grep Mem | tr -s " " | cut -d" " -f2',
    );
    const [kernel, free] = memory.stdout.split('\n');
    expect(Number(kernel)).toBeGreaterThan(1e6);
    expect(free).toBe(kernel);
  });

  it('/etc/os-release, pagers, help', async () => {
    expect((await shell.run('. /etc/os-release; echo $ID; cat /etc/hostname')).stdout).toBe('imx-sim\nimx8mp-evk\n');
    expect(await shell.run('echo one | less; echo two > /tmp/p; more /tmp/p; less -R /nowhere')).toEqual({
      stdout: 'one\ntwo\n',
      stderr: '/nowhere: No such file or directory\n',
      status: 1,
    });
    const help = await shell.run('ls --help');
    expect(help.stdout).toMatch(/^Usage: ls \[OPTION\]/);
    expect(help.status).toBe(0);
  });

  it('od --endian=big reads cells of the device tree', async () => {
    const { stdout, stderr } = await shell.run(
      String.raw`printf '\x12\x34\x56\x78\x9a' | od -An -tx4 --endian=big; printf '\x12\x34' | od -An -x --endian=little; od --endian=odd`,
    );
    expect(stdout).toBe(' 12345678 9a000000\n 3412\n');
    expect(stderr).toBe("od: invalid argument 'odd' for '--endian'\nTry 'od --help' for more information.\n");
  });

  it('kill -l in lines of five, as bash prints it', async () => {
    const { stdout } = await shell.run('kill -l');
    expect(stdout.split('\n')[0]).toBe(' 1) SIGHUP\t 2) SIGINT\t 3) SIGQUIT\t 4) SIGILL\t 5) SIGTRAP');
  });

  it('functions may call themselves some hundred times', async () => {
    expect(await shell.run('f() { [ $1 = 0 ] && echo deep || f $(( $1 - 1 )); }; f 300')).toEqual({
      stdout: 'deep\n',
      stderr: '',
      status: 0,
    });
    expect((await shell.run('g() { g; }; g')).stderr).toBe('bash: g: maximum function nesting level exceeded (1000)\n');
  });
});
