/** Stub. */
import type { MonitorCommand } from '../monitor.ts';

export const MACHINE_COMMANDS: readonly MonitorCommand[] = [];
