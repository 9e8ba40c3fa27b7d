/**
 * How long U-Boot takes for things, in nanoseconds of virtual time.
 *
 * Round figures of the order seen in serial logs of 8M boards. Constants, so that a run is a function of its inputs; the characters of the
 * console cost what 115200 baud make of them, since U-Boot waits for its UART.
 */
export const TIMING = {
  /** One character of ten bits at 115200 baud. */
  character: 86_806,
  /** Looking up and entering a command. */
  command: 20_000,
  /** Work of the shell, by character. */
  parse: 50,
  /** Per byte that the processor copies or fills. */
  memoryByte: 1,
  /** Per byte that a loop in C compares or sums. */
  loopByte: 4,
  /** A file found on the card, before its first byte. */
  fileOpen: 1_200_000,
  /** Per byte read from the card: about 40 MiB/s. */
  fileByte: 24,
  /** A block device chosen and its partition table read. */
  device: 2_000_000,
  /** A block written by saveenv. */
  save: 30_000_000,
  /** SMC into TF-A. */
  smc: 20_000,
  /** From power-on to the banner: ROM, SPL, TF-A, OP-TEE, relocation. */
  powerOn: 1_200_000_000,
  /** From a key to U-Boot having taken it; the processor polls its UART. */
  key: 100_000,
  /** From "Starting kernel ..." to the kernel's first instruction. */
  handOver: 50_000_000,
} as const;
