/**
 * Exploring: what a plan is, what counts as a failure, how small it gets, whoever runs the trials; and the three firmwares with a bug each in images/,
 * beside one without.
 */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { explore, GENERAL_FAULTS } from '../../src/faults/explore.ts';
import { generatePlan, parseTemplates } from '../../src/faults/generate.ts';
import { parseFault, parseFaults } from '../../src/faults/grammar.ts';
import { judge } from '../../src/faults/judge.ts';
import { Random } from '../../src/faults/random.ts';
import { shrinkPlan } from '../../src/faults/shrink.ts';
import { runTrial, type TrialOptions, type TrialResult } from '../../src/faults/trial.ts';
import { parseDeviceInput } from '../../src/session/input.ts';
import { encodeRun, replayOptions } from '../../src/session/recorded-run.ts';
import { chooseTarget } from '../../src/session/target.ts';
import { parseLineCondition } from '../../src/session/until.ts';
import { decodeRecording } from '../../src/snapshot/recording.ts';
import { image } from './run.ts';

const SOUND: TrialResult = {
  status: 0,
  reason: 'until',
  ns: 40e6,
  trace: 'a',
  report: [],
  findings: ['UART4 UTXD: written while the transmitter is off: the byte is lost'],
  kernelErrors: ['bus: 12 things failed'],
  doorbells: 60,
  messages: 40,
  from: 15e6,
  to: 39e6,
  traffic: { '6869': { tx: 20, rx: 20 } },
  injections: [],
  place: 'mu_wait',
};
const HUNG: TrialResult = { ...SOUND, status: 4, reason: 'deadlock', report: ['nothing can happen any more'] };

describe('a plan', () => {
  const templates = parseTemplates(GENERAL_FAULTS);

  it('is a function of its seed, explicit, and about the traffic', () => {
    const plans = Array.from({ length: 200 }, (_, seed) => generatePlan(templates, seed, 3, SOUND));
    expect(plans).toEqual(Array.from({ length: 200 }, (_, seed) => generatePlan(templates, seed, 3, SOUND)));
    const faults = plans.flatMap((plan) => plan.map(parseFault));
    expect(new Set(faults.map(({ name }) => name)).size).toBe(templates.length);
    expect(faults.filter(({ when }) => when.kind === 'random')).toEqual([]);
    expect(plans.every(({ length }) => length >= 1 && length <= 3)).toBe(true);
    for (const { when } of faults) {
      if (when.kind === 'doorbell') expect(when.number).toBeLessThanOrEqual(60);
      if (when.kind === 'message') expect(when.number).toBeLessThanOrEqual(40);
      if (when.kind === 'time') expect(when.ns).toBeLessThanOrEqual(40e6);
    }
  });

  it('leaves alone what was said', () => {
    const fixed = parseTemplates('core-pause:for=3ms@doorbell#7,doorbell-delay:from=core');
    for (let seed = 0; seed < 40; seed++) {
      for (const fault of generatePlan(fixed, seed, 2, SOUND).map(parseFault)) {
        if (fault.name === 'core-pause') expect(fault).toMatchObject({ parameters: { for: 3e6 }, when: { kind: 'doorbell', number: 7 } });
        else expect(fault).toMatchObject({ name: 'doorbell-delay', parameters: { from: 'core' } });
      }
    }
  });
});

describe('a run', () => {
  const cases: readonly (readonly [string, Partial<TrialResult>, string | undefined])[] = [
    ['core-pause', { status: 4, reason: 'deadlock' }, 'hang'],
    ['core-pause', { status: 4, reason: 'timeout' }, 'hang'],
    ['doorbell-drop', { status: 4, reason: 'deadlock' }, undefined],
    ['linux-kill', { status: 1, reason: 'crashed', report: ['lockup'] }, 'crash'],
    ['bus-error', { status: 1, reason: 'fault', report: ['a fault'] }, undefined],
    ['suspend', { status: 1, reason: 'fault', report: ['a fault'] }, 'crash'],
    ['suspend', { findings: ['MU1_B TR1: written while TE is 0'] }, 'guest-error'],
    ['suspend', { findings: SOUND.findings }, undefined],
    ['suspend', { findings: ['Linux rpmsg: virtio0 input: used.idx went back from 9 to 3'] }, 'ring'],
    [
      'descriptor-withhold',
      { findings: ['Linux rpmsg: virtio0 output: avail.idx is 4 where Linux wrote 5: the core wrote to'] },
      undefined,
    ],
    ['host-stall', { findings: ['Linux rpmsg: virtio0 output: avail.idx is 4 where Linux wrote 5: the core wrote to'] }, 'ring'],
    ['buffers-exhaust', { findings: ['Linux rpmsg: /dev/ttyRPMSG30: 3 of 8 bytes of input are lost: the write failed'] }, undefined],
    ['core-pause', { traffic: { '6869': { tx: 20, rx: 22 } } }, 'message'],
    ['core-pause', { traffic: { '6869': { tx: 20, rx: 8 } } }, 'message'],
    ['core-pause', { traffic: { '6869': { tx: 20, rx: 19 } } }, undefined],
    ['core-restart', { traffic: { '6869': { tx: 20, rx: 8 } } }, undefined],
    ['core-pause', { kernelErrors: ['kick: failed'] }, undefined],
  ];
  it.each(cases)('with %s and %j', (plan, change, kind) => {
    expect(judge(SOUND, { ...SOUND, ...change }, [plan])?.kind).toBe(kind);
  });

  it('fails of what is named, and of nothing else', () => {
    const result = { ...HUNG, kernelErrors: ['bus: 13 things failed', 'kick: failed'] };
    expect(judge(SOUND, result, ['doorbell-drop'], ['stuck'])?.kind).toBe('stuck');
    expect(judge(SOUND, result, ['core-pause'], ['kernel-error'])).toMatchObject({ kind: 'kernel-error', text: 'kick: failed' });
    expect(judge(SOUND, result, ['core-pause'], ['crash'])).toBeUndefined();
  });
});

/** A firmware that hangs when its core stands still for 80 us or more at 20 ms or later. */
function pausesBadly(plan: readonly string[]): TrialResult {
  const bad = plan
    .flatMap((each) => parseFaults(each))
    .some(({ name, parameters, when }) => {
      const late = when.kind === 'time' ? when.ns >= 20e6 : when.kind === 'doorbell' ? when.number >= 9 : false;
      return name === 'core-pause' && Number(parameters['for']) >= 80e3 && late;
    });
  return bad ? HUNG : SOUND;
}

describe('shrinking', () => {
  it.each([
    [['suspend@3ms', 'core-pause:for=10ms,count=3@27123us', 'doorbell-delay@doorbell#3'], ['core-pause:for=100us@20ms']],
    [['core-pause:for=1ms@doorbell#47'], ['core-pause:for=100us@doorbell#9']],
    [['core-pause:for=85us@20ms'], ['core-pause:for=85us@20ms']],
  ])('%j to %j', async (plan, expected) => {
    const shrunk = await shrinkPlan(plan, async (candidate) => pausesBadly(candidate).reason === 'deadlock');
    expect(shrunk.plan).toEqual(expected);
    expect(shrunk.runs).toBeLessThan(60);
  });
});

describe('exploring', () => {
  const options = { faults: `${GENERAL_FAULTS},doorbell-drop`, seeds: 60 };

  it('gives the same whoever runs the trials, in whichever order they end', async () => {
    const random = new Random(9);
    const [first, second] = await Promise.all([
      explore({ ...options, trial: async (plan) => pausesBadly(plan) }),
      explore({
        ...options,
        trial: async (plan) => {
          for (let turns = random.below(20); turns > 0; turns--) await Promise.resolve();
          return pausesBadly(plan);
        },
      }),
    ]);
    expect(second).toEqual(first);
    expect(first.found.map(({ kind, plan }) => [kind, plan.length])).toEqual([['hang', 1]]);
    expect(first.found[0]!.seeds.length).toBeGreaterThan(1);
    expect(pausesBadly(first.found[0]!.plan).reason).toBe('deadlock');
  });

  it('refuses a firmware that fails without faults', async () => {
    const trial = async () => ({ ...SOUND, status: 1, reason: 'crashed', report: ['firmware failed: m7: lockup'] });
    await expect(explore({ ...options, trial })).rejects.toThrow('the run without faults fails already: firmware failed: m7: lockup');
  });
});

function trialOf(name: string, until: string, send: readonly string[] = []): TrialOptions {
  const firmware = image(name);
  return {
    firmware,
    target: chooseTarget(firmware, {}),
    engine: interpreterFactory,
    hostMemory: 64 * 2 ** 20,
    until: parseLineCondition(until),
    timeout: 1e9,
    send: send.map(parseDeviceInput),
  };
}

describe('a firmware with a bug', () => {
  // Seeds that find it, so that a test takes no longer than it must; all are found by seeds up to 64.
  it.each([
    ['imx8mp_lost_doorbell', 'all channels done', 7, 1, 'hang', /^both sides wait for ever$/],
    ['imx8mp_leak', '500 messages answered', 344, 1, 'hang', /^the line that ends the run does not come$/],
    ['imx8mp_stop_race', 'ttyRPMSG30=beat 100', 2, 1, 'guest-error', /^MU1_B TR1: written while TE is 0/],
  ] as const)('%s is found out, with one fault', async (name, until, firstSeed, seeds, kind, text) => {
    const options = trialOf(name, until);
    const { baseline, found } = await explore({ firstSeed, seeds, trial: (plan, seed) => runTrial(options, plan, seed) });
    expect(baseline.reason).toBe('until');
    expect(found).toHaveLength(1);
    const [failure] = found;
    expect(failure).toMatchObject({ kind, text: expect.stringMatching(text) });
    expect(failure!.plan).toHaveLength(1);
    expect(failure!.seeds).toEqual([failure!.seed]);
    if (name === 'imx8mp_leak') expect(failure!.result.report.join('\n')).toContain('waits for a TX buffer of virtio0');

    // Its recording has all that it takes to run it again, elsewhere.
    const { plan, seed, result } = failure!;
    const end = { cycle: 1, reason: result.reason, status: result.status, trace: result.trace };
    const parts = await decodeRecording(await encodeRun({ ...options, faults: plan, seed }, end));
    const again = await runTrial(replayOptions(parts, 'it', interpreterFactory), parts.faults!, parts.seed!);
    expect(again).toMatchObject({ status: parts.end!.status, reason: parts.end!.reason, trace: parts.end!.trace });
  });

  it('is not imx8mp_echo: it survives what can be survived', async () => {
    const options = trialOf('imx8mp_echo', 'ttyRPMSG30=third', ['ttyRPMSG30=first\\n', 'ttyRPMSG30=second\\n', 'ttyRPMSG30=third\\n']);
    const { found, baseline } = await explore({ seeds: 6, trial: (plan, seed) => runTrial(options, plan, seed) });
    expect(baseline.reason).toBe('until');
    expect(found).toEqual([]);
  });
});
