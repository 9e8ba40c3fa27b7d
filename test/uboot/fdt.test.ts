/**
 * `fdt`: texts of cmd/fdt.c and common/fdt_support.c, errors of libfdt.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { UBOOT_BOARDS } from '../../src/uboot/boards.ts';
import { exampleTree, TestBoot } from './support.ts';

const AT = 0x4300_0000;
let boot: TestBoot;
const say = (line: string): string => boot.say(line);

beforeEach(() => {
  boot = new TestBoot();
  boot.useTree(AT, exampleTree(), 0x1000);
});

describe('fdt addr', () => {
  it('wants a tree first', () => {
    const fresh = new TestBoot();
    expect(fresh.run('fdt print')).toEqual({
      code: 1,
      text: 'No FDT memory address configured. Please configure\nthe FDT address via "fdt addr <address>" command.\nAborting!\n',
    });
    expect(fresh.run('fdt addr')).toEqual({ code: 1, text: 'The address of the fdt is invalid (NULL).\n' });
    expect(fresh.run('fdt addr 0')).toEqual({ code: 1, text: 'The address of the fdt is invalid (NULL).\n' });
    expect(fresh.run('fdt addr 44000000')).toEqual({ code: 1, text: 'libfdt fdt_check_header(): FDT_ERR_BADMAGIC\n' });
  });

  it('shows, sets, and tells of other versions and sizes', () => {
    expect(say('fdt addr')).toBe('Working fdt: 43000000\n');
    expect(say('printenv fdtaddr')).toBe('fdtaddr=43000000\n');
    boot.view.writeBytes(0x4400_0000, writeDtb(exampleTree()));
    boot.view.writeBytes(0x4400_0018, new Uint8Array([0, 0, 0, 18]));
    expect(say('fdt addr 44000000')).toBe('libfdt fdt_check_header(): FDT_ERR_BADVERSION - too new, fdt 18 > 17\n');
    expect(say('fdt addr 43000000 10')).toMatch(/^New length 16 < existing length \d+, ignoring\n$/);
    expect(boot.run('fdt addr -c')).toEqual({ code: 1, text: "imx-sim: U-Boot's own device tree (-c) is not modelled\n" });
  });

  it('says where the working tree is since 2023.01', () => {
    const mainline = new TestBoot({ board: UBOOT_BOARDS.EVK_MAINLINE });
    mainline.view.writeBytes(AT, writeDtb(exampleTree()));
    expect(mainline.say('fdt addr 43000000')).toBe('Working FDT set to 43000000\n');
  });

  it('gives room with a length', () => {
    boot.useTree(AT, exampleTree());
    expect(say('fdt set / a b')).toBe('libfdt fdt_setprop(): FDT_ERR_NOSPACE\n');
    expect(say('fdt addr 43000000 2000; fdt set / a b; fdt print / a')).toBe('a = "b"\n');
  });
});

describe('fdt print, list (fdt_print, print_data)', () => {
  it('shows nodes as U-Boot does', () => {
    expect(say('fdt print /soc/serial@1000')).toBe(
      'serial@1000 {\n\treg = <0x00000000 0x00001000>;\n\tstatus = "okay";\n\tmac = [00 01 02];\n};\n',
    );
    expect(say('fdt list /soc')).toBe('soc {\n\tranges;\n\tserial@1000 {\n\t};\n\trpmsg-a {\n\t};\n\trpmsg-b {\n\t};\n};\n');
    expect(say('fdt print')).toMatch(/^\/ {\n\t#address-cells = <0x00000002>;\n/);
    expect(say('fdt p serial0 status')).toBe('status = "okay"\n');
    expect(say('fdt print / compatible')).toBe('compatible = "a,b", "c,d"\n');
    expect(say('fdt print /soc ranges')).toBe('/soc ranges\n');
    expect(say('setenv fdt_max_dump 4; fdt print /soc/serial@1000 reg')).toBe('reg = * 0x0000000043000000 [0x00000008]\n');
  });

  it.each([
    ['fdt print /nowhere', 'libfdt fdt_path_offset() returned FDT_ERR_NOTFOUND\n'],
    ['fdt print noalias', 'libfdt fdt_path_offset() returned FDT_ERR_BADPATH\n'],
    ['fdt print /soc nothing', 'libfdt fdt_getprop(): FDT_ERR_NOTFOUND\n'],
  ])('%s', (line, text) => {
    expect(boot.run(line)).toEqual({ code: 1, text });
  });

  it('stops where nodes are nested too deep', () => {
    const tree = exampleTree();
    let node = tree.root;
    for (let level = 0; level < 40; level++) node = node.add(`n${level}`);
    boot.useTree(AT, tree);
    expect(boot.run('fdt print').text).toMatch(/Nested too deep, aborting\.\n$/);
  });
});

describe('fdt set, mknode, rm', () => {
  it.each([
    ['"okay"', 'x = "okay"\n'],
    ['a b', 'x = "a", "b"\n'],
    ["'<0x1 2 010>'", 'x = <0x00000001 0x00000002 0x00000008>\n'],
    ['<1 2>', 'x = <0x00000001 0x00000002>\n'],
    ['[00 1f 22]', 'x = [00 1f 22]\n'],
    ["'[1]'", 'x = [01]\n'],
    ['', '/soc x\n'],
  ])('fdt set /soc x %s', (value, shown) => {
    expect(say(`fdt set /soc x ${value}; fdt print /soc x`)).toBe(shown);
  });

  it('keeps cells for which ? stands', () => {
    expect(say('fdt set /soc/serial@1000 reg <? 5>; fdt print /soc/serial@1000 reg')).toBe('reg = <0x00000000 0x00000005>\n');
  });

  it('keeps the order of properties, and puts new ones first', () => {
    expect(say('fdt set /soc/serial@1000 new 1; fdt list /soc/serial@1000')).toMatch(/^serial@1000 {\n\tnew = "1";\n\treg/);
  });

  it('makes and removes nodes and properties', () => {
    expect(say('fdt mknode /soc extra; fdt set /soc/extra a 1; fdt print /soc/extra')).toBe('extra {\n\ta = "1";\n};\n');
    expect(say('fdt rm /soc/extra a; fdt print /soc/extra')).toBe('extra {\n};\n');
    expect(say('fdt rm /soc/extra; fdt print /soc/extra')).toContain('FDT_ERR_NOTFOUND');
  });

  it.each([
    ['fdt set /nowhere a b', 'libfdt fdt_path_offset() returned FDT_ERR_NOTFOUND\n'],
    ['fdt set /soc x <1 z>', 'Sorry, I could not convert "z>"\n'],
    ['fdt set /soc x <1', "Unexpected character '\0'\n"],
    ['fdt set /soc x [1 z]', "Unexpected character 'z'\n"],
    ['fdt mknode /soc serial@1000', 'libfdt fdt_add_subnode(): FDT_ERR_EXISTS\n'],
    ['fdt mknode /nowhere x', 'libfdt fdt_path_offset() returned FDT_ERR_NOTFOUND\n'],
    ['fdt rm /soc nothing', 'libfdt fdt_delprop():  FDT_ERR_NOTFOUND\n'],
    ['fdt rm /nowhere', 'libfdt fdt_path_offset() returned FDT_ERR_NOTFOUND\n'],
    ['fdt rm /', 'libfdt fdt_del_node():  FDT_ERR_NOTFOUND\n'],
  ])('%s', (line, text) => {
    expect(boot.run(line)).toEqual({ code: 1, text });
  });

  it('has a scratchpad of 1024 bytes', () => {
    expect(boot.run(`fdt set /soc x ${'a'.repeat(1030)}`)).toEqual({ code: 1, text: "prop (1031) doesn't fit in scratchpad!\n" });
    const tree = exampleTree();
    tree.root.set('long', new Uint8Array(2000));
    boot.useTree(AT, tree, 0x1000);
    expect(boot.run('fdt set / long 1')).toEqual({ code: 1, text: "prop (2000) doesn't fit in scratchpad!\n" });
  });

  it('runs out of room until it is resized', () => {
    boot.useTree(AT, exampleTree());
    expect(boot.run('fdt mknode / extra')).toEqual({ code: 1, text: 'libfdt fdt_add_subnode(): FDT_ERR_NOSPACE\n' });
    expect(boot.run('fdt resize 1000; fdt mknode / extra')).toEqual({ code: 0, text: '' });
    expect(say('fdt header get size totalsize; echo $size')).toBe('2000\n');
  });

  it('shows the usage', () => {
    for (const line of ['fdt', 'fdt nonsense', 'fdt set /', 'fdt mknode /', 'fdt get value x', 'fdt rsvmem x', 'fdt rm'])
      expect(say(line)).toContain('fdt - flattened device tree utility commands\n\nUsage:\nfdt addr [-c]');
  });
});

describe('fdt get, header, rsvmem, bootcpu, move', () => {
  it('gets values, names and sizes', () => {
    expect(say('fdt get value v / model; echo $v')).toBe('test board\n');
    expect(say('fdt get value v / "#address-cells"; echo $v')).toBe('0x00000002\n');
    expect(say('fdt get value v /soc/serial@1000 reg; echo $v')).toBe('0000000000100000\n');
    expect(say('fdt get size v /soc/serial@1000 reg; echo $v')).toBe('0x00000008\n');
    expect(say('fdt get size v /soc; echo $v')).toBe('3\n');
    expect(say('fdt get name v /soc 1; echo $v')).toBe('rpmsg-a\n');
    expect(boot.run('fdt get name v /soc 9')).toEqual({ code: 1, text: 'libfdt node not found\n' });
    expect(boot.run('fdt get value v /soc/serial@1000 mac')).toEqual({ code: 1, text: 'error: unprintable value\n' });
    expect(boot.run('fdt get value v /soc nothing')).toEqual({ code: 1, text: 'libfdt fdt_getprop(): FDT_ERR_NOTFOUND\n' });
    expect(boot.run('fdt get addr v /soc ranges').code).toBe(0);
    expect(say('fdt get addr v / model')).toBe('imx-sim: fdt get addr is not modelled: the tree is laid out anew by each change\n');
  });

  it('shows the header', () => {
    expect(say('fdt header')).toMatch(
      /^magic:\t\t\t0xd00dfeed\ntotalsize:\t\t0x[0-9a-f]+ \(\d+\)\noff_dt_struct:\t\t0x38\n[\s\S]*version:\t\t17\nlast_comp_version:\t16\n[\s\S]*number mem_rsv:\t\t0x0\n\n$/,
    );
    expect(boot.run('fdt header get v nothing').code).toBe(1);
  });

  it('keeps reservations and the boot CPU', () => {
    expect(say('fdt rsvmem add 80000000 1000; fdt rsvmem print')).toBe(
      'index\t\t   start\t\t    size\n------------------------------------------------\n    0\t0000000080000000\t0000000000001000\n',
    );
    expect(boot.run('fdt rsvmem delete 5')).toEqual({ code: 1, text: 'libfdt fdt_del_mem_rsv():  FDT_ERR_NOTFOUND\n' });
    expect(boot.run('fdt rsvmem delete 0; fdt bootcpu 2; fdt header get v boot_cpuid_phys; echo $v').text).toBe('2\n');
  });

  it('moves the tree', () => {
    expect(say('fdt move 43000000 44000000; fdt addr')).toBe('Working fdt: 44000000\n');
    expect(say('fdt move 43000000 44000000 10')).toMatch(/^New length 0x10 < existing length 0x[0-9A-F]+, aborting\.\n$/);
    expect(say('fdt move 45000000 44000000')).toBe('libfdt fdt_check_header(): FDT_ERR_BADMAGIC\n');
  });
});

describe('fdt memory, chosen, boardsetup', () => {
  it('fixes memory and bootargs', () => {
    expect(say('fdt memory 80000000 10000000; fdt print /memory@40000000 reg')).toBe(
      'reg = <0x00000000 0x80000000 0x00000000 0x10000000>\n',
    );
    expect(say('setenv bootargs quiet; fdt chosen; fdt print /chosen bootargs')).toBe('bootargs = "quiet"\n');
    expect(say('fdt chosen 1')).toContain('Usage:\nfdt ');
  });

  it('asks the board', () => {
    const colibri = new TestBoot({ board: UBOOT_BOARDS.COLIBRI_IMX7 });
    colibri.view.write(0x3039_000c, 0xa1, 4);
    colibri.useTree(0x8200_0000, exampleTree(), 0x1000);
    expect(colibri.say('fdt boardsetup; fdt print /soc/rpmsg-a status; fdt print /soc/rpmsg-b status')).toBe(
      'status = "disabled"\nstatus = "okay"\n',
    );
  });
});

describe('fdt apply (fdt_overlay_apply_verbose)', () => {
  const overlay = (text: string): Uint8Array => writeDtb(parseDts(`/dts-v1/;\n/plugin/;\n${text}`));

  it('merges an overlay', () => {
    boot.view.writeBytes(0x4400_0000, overlay('&{/soc/serial@1000} { status = "disabled"; };'));
    expect(boot.run('fdt apply 44000000')).toEqual({ code: 0, text: '' });
    expect(say('fdt print /soc/serial@1000 status')).toBe('status = "disabled"\n');
    // libfdt has used the overlay up.
    expect(say('fdt apply 44000000')).toBe('libfdt fdt_check_header(): FDT_ERR_BADMAGIC\n');
  });

  it('tells of missing symbols, and leaves the tree unusable', () => {
    boot.view.writeBytes(0x4400_0000, overlay('&uart { status = "disabled"; };'));
    expect(boot.run('fdt apply 44000000')).toEqual({
      code: 1,
      text: "failed on fdt_overlay_apply(): FDT_ERR_NOTFOUND\nbase fdt does did not have a /__symbols__ node\nmake sure you've compiled with -@\n",
    });
    expect(say('fdt print /')).toBe('libfdt fdt_path_offset() returned FDT_ERR_BADMAGIC\n');
    expect(say('fdt apply')).toContain('libfdt fdt_path_offset() returned FDT_ERR_BADMAGIC\n');
  });
});
