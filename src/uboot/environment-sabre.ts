// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of U-Boot
/**
 * Default environments of NXP's U-Boot for the SABRE boards of 7D and 6SX (include/configs/mx7dsabresd.h, mx6sxsabresd.h of lf_v2022.04).
 *
 * Left out: OP-TEE, mfgtool, DFU, network boot, and m4boot, which starts what is in the QSPI flash.
 */

/** i.MX 7D SABRE-SD. */
export const MX7D_SDB_ENVIRONMENT: Readonly<Record<string, string>> = {
  baudrate: '115200',
  board_name: 'SABRESD',
  board_rev: 'i.MX7D',
  boot_fdt: 'try',
  bootcmd:
    'run findfdt;mmc dev ${mmcdev};if mmc rescan; then if run loadbootscript; then run bootscript; else if run loadimage; then run mmcboot; else run netboot; fi; fi; else run netboot; fi',
  bootdelay: '3',
  bootscript: 'echo Running bootscript from mmc ...; source',
  console: 'ttymxc0',
  emmc_dev: '2',
  ethprime: 'eth0',
  fdt_addr: '0x83000000',
  fdt_file: 'undefined',
  fdt_high: '0xffffffff',
  findfdt: 'if test $fdt_file = undefined; then setenv fdt_file imx7d-sdb.dtb; fi;',
  image: 'zImage',
  initrd_addr: '0x86800000',
  initrd_high: '0xffffffff',
  ip_dyn: 'yes',
  loadaddr: '0x80800000',
  loadbootscript: 'fatload mmc ${mmcdev}:${mmcpart} ${loadaddr} ${script};',
  loadfdt: 'fatload mmc ${mmcdev}:${mmcpart} ${fdt_addr} ${fdt_file}',
  loadimage: 'fatload mmc ${mmcdev}:${mmcpart} ${loadaddr} ${image}',
  loadm4image: 'fatload mmc ${mmcdev}:${mmcpart} ${loadaddr} ${m4image}',
  m4image: 'm4_qspi.bin',
  mmcargs: 'setenv bootargs console=${console},${baudrate} root=${mmcroot}',
  mmcautodetect: 'yes',
  mmcboot:
    'echo Booting from mmc ...; run mmcargs; if test ${boot_fdt} = yes || test ${boot_fdt} = try; then if run loadfdt; then bootz ${loadaddr} - ${fdt_addr}; else if test ${boot_fdt} = try; then bootz; else echo WARN: Cannot load the DT; fi; fi; else bootz; fi;',
  mmcdev: '0',
  mmcpart: '1',
  mmcroot: '/dev/mmcblk0p2 rootwait rw',
  netboot: 'echo Booting from net ...; dhcp ${image}',
  script: 'boot.scr',
  sd_dev: '0',
  splashimage: '0x8c000000',
  tee: 'no',
};

/** i.MX 6SoloX SABRE-SDB. */
export const MX6SX_SDB_ENVIRONMENT: Readonly<Record<string, string>> = {
  ...MX7D_SDB_ENVIRONMENT,
  board_name: 'SABRESD',
  board_rev: 'MX6SX',
  emmc_dev: '3',
  findfdt: 'if test $fdt_file = undefined; then setenv fdt_file imx6sx-sdb.dtb; fi;',
  m4_qspi_cs: '1',
  mmcdev: '3',
  mmcroot: '/dev/mmcblk3p2 rootwait rw',
  sd_dev: '3',
};
