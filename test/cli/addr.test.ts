/** `imx-sim addr`: what it says of memories, blocks, registers and names, and of what it cannot read. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { program } from '../../src/cli/program.ts';

let out = '';
let err = '';

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

const addr = (...args: string[]): Promise<number> => program(['addr', ...args]);

describe('imx-sim addr', () => {
  it('explains memory: both views, its other addresses, what remoteproc makes of it', async () => {
    expect(await addr('0x1000', '--soc', 'imx8mp')).toBe(0);
    expect(out.split('\n')).toEqual([
      '0x00001000 on imx8mp',
      '  m7     ITCM, byte 0x1000; window of 128 KiB at 0x00000000..0x0001ffff',
      '  linux  nothing: an access is a bus fault',
      '  the same byte: linux 0x007e1000',
      "  remoteproc of m7: da 0x00001000 -> sa 0x007e1000 (the core's own memory, ATT_OWN)",
      '',
    ]);
  });

  it('explains a system address that the core sees elsewhere, and that remoteproc does not translate', async () => {
    await addr('0x007e_1000', '--soc', 'imx8mp');
    expect(out).toContain('the same byte: m7 0x00001000');
    expect(out).toContain('Translation failed: da = 0x7e1000');
  });

  it('names the boards that reserve it', async () => {
    await addr('0x55000010', '--soc', 'imx8mp');
    expect(out).toContain('board evk reserves it: vdev0vring0, 32 KiB at 0x55000000');
    expect(out).not.toContain('verdin');
  });

  it('explains a register, and the fields of a value', async () => {
    await addr('UART4.UCR2', '0x4027', '--soc', 'imx8mp');
    expect(out).toContain('0x30a60084 on imx8mp, UART4.UCR2 as m7 sees it');
    expect(out).toMatch(/linux, m7 {2}UART4\.UCR2, block at 0x30a60000\.\.0x30a6ffff \(imx-uart\); interrupt m7 29, linux 29/);
    expect(out).toMatch(/^ +14 {2}IRTS = 0x1/m);
    expect(out).toMatch(/^ +10:9 {2}RTEC = 0x0/m);
  });

  it('lists the registers of a block, and of a side of a messaging unit', async () => {
    await addr('mu1_b', '--soc', 'imx8mp');
    expect(out).toMatch(/0x30ab0000 {2}TR0\n/);
    expect(out).toMatch(/0x30ab0024 {2}CR\n/);
  });

  it("knows the core's own bus, which Linux does not see", async () => {
    await addr('e000e104', '--soc', 'imx8mp');
    expect(out).toContain("NVIC_ISER[1], on the core's private bus");
    expect(out).toContain('linux  DDR');
  });

  it('takes a unit for the side of the core, and says where others see a register', async () => {
    await addr('MU.CR', '--soc', 'imx7d');
    expect(out).toContain('0x30ab0024 on imx7d, MU.CR as m4 sees it');
    out = '';
    await addr('0x02020080', '--soc', 'imx6sx');
    expect(out).toContain('UART1.UCR1');
    expect(out).toContain('the same register: m4 0x42020080');
  });

  it('tells faults in words, and knows registers of the core by name', async () => {
    await addr('CFSR', '8200', '--soc', 'imx8mq');
    expect(out).toContain('    PRECISERR: nothing answers at the address of a load or store\n    BFARVALID: ');
    out = '';
    await addr('nvic_iser', '80', '--soc', 'imx8mq');
    expect(out).toContain('fields of NVIC_ISER[0] are not known');
  });

  it('says where a block is that is not modelled, and where nothing is at all', async () => {
    await addr('0x30bb0004', '--soc', 'imx8mp');
    expect(out).toContain('FLEXSPI + 0x4');
    expect(out).toContain('not modelled: accesses are reported');
    out = '';
    await addr('0x05000000', '--soc', 'imx8mp');
    expect(out).toBe('0x05000000 on imx8mp\n  linux, m7  nothing: an access is a bus fault\n');
  });

  it('finds SoC and symbol in a firmware', async () => {
    await addr('0x100', '--elf', 'images/imx8mp_rpmsg.elf', '--json');
    const facts = JSON.parse(out) as { soc: string; core: string; symbol: string; views: { view: string; found?: { name: string } }[] };
    expect([facts.soc, facts.core, facts.symbol]).toEqual(['imx8mp', 'm7', 'vectors+0x100']);
    expect(facts.views.find(({ view }) => view === 'm7')?.found?.name).toBe('ITCM');
  });

  it.each([
    [['0x10'], /an address of which SoC\?/],
    [['0x1_0000_0000', '--soc', 'imx8mp'], /not an address of 32 bits/],
    [['UART4.UCR2', 'zebra', '--soc', 'imx8mp'], /zebra is not a value of 32 bits/],
    [['UART9', '--soc', 'imx8mp'], /imx8mp's m7 sees no block or memory UART9.*\n.*it sees UART1, .*imx-sim socs imx8mp lists all/],
    [['0xzz', '--soc', 'imx8mp'], /0xzz is no address and no name/],
    [['UART4.FOO', '--soc', 'imx8mp'], /UART4 has no register FOO/],
    [['0x10', '--soc', 'imx9'], /unknown SoC imx9/],
  ])('refuses %j in one line with a remedy', async (args, message) => {
    expect(await addr(...args)).toBe(2);
    expect(err).toMatch(message);
    expect(err.trimEnd().split('\n')).toHaveLength(2);
    expect(err).toContain('  remedy: ');
  });
});
