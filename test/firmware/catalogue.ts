/**
 * What real firmware promises on its consoles, by the names that its builders give the ELFs and by texts in them, and for what it was built.
 *
 * The lines are those that the sources of Zephyr 3.4, of the MCUXpresso SDK 2.9 to 24.12 and of NXP's FreeRTOS BSP 1.0.1 print.
 */

import type { Bench } from './benches.ts';
import { BSP } from './kinds-bsp.ts';
import { MCUXPRESSO } from './kinds-mcuxpresso.ts';
import { ZEPHYR } from './kinds-zephyr.ts';

/** One run of a firmware. */
export interface FirmwareRun {
  /** `--send` arguments. */
  readonly send?: readonly string[];
  /** Line that ends the run. */
  readonly until: RegExp;
  /** Lines that must have come by then, on any console or in dmesg, in any order. */
  readonly also?: readonly RegExp[];
  /** Lines that must not have come. */
  readonly never?: readonly RegExp[];
  /** Virtual time that it may take. */
  readonly timeout?: `${number}s`;
  /** Further options of `imx-sim run`, which may depend on the name of the raw image that U-Boot loads. */
  readonly options?: readonly string[] | ((file: string) => readonly string[]);
  /** What is wired to the SoC: such a run is one of `createMachine`. */
  readonly bench?: Bench;
}

/** A kind of firmware. */
export interface FirmwareKind {
  readonly kind: string;
  /** Paths that it has, below the directory that is searched. */
  readonly name: RegExp;
  /** A text in the ELF: with the name it must be there too, and without the name it is enough. */
  readonly marker?: string;
  readonly runs: readonly FirmwareRun[];
  /** Scripts of test/e2e/seeds that are about it. */
  readonly seeds?: readonly string[];
  /** What its run may find of what is not modelled, and of its own mistakes: `unimplemented: CSU ...`. All else fails the test. */
  readonly findings?: readonly RegExp[];
}

/** Kinds, the more particular first. */
export const FIRMWARE: readonly FirmwareKind[] = [...ZEPHYR, ...BSP, ...MCUXPRESSO];

/** The kind of the ELF at `path` with these bytes, or undefined for one nobody has described. */
export function firmwareKind(path: string, bytes: Buffer): FirmwareKind | undefined {
  const holds = ({ marker }: FirmwareKind): boolean => marker !== undefined && bytes.includes(marker);
  return FIRMWARE.find((kind) => kind.name.test(path) && (kind.marker === undefined || holds(kind))) ?? FIRMWARE.find(holds);
}

/** For what an ELF was built. */
export interface FirmwareTarget {
  readonly soc: string;
  readonly core: string;
  readonly board?: string;
}

const IMX8MP = { soc: 'imx8mp', core: 'm7' };
const IMX8MM = { soc: 'imx8mm', core: 'm4' };
const IMX8MN = { soc: 'imx8mn', core: 'm7' };
const IMX8MQ = { soc: 'imx8mq', core: 'm4' };
const IMX7D = { soc: 'imx7d', core: 'm4' };
const IMX6SX = { soc: 'imx6sx', core: 'm4' };

/** By names of boards as SDKs have them, or of directories; the more particular first. */
const TARGETS: readonly (readonly [path: RegExp, target: FirmwareTarget])[] = [
  [/dart_mx8mp/, { ...IMX8MP, board: 'dart-mx8mp' }],
  [/dart_mx8mm/, { ...IMX8MM, board: 'dart-mx8mm' }],
  [/som_mx8mn/, { ...IMX8MN, board: 'som-mx8mn' }],
  [/dart_mx8mq/, { ...IMX8MQ, board: 'dart-mx8m' }],
  [/mimx8mp_evk/, { ...IMX8MP, board: 'evk' }],
  [/mimx8mm_evk/, { ...IMX8MM, board: 'evk' }],
  [/mimx8mq_evk/, { ...IMX8MQ, board: 'evk' }],
  [/colibri/, { ...IMX7D, board: 'colibri-imx7' }],
  [/pico_pi/, { ...IMX7D, board: 'pico-pi' }],
  [/warp7/, { ...IMX7D, board: 'warp7' }],
  [/(?:^|\/)7d\/(?:sdb|val)\//, { ...IMX7D, board: 'sdb' }],
  [/(?:^|\/)7d\/variscite\//, { ...IMX7D, board: 'var-som-mx7' }],
  [/udoo_neo/, { ...IMX6SX, board: 'udoo-neo' }],
  [/(?:^|\/)6sx\//, IMX6SX],
  [/(?:^|\/)mm\//, { ...IMX8MM, board: 'evk' }],
  [/(?:^|\/)mn\//, { ...IMX8MN, board: 'evk' }],
  [/(?:^|\/)mq\//, { ...IMX8MQ, board: 'evk' }],
  [/(?:^|\/)mcux\//, IMX8MP],
];

/** For what the ELF at `path` was built, where its name or its directory tells. */
export function firmwareTarget(path: string): FirmwareTarget | undefined {
  return TARGETS.find(([pattern]) => pattern.test(path))?.[1];
}
