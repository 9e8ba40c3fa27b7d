/** Findings are told once and counted, and there is a limit to how many different ones there can be. */
import { describe, expect, it } from 'vitest';
import { type Diagnostic, Diagnostics, MOST_FINDINGS } from '../src/diagnostics.ts';

function collector() {
  const first: Diagnostic[] = [];
  let now = 0;
  const diagnostics = new Diagnostics({ now: () => now++, pc: () => 0x100 });
  diagnostics.onFirst = (diagnostic) => first.push(diagnostic);
  return { diagnostics, first };
}

describe('diagnostics', () => {
  it('tell a finding once, with its place, and count it', () => {
    const { diagnostics, first } = collector();
    for (let i = 0; i < 3; i++) {
      diagnostics.guestError('UART4', 'UCR1', 'a');
      diagnostics.unimplemented('UART4', 'UCR1', 'a');
    }
    expect(first).toHaveLength(2);
    expect(diagnostics.all.map(({ kind, count, pc }) => ({ kind, count, pc }))).toEqual([
      { kind: 'guest-error', count: 3, pc: 0x100 },
      { kind: 'unimplemented', count: 3, pc: 0x100 },
    ]);
  });

  it('stay bounded when the guest chooses the texts: what is beyond is counted together, and said once', () => {
    const { diagnostics, first } = collector();
    for (let i = 0; i < MOST_FINDINGS + 500; i++) diagnostics.guestError('Linux', 'rpmsg', `name ${i}`);
    expect(diagnostics.all).toHaveLength(MOST_FINDINGS + 1);
    expect(diagnostics.all.at(-1)).toMatchObject({
      kind: 'guest-error',
      block: 'imx-sim',
      text: `more than ${MOST_FINDINGS} different findings; the others are counted here`,
      count: 500,
    });
    expect(first).toHaveLength(MOST_FINDINGS + 1);
    diagnostics.guestError('Linux', 'rpmsg', 'name 7');
    expect(diagnostics.all[7]!.count).toBe(2);
  });
});
