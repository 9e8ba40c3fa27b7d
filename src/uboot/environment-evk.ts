// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of U-Boot
/**
 * Default environments of NXP's U-Boot for the EVKs of 8M parts (include/configs/imx8mp_evk.h and its siblings of lf_v2022.04).
 *
 * Left out: jailhouse, mfgtool, network boot, and the search of distro_bootcmd over USB, network and EFI, which finds nothing on this card;
 * `bootcmd` goes straight to what it ends in, bsp_bootcmd.
 */

/** i.MX 8M Plus. */
export const EVK_ENVIRONMENT: Readonly<Record<string, string>> = {
  baudrate: '115200',
  board_name: 'EVK',
  board_rev: 'iMX8MP',
  boot_fdt: 'try',
  boot_fit: 'no',
  bootcmd: 'run bsp_bootcmd',
  bootdelay: '2',
  bootm_size: '0x10000000',
  bootscript: 'echo Running bootscript from mmc ...; source',
  bsp_bootcmd:
    'echo Running BSP bootcmd ...; mmc dev ${mmcdev}; if mmc rescan; then if run loadbootscript; then run bootscript; else if run loadimage; then run mmcboot; else run netboot; fi; fi; fi;',
  bsp_script: 'boot.scr',
  console: 'ttymxc1,115200',
  emmc_dev: '2',
  ethprime: 'eth1',
  fdt_addr: '0x43000000',
  fdt_addr_r: '0x43000000',
  fdt_high: '0xffffffffffffffff',
  fdtfile: 'imx8mp-evk.dtb',
  image: 'Image',
  initrd_addr: '0x43800000',
  initrd_high: '0xffffffffffffffff',
  kernel_addr_r: '0x40400000',
  loadaddr: '0x40400000',
  loadbootscript: 'fatload mmc ${mmcdev}:${mmcpart} ${loadaddr} ${bsp_script};',
  loadfdt: 'fatload mmc ${mmcdev}:${mmcpart} ${fdt_addr_r} ${fdtfile}',
  loadimage: 'fatload mmc ${mmcdev}:${mmcpart} ${loadaddr} ${image}',
  mmcargs: 'setenv bootargs ${jh_clk} ${mcore_clk} console=${console} root=${mmcroot}',
  mmcautodetect: 'yes',
  mmcboot:
    'echo Booting from mmc ...; run mmcargs; if test ${boot_fit} = yes || test ${boot_fit} = try; then bootm ${loadaddr}; else if run loadfdt; then booti ${loadaddr} - ${fdt_addr_r}; else echo WARN: Cannot load the DT; fi; fi;',
  mmcdev: '1',
  mmcpart: '1',
  mmcroot: '/dev/mmcblk1p2 rootwait rw',
  netargs: 'setenv bootargs ${jh_clk} ${mcore_clk} console=${console} root=/dev/nfs ip=dhcp nfsroot=${serverip}:${nfsroot},v3,tcp',
  netboot: 'echo Booting from net ...; run netargs; dhcp ${loadaddr} ${image}',
  prepare_mcore: 'setenv mcore_clk clk-imx8mp.mcore_booted;',
  scriptaddr: '0x43500000',
  sd_dev: '1',
  serverip: '192.168.1.1',
  soc_type: 'imx8mp',
  splashimage: '0x50000000',
};

const { boot_fdt: _try, ...COMMON } = EVK_ENVIRONMENT;

/** i.MX 8M Mini. */
export const IMX8MM_EVK_ENVIRONMENT: Readonly<Record<string, string>> = {
  ...COMMON,
  board_rev: 'iMX8MM',
  ethprime: 'FEC',
  fdtfile: 'imx8mm-evk.dtb',
  prepare_mcore: 'setenv mcore_clk clk-imx8mm.mcore_booted;',
  soc_type: 'imx8mm',
};

/** i.MX 8M Nano. */
export const IMX8MN_EVK_ENVIRONMENT: Readonly<Record<string, string>> = {
  ...IMX8MM_EVK_ENVIRONMENT,
  board_rev: 'iMX8MN',
  fdtfile: 'imx8mn-evk.dtb',
  prepare_mcore: 'setenv mcore_clk clk-imx8mn.mcore_booted;',
  soc_type: 'imx8mn',
};

/** i.MX 8M Quad, which knows no FIT images. */
export const IMX8MQ_EVK_ENVIRONMENT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(COMMON).filter(([name]) => name !== 'boot_fit')),
  board_rev: 'iMX8MQ',
  boot_fdt: 'try',
  console: 'ttymxc0,115200',
  emmc_dev: '0',
  ethprime: 'FEC',
  fdtfile: 'imx8mq-evk.dtb',
  mmcboot:
    'echo Booting from mmc ...; run mmcargs; if test ${boot_fdt} = yes || test ${boot_fdt} = try; then if run loadfdt; then booti ${loadaddr} - ${fdt_addr_r}; else echo WARN: Cannot load the DT; fi; else echo wait for boot; fi;',
  prepare_mcore: 'setenv mcore_clk clk-imx8mq.mcore_booted;',
  soc_type: 'imx8mq',
};
