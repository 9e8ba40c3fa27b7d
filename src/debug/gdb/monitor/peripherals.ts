/** Stub. */
import type { MonitorCommand } from '../monitor.ts';

export const PERIPHERAL_COMMANDS: readonly MonitorCommand[] = [];
