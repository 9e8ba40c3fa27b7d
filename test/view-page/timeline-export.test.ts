/** Exports: a Chrome trace that Perfetto accepts, CSV, names of files. */
import { describe, expect, it } from 'vitest';
import { EventLog } from '../../view/src/panes/timeline/event-log.ts';
import { csvOf, fileName } from '../../view/src/panes/timeline/export-text.ts';
import { chromeTrace, type TraceEvent } from '../../view/src/panes/timeline/export-trace.ts';
import { HZ, makeRun, Script } from './timeline-run.ts';

function traceOf(events: ReturnType<typeof makeRun>, only?: (index: number) => boolean): readonly TraceEvent[] {
  const log = new EventLog();
  for (const event of events) log.append(event);
  const ids = Array.from({ length: log.length }, (_, index) => index).filter((index) => only?.(index) ?? true);
  const trace = chromeTrace(log, ids, { hz: HZ, about: { firmware: 'a.elf' }, linuxSide: () => 'A' });
  expect(trace).toMatchObject({ displayTimeUnit: 'ns', otherData: { firmware: 'a.elf' } });
  return trace.traceEvents;
}

/** What every viewer takes for granted. */
function check(events: readonly TraceEvent[]): void {
  const stacks = new Map<string, { name: string; ts: number }[]>();
  for (const event of events) {
    if (typeof event.ph !== 'string' || !Number.isFinite(event.ts) || !Number.isInteger(event.pid) || !Number.isInteger(event.tid)) {
      throw new Error(`incomplete: ${JSON.stringify(event)}`);
    }
    const key = `${event.pid}/${event.tid}`;
    const stack = stacks.get(key) ?? [];
    stacks.set(key, stack);
    if (event.ph === 'B') {
      expect(event.ts).toBeGreaterThanOrEqual(stack.at(-1)?.ts ?? 0);
      stack.push(event);
    } else if (event.ph === 'E') {
      const begin = stack.pop();
      expect(begin?.name).toBe(event.name);
      expect(event.ts).toBeGreaterThanOrEqual(begin!.ts);
    } else if (event.ph === 'X') expect(event.dur).toBeGreaterThan(0);
  }
  for (const [key, stack] of stacks) expect(stack, key).toEqual([]);
  const flows = new Map<number, string>();
  const order: TraceEvent[] = events.filter(({ ph }) => ph === 's' || ph === 't' || ph === 'f');
  for (const flow of order) flows.set(flow.id!, (flows.get(flow.id!) ?? '') + flow.ph);
  for (const [id, phases] of flows) expect(phases, `flow ${id}`).toMatch(/^st*f$/);
  // A flow holds on to the stretch that is there at its time.
  const slices = new Set(events.filter(({ ph }) => ph === 'X').map(({ pid, tid, ts }) => `${pid}/${tid}/${ts}`));
  for (const { pid, tid, ts } of order) expect(slices.has(`${pid}/${tid}/${ts}`)).toBe(true);
  const named = new Set(events.filter(({ name }) => name === 'thread_name').map(({ pid, tid }) => `${pid}/${tid}`));
  for (const { ph, pid, tid } of events) if (ph !== 'M') expect(named.has(`${pid}/${tid}`)).toBe(true);
}

describe('Chrome trace', () => {
  it('is complete, nested and paired, with all events in it', () => {
    const run = makeRun(3000);
    const events = traceOf(run);
    check(events);
    const count = (ph: string): number => events.filter((event) => event.ph === ph).length;
    expect(count('X')).toBe(run.filter(({ type }) => type === 'mu' || type === 'message').length);
    expect(count('i')).toBe(run.filter(({ type }) => ['console', 'dmesg', 'vring', 'fault', 'finding'].includes(type)).length);
    expect(count('B')).toBe(
      run.filter((event) => event.type === 'thread' || event.type === 'core' || (event.type === 'interrupt' && event.phase === 'enter'))
        .length,
    );
    expect(count('s')).toBeGreaterThan(run.filter(({ type }) => type === 'message').length * 0.85);
    const processes = events.filter(({ name }) => name === 'process_name').map(({ args }) => args?.['name']);
    expect(processes.sort()).toEqual(['Consoles of cores', 'Linux', 'MU1', 'm7', 'virtio0']);
    const counter = events.findLast(({ ph, name }) => ph === 'C' && name === 'virtio0 vring0 indices');
    expect(counter?.args).toEqual({
      avail: run.filter((event) => event.type === 'vring' && event.queue === 0 && event.action === 'avail').length,
      used: run.filter((event) => event.type === 'vring' && event.queue === 0 && event.action === 'used').length,
    });
    const first = run.find(({ type }) => type === 'message')!;
    expect(events.find(({ cat }) => cat === 'message')!.ts).toBeCloseTo((first.cycle / HZ) * 1e6, 6);
  });

  it('stays so when events are missing, cut off, or left out by a filter', () => {
    check(traceOf(makeRun(3000, [20, 60])));
    check(traceOf(makeRun(3000).slice(37, 1500)));
    for (const divisor of [2, 3, 5]) check(traceOf(makeRun(2000), (index) => index % divisor !== 0));
    check(traceOf([]));
    const gaps = traceOf(makeRun(3000, [20, 60])).filter(({ cat }) => cat === 'gap');
    expect(gaps.map(({ args }) => args?.['count'])).toEqual([1020, 1060]);
  });

  it('ends what a crash ended', () => {
    const script = new Script();
    script.put({ type: 'core', core: 'm7', state: 'started', detail: '' });
    script.put({ type: 'interrupt', core: 'm7', phase: 'enter', number: 3, name: 'HardFault' }, 80);
    script.put({ type: 'core', core: 'm7', state: 'crashed', detail: 'lockup' }, 80);
    script.dmesg('remoteproc: crash detected', 3, 8000);
    const events = traceOf(script.events);
    check(events);
    expect(events.find(({ ph, name }) => ph === 'E' && name === 'HardFault')!.ts).toBeCloseTo(0.2);
  });
});

describe('CSV', () => {
  it('has a line for each event, quoted where it must be, and no formulas', () => {
    const script = new Script();
    script.toCore(0x400, 0x1e, 'a,"b"\n');
    script.line('=HYPERLINK("x")').line('-1+2');
    const csv = csvOf(script.events, HZ);
    const lines = csv.split('\r\n');
    expect(lines[0]).toBe('seq,cycle,nanoseconds,type,lane,action,channel,queue,buffer,src,dst,length,value,text,data');
    expect(lines[1]).toBe('0,0,0,vring,virtio0 vring1,avail,,1,0,,,22,,,');
    expect(csv).toContain('message,virtio0 tx,tx,,,,1024,30,6,,"a,""b""\n",612c2262220a\r\n');
    expect(csv).toContain('uart4,,,,,,,,,"\'=HYPERLINK(""x"")",');
    expect(csv).toContain(",'-1+2,");
    expect(lines.at(-1)).toBe('');
  });
});

describe('names of files', () => {
  it('say firmware and time, and are names everywhere', () => {
    expect(fileName('ping pong/../x.elf', 1_612_807_208, 2 * HZ, HZ, 'trace.json')).toBe('ping-pong-..-x_2.016009s-2.000000s.trace.json');
    expect(fileName(undefined, -5, HZ, HZ, 'csv')).toBe('imx-sim_0.000000s-1.000000s.csv');
    expect(fileName('***', 0, 0, HZ, 'png')).toBe('imx-sim_0.000000s-0.000000s.png');
  });
});
