/** The page's hash: what it says, and where links and the rail lead. */
import { describe, expect, test } from 'vitest';
import { formatRoute, open, parseRoute, type Route, widen } from '../../view/src/route.ts';

const PANES = ['system', 'timeline', 'vrings', 'consoles', 'cpu', 'memory', 'peripherals', 'tables'];
const at = (...panes: string[]): Route => ({ panes: panes.map((pane) => ({ pane, detail: {} })), focus: 0 });

describe('hash', () => {
  test('begins with the system, whatever stands in it', () => {
    for (const hash of ['', '#', '#/', '#/nowhere', '#nonsense?a=b;c', '#/%E0%A4%A'])
      expect(parseRoute(hash, PANES)).toEqual({ panes: [{ pane: 'system', detail: {} }], focus: 0 });
  });

  test('has a pane and what of it is meant', () => {
    expect(parseRoute('#/vrings?device=virtio0&queue=1', PANES).panes).toEqual([
      { pane: 'vrings', detail: { device: 'virtio0', queue: '1' } },
    ]);
  });

  test('has at most two panes, each once', () => {
    expect(parseRoute('#/cpu;/memory?address=16;/tables', PANES).panes.map(({ pane }) => pane)).toEqual(['cpu', 'memory']);
    expect(parseRoute('#/cpu;/cpu?address=1', PANES).panes).toEqual([{ pane: 'cpu', detail: {} }]);
  });

  test('what is written is read again, with every character', () => {
    const route: Route = {
      panes: [
        { pane: 'timeline', detail: { search: 'a;b/c?d&e=f #ü', cycle: '12' } },
        { pane: 'cpu', detail: {} },
      ],
      focus: 0,
    };
    expect(parseRoute(formatRoute(route), PANES)).toEqual(route);
  });
});

describe('opening', () => {
  const cpu = { pane: 'cpu', detail: { address: '4096' } };

  test('with room for one, a link replaces what is shown', () => {
    expect(open(at('system'), cpu, 'link', true)).toEqual({ panes: [cpu], focus: 0 });
  });

  test('a link takes the other side, so that what one came from stays', () => {
    expect(open(at('system', 'timeline'), cpu, 'link', false)).toEqual({ panes: [{ pane: 'system', detail: {} }, cpu], focus: 1 });
    expect(open({ ...at('system', 'timeline'), focus: 1 }, cpu, 'link', false)).toEqual({
      panes: [cpu, { pane: 'timeline', detail: {} }],
      focus: 0,
    });
  });

  test('the rail replaces the side with the focus', () => {
    expect(open({ ...at('system', 'timeline'), focus: 1 }, { pane: 'tables', detail: {} }, 'rail', false)).toEqual({
      ...at('system', 'tables'),
      focus: 1,
    });
  });

  test('a pane that is there is not moved; the rail leaves what of it is shown, a link says it anew', () => {
    const route: Route = {
      panes: [
        { pane: 'cpu', detail: { address: '1' } },
        { pane: 'system', detail: {} },
      ],
      focus: 1,
    };
    expect(open(route, { pane: 'cpu', detail: {} }, 'rail', false)).toEqual({ ...route, focus: 0 });
    expect(open(route, cpu, 'link', false).panes[0]).toEqual(cpu);
  });

  test('a wide page has two panes, never the same twice', () => {
    for (const pane of PANES) {
      const { panes } = widen(at(pane));
      expect(panes).toHaveLength(2);
      expect(panes[1]!.pane).not.toBe(pane);
    }
    expect(widen(at('cpu', 'system'))).toEqual(at('cpu', 'system'));
  });
});
