// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of U-Boot
/**
 * The environment: texts and refusals of cmd/nvedit.c, env/flags.c, env/mmc.c.
 */
import { describe, expect, it } from 'vitest';
import { UBOOT_BOARDS } from '../../src/uboot/boards.ts';
import { TestBoot } from './support.ts';

const boot = new TestBoot();
const say = (line: string): string => boot.say(line);

describe('printenv, setenv (do_env_print, _do_env_set)', () => {
  it('prints one, several, and all, sorted, with the size', () => {
    expect(say('printenv mmcdev mmcpart')).toBe('mmcdev=1\nmmcpart=1\n');
    expect(boot.run('printenv a mmcdev b')).toEqual({ code: 1, text: '## Error: "a" not defined\nmmcdev=1\n## Error: "b" not defined\n' });
    const text = say('printenv');
    const lines = text.split('\n').slice(0, -3);
    expect(lines).toEqual([...lines].sort());
    expect(lines).toContain('prepare_mcore=setenv mcore_clk clk-imx8mp.mcore_booted;');
    expect(text).toMatch(/\n\nEnvironment size: \d{4}\/16380 bytes\n$/);
  });

  it('joins words, deletes, and hides names with a dot', () => {
    expect(say('setenv x a "b  c" d; printenv x')).toBe('x=a b  c d\n');
    expect(say('setenv x; printenv x')).toBe('## Error: "x" not defined\n');
    expect(boot.run('setenv never_there')).toEqual({ code: 0, text: '' });
    expect(say('setenv .hidden 1; printenv')).not.toContain('.hidden');
    expect(say('printenv -a')).toContain('.hidden=1');
  });

  it('refuses', () => {
    expect(boot.run('setenv a=b c')).toEqual({ code: 1, text: `## Error: illegal character '='in variable name "a=b"\n` });
    expect(boot.run('setenv -x a b').text).toContain('Usage:\nsetenv ');
    expect(say('setenv')).toContain('setenv - set environment variables\n\nUsage:\nsetenv setenv [-f] name value ...\n');
    expect(say('setenv ethaddr nonsense')).toBe(
      '## Error: flags type check failure for "ethaddr" <= "nonsense" (type: m)\n## Error inserting "ethaddr" variable, errno=1\n',
    );
    expect(say('setenv ethaddr 00:04:9f:00:00:01; setenv ethaddr 00:04:9f:00:00:02')).toBe(
      '## Error: Can\'t overwrite "ethaddr"\n## Error inserting "ethaddr" variable, errno=1\n',
    );
    expect(say('setenv ethaddr')).toBe('## Error: Can\'t delete "ethaddr"\n');
    expect(boot.run('setenv -f ethaddr 00:04:9f:00:00:02')).toEqual({ code: 0, text: '' });
  });

  it('is full at some time, as hsearch_r and malloc say', () => {
    const full = new TestBoot();
    const { environment } = full.uboot;
    for (let n = 0; environment.names.length < 521; n++) full.uboot.environment.assign(`v${n}`, '1');
    expect(full.run('setenv one_more 1')).toEqual({ code: 1, text: '## Error inserting "one_more" variable, errno=12\n' });
    expect(full.say('setexpr one_more 1; printenv one_more')).toBe('## Error: "one_more" not defined\n');
    expect(full.say('setenv v0 2; printenv v0; setenv v1; setenv one_more 1; printenv one_more')).toBe('v0=2\none_more=1\n');
    environment.assign('v0', 'x'.repeat(32 * 1024 * 1024 - 10_000_000));
    environment.assign('v2', 'x'.repeat(10_000_000));
    expect(environment.get('v2')).toBe('1');
    expect(full.run(`setenv v2 ${'x'.repeat(1000)}`)).toEqual({ code: 0, text: '' });
    expect(environment.set('v2', 'x'.repeat(10_000_000))).toBe("## Can't malloc 10000001 bytes\n");
  });

  it("lets Toradex' boards overwrite", () => {
    const verdin = new TestBoot({ board: UBOOT_BOARDS.VERDIN });
    expect(verdin.say('setenv serial# 1; setenv serial# 2; printenv serial#')).toBe('serial#=2\n');
  });
});

describe('env and its subcommands', () => {
  it('sets, prints, tests, greps, deletes', () => {
    expect(say('env set y 1; env print y; env exists y && echo there')).toBe('y=1\nthere\n');
    expect(boot.run('env exists nothing').code).toBe(1);
    expect(say('env grep mcore_booted')).toBe('prepare_mcore=setenv mcore_clk clk-imx8mp.mcore_booted;\n');
    expect(boot.run('env grep -n zzzz')).toEqual({ code: 1, text: '' });
    expect(boot.run('env delete y').code).toBe(0);
    expect(boot.run('env delete y').code).toBe(1);
    expect(say('env')).toContain('Usage:\nenv ');
    expect(say('env nonsense')).toContain('Usage:\nenv ');
    expect(say('env run mmcargs; env print bootargs')).toContain('bootargs=');
  });

  it('goes back to the defaults', () => {
    expect(say('setenv mmcdev 7; setenv own 1; env default mmcdev own; printenv mmcdev')).toBe(
      "WARNING: 'own' not in imported env, deleting it!\nmmcdev=1\n",
    );
    expect(say('setenv own 1; env default -a; printenv own')).toBe('## Resetting to default environment\n## Error: "own" not defined\n');
    expect(say('env default')).toContain('Usage:\nenv ');
    expect(say('env default -q')).toContain('Usage:\nenv ');
  });

  it('exports into memory', () => {
    expect(say('setenv a1 x; setenv b1 y; env export -t 40000000 a1 b1; printenv filesize; md.b 40000000 b')).toBe(
      'filesize=B\n40000000: 61 31 3d 78 0a 62 31 3d 79 0a 00                 a1=x.b1=y..\n',
    );
    expect(say('env export -b 40000000 a1; md.b 40000000 6')).toContain('61 31 3d 78 00 00');
    expect(say('env export -t -b 40000000')).toBe('## Error: export: only one of "-b", "-c" or "-t" allowed\n');
    expect(say('env export -t -s 4 40000000 a1')).toBe(
      'Env export buffer too small: 4, but need 6\n## Error: Cannot export environment: errno = 12\n',
    );
    expect(say('env export -c 40000000')).toBe('imx-sim: env export -c is not modelled; -t and -b are\n');
    expect(say('env export -t')).toContain('Usage:\nenv ');
  });
});

describe('saveenv (env_mmc_save)', () => {
  it('keeps a copy in the run', () => {
    expect(boot.uboot.environment.savedCopy).toBeUndefined();
    expect(boot.run('setenv kept 1; saveenv')).toEqual({ code: 0, text: 'Saving Environment to MMC... Writing to MMC(1)... OK\n' });
    expect(boot.uboot.environment.savedCopy?.get('kept')).toBe('1');
  });

  it('needs a card, and room', () => {
    const none = new TestBoot({ board: { ...UBOOT_BOARDS.EVK, cards: [] } });
    expect(none.run('saveenv')).toEqual({ code: 1, text: 'Saving Environment to MMC... No MMC card found\n' });
    const small = new TestBoot({ board: { ...UBOOT_BOARDS.EVK, environmentSize: 100 } });
    expect(small.say('saveenv')).toMatch(
      /^Saving Environment to MMC\.\.\. Env export buffer too small: 100, but need \d+\n## Error: Cannot export environment: errno = 12\n$/,
    );
  });
});

describe('editenv, askenv (cli_readline)', () => {
  it('edits the value that is there', () => {
    say('setenv e abc');
    expect(boot.type('editenv e\r')).toBe('editenv e\nedit: abc');
    boot.type('\x7fd\r');
    expect(say('printenv e')).toBe('e=abd\n');
    boot.type('editenv e\r\x15\r');
    expect(say('printenv e')).toBe('## Error: "e" not defined\n');
  });

  it('asks', () => {
    expect(boot.type('askenv q What now 3\r')).toContain('What now ');
    boot.type('answer\r');
    expect(say('printenv q')).toBe('q=ans\n');
    expect(boot.type('askenv q\r')).toContain("Please enter 'q': ");
    boot.type('\x03');
    expect(say('printenv q')).toBe('q=ans\n');
  });
});

it('prepares the M core as NXP documents it', () => {
  expect(say('run prepare_mcore; run mmcargs; printenv bootargs')).toBe(
    'bootargs=clk-imx8mp.mcore_booted console=ttymxc1,115200 root=/dev/mmcblk1p2 rootwait rw\n',
  );
});
