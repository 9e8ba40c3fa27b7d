// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of U-Boot
/**
 * The shell: grammar and quirks of common/cli_hush.c as of 2022.04.
 */
import { describe, expect, it } from 'vitest';
import { UBOOT_BOARDS } from '../../src/uboot/boards.ts';
import { TestBoot } from './support.ts';

const boot = new TestBoot();
const say = (line: string): string => boot.say(line);

describe('words and quotes (parse_stream, done_word)', () => {
  it.each([
    ['echo a   b', 'a b\n'],
    ["echo 'a   b'", 'a   b\n'],
    ['echo "a   b"', 'a   b\n'],
    ['echo a\\ b', 'a b\n'],
    // A backslash stays within double quotes, also before a quotation mark.
    ['echo "a\\b"', 'a\\b\n'],
    ['echo "a\\"b"', 'a\\"b\n'],
    ['echo "it\'s one\'"', 'its one\n'],
    ['echo a#b # comment', 'a#b\n'],
    ['echo a;echo b', 'a\nb\n'],
    ["echo 'a;b'", 'a;b\n'],
    ['echo ""', '\n'],
    ['echo -n x', 'x'],
    ['echo $', '$\n'],
  ])('%s', (line, expected) => {
    expect(say(line)).toBe(expected);
  });

  it.each([
    'echo a & b',
    'echo a | b',
    'if',
    'then',
    'if true; fi',
    'for a b; do echo; done',
    'done',
    "echo 'a",
    'echo ${a',
    'echo a\\',
    'if true; then echo a',
  ])('syntax error: %s', (line) => {
    expect(boot.run(line)).toEqual({ code: 1, text: 'syntax error\n' });
  });
});

describe('variables (insert_var_value, lookup_param)', () => {
  it('takes the environment first, then the shell, and splits values into words', () => {
    expect(say('a="1 2"; echo $a ${a} "${a}" x${a}y')).toBe('1 2 1 2 1 2 x1 2y\n');
    expect(say('setenv a env; echo $a; setenv a; echo $a')).toBe('env\n1 2\n');
  });

  it('has the operators of sh', () => {
    expect(say('echo ${none:-std} ${none:=set} ${none} ${none:+alt}.')).toBe('std set set .\n');
  });

  it('gives a quotation mark in a value its meaning, but no separator', () => {
    expect(say('setenv v \'echo "a  b"\'; $v; $v $v')).toBe('a  b\na  b echo a  b\n');
    expect(say("setenv v 'a;b&c'; echo $v")).toBe('a;b&c\n');
    expect(say("setenv v 'echo;x'; $v")).toBe("Unknown command 'echo;x' - try 'help' or use 'run' command\n");
    expect(say("setenv v 'echo it'; setenv w \"'\"; echo $v")).toBe('syntax error\n');
  });

  it('knows the result of the last command', () => {
    expect(say('true; echo $?; false; echo $?; echo $?')).toBe('0\n1\n0\n');
  });

  it('refuses its own version', () => {
    expect(say('HUSH_VERSION=1')).toBe('HUSH_VERSION: readonly variable');
  });
});

describe('lists (run_list_real)', () => {
  it.each([
    ['true && echo a', 'a\n', 0],
    ['false && echo a', '', 1],
    ['false || echo a', 'a\n', 0],
    ['true || echo a; echo b', 'b\n', 0],
    // What is skipped is skipped up to the semicolon.
    ['false && echo a || echo b; echo c', 'c\n', 0],
    ['if true; then echo a; else echo b; fi', 'a\n', 0],
    ['if false; then echo a; elif true; then echo b; fi', 'b\n', 0],
    ['if false; then echo a; fi', '', 1],
    ['if true; true; false; then echo a; else echo b; fi', 'b\n', 0],
    ['for i in 1 "2 3" 4; do echo -n $i.; done', '1.2.3.4.', 0],
    ['for i in ; do echo $i; done', '', 0],
    ['until true; do echo a; done', '', 0],
    ['while false; do echo a; done', '', 1],
    ['if true; then if false; then echo a; else echo b; fi; fi', 'b\n', 0],
  ])('%s', (line, text, code) => {
    expect(boot.run(line)).toEqual({ code, text });
  });

  it('ends a while loop when its condition fails', () => {
    expect(say('setenv n 3; while itest $n > 0; do echo -n $n; setexpr n $n - 1; done')).toBe('321');
  });

  it('runs scripts of the environment, also on several lines', () => {
    expect(say("setenv s 'echo a\necho b'; run s")).toBe('a\nb\n');
    expect(boot.run('run nothing')).toEqual({ code: 1, text: '## Error: "nothing" not defined\n' });
    expect(boot.run("setenv f 'false'; run f s")).toEqual({ code: 1, text: '' });
    expect(say('run')).toContain('run - run commands in an environment variable\n\nUsage:\nrun var [...]\n');
  });

  it('ends a script that runs itself', () => {
    expect(boot.run("setenv r 'run r'; run r")).toEqual({
      code: 1,
      text: 'imx-sim: scripts run each other more than 100 deep; a board would overwrite its memory here\n',
    });
  });

  it('lets exit end a script since 2023.01 only', () => {
    expect(say("setenv s 'exit 3; echo after'; run s; echo $?")).toBe('after\n0\n');
    const mainline = new TestBoot({ board: UBOOT_BOARDS.EVK_MAINLINE });
    expect(mainline.say("setenv s 'exit 3; echo after'; run s; echo $?")).toBe('1\n');
  });
});

describe('commands (cmd_process, find_cmd_tbl)', () => {
  it('takes the beginning of a name where it is clear, and compares up to the first dot', () => {
    expect(boot.run('nonsense a')).toEqual({ code: 1, text: "Unknown command 'nonsense' - try 'help'\n" });
    expect(say('printe baudrate')).toBe('baudrate=115200\n');
    expect(say('e x')).toBe("Unknown command 'e' - try 'help'\n");
    expect(say('mw.l 900000 0; md.l 900000 1')).toContain('00900000: ');
  });

  it('shows the usage for too many arguments', () => {
    expect(boot.run('boot a')).toEqual({ code: 1, text: "boot - boot default, i.e., run 'bootcmd'\n\nUsage:\nboot \n" });
    expect(boot.run('help bootaux')).toEqual({
      code: 1,
      text: 'bootaux - Start auxiliary core\n\nUsage:\nbootaux <address> [<core>]\n   - start auxiliary core [<core>] (default 0),\n     at address <address>\n\n',
    });
    expect(say('help nonsense')).toBe("Unknown command 'nonsense' - try 'help' without arguments for list of all known commands\n\n");
    expect(say('help false')).toBe('false - do nothing, unsuccessfully\n\nUsage:\nfalse - No additional help available.\n');
  });

  it('lists its commands in order', () => {
    const lines = say('?').trimEnd().split('\n');
    expect(lines).toContain('bootaux   - Start auxiliary core');
    expect(lines).toEqual([...lines].sort());
    expect(say('version')).toMatch(/^U-Boot 2022\.04-lf.* \(Mar 01 2023 .*\)\n\naarch64-poky-linux-gcc/);
  });
});

describe('test (cmd/test.c)', () => {
  it.each([
    ['test a = a', 0],
    ['test a != a', 1],
    ['test a < b', 0],
    ['test 0x10 -eq 16', 0],
    ['test -5 -lt 3', 0],
    ['test 3 -ge 4', 1],
    ['test -z ""', 0],
    ['test -n x', 0],
    ['test ! a = b', 0],
    ['test a = b -o c = c', 0],
    ['test a = a -a c = d', 1],
    ['test -e mmc 1:1 Image', 0],
    ['test -e mmc 1:1 nothing', 1],
    ['test a', 1],
    ['test a b', 0],
  ])('%s gives %i', (line, code) => {
    expect(boot.run(line)).toEqual({ code, text: '' });
  });
});

describe('itest (cmd/itest.c)', () => {
  it.each([
    ['itest 10 == 0x10', 0],
    ['itest 10 > 9', 0],
    ['itest.b 110 == 10', 0],
    ['itest.s abc == abc', 0],
    ['itest.s abc < abd', 0],
    ['mw 900000 12345678; itest *900000 == 12345678', 0],
    ['itest.w *900000 <> 5678', 1],
  ])('%s gives %i', (line, code) => {
    expect(boot.run(line)).toEqual({ code, text: '' });
  });

  it('refuses', () => {
    expect(boot.run('itest 1 =~ 2')).toEqual({ code: 1, text: "Unknown operator '=~'\n" });
    expect(boot.run('itest.z 1 == 1')).toEqual({ code: 1, text: 'Invalid data width specifier\n' });
    expect(say('itest 1 2')).toContain('Usage:\nitest ');
  });
});

describe('setexpr (cmd/setexpr.c)', () => {
  it.each([
    ['setexpr x 10 + 20; echo $x', '30\n'],
    ['setexpr x 10 - 20; echo $x', 'fffffffffffffff0\n'],
    ['setexpr x ff "&" f; echo $x', 'f\n'],
    ['setexpr x f0 "|" f; echo $x', 'ff\n'],
    ['setexpr x 10 * 10; echo $x', '100\n'],
    ['setexpr x 10 / 3; echo $x', '5\n'],
    ['setexpr x 10 % 3; echo $x', '1\n'],
    ['setexpr x 10 / 0; echo $x', '0\n'],
    ['setexpr x 5 ^ 1; echo $x', '4\n'],
    ['mw 900000 11223344; setexpr.w x *900000; echo $x', '3344\n'],
    ['setexpr x 1 ! 2', 'invalid op\n'],
    ['setexpr x gsub a b', 'imx-sim: setexpr without regular expressions: gsub and sub are not modelled\n'],
  ])('%s', (line, text) => {
    expect(say(line)).toBe(text);
  });
});

describe('sleep (cmd/sleep.c)', () => {
  it.each([
    ['sleep 2', 2],
    ['sleep 0.25', 0.25],
    ['sleep 1.x', 1],
  ])('%s takes %d s', (line, seconds) => {
    const begin = boot.scheduler.seconds;
    boot.run(line);
    expect(boot.scheduler.seconds - begin).toBeCloseTo(seconds, 2);
  });
});
