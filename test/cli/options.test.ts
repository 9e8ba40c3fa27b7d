import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { commanderOption, optionsMarkdown, parseSize, parseTime, parseTimeout, RUN_OPTIONS } from '../../src/cli/options.ts';
import { unescapeText } from '../../src/session/input.ts';
import { runCli } from '../support/run-cli.ts';

describe('parseTime', () => {
  it.each([
    ['500ms', 500e6],
    ['10s', 10e9],
    ['1.5s', 1.5e9],
    ['250us', 250e3],
    ['42ns', 42],
    ['2m', 120e9],
    ['2min', 120e9],
    ['1h', 3600e9],
    [' 3s ', 3e9],
    ['0s', 0],
  ])('%s is %d ns', (text, ns) => expect(parseTime(text)).toBe(ns));

  it.each(['10', '', 's', '-1s', '1 s', '1d', '1e3s', '1,5s', 'tens', '1s1s', '.5s'])('refuses %j', (text) => {
    expect(() => parseTime(text)).toThrow(InvalidArgumentError);
  });
});

describe('parseTimeout', () => {
  it('is a time that passes', () => expect(parseTimeout('1ns')).toBe(1));
  it.each(['0s', '0.0ms', '0.1ns'])('refuses %s', (text) => expect(() => parseTimeout(text)).toThrow(/would end before it begins/));
});

describe('parseSize', () => {
  it.each([
    ['64M', 64 * 1024 ** 2],
    ['1G', 1024 ** 3],
    ['16MiB', 16 * 1024 ** 2],
    ['65536k', 64 * 1024 ** 2],
    ['2GB', 2 * 1024 ** 3],
  ])('%s is %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['64', '64MB!', '-1G', '1T', '', '1.5G', 'G'])('refuses %j', (text) =>
    expect(() => parseSize(text)).toThrow(/a number and a unit/),
  );
  it.each(['15M', '3G', '0M', '16383K'])('refuses %s as too small or too large', (text) => {
    expect(() => parseSize(text)).toThrow(/between 16M and 2G/);
  });
});

describe('unescapeText', () => {
  it.each([
    ['Toradex!', 'Toradex!'],
    ['a\\nb', 'a\nb'],
    ['\\r\\t\\e\\0\\\\', '\r\t\u001b\0\\'],
    ['\\x41\\x0a', 'A\n'],
    ['', ''],
    ['a=b=c', 'a=b=c'],
    ['100 %', '100 %'],
  ])('%j', (text, expected) => expect(new TextDecoder().decode(unescapeText(text))).toBe(expected));

  it('gives bytes above 0x7f as they are, and other text as UTF-8', () => {
    expect([...unescapeText('\\xff\\x80')]).toEqual([0xff, 0x80]);
    expect([...unescapeText('é🙂')]).toEqual([...new TextEncoder().encode('é🙂')]);
  });

  it('adds no line end', () => expect([...unescapeText('x')]).toEqual([0x78]));

  it.each(['\\', 'a\\', '\\q', '\\u0041'])('refuses %j and names the escapes there are', (text) => {
    expect(() => unescapeText(text)).toThrow(/is no escape; there are \\n \\r \\t \\e \\0 \\\\ and \\xNN/);
  });

  it.each(['\\x', '\\x1', 'a\\xgg', '\\xZZ'])('refuses %j and says what follows \\x', (text) => {
    expect(() => unescapeText(text)).toThrow('after \\x come two hexadecimal digits, as in \\x0a');
  });
});

describe('the table', () => {
  it('gives every option a group, a text and flags that commander takes', () => {
    for (const row of RUN_OPTIONS) {
      expect(row.text.length, row.flags).toBeGreaterThan(10);
      expect(commanderOption(row).long, row.flags).toMatch(/^--[a-z-]+$/);
    }
    const names = RUN_OPTIONS.map(({ flags }) => flags.split(' ')[0]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has every option in the help of run, with its text', async () => {
    const { stdout, status } = await runCli(['run', '--help']);
    const help = stdout.replace(/\s+/g, ' ');
    for (const { flags, text, group } of RUN_OPTIONS) {
      expect(help).toContain(flags);
      expect(help).toContain(text.replace(/\s+/g, ' '));
      expect(stdout).toContain(`${group}:`);
    }
    expect(status).toBe(0);
  });

  it('makes a table of Markdown with one row for each option', () => {
    const rows = optionsMarkdown().split('\n');
    expect(rows).toHaveLength(2 + RUN_OPTIONS.length);
    for (const row of rows) expect(row).toMatch(/^\|.*\|$/);
    for (const [index, { flags }] of RUN_OPTIONS.entries()) expect(rows[2 + index]).toContain(`| \`${flags}\` |`);
  });
});

describe('bad usage', () => {
  const image = 'images/imx8mp_hello.elf';
  it.each([
    [[], /Usage: imx-sim/],
    [['bogus'], /^imx-sim: unknown command 'bogus' \[E_USAGE\]\n {2}remedy: imx-sim --help shows what there is/],
    [['run'], /no ELF to run \[E_USAGE\]\n {2}remedy: give its path/],
    [['run', image, 'second'], /too many arguments/],
    [['run', image, '--bogus'], /^imx-sim: unknown option '--bogus' \[E_USAGE\]\n {2}remedy: imx-sim run --help shows the options/],
    [['run', image, '--timeout', '10'], /argument '10' is invalid. A time is a number and a unit/],
    [['run', image, '--timeout'], /argument missing/],
    [['run', image, '--until', '('], /argument '\(' is invalid. Invalid regular expression/],
    [['run', image, '--until', ''], /argument '' is invalid. It is empty, so that every line would match/],
    [['run', image, '--until'], /argument missing/],
    [['run', image, '--until', 'uart4='], /It is empty, so that every line would match/],
    [['run', image, '--until', '[uart4] x'], /Lines are compared without the prefix \[uart4\]; write uart4=<regex>/],
    [['run', image, '--timeout', '0s'], /The run would end before it begins/],
    [['run', image, '--send', 'uart4'], /It is <device>=<text>, for example ttyRPMSG30=Toradex! \[E_USAGE\]\n/],
    [['run', image, '--send', '=x'], /It is <device>=<text>/],
    [['run', image, '--send', 'uart4=\\q'], /is no escape/],
    [['run', image, '--cpu', 'qemu'], /Allowed choices are jit, interpreter, unicorn, lockstep, auto/],
    [['run', image, '--lockstep', 'jit'], /It is two of jit, interpreter, unicorn/],
    [['run', image, '--lockstep', 'jit,jit'], /It is two of jit, interpreter, unicorn/],
    [['run', image, '--lockstep', 'jit,interpreter', '--cpu', 'jit'], /--lockstep with --cpu jit/],
    [['run', image, '--host-memory', '1M'], /between 16M and 2G/],
    [['run', image, '--no-linux', '--recover'], /--recover, but no Linux to tell of crashes \[E_USAGE\]\n {2}remedy: leave it out/],
    [['run', image, '--kernel', 'android'], /Allowed choices are mainline, nxp/],
    [
      ['run', image, '--no-linux', '--modules', 'rpmsg_tty'],
      /no Linux to load them \[E_USAGE\]\n {2}remedy: leave out --modules, or --no-linux/,
    ],
    [
      ['run', image, '--soc', 'cortex-m7', '--modules', 'rpmsg_tty'],
      /no Linux to load them \[E_USAGE\]\n {2}remedy: leave out --modules\n/,
    ],
  ])('%j ends with 2 and says why', async (args, expected) => {
    const { status, stderr, stdout } = await runCli(args);
    expect(stderr).toMatch(expected);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});
