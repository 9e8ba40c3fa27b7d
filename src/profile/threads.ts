/** The threads of a firmware: which one is current, what each is called and where its stack is. Zephyr, FreeRTOS, or none. */
import { FreeRtosThreads } from './freertos.ts';
import type { FirmwareView, ThreadSource } from './thread-reader.ts';
import { ZephyrThreads } from './zephyr.ts';

/** The system that the firmware was built with; undefined when it has none that is known. */
export function findThreads(view: FirmwareView): ThreadSource | undefined {
  const has = (name: string): boolean => view.symbols.some((symbol) => symbol.name === name);
  if (has('_kernel') && (has('z_main_thread') || has('z_main_stack'))) return new ZephyrThreads(view);
  if (has('pxCurrentTCB') || has('pxCurrentTCBs')) return new FreeRtosThreads(view);
  return undefined;
}
