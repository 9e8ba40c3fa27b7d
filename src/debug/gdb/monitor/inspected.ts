/** The machine as the view's methods look at it: monitor commands show the same facts, as text. */
import type { InspectContext } from '../../../view/inspect/context.ts';
import type { GdbTarget } from '../target.ts';

/** The context of those methods. */
export function inspected({ machine, debugger: api }: GdbTarget): InspectContext {
  return { machine, debugger: api, readSource: async () => undefined };
}
