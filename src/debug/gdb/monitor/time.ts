/** Stub. */
import type { MonitorCommand } from '../monitor.ts';

export const TIME_COMMANDS: readonly MonitorCommand[] = [];
