/** Error numbers against those of the host's C library, where that is Linux. */
import { execFileSync } from 'node:child_process';
import { constants, platform } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ERRNO, errnoName, strerror } from '../../src/linux/errno.ts';

/** Beyond the last number of user space: include/linux/errno.h. */
const INTERNAL = 512;
const PUBLIC = Object.entries(ERRNO).filter(([, errno]) => -errno < INTERNAL);

describe('ERRNO', () => {
  it.runIf(platform() === 'linux')('has the numbers of Linux', () => {
    const host = constants.errno as Readonly<Record<string, number>>;
    const wrong = PUBLIC.filter(([name, errno]) => name in host && host[name] !== -errno);
    expect(wrong).toEqual([]);
    expect(PUBLIC.filter(([name]) => name in host).length).toBeGreaterThan(30);
  });

  it('has a text for each that programs can see, and a name for each', () => {
    for (const [name, errno] of PUBLIC) {
      expect(strerror(errno), name).not.toMatch(/^Unknown error/);
      expect(strerror(-errno), name).toBe(strerror(errno));
    }
    for (const [name, errno] of Object.entries(ERRNO)) expect(errnoName(errno)).toBe(name);
    expect(strerror(-999)).toBe('Unknown error 999');
    expect(errnoName(-999)).toBe('-999');
  });

  it.runIf(hasPerl())('has the texts of glibc', () => {
    const numbers = PUBLIC.map(([, errno]) => -errno);
    const script = 'print map { $! = $_; "$!\\n" } @ARGV';
    const texts = execFileSync('perl', ['-e', script, ...numbers.map(String)], { encoding: 'utf8', env: { LC_ALL: 'C' } })
      .trimEnd()
      .split('\n');
    expect(Object.fromEntries(numbers.map((number) => [number, strerror(number)]))).toEqual(
      Object.fromEntries(numbers.map((number, index) => [number, texts[index]])),
    );
  });
});

/** Perl prints what strerror gives. */
function hasPerl(): boolean {
  if (platform() !== 'linux') return false;
  try {
    execFileSync('perl', ['-e', '1'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
