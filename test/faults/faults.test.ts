/** Each fault by its name: what it says that it does, what becomes of a firmware, and what Linux prints where the modelled kernel has something to say. */
import { describe, expect, it } from 'vitest';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { FAULT_NAMES } from '../../src/faults/catalogue.ts';
import { type Outcome, run } from './run.ts';

interface Case {
  readonly plan: string;
  /** What the first injection says. */
  readonly does: RegExp;
  /** Lines that come: of Linux or of the firmware. */
  readonly lines?: readonly RegExp[];
  /** Lines that do not come. */
  readonly never?: readonly RegExp[];
  /** What models find of it. */
  readonly findings?: readonly RegExp[];
  /** How the run ends; the fourth message unless said otherwise. */
  readonly stop?: Outcome['stop'];
  readonly firmware?: string;
  readonly until?: RegExp;
  readonly ms?: number;
  readonly check?: (outcome: Outcome) => void;
}

const FOURTH = /incoming msg 4 /;
const KICK_FAILED = /imx-rproc imx8mp-cm7: imx_rproc_kick: failed \(\d, err:-62\)$/;

const events = ({ events: all }: Outcome, side: 'A' | 'B', action: string) =>
  all.filter((event) => event.type === 'mu' && event.side === side && event.action === action).length;

/** USR1.FRAMERR of UART4, as a debugger sees it. */
function framingError({ machine }: Outcome): number {
  const uart = machine.peripherals.find(({ name }) => name === 'UART4')!.uart!;
  return (uart.device.get('USR1') >>> 10) & 1;
}

const CASES: readonly Case[] = [
  {
    plan: 'doorbell-drop@doorbell#3',
    does: /^word 0x00010000 of Linux on MU1 channel 1 is lost$/,
    lines: [FOURTH],
    stop: 'until',
    // The next doorbell brings what this one announced.
    check: (outcome) => expect(events(outcome, 'A', 'transmit')).toBeGreaterThan(events(outcome, 'B', 'receive')),
  },
  {
    plan: 'doorbell-drop:taken=no',
    does: /is lost, and never counts as taken$/,
    lines: [KICK_FAILED],
    stop: 'deadlock',
  },
  { plan: 'doorbell-delay:from=core', does: /^word 0x00000000 of m7 on MU1 channel 1 arrives 1ms later$/, lines: [FOURTH] },
  {
    plan: 'doorbell-delay:from=linux,by=150ms@doorbell#2',
    does: /arrives 150ms later$/,
    lines: [KICK_FAILED, FOURTH],
    findings: [/MU1_A: written while TE is 0/],
  },
  {
    plan: 'doorbell-duplicate:from=linux,count=4',
    does: /^word 0x00000000 of Linux on MU1 channel 1 arrives again after 20us$/,
    lines: [FOURTH],
    check: (outcome) => expect(events(outcome, 'B', 'receive')).toBe(events(outcome, 'A', 'transmit') + 4),
  },
  {
    plan: 'doorbell-reorder:from=linux@doorbell#2',
    does: /arrives behind the next one$/,
    lines: [FOURTH],
    check: ({ events: all }) => {
      const words = all.flatMap((event) => (event.type === 'mu' && event.side === 'B' && event.action === 'receive' ? [event.value] : []));
      const sent = all.flatMap((event) => (event.type === 'mu' && event.side === 'A' && event.action === 'transmit' ? [event.value] : []));
      expect(words.slice(0, 3)).toEqual([sent[0], sent[2], sent[1]]);
    },
  },
  {
    plan: 'descriptor-corrupt:value=0x1000@doorbell#2',
    does: /^addr of descriptor \d+ of the tx queue was 0x55420\w+ and is 0x1000$/,
    stop: 'deadlock',
    never: [FOURTH],
  },
  {
    plan: 'descriptor-corrupt:queue=rx,field=used-id,value=300',
    does: /^id of the newest used element of the rx queue was 0x0 and is 0x12c$/,
    lines: [/virtio_rpmsg_bus virtio0: input:id 300 out of range$/],
    findings: [/names descriptor 300; the ring has 256/],
    stop: 'deadlock',
  },
  {
    plan: 'descriptor-corrupt:queue=rx,field=used-len,value=600',
    does: /^len of the newest used element of the rx queue was 0x38 and is 0x258$/,
    lines: [/virtio_rpmsg_bus virtio0: inbound msg too big: \(600, 40\)$/],
    findings: [/says 600 bytes were written/],
    stop: 'deadlock',
  },
  {
    plan: 'descriptor-corrupt:queue=rx,field=used-idx,value=400',
    does: /idx of the used ring/,
    findings: [/used\.idx moved from 0 to 400/],
  },
  { plan: 'descriptor-corrupt:field=idx,value=9@doorbell#3', does: /^idx of the available ring .* is 0x9$/, stop: 'until' },
  { plan: 'descriptor-corrupt:field=len,value=4@doorbell#2', does: /^len of descriptor/, stop: 'deadlock', never: [FOURTH] },
  { plan: 'descriptor-corrupt:field=flags,value=3@doorbell#2', does: /^flags of descriptor/ },
  { plan: 'descriptor-corrupt:field=next,value=7@doorbell#2', does: /^next of descriptor/, stop: 'until' },
  {
    plan: 'descriptor-withhold:for=30ms@doorbell#2',
    does: /^1 buffers of the tx queue do not reach the core for 30ms$/,
    lines: [FOURTH],
    check: ({ ms }) => expect(ms).toBeGreaterThan(45),
  },
  {
    plan: 'descriptor-withhold:queue=rx,buffers=0,for=30ms',
    does: /^25\d buffers of the rx queue do not reach the core for 30ms$/,
    lines: [FOURTH],
    check: ({ ms }) => expect(ms).toBeGreaterThan(45),
  },
  {
    plan: 'host-stall:for=60ms@20ms',
    does: /^Linux takes nothing out of the rings for 60ms$/,
    lines: [FOURTH],
    check: ({ ms, events: all }) => {
      expect(ms).toBeGreaterThan(80);
      const quiet = all.filter(({ type, cycle }) => type === 'message' && cycle > 21e-3 * 8e8 && cycle < 80e-3 * 8e8);
      expect(quiet).toEqual([]);
    },
  },
  {
    plan: 'buffers-exhaust:for=0@20ms',
    does: /^Linux has no buffers for messages to the core for good$/,
    lines: [/rpmsg_client_sample \S+: timeout waiting for a tx buffer$/, /rpmsg_send failed: -512$/],
    stop: 'deadlock',
    ms: 16_000,
  },
  { plan: 'buffers-exhaust:for=30ms@20ms', does: /for 30ms$/, lines: [FOURTH], check: ({ ms }) => expect(ms).toBeGreaterThan(50) },
  {
    plan: 'linux-kill@20ms',
    does: /^Linux stands still for good$/,
    stop: 'deadlock',
    check: ({ events: all }) => expect(all.filter(({ type, cycle }) => type === 'dmesg' && cycle > 20e-3 * 8e8)).toEqual([]),
  },
  {
    plan: 'linux-pause:for=30ms@20ms',
    does: /^Linux stands still for 30ms$/,
    lines: [FOURTH],
    check: ({ ms }) => expect(ms).toBeGreaterThan(50),
  },
  { plan: 'core-kill@linux=/rpmsg host is online/', does: /^m7 is in reset for good$/, stop: 'deadlock', never: [/incoming msg/] },
  { plan: 'core-kill@14ms', does: /^m7 is in reset for good$/, lines: [KICK_FAILED], stop: 'deadlock' },
  { plan: 'core-pause:for=150ms@14ms', does: /^m7 stands still for 150ms$/, lines: [KICK_FAILED, FOURTH] },
  {
    plan: 'core-restart:for=10ms@message#5',
    does: /^Linux stops m7, and starts it again after 10ms$/,
    lines: [/stopped remote processor imx-rproc$/, FOURTH],
    check: ({ events: all }) => {
      const core = all.flatMap((event) => (event.type === 'core' ? [event.state] : []));
      expect(core).toEqual(['started', 'stopped', 'started']);
    },
  },
  {
    // What was on its way when Linux took the channel away comes to nobody.
    plan: 'core-restart:for=1ms@message#200',
    firmware: 'imx8mp_lost_doorbell',
    until: /all channels done/,
    does: /^Linux stops m7/,
    lines: [/virtio_rpmsg_bus virtio0: msg received with no recipient$/],
  },
  {
    plan: 'driver-ok-late:by=120ms',
    does: /^the driver of the virtio device will be ready 120ms later$/,
    lines: [/rpmsg host is online$/, FOURTH],
    check: ({ ms }) => expect(ms).toBeGreaterThan(135),
  },
  {
    plan: 'table-address:offset=0x100000',
    firmware: 'imx8mp_echo',
    does: /^the address of vring 0 is wrong by 0x100000, as Linux reads it$/,
    lines: [
      /remoteproc remoteproc0: Registered carveout doesn't fit (da|len) request$/,
      /rproc-virtio.*probe.*failed|probe of rproc-virtio/,
    ],
    stop: 'deadlock',
  },
  {
    plan: 'table-address:where=loaded,vring=1',
    does: /^the address of vring 1 is wrong by 0x10000, as Linux tells it to the core$/,
    never: [/incoming msg/],
    stop: 'deadlock',
  },
  {
    plan: 'ram-bit-flip:symbol=endpoints,bit=2@20ms',
    does: /^bit 2 of 0x2000\w+ \(endpoints(\+0x\d)?\) is [01] now$/,
    never: [FOURTH],
    stop: 'limit',
    ms: 120,
  },
  { plan: 'ram-bit-flip:address=0x20000000,bit=0@20ms', does: /^bit 0 of 0x20000000 \(.*\) is [01] now$/, stop: 'until' },
  { plan: 'clock-gate@17ms', does: /^UART4 has no clock for good$/, stop: 'deadlock', never: [FOURTH] },
  {
    plan: 'clock-gate:for=20ms@17ms',
    does: /^UART4 has no clock for 20ms$/,
    lines: [FOURTH],
    check: ({ ms }) => expect(ms).toBeGreaterThan(50),
  },
  {
    plan: 'bus-error@17ms',
    does: /^UART4 answers the core with bus errors for good$/,
    stop: 'limit',
    ms: 40,
    never: [FOURTH],
    check: ({ machine }) => {
      expect(machine.core.stuckLoop()?.inFault).toBe(true);
      expect(machine.core.faults()[0]?.causes.map(({ name }) => name)).toContain('PRECISERR');
      expect(machine.core.faults()[0]?.fault?.text).toContain('UART4');
    },
  },
  {
    plan: 'overheat:celsius=95,for=10ms@20ms',
    does: /^the silicon is at 95 degrees Celsius for 10ms$/,
    lines: [FOURTH],
    check: ({ machine }) => expect(machine.peripherals.find(({ tmu }) => tmu)?.tmu?.temperature()).toBe(35),
  },
  {
    plan: 'suspend:for=40ms@20ms',
    does: /^Linux goes to sleep \(mem\) for 40ms$/,
    lines: [/PM: suspend entry \(deep\)$/, /PM: suspend exit$/, FOURTH],
    check: ({ ms }) => expect(ms).toBeGreaterThan(60),
  },
  {
    plan: 'suspend:for=1us@20ms,suspend:for=1us@24ms',
    does: /^Linux goes to sleep \(mem\) for 1us$/,
    until: /incoming msg 9 /,
    // The second waits for the end of the first; both are woken before they sleep.
    check: ({ lines }) => expect(lines.filter((line) => /PM: suspend (entry|exit)/.test(line))).toHaveLength(4),
  },
  { plan: 'suspend:state=freeze,for=40ms@linux=/incoming msg 1 /', does: /\(freeze\)/, lines: [/PM: suspend entry \(s2idle\)$/, FOURTH] },
  {
    plan: 'uart-framing:byte=0x41@20ms',
    firmware: 'imx8mp_hello',
    does: /^UART4 gets 0x41 with a framing error$/,
    stop: 'deadlock',
    check: (outcome) => expect(framingError(outcome)).toBe(1),
  },
  {
    plan: 'uart-overrun@30ms,core-pause:for=20ms@30ms',
    firmware: 'imx8mp_hello',
    does: /^UART4 gets 48 characters and cannot make the sender wait$/,
    stop: 'deadlock',
    // What came behind the 32 characters of the FIFO, while the core stood still, is lost.
    check: ({ printed }) =>
      expect(printed.replace(/[\s\S]*hello world\.\s*/, '').replace(/\W/g, '')).toBe('ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF'),
  },
];

describe('faults', () => {
  it.each(CASES)(
    '$plan',
    ({ plan, does, lines = [], never = [], findings = [], stop = 'until', check, firmware, until = FOURTH, ms = 320 }) => {
      const outcome = run(firmware ?? 'imx8mp_rpmsg', [plan], { until, ms, seed: 4 });
      expect(outcome.faults.injections[0]?.text, outcome.lines.slice(-3).join('\n')).toMatch(does);
      for (const each of lines)
        expect(
          outcome.lines.filter((line) => each.test(line)),
          String(each),
        ).not.toEqual([]);
      for (const each of never)
        expect(
          outcome.lines.filter((line) => each.test(line)),
          String(each),
        ).toEqual([]);
      for (const each of findings)
        expect(
          outcome.findings.filter((text) => each.test(text)),
          String(each),
        ).not.toEqual([]);
      expect(outcome.stop).toBe(stop);
      check?.(outcome);
    },
  );

  it('are all here', () => {
    const names = new Set(CASES.map(({ plan }) => plan.split(/[:@]/, 1)[0]!));
    expect([...names].sort()).toEqual([...FAULT_NAMES].sort());
  });
});

describe('a run without faults', () => {
  it('has the trace that it always had: the machinery for faults leaves none', () => {
    const [one, other] = [run('imx8mp_rpmsg', [], { until: FOURTH }), run('imx8mp_rpmsg', ['core-kill@5s'], { until: FOURTH })];
    expect(one.stop).toBe('until');
    expect(other.trace).toBe(one.trace);
  });
});

describe('engines', () => {
  it.each([
    'core-pause:count=3@symbol=rpmsg_poll',
    'bus-error:for=2ms@17ms',
    'ram-bit-flip@random:17ms..30ms,descriptor-withhold@doorbell#2',
  ])('agree on %s, to the cycle', (plan) => {
    const options = { ms: 32, until: /never/, seed: 3 };
    const [one, other] = [
      run('imx8mp_rpmsg', [plan], options),
      run('imx8mp_rpmsg', [plan], { ...options, machine: { engine: jitFactory } }),
    ];
    expect(other.faults.injections).toEqual(one.faults.injections);
    expect(one.faults.injections.length).toBeGreaterThan(1);
    expect(other.trace).toBe(one.trace);
  });
});

describe('a seed', () => {
  it('decides what is left open, the same each time', () => {
    const plan = ['core-pause@random:20ms..60ms', 'ram-bit-flip@random'];
    const outcomes = [1, 1, 2].map((seed) => run('imx8mp_rpmsg', plan, { seed, ms: 110, until: /never/ }));
    expect(outcomes[1]!.faults.plan).toEqual(outcomes[0]!.faults.plan);
    expect(outcomes[1]!.trace).toBe(outcomes[0]!.trace);
    expect(outcomes[2]!.faults.plan).not.toEqual(outcomes[0]!.faults.plan);
    expect(outcomes[2]!.trace).not.toBe(outcomes[0]!.trace);
  });
});
