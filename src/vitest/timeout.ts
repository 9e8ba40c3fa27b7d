/**
 * vitest's own time limit counts the host's time, and five seconds are little for a boot on a loaded machine. A test of firmware ends by virtual
 * time, so the limit is only there for endless loops of the test's own; it is raised unless the project has set one.
 */
import { vi } from 'vitest';

/** vitest's default, in ms. */
const DEFAULT_MS = 5_000;
/** In ms of the host's time. */
const FIRMWARE_TIMEOUT_MS = 60_000;

/** What the project has set; undefined when this version of vitest does not tell. */
function configured(): number | undefined {
  const worker = (globalThis as { __vitest_worker__?: { config?: { testTimeout?: number } } }).__vitest_worker__;
  return worker?.config?.testTimeout;
}

/** Raises the limit of tests that are declared in this file from now on. */
export function raiseTimeout(): void {
  if ((configured() ?? DEFAULT_MS) === DEFAULT_MS) vi.setConfig({ testTimeout: FIRMWARE_TIMEOUT_MS, hookTimeout: FIRMWARE_TIMEOUT_MS });
}
