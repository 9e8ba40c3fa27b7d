/**
 * The hardware of every SoC as data and back, with all its registers written to and its timers at work.
 */
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/machine.ts';
import { loadHardware, saveHardware } from '../../src/snapshot/hardware-state.ts';
import { SOCS } from '../../src/soc/index.ts';
import { baseIn } from '../../src/soc/soc.ts';

describe.each(SOCS.map((soc) => [soc.name, soc] as const))('%s', (_name, soc) => {
  it('is the same after its state was loaded into another machine', () => {
    const [first, second] = [new Machine({ soc, linux: false }), new Machine({ soc, linux: false })];
    const core = soc.cores[0]!.name;
    let state = 7;
    for (const spec of soc.peripherals) {
      if (spec.views && !spec.views.includes(core)) continue;
      for (let n = 0; n < 40; n++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        first.view(core).write(baseIn(spec, core) + (((state >>> 8) % 0x140) & ~3), state, 4);
      }
    }
    const saved = saveHardware(first);
    loadHardware(second, saved);
    expect(saveHardware(second)).toEqual(saved);
    first.dispose();
    second.dispose();
  });
});
