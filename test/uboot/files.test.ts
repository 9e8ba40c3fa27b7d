/**
 * Cards, partitions and files: texts of fs/fs.c, disk/part.c, cmd/mmc.c, and what lmb keeps files away from.
 */
import { describe, expect, it } from 'vitest';
import { UBOOT_BOARDS } from '../../src/uboot/boards.ts';
import { TestBoot } from './support.ts';

const FIRMWARE = Uint8Array.from({ length: 0x1_0000 }, (_, index) => index & 0xff);
const boot = new TestBoot({ files: { 'fw.bin': FIRMWARE, 'dir/inner.txt': new Uint8Array(3), 'large.bin': new Uint8Array(0x20_0000) } });
const say = (line: string): string => boot.say(line);

describe('ls (fs_ls_generic)', () => {
  it('lists files and directories', () => {
    expect(say('fatls mmc 1:1')).toBe(
      ' 31887872   Image\n      777   imx8mp-evk-rpmsg.dtb\n      777   imx8mp-evk.dtb\n    65536   fw.bin\n            dir/\n  2097152   large.bin\n\n5 file(s), 1 dir(s)\n\n'.replaceAll(
        '777',
        String(say('fatsize mmc 1:1 imx8mp-evk.dtb') || boot.uboot.environment.hex('filesize')),
      ),
    );
    expect(say('ls mmc 1:1 dir')).toBe('            ./\n            ../\n        3   inner.txt\n\n1 file(s), 2 dir(s)\n\n');
    expect(say('ext4ls mmc 1:2 /lib/firmware')).toContain('      100   fw.elf\n');
    expect(boot.run('ls mmc 1:1 nowhere')).toEqual({ code: 1, text: '' });
  });
});

describe('load (do_load, _fs_read, fs_read_lmb_check)', () => {
  it('reads a file, says how fast, and sets fileaddr and filesize', () => {
    expect(boot.run('fatload mmc 1:1 0x48000000 fw.bin')).toEqual({ code: 0, text: '65536 bytes read in 2 ms (31.3 MiB/s)\n' });
    expect(say('printenv fileaddr filesize')).toBe('fileaddr=48000000\nfilesize=10000\n');
    expect(boot.view.readBytes(0x4800_0000, FIRMWARE.length)).toEqual(FIRMWARE);
    expect(say('load mmc 1:1 48000000 FW.BIN 10 4; md.b 48000000 3')).toMatch(
      /^16 bytes read in 1 ms \(15\.6 KiB\/s\)\n48000000: 04 05 06/,
    );
    expect(say('ext4load mmc 1:2 48000000 /lib/firmware/fw.elf')).toMatch(/^100 bytes read in 1 ms/);
    expect(say('fatload mmc 1:1 48000000 fw.bin 0 20000')).toBe('0 bytes read in 1 ms (0 Bytes/s)\n');
  });

  it('uses loadaddr and bootfile', () => {
    expect(say('setenv bootfile fw.bin; fatload mmc 1:1')).toMatch(/^65536 bytes read/);
    expect(say('printenv fileaddr')).toBe('fileaddr=40400000\n');
    expect(boot.run('setenv bootfile; fatload mmc 1:1')).toEqual({ code: 1, text: '** No boot file defined **\n' });
  });

  it.each([
    ['fatload mmc 1:1 48000000 nothing.bin', "Failed to load 'nothing.bin'\n"],
    ['ext4load mmc 1:2 48000000 nothing.bin', "** File not found nothing.bin **\nFailed to load 'nothing.bin'\n"],
    // TCM is no memory that lmb knows, U-Boot's own is reserved.
    ['fatload mmc 1:1 0x7e0000 fw.bin', "** Reading file would overwrite reserved memory **\nFailed to load 'fw.bin'\n"],
    ['fatload mmc 1:1 0xfe000000 fw.bin', "** Reading file would overwrite reserved memory **\nFailed to load 'fw.bin'\n"],
    ['fatload mmc 1:1 0xfd600000 large.bin', "** Reading file would overwrite reserved memory **\nFailed to load 'large.bin'\n"],
    ['fatload mmc 1:3 48000000 fw.bin', "** Invalid partition 3 **\nCan't set block device\n"],
    ['fatload mmc 1:0 48000000 fw.bin', "** Bad partition specification mmc 1:0 **\nCan't set block device\n"],
    ['fatload mmc 1:x 48000000 fw.bin', "** Bad partition specification mmc 1:x **\nCan't set block device\n"],
    ['fatload mmc x:1 48000000 fw.bin', "** Bad device specification mmc x **\nCan't set block device\n"],
    ['fatload mmc 1.x:1 48000000 fw.bin', "** Bad HW partition specification mmc x **\nCan't set block device\n"],
    ['fatload mmc - 48000000 fw.bin', "** No device specified **\nCan't set block device\n"],
    ['fatload mmc 9:1 48000000 fw.bin', "Can't set block device\n"],
    ['fatload usb 0:1 48000000 fw.bin', "Can't set block device\n"],
    ['ext4load mmc 1:1 48000000 fw.bin', "Failed to mount ext2 filesystem...\nCan't set block device\n"],
    ['fatload mmc 1:2 48000000 fw.elf', "Can't set block device\n"],
  ])('%s', (line, text) => {
    expect(boot.run(line)).toEqual({ code: 1, text });
  });

  it('shows the usage of an address that is none', () => {
    expect(say('fatload mmc 1:1 zzz fw.bin')).toContain('Usage:\nfatload <interface>');
    expect(say('fatload')).toContain('Usage:\nfatload <interface>');
    expect(say('load')).toContain('Usage:\nload <interface>');
  });

  it('writes of a kernel only the header', () => {
    boot.run('mw.b 50000000 5a 100; fatload mmc 1:1 50000000 Image');
    expect(boot.uboot.environment.get('filesize')).toBe(boot.board.kernel.size.toString(16));
    expect(say('md.b 50000038 9')).toContain('50000038: 41 52 4d 64 00 00 00 00 5a');
  });
});

describe('size (do_size)', () => {
  it('sets filesize and says nothing', () => {
    expect(boot.run('fatsize mmc 1:1 fw.bin')).toEqual({ code: 0, text: '' });
    expect(say('printenv filesize')).toBe('filesize=10000\n');
    expect(boot.run('size mmc 1:1 nothing')).toEqual({ code: 1, text: '' });
    expect(boot.run('ext4size mmc 1:2 nothing')).toEqual({ code: 1, text: '** File not found nothing **\n' });
    expect(say('size mmc 1:1')).toContain('Usage:\nsize ');
  });
});

describe('mmc (do_mmcops)', () => {
  it('lists controllers, with the kind of card once it is known', () => {
    const fresh = new TestBoot();
    expect(fresh.say('mmc list')).toBe('FSL_SDHC: 1 (SD)\nFSL_SDHC: 2\n');
    expect(fresh.say('mmc dev 2; mmc list')).toBe(
      'switch to partitions #0, OK\nmmc2(part 0) is current device\nFSL_SDHC: 1 (SD)\nFSL_SDHC: 2 (eMMC)\n',
    );
    expect(fresh.say('mmc dev 2 1')).toBe('switch to partitions #1, OK\nmmc2(part 1) is current device\n');
    expect(fresh.say('mmc dev 1')).toBe('switch to partitions #0, OK\nmmc1 is current device\n');
    expect(fresh.run('mmc dev 1 1')).toEqual({ code: 1, text: 'switch to partitions #1, ERROR\n' });
    expect(fresh.run('mmc dev 1 8')).toEqual({ code: 1, text: "#part_num shouldn't be larger than 7\n" });
    expect(fresh.run('mmc dev 0')).toEqual({ code: 1, text: 'no mmc device at slot 0\n' });
    expect(fresh.run('mmc rescan')).toEqual({ code: 0, text: '' });
  });

  it('shows partitions and the card', () => {
    expect(say('mmc part')).toBe(
      '\nPartition Map for MMC device 1  --   Partition Type: DOS\n\nPart\tStart Sector\tNum Sectors\tUUID\t\tType\n' +
        '  1\t16384     \t170392    \t076c4a2a-01\t0c Boot\n  2\t196608    \t30920704  \t076c4a2a-02\t83\n',
    );
    expect(say('mmc info')).toMatch(/^Device: FSL_SDHC\nManufacturer ID: 3\nOEM: 5344\nName: SC16G \n/);
    expect(say('mmcinfo')).toContain('Capacity: 14.8 GiB\n');
  });

  it('has no card in a slot that is empty', () => {
    const verdin = new TestBoot({ board: UBOOT_BOARDS.VERDIN });
    expect(verdin.run('mmc dev 1')).toEqual({ code: 1, text: 'MMC: no card present\n' });
    expect(verdin.run('load mmc 1:1 48000000 Image')).toEqual({ code: 1, text: "MMC: no card present\nCan't set block device\n" });
  });

  it('refuses what it does not do', () => {
    expect(boot.run('mmc read 40000000 0 1')).toEqual({
      code: 1,
      text: 'imx-sim: mmc read is not modelled: the cards have files, but no blocks\n',
    });
    expect(say('mmc')).toContain('Usage:\nmmc info - display info');
    expect(say('mmc nonsense')).toContain('Usage:\nmmc info');
    expect(say('mmc list all')).toContain('Usage:\nmmc info');
  });
});

describe('what is not modelled says so', () => {
  it.each(['dhcp', 'tftpboot 48000000 Image', 'tftp', 'ping 1.2.3.4', 'nfs'])('%s', (line) => {
    expect(boot.run(line)).toEqual({ code: 1, text: 'imx-sim: networks are not modelled: files come from mmc\n' });
  });

  it('usb', () => {
    expect(boot.run('usb start')).toEqual({ code: 1, text: 'imx-sim: USB is not modelled: files come from mmc\n' });
  });
});

describe('bdinfo, dcache, icache', () => {
  it('tells of banks and of what lmb keeps', () => {
    const text = say('bdinfo');
    expect(text).toContain('DRAM bank   = 0x0000000000000000\n-> start    = 0x0000000040000000\n-> size     = 0x00000000c0000000\n');
    expect(text).toContain('baudrate    = 115200 bps\n');
    expect(text).toContain(' memory.cnt  = 0x2\n memory[0]\t[0x40000000-0xffffffff], 0xc0000000 bytes flags: 0\n');
    expect(new TestBoot({ board: UBOOT_BOARDS.COLIBRI_IMX7 }).say('bdinfo')).toContain('-> start    = 0x80000000\n');
  });

  it('switches caches for show', () => {
    expect(say('dcache')).toBe('Data (writethrough) Cache is ON\n');
    expect(say('dcache off; dcache; icache; dcache on; dcache flush')).toBe('Data (writethrough) Cache is OFF\nInstruction Cache is ON\n');
    expect(say('dcache nonsense')).toContain('Usage:\ndcache ');
  });
});
