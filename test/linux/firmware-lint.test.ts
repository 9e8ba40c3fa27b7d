import { describe, expect, it } from 'vitest';
import { type LintFinding, lintFirmware } from '../../src/linux/firmware-lint.ts';
import { MiB } from '../../src/memory/bits.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import type { BoardDescription, ReservedMemory, SocDescription } from '../../src/soc/soc.ts';
import { buildElf, rpmsgTable, type TestSection, type TestSegment, words } from '../remoteproc/elf-builder.ts';
import { ATT, createBoard, EVK_REGIONS } from './board-fixture.ts';

const code = words(0x2002_0000, 0x401, 0x401, 0x401);

const board = (name: string, memoryRegions: readonly ReservedMemory[]): BoardDescription => ({
  name,
  title: name,
  ddr: 0x8000_0000,
  console: 'uart4',
  remoteprocs: { m7: { mu: 'MU1', memoryRegions } },
});

const EVK = board('evk', EVK_REGIONS);
const VERDIN = board(
  'verdin',
  EVK_REGIONS.map((region) => ({ ...region, base: region.base - 0x5500_0000 + 0xb800_0000 })).concat({
    name: 'big',
    base: 0x9000_0000,
    size: MiB,
  }),
);

const SOC: SocDescription = {
  name: 'imx8mp',
  title: 'test',
  baseHz: 800_000_000,
  cores: [],
  memories: [
    { name: 'ITCM', size: 0x2_0000, views: { linux: [{ base: 0x007e_0000 }] } },
    { name: 'DTCM', size: 0x2_0000, views: { linux: [{ base: 0x0080_0000 }] } },
  ],
  mus: [],
  peripherals: [],
  remoteprocs: [{ core: 'm7', compatible: 'fsl,imx8mn-cm7', node: 'imx8mp-cm7', method: 'smc', att: ATT }],
  boards: [EVK, VERDIN],
  detection: [],
};

function lint(
  options: {
    segments?: TestSegment[];
    table?: Uint8Array;
    sections?: TestSection[];
    board?: BoardDescription;
    entry?: number;
    tableDa?: number;
  } = {},
): LintFinding[] {
  const {
    segments = [{ da: 0, data: code, memsz: 0x1000 }],
    table = rpmsgTable(),
    sections = [],
    tableDa = 0x100,
    entry = 0x401,
  } = options;
  const elf = buildElf({
    entry,
    segments,
    sections: [...sections, ...(table.length > 0 ? [{ name: '.resource_table', addr: tableDa, data: table }] : [])],
  });
  return lintFirmware(parseFirmware(elf.bytes, 'fw.elf'), SOC, options.board ?? EVK);
}

/** Boots the same on the modelled Linux and gives its log. */
function dmesg(segments: TestSegment[], table: Uint8Array, regions = EVK_REGIONS): string[] {
  const elf = buildElf({ segments, sections: table.length > 0 ? [{ name: '.resource_table', addr: 0x100, data: table }] : [] });
  const machine = createBoard({ autostart: elf.bytes, regions });
  machine.settle();
  return machine.dmesg().map((line) => line.replace('remoteproc-cm7', 'imx8mp-cm7'));
}

it('finds nothing wrong with a good firmware, on SoCs without remoteproc neither', () => {
  expect(lint()).toEqual([]);
  const elf = buildElf({ segments: [{ da: 0x1234, data: code }] });
  expect(lintFirmware(parseFirmware(elf.bytes, 'fw.elf'), { ...SOC, remoteprocs: [] }, EVK)).toEqual([]);
});

describe('segments', () => {
  it('does the arithmetic of a segment past the end of ITCM, names the section, and what Linux prints', () => {
    const segments = [
      { da: 0, data: code, memsz: 0x1000 },
      { da: 0x1_de78, vaddr: 0x2000_0000, memsz: 0xd5a0 },
    ];
    const sections = [
      { name: '.data', addr: 0x2000_0000, data: new Uint8Array(0x70) },
      { name: '.bss', type: 8, addr: 0x2000_0070, data: new Uint8Array(0xd530) },
    ];
    const [finding, ...rest] = lint({ segments, sections });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'error',
      place: 'segment 1',
      text: '0x1de78..0x2b417 runs 0xb418 bytes past the end of ITCM (0x1de78 + 0xd5a0 = 0x2b418 > 0x20000); section .bss is the one that crosses it',
      linux: [
        'imx-rproc imx8mp-cm7: Translation failed: da = 0x1de78 len = 0xd5a0',
        'remoteproc remoteproc0: bad phdr da 0x1de78 mem 0xd5a0',
      ],
    });
    expect(finding!.remedy).toContain('0xb419 bytes smaller');
    expect(dmesg(segments, rpmsgTable())).toEqual(expect.arrayContaining([...finding!.linux!]));
  });

  it('knows that Linux does not reach the last byte', () => {
    const segments = [{ da: 0x1_0000, data: code, memsz: 0x1_0000 }];
    expect(lint({ segments })[0]).toMatchObject({
      severity: 'error',
      text: expect.stringContaining('ends exactly at the end of ITCM, 0x00020000'),
    });
    expect(dmesg(segments, rpmsgTable())).toContain('remoteproc remoteproc0: bad phdr da 0x10000 mem 0x10000');
    expect(lint({ entry: 0x1_0009, segments: [{ da: 0x1_0000, data: words(0x2002_0000, 0x1_0009, 0, 0), memsz: 0xffff }] })).toEqual([]);
  });

  it('an address outside of the map', () => {
    expect(lint({ segments: [{ da: 0x1fff_0000, data: code }] })[0]).toMatchObject({
      text: "0x1fff0000..0x1fff000f is no memory that imx8mp's m7 shares with Linux",
      remedy: 'link it to one of: ITCM 0x0..0x1ffff, DTCM 0x20000000..0x2001ffff; or check that the ELF is for this SoC',
    });
  });

  it('DDR that the board has not set aside, and the board that has', () => {
    const [finding] = lint({ segments: [{ da: 0x9000_0000, data: code }] });
    expect(finding).toMatchObject({
      severity: 'error',
      text: expect.stringContaining('not set aside'),
      linux: ['remoteproc remoteproc0: bad phdr da 0x90000000 mem 0x10'],
    });
    expect(finding!.remedy).toMatch(/^choose --board verdin, reserve it/);
    expect(lint({ segments: [{ da: 0xbfff_ff00, data: code }] })[0]!.remedy).toMatch(/^reserve it/);
    const moved = board('other', [{ name: 'm7', base: 0x7e00_0000, size: MiB }]);
    const elf = parseFirmware(buildElf({ segments: [{ da: 0x7e00_0000, data: code }] }).bytes, 'fw.elf');
    expect(lintFirmware(elf, { ...SOC, boards: [EVK, moved] }, EVK)[0]!.remedy).toMatch(/^choose --board other, reserve it/);
  });

  it('memory that Linux writes to', () => {
    const table = {
      ...EVK,
      remoteprocs: { m7: { mu: 'MU1', memoryRegions: [...EVK_REGIONS, { name: 'm7_all', base: 0x5500_0000, size: 16 * MiB }] } },
    };
    const segments = [
      { da: 0, data: code, memsz: 0x1000 },
      { da: 0x5500_8000, data: code },
    ];
    expect(lint({ segments, board: table })).toEqual([
      expect.objectContaining({
        severity: 'error',
        place: 'segment 1',
        text: '0x55008000..0x5500800f overlaps vdev0vring1 (0x55008000..0x5500ffff), which Linux writes to',
      }),
    ]);
  });

  it('a table linked to the rsc-table region is at home there', () => {
    const table = rpmsgTable();
    expect(
      lint({
        segments: [
          { da: 0x550f_f000, data: table },
          { da: 0, data: code, memsz: 0x1000 },
        ],
        table,
        tableDa: 0x550f_f000,
      }),
    ).toEqual([]);
  });
});

describe('the vector table', () => {
  it('must be there', () => {
    const [finding] = lint({ segments: [{ da: 0, data: words(0xe59f_f018, 0xe59f_f018) }] });
    expect(finding).toMatchObject({
      severity: 'error',
      place: 'segment 0',
      text: expect.stringContaining('does not begin with a vector table: the second word, 0xe59ff018'),
    });
  });

  it('is where the core looks for it, or somebody has to help', () => {
    const soc = { ...SOC, cores: [{ name: 'm7', vectors: 0 }] } as unknown as SocDescription;
    const image = words(0x8040_0000, 0x8000_0401, 0, 0);
    const elf = buildElf({ entry: 0x8000_0401, segments: [{ da: 0x8000_0000, data: image, memsz: 0x1000 }] });
    const findings = lintFirmware(parseFirmware(elf.bytes, 'fw.elf'), soc, EVK);
    expect(findings[0]).toMatchObject({
      severity: 'note',
      text: expect.stringContaining('is at 0x80000000, but the core fetches SP and PC from 0x00000000'),
    });
    expect(findings[0]!.remedy).toContain('bootaux 0x80000000');
  });
});

describe('the resource table', () => {
  it('is missing', () => {
    const [finding] = lint({ table: new Uint8Array() });
    expect(finding).toMatchObject({
      severity: 'warning',
      text: expect.stringContaining('no section .resource_table'),
      linux: ['remoteproc remoteproc0: No resource table in elf'],
    });
    expect(finding!.remedy).toContain('CONFIG_OPENAMP_RSC_TABLE');
    expect(dmesg([{ da: 0, data: code }], new Uint8Array())).toContain(finding!.linux![0]);
  });

  it('is longer than the file', () => {
    const elf = buildElf({
      segments: [{ da: 0, data: code, memsz: 0x1000 }],
      sections: [{ name: '.resource_table', addr: 0x100, data: rpmsgTable() }],
    });
    elf.view.setUint32(elf.header('.resource_table') + 20, 0x10_0000, true);
    const [finding, ...rest] = lintFirmware(parseFirmware(elf.bytes, 'fw.elf'), SOC, EVK);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'error',
      text: expect.stringContaining('of the 1048576 bytes of section .resource_table are not in the file'),
    });
    expect(finding!.linux![0]).toBe('remoteproc remoteproc0: resource table truncated');
  });

  it('has no vdev', () => {
    expect(lint({ table: words(1, 0, 0, 0) })).toEqual([
      expect.objectContaining({ severity: 'warning', text: expect.stringContaining('no vdev') }),
    ]);
  });

  it('has a bad header, or is empty', () => {
    expect(lint({ table: words(2, 0, 0, 0) })[0]).toMatchObject({
      severity: 'error',
      linux: ['remoteproc remoteproc0: unsupported fw ver: 2', 'remoteproc remoteproc0: No resource table in elf'],
    });
    const elf = buildElf({
      segments: [{ da: 0, data: code, memsz: 0x1000 }],
      sections: [{ name: '.resource_table', addr: 0x100, data: new Uint8Array() }],
    });
    expect(lintFirmware(parseFirmware(elf.bytes, 'fw.elf'), SOC, EVK)[0]).toMatchObject({
      severity: 'warning',
      text: expect.stringContaining('is empty'),
    });
  });

  it('has a vdev that is not rpmsg, or does not announce services', () => {
    const other = rpmsgTable();
    other[24] = 3;
    expect(lint({ table: other })[0]!.text).toContain('its id is 3');
    expect(lint({ table: rpmsgTable({ features: 0 }) })[0]!.text).toContain('name service');
  });

  it('lies where Zephyr looks at it and Linux on a board does not write', () => {
    const strings = new TextEncoder().encode('\0z_cstart\0');
    const sections = [
      { name: '.strtab', type: 3, data: strings },
      { name: '.symtab', type: 2, link: 1, data: words(0, 0, 0, 0, 1, 0x401, 4, 0x1_0012) },
    ];
    expect(lint({ sections })[0]).toMatchObject({ severity: 'note', text: expect.stringContaining('wait for DRIVER_OK for ever') });
    const knows = words(0x2002_0000, 0x401, 0x550f_f000, 0);
    expect(lint({ sections, segments: [{ da: 0, data: knows, memsz: 0x1000 }] })).toEqual([]);
  });
});

describe('vrings and buffers', () => {
  it.each([
    ['below', { da0: 0x4000_0000 }, 'da'],
    ['above', { da0: 0x5600_0000 }, 'len'],
  ])('a ring %s the region that the board has for it', (_where, options, what) => {
    const table = rpmsgTable(options);
    const [finding, ...rest] = lint({ table });
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({
      severity: 'error',
      place: 'vdev0vring0',
      linux: [
        `remoteproc remoteproc0: Registered carveout doesn't fit ${what} request`,
        'rproc-virtio: probe of rproc-virtio.0.auto failed with error -12',
      ],
    });
    expect(dmesg([{ da: 0, data: code, memsz: 0x1000 }], table)).toEqual(expect.arrayContaining([...finding!.linux!]));
  });

  it('names the board that has the ring where the firmware wants it', () => {
    const findings = lint({ table: rpmsgTable({ da0: 0xb800_0000, da1: 0xb800_8000 }) });
    expect(findings.map(({ place }) => place)).toEqual(['vdev0vring0', 'vdev0vring1']);
    expect(findings[0]!.text).toBe('the firmware expects it at 0xb8000000..0xb8002fff, board evk has it at 0x55000000..0x55007fff');
    expect(findings[0]!.remedy).toMatch(/^choose --board verdin, build the firmware for 0x55000000/);
  });

  it('a ring larger than its region, with the largest number that fits', () => {
    const table = rpmsgTable({ num: 2048 });
    const [finding] = lint({ table });
    expect(finding).toMatchObject({
      severity: 'error',
      place: 'vdev0vring0',
      text: '2048 descriptors aligned to 0x1000 need 0xf000 bytes, the region has 0x8000',
    });
    expect(finding!.remedy).toContain('at most 1024 descriptors');
    expect(dmesg([{ da: 0, data: code, memsz: 0x1000 }], table)).toEqual(expect.arrayContaining([...finding!.linux!]));
    expect(lint({ table: rpmsgTable({ num: 1024 }) }).filter(({ place }) => place.startsWith('vdev0vring'))).toEqual([]);
  });

  it('a fixed ring on a board without a region for it', () => {
    const bare = board(
      'bare',
      EVK_REGIONS.filter(({ name }) => !name.startsWith('vdev0vring')),
    );
    expect(lint({ board: bare })).toEqual([]);
    expect(lint({ board: bare, table: rpmsgTable({ da0: 0x5500_0000 }) })[0]).toMatchObject({
      severity: 'error',
      linux: ["imx-rproc imx8mp-cm7: Allocated carveout doesn't fit device address request"],
    });
  });

  it('buffers against the region, with the largest number that fits', () => {
    const regions = EVK_REGIONS.map((region) => (region.name === 'vdev0buffer' ? { ...region, size: 0x8000 } : region));
    const [finding] = lint({ board: board('small', regions) });
    expect(finding).toMatchObject({
      severity: 'error',
      place: 'vdev 0',
      text: '512 buffers of 512 bytes (0x40000) do not fit vdev0buffer, which has 0x8000',
      linux: ['virtio_rpmsg_bus: probe of virtio0 failed with error -12'],
    });
    expect(finding!.remedy).toContain('at most 32 descriptors');
    expect(dmesg([{ da: 0, data: code, memsz: 0x1000 }], rpmsgTable(), regions)).toContain(finding!.linux![0]);
    expect(lint({ board: board('small', regions), table: rpmsgTable({ num: 32 }) })).toEqual([]);
  });

  it('a board without buffers, and rings of different length', () => {
    const regions = EVK_REGIONS.filter(({ name }) => name !== 'vdev0buffer');
    expect(lint({ board: board('none', regions) })[0]).toMatchObject({
      severity: 'warning',
      text: expect.stringContaining('no region vdev0buffer'),
    });
    const table = rpmsgTable();
    new DataView(table.buffer).setUint32(24 + 24 + 20 + 8, 128, true);
    expect(lint({ table })[0]!.text).toContain('256 and 128 descriptors');
  });
});
