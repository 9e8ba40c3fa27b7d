// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of U-Boot
/**
 * Default environments of Toradex' U-Boot for Verdin iMX8M Plus and Mini, and Colibri iMX7 with eMMC (include/configs of toradex_imx_lf_v2022.04).
 *
 * `distro_bootcmd` is short here: it does what the boot.scr of Toradex' reference images does, which is no part of U-Boot.
 */

const LOAD_KERNEL = 'load mmc ${devnum}:1 ${kernel_addr_r} ${boot_file}';
const LOAD_TREE = 'load mmc ${devnum}:1 ${fdt_addr_r} ${fdtfile}';
const ARGUMENTS = 'run setup; setenv bootargs root=PARTUUID=${uuid} ro rootwait ${setupargs} ${tdxargs}';

/** Verdin iMX8M Plus. */
export const VERDIN_ENVIRONMENT: Readonly<Record<string, string>> = {
  arch: 'arm',
  baudrate: '115200',
  board: 'verdin-imx8mp',
  board_name: 'verdin-imx8mp',
  boot_file: 'Image',
  boot_script_dhcp: 'boot.scr',
  boot_scripts: 'boot.scr',
  bootcmd: 'run distro_bootcmd',
  bootcmd_mfg: 'fastboot 0',
  bootdelay: '1',
  console: 'ttymxc2',
  cpu: 'armv8',
  devnum: '2',
  distro_bootcmd: `echo Booting from mmc ...; ${ARGUMENTS}; if ${LOAD_KERNEL} && ${LOAD_TREE}; then booti \${kernel_addr_r} - \${fdt_addr_r}; fi`,
  ethprime: 'eth0',
  fdt_addr_r: '0x50200000',
  fdt_board: 'dev',
  fdtfile: 'imx8mp-verdin-wifi-dev.dtb',
  initrd_addr: '0x43800000',
  initrd_high: '0xffffffffffffffff',
  ipaddr: '192.168.10.2',
  kernel_addr_r: '0x43500000',
  kernel_comp_addr_r: '0x40200000',
  kernel_comp_size: '0x08000000',
  loadaddr: '0x43500000',
  netmask: '255.255.255.0',
  preboot: 'setenv fdtfile imx8mp-verdin-${variant}-${fdt_board}.dtb',
  ramdisk_addr_r: '0x50300000',
  scriptaddr: '0x50280000',
  serverip: '192.168.10.1',
  setup: 'setenv setupargs console=tty1 console=${console},${baudrate} consoleblank=0 earlycon',
  soc: 'imx8m',
  uuid: '0a3b4c5d-02',
  variant: 'wifi',
  vendor: 'toradex',
};

/** Verdin iMX8M Mini. */
export const VERDIN_IMX8MM_ENVIRONMENT: Readonly<Record<string, string>> = {
  ...VERDIN_ENVIRONMENT,
  board: 'verdin-imx8mm',
  board_name: 'verdin-imx8mm',
  console: 'ttymxc0',
  devnum: '0',
  ethprime: 'FEC',
  fdt_addr: '0x43000000',
  fdtfile: 'imx8mm-verdin-wifi-dev.dtb',
  kernel_addr_r: '0x48200000',
  loadaddr: '0x48200000',
  preboot: 'test -n ${fdtfile} || setenv fdtfile imx8mm-verdin-${variant}-${fdt_board}.dtb',
};

/** Colibri iMX7 with eMMC. */
export const COLIBRI_IMX7_ENVIRONMENT: Readonly<Record<string, string>> = {
  arch: 'arm',
  baudrate: '115200',
  board: 'colibri_imx7',
  boot_file: 'zImage',
  boot_script_dhcp: 'boot.scr',
  bootcmd: 'run m4boot; run distro_bootcmd',
  bootdelay: '1',
  bootm_size: '0x10000000',
  console: 'ttymxc0',
  cpu: 'armv7',
  devnum: '0',
  distro_bootcmd: `echo Booting from mmc ...; ${ARGUMENTS}; if ${LOAD_KERNEL} && ${LOAD_TREE}; then bootz \${kernel_addr_r} - \${fdt_addr_r}; fi`,
  fdt_addr_r: '0x82000000',
  fdt_board: 'eval-v3',
  fdt_fixup: ';',
  fdtfile: 'imx7d-colibri-emmc-eval-v3.dtb',
  ip_dyn: 'yes',
  ipaddr: '192.168.10.2',
  kernel_addr_r: '0x81000000',
  kernel_file: 'zImage',
  loadaddr: '0x80800000',
  m4boot: ';',
  m4binary: 'rpmsg_imu_freertos.elf',
  netmask: '255.255.255.0',
  pxefile_addr_r: '0x87100000',
  ramdisk_addr_r: '0x82100000',
  scriptaddr: '0x87000000',
  serverip: '192.168.10.1',
  setup: 'setenv setupargs console=tty1 console=${console},${baudrate}n8 ${memargs} consoleblank=0',
  soc: 'mx7',
  splashimage: '0x80800000',
  splashpos: 'm,m',
  uuid: '0a3b4c5d-02',
  variant: '-emmc',
  vendor: 'toradex',
};
