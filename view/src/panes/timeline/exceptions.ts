/** What is connected to the cores' interrupts: events have the architecture's name (`IRQ 97`), people know the block (`MU1`). */
import type { ExceptionRow, ViewEvent } from '../../../../src/view/protocol.ts';

const sources = new Map<string, string>();

/** From now on, interrupts of this core have the names of their sources too. */
export function setSources(core: string, rows: readonly Pick<ExceptionRow, 'number' | 'source'>[]): void {
  for (const { number, source } of rows) if (source !== undefined) sources.set(`${core}/${number}`, source);
}

/** `MU1 (IRQ 97)`, or `SysTick`. */
export function exceptionName(event: Extract<ViewEvent, { type: 'interrupt' }>): string {
  const source = sources.get(`${event.core}/${event.number}`);
  return source === undefined ? event.name : `${source} (${event.name})`;
}
