/**
 * All commands of the modelled U-Boot.
 */
import type { Command } from '../command.ts';
import { AUXILIARY_COMMANDS } from './auxiliary.ts';
import { BOARD_COMMANDS } from './board.ts';
import { BOOT_COMMANDS } from './boot.ts';
import { ENVIRONMENT_COMMANDS } from './environment.ts';
import { FDT_COMMANDS } from './fdt.ts';
import { FILESYSTEM_COMMANDS } from './filesystem.ts';
import { MEMORY_COMMANDS } from './memory.ts';
import { MMC_COMMANDS } from './mmc.ts';
import { SHELL_COMMANDS } from './shell.ts';

/** By no order. */
export const COMMANDS: readonly Command[] = [
  ...AUXILIARY_COMMANDS,
  ...BOARD_COMMANDS,
  ...BOOT_COMMANDS,
  ...ENVIRONMENT_COMMANDS,
  ...FDT_COMMANDS,
  ...FILESYSTEM_COMMANDS,
  ...MEMORY_COMMANDS,
  ...MMC_COMMANDS,
  ...SHELL_COMMANDS,
];
