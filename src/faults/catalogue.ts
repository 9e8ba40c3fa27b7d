/**
 * The faults as one typed table: names, parameters with units and defaults, what each does on which side, what Linux prints of it. Parser,
 * `--help` and docs/faults.md are made from it.
 */

/** What a parameter is: a time (kept as ns), a whole number, one of some words, a name. */
export type ParameterSpec = { readonly text: string } & (
  | { readonly kind: 'time' | 'number'; readonly fallback?: number | 'seed' }
  | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly fallback: string }
  | { readonly kind: 'name'; readonly fallback?: string }
);

/** One kind of fault. */
export interface FaultSpec {
  /** Whom it happens to: hardware, or Linux, which gets it as an input. */
  readonly side: 'hardware' | 'linux';
  readonly text: string;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** When it happens unless said otherwise. */
  readonly when: string;
  /** What Linux may print because of it. */
  readonly message?: string;
  /**
   * What it excuses of what the firmware then does. `nothing`: the rules of virtio, RPMsg and the messaging unit let firmware get over it; `hang`: what
   * does not come any more cannot be waited for; `all`: memory or blocks are not what they should be.
   */
  readonly excuses: 'nothing' | 'hang' | 'all';
  /** Findings of models that it provokes by itself. */
  readonly provokes?: RegExp;
  /** It waits for a doorbell of that direction (or for one that `from` lets through) and acts on it, or right after it. */
  readonly occasion?: 'doorbell' | 'ring';
}

const FROM: ParameterSpec = {
  kind: 'choice',
  choices: ['linux', 'core', 'any'],
  fallback: 'any',
  text: 'whose doorbells; only these are counted',
};
const time = (text: string, ns?: number): ParameterSpec => ({ kind: 'time', text, ...(ns === undefined ? {} : { fallback: ns }) });

/** Parameters that every fault has. */
export const COMMON_PARAMETERS = {
  count: { kind: 'number', fallback: 1, text: 'how often it happens; 0 is for ever' },
  every: { kind: 'number', fallback: 1, text: 'with count: of the events that it waits for, every how many' },
  period: { kind: 'time', fallback: 1e6, text: 'with count, and when it waits for a time: how long from one to the next' },
} as const satisfies Readonly<Record<string, ParameterSpec>>;

/** All faults by name. */
export const FAULTS = {
  'doorbell-drop': {
    side: 'hardware',
    text: 'a doorbell is lost: the sender finds its word taken, the other side never hears of it',
    parameters: {
      from: FROM,
      taken: {
        kind: 'choice',
        choices: ['yes', 'no'],
        fallback: 'yes',
        text: 'whether the sender believes that its word was taken; no: TE stays 0, and Linux waits for it in vain',
      },
    },
    when: 'doorbell#1',
    message: 'imx_rproc_kick: failed (1, err:-62)',
    excuses: 'hang',
    occasion: 'doorbell',
  },
  'doorbell-delay': {
    side: 'hardware',
    text: 'a doorbell arrives late; until then it counts as not taken',
    parameters: { from: FROM, by: time('how late', 1e6) },
    when: 'doorbell#1',
    message: 'imx_rproc_kick: failed (1, err:-62)',
    excuses: 'nothing',
    occasion: 'doorbell',
  },
  'doorbell-duplicate': {
    side: 'hardware',
    text: 'a doorbell arrives a second time, with nothing new behind it',
    parameters: { from: FROM, after: time('from the first to the second', 20e3) },
    when: 'doorbell#1',
    excuses: 'nothing',
    occasion: 'doorbell',
  },
  'doorbell-reorder': {
    side: 'hardware',
    text: 'a doorbell arrives behind the one that follows it',
    parameters: { from: FROM, within: time('it arrives by itself when none follows in that time', 1e6) },
    when: 'doorbell#1',
    excuses: 'nothing',
    occasion: 'doorbell',
  },
  'descriptor-corrupt': {
    side: 'hardware',
    text: 'a field of the newest entry of a vring changes in memory: of the descriptor, of the index of what Linux offers, of what the core gave back',
    parameters: {
      queue: { kind: 'choice', choices: ['tx', 'rx'], fallback: 'tx', text: 'tx carries messages to the core, rx to Linux' },
      field: {
        kind: 'choice',
        choices: ['addr', 'len', 'flags', 'next', 'idx', 'used-id', 'used-len', 'used-idx'],
        fallback: 'addr',
        text: 'addr to next of the descriptor, idx of the available ring; used-...: of the used ring',
      },
      value: { kind: 'number', fallback: 'seed', text: 'what is there then' },
    },
    when: 'doorbell#1',
    message: 'input:id 300 out of range',
    excuses: 'all',
    occasion: 'ring',
  },
  'descriptor-withhold': {
    side: 'hardware',
    text: 'the newest buffers that Linux offers do not reach the core for a while: the index of the available ring is behind',
    parameters: {
      queue: { kind: 'choice', choices: ['tx', 'rx'], fallback: 'tx', text: 'tx carries messages to the core, rx to Linux' },
      buffers: { kind: 'number', fallback: 1, text: 'rx: how many; 0: all that the core has not taken. tx: the newest' },
      for: time('then the core finds them, with a doorbell', 5e6),
    },
    when: 'doorbell#1',
    provokes: /avail\.idx is \d+ where Linux wrote/,
    excuses: 'nothing',
    occasion: 'ring',
  },
  'host-stall': {
    side: 'linux',
    text: 'Linux stops taking messages out of the rings (its worker is held up); it goes on sending',
    parameters: { for: time('how long', 50e6) },
    when: 'state=running',
    excuses: 'nothing',
  },
  'buffers-exhaust': {
    side: 'linux',
    text: 'somebody else in Linux holds all buffers for messages to the core',
    parameters: { for: time('how long; 0: for ever', 50e6) },
    when: 'state=running',
    message: 'timeout waiting for a tx buffer',
    excuses: 'nothing',
  },
  'linux-kill': {
    side: 'linux',
    text: 'Linux stops for good, in the middle of whatever it does; what it wrote to memory stays',
    parameters: {},
    when: 'state=running',
    excuses: 'hang',
  },
  'linux-pause': {
    side: 'linux',
    text: 'Linux stands still for a while, as under a debugger or in secure firmware',
    parameters: { for: time('how long', 20e6) },
    when: 'state=running',
    excuses: 'nothing',
  },
  'core-kill': {
    side: 'hardware',
    text: 'the core is put into reset and stays there; nobody is told',
    parameters: {},
    when: 'state=running',
    message: 'imx_rproc_kick: failed (1, err:-62)',
    excuses: 'hang',
  },
  'core-pause': {
    side: 'hardware',
    text: 'the core stands still for a while, with its interrupts pending; timers go on',
    parameters: { for: time('how long', 1e6) },
    when: 'state=running',
    message: 'imx_rproc_kick: failed (1, err:-62)',
    excuses: 'nothing',
  },
  'core-restart': {
    side: 'linux',
    text: 'Linux stops the core through remoteproc, and starts it again',
    parameters: { for: time('how long it stays stopped', 20e6) },
    when: 'state=running',
    message: 'stopped remote processor imx-rproc',
    provokes: /was dropped: Linux has no endpoint/,
    excuses: 'hang',
  },
  'driver-ok-late': {
    side: 'linux',
    text: 'the driver of the virtio device is ready (DRIVER_OK, first doorbell) later than the core expects',
    parameters: { by: time('how late', 200e6) },
    when: '0ns',
    excuses: 'nothing',
  },
  'table-address': {
    side: 'linux',
    text: 'the resource table has a wrong address for a vring; without a table: the tree has no room for the vrings',
    parameters: {
      vring: { kind: 'number', fallback: 0, text: '0 carries messages to Linux, 1 to the core' },
      offset: { kind: 'number', fallback: 0x1_0000, text: 'what is added to the address' },
      where: {
        kind: 'choice',
        choices: ['file', 'loaded'],
        fallback: 'file',
        text: 'file: Linux reads the wrong address; loaded: it tells the core a wrong one',
      },
    },
    when: '0ns',
    message: "doesn't fit da request",
    excuses: 'all',
  },
  'ram-bit-flip': {
    side: 'hardware',
    text: 'a bit of memory changes',
    parameters: {
      symbol: { kind: 'name', text: 'in this variable or function' },
      address: { kind: 'number', text: 'at this address of the core (default: anywhere in the data of the firmware)' },
      bit: { kind: 'number', fallback: 'seed', text: '0 to 7, in a byte of it that the seed decides, or in that at address' },
    },
    when: 'state=running',
    excuses: 'all',
  },
  'clock-gate': {
    side: 'hardware',
    text: 'the clock of a block is switched off: what it counts or shifts stands still',
    parameters: {
      block: { kind: 'name', fallback: 'console', text: 'a UART, GPT or the like; console is the UART of the core' },
      for: time('how long; 0: for ever', 0),
    },
    when: 'state=running',
    excuses: 'all',
  },
  'bus-error': {
    side: 'hardware',
    text: "a block answers the core's accesses with a bus error, as one does that is not powered",
    parameters: {
      block: { kind: 'name', fallback: 'console', text: 'a block, or a side of a messaging unit (MU1_B)' },
      for: time('how long; 0: for ever', 0),
    },
    when: 'state=running',
    excuses: 'all',
  },
  suspend: {
    side: 'linux',
    text: 'Linux goes to sleep, and something wakes it again; the core goes on',
    parameters: {
      state: {
        kind: 'choice',
        choices: ['mem', 'freeze'],
        fallback: 'mem',
        text: 'deep sleep, or to idle, from which a doorbell wakes it',
      },
      for: time('from going to sleep to the wakeup', 50e6),
    },
    when: 'state=running',
    message: 'PM: suspend entry (deep)',
    excuses: 'nothing',
  },
  'uart-framing': {
    side: 'hardware',
    text: 'a character with a framing error arrives',
    parameters: {
      block: { kind: 'name', fallback: 'console', text: 'the UART' },
      byte: { kind: 'number', fallback: 'seed', text: 'the character' },
    },
    when: 'state=running',
    excuses: 'nothing',
  },
  'uart-overrun': {
    side: 'hardware',
    text: 'characters arrive faster than they are taken, and some are lost',
    parameters: {
      block: { kind: 'name', fallback: 'console', text: 'the UART' },
      characters: { kind: 'number', fallback: 48, text: 'how many; the FIFO holds 32' },
    },
    when: 'state=running',
    excuses: 'nothing',
  },
  overheat: {
    side: 'hardware',
    text: 'the silicon gets hot, as its thermal monitor (TMU) measures it',
    parameters: {
      celsius: { kind: 'number', fallback: 100, text: 'how hot' },
      for: time('how long; 0: for ever', 0),
    },
    when: 'state=running',
    // Firmware may well shut down.
    excuses: 'all',
  },
} as const satisfies Readonly<Record<string, FaultSpec>>;

/** Name of a fault. */
export type FaultName = keyof typeof FAULTS;

/** The row of a fault, with the common type. */
export function faultSpec(name: FaultName): FaultSpec {
  return FAULTS[name];
}

/** All names, in the order of the table. */
export const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

/** The parameters of a fault, its own before those that all have. */
export function parametersOf(name: FaultName): Readonly<Record<string, ParameterSpec>> {
  return { ...FAULTS[name].parameters, ...COMMON_PARAMETERS };
}
