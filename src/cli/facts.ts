/**
 * What several commands say of themselves: the version, and the ports on which others find them. Without imports that take time.
 */
import { readFileSync } from 'node:fs';

/** Port of `--gdb` unless one is given: OpenOCD's, which editors expect. */
export const GDB_PORT = 3333;
/** Port of `--view` unless one is given. */
export const VIEW_PORT = 8420;

/** Of imx-sim. */
export function version(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
