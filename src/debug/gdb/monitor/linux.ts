/** Stub. */
import type { MonitorCommand } from '../monitor.ts';

export const LINUX_COMMANDS: readonly MonitorCommand[] = [];
