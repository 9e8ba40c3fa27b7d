/**
 * A client of the view that says what no page would: texts that are no JSON, calls that are none, calls of every method with parameters of every wrong
 * kind, calls that make sense at a moment when they do not. Seeded, so that what it finds can be had again.
 */
import { PARAMETERS } from '../../src/view/checks.ts';
import type { ClientHandle, ViewHub } from '../../src/view/hub.ts';
import type { Method } from '../../src/view/protocol.ts';
import { RPC, readCall } from '../../src/view/rpc.ts';

export type Random = (below: number) => number;

/** xorshift32 */
export function randomOf(seed: number): Random {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const METHODS = Object.keys(PARAMETERS) as Method[];
/** Methods that only look, and take no more than a look's time. */
const LOOKING: readonly Method[] = METHODS.filter((method) => !/^(control|stoppers\.(add|remove)|consoles\.(input|resize))|\.(culprit|write|setRegister)$/.test(method)); // biome-ignore format: one thing
/** Values as they stand in JSON; some are no JSON. */
const VALUES = [
  '0', '1', '-1', '2', '4', '0.5', '1e9', '1e308', '1e999', '-1e999', '4294967295', '4294967296', '9007199254740993', '-0', 'NaN', 'Infinity', 'undefined', 'null', 'true', 'false',
  '""', '"m7"', '"m7\\u0000"', '"linux"', '"a53"', '"main"', '"virtio0"', '"uart4"', '"shell"', '"ttyRPMSG30"', '"MU1"', '"write"', '"instruction"', '"held"', '"__proto__"', '"constructor"',
  '"../../etc/passwd"', '"main.c:1"', '"*"', '"AAAA"', '"AAA"', '"====\\n"', '"\\ud800"', '[]', '["mu"]', '["mu","vring","interrupt","thread"]', '["nothing"]', '[1]', '[[[[[[[[[[]]]]]]]]]]', '{}',
  '{"__proto__":{"length":1}}', '{"constructor":{"prototype":{"x":1}}}', '{"toString":1}', '536870912', '1073741824', '805306368', '3758157056',
]; // biome-ignore format: a table
/** Parameters with which a method does something. */
const SENSE: Partial<Readonly<Record<Method, readonly string[]>>> = {
  subscribe: ['{"overview":true,"consoles":true}', '{"events":["mu","message","interrupt","thread"],"rate":1}', '{"events":[]}'],
  'events.history': ['{"limit":3}', '{"after":5,"limit":1,"types":["vring"]}'],
  'control.step': ['{"what":"instruction"}', '{"what":"line"}', '{"what":"over"}', '{"what":"out"}', '{"what":"back"}', '{"what":"back-line"}'],
  'control.goTo': ['{"cycle":0}', '{"cycle":1000000}', '{"cycle":8e6}', '{"cycle":1e15}'],
  'control.pace': ['{"pace":1}'],
  'control.linuxWhileHalted': ['{"mode":"runs"}', '{"mode":"held"}'],
  'stoppers.add': ['{"at":"main"}', '{"at":"rpmsg_poll"}', '{"at":536870912,"size":4,"access":"access"}', '{"at":1073741824,"size":1048576}', '{"at":4294967295}'],
  'stoppers.remove': ['{"id":1}', '{"id":2}', '{"id":3}'],
  'cpu.registers': ['{}', '{"core":"m7"}'],
  'cpu.setRegister': ['{"register":"r0","value":-1}', '{"register":"pc","value":3}', '{"register":"sp","value":1}', '{"register":"xpsr","value":4294967295}'],
  'cpu.disassemble': ['{"count":4}', '{"count":8,"before":8,"address":3}', '{"count":2,"address":4294967295}'],
  'cpu.stack': ['{"locals":true}', '{"thread":0}', '{"thread":4294967295}'],
  'symbols.search': ['{"text":"rp","limit":3}', '{"text":""}'],
  'symbols.value': ['{"name":"main"}', '{"name":"stats"}', '{"name":"a[0].b->c"}'],
  'source.read': ['{"file":"main.c"}', '{"file":"/etc/passwd"}'],
  'memory.read': ['{"view":"m7","address":0,"length":64}', '{"view":"linux","address":1073741824,"length":65536}', '{"view":"m7","address":4294967295,"length":16}'],
  'memory.write': ['{"view":"m7","address":0,"bytes":"AAAA"}', '{"view":"linux","address":1431306240,"bytes":"/////w=="}', '{"view":"m7","address":4294967295,"bytes":"AAAA"}'],
  'memory.search': ['{"view":"m7","pattern":"AAAA","limit":2}', '{"view":"m7","pattern":"","from":4294967295}'],
  'peripherals.registers': ['{"name":"UART4"}', '{"name":"MU1_B"}', '{"name":"CCM"}'],
  'vrings.inspect': ['{"device":"virtio0","queue":0}', '{"device":"virtio0","queue":65535}'],
  'vrings.culprit': ['{"device":"virtio0","queue":0,"violation":0}'],
  'consoles.history': ['{"device":"linux"}', '{"device":"__proto__"}'],
  'consoles.input': ['{"device":"shell","data":"DQ=="}', '{"device":"uart4","data":"AAAA"}', '{"device":"ttyRPMSG30","data":"aGVsbG8K"}', '{"device":"shell","data":"AwQ="}'],
  'consoles.resize': ['{"device":"shell","columns":2,"rows":1000}'],
}; // biome-ignore format: a table

const any = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

/** Parameters by the names that a method has, with values of any kind, and now and then one that it has not. */
function parameters(random: Random, method: Method): string {
  const names = [...Object.keys(PARAMETERS[method]), any(random, ['__proto__', 'x', 'core', 'length', 'id'])];
  const given = names.filter(() => random(4) !== 0).map((name) => `"${name}":${random(6) === 0 ? random(2 ** 32) : any(random, VALUES)}`);
  return `{${given.join(',')}}`;
}

/** A call of a method, as JSON text if its values are; `id` is what is answered. */
function call(random: Random, id: number, methods: readonly Method[]): string {
  const method = any(random, methods);
  const sense = SENSE[method];
  const params = sense && random(2) === 0 ? any(random, sense) : parameters(random, method);
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`;
}

/** Damages a text at a few places. */
function damaged(random: Random, text: string): string {
  let out = text;
  for (let times = 1 + random(3); times > 0; times--) {
    const at = random(out.length + 1);
    const gone = random(3);
    out = out.slice(0, at) + any(random, ['', '"', '{', '}', '[', ']', ',', ':', '\\', '\0', '\u2028', '\ud800', '1', 'e', '-', 'null', '\n']) + out.slice(at + gone); // biome-ignore format: one thing
  }
  return out;
}

/** A text of a hostile client; `looking`: it does what it can to break the server, but nothing to the machine. */
export function hostileText(random: Random, id: number, looking: boolean): string {
  for (;;) {
    const text = anyText(random, id, looking ? LOOKING : METHODS);
    if (!looking) return text;
    const received = readCall(text);
    if ('error' in received || LOOKING.includes(received.call.method)) return text;
  }
}

function anyText(random: Random, id: number, sensible: readonly Method[]): string {
  const text = call(random, id, random(16) === 0 ? sensible : METHODS);
  switch (random(16)) {
    case 0:
      return text.slice(0, random(text.length));
    case 1:
      return text.replace('"2.0"', any(random, ['2.0', '"1.0"', '"2.00"', 'null', '[]']));
    case 2:
      return text.replace(
        /"id":\d+/,
        `"id":${any(random, ['null', '{}', '[1]', 'true', '1e999', `"${'x'.repeat(129)}"`, '""', '"__proto__"'])}`,
      );
    case 3:
      return text.replace(/"method":"[^"]*"/, `"method":${any(random, ['"__proto__"', '"constructor"', '"hasOwnProperty"', '"toString"', '""', '1', 'null', '["subscribe"]', `"${'m'.repeat(500)}"`])}`); // biome-ignore format: one thing
    case 4:
      return text.replace(/"params":.*/, `"params":${any(random, ['[]', 'null', '1', '"x"', '[1,2]', 'true'])}}`);
    case 5:
      return `[${text},${text}]`;
    case 6:
      return random(2) === 0 ? any(random, VALUES) : String.fromCharCode(...Array.from({ length: random(60) }, () => random(0x1_0000)));
    case 7:
      return random(20) === 0 ? `${text.slice(0, -1)},"x":"${'y'.repeat(140_000)}"}` : '['.repeat(random(2000)) + ']'.repeat(random(2000));
    case 8:
      return text.replace('{"jsonrpc"', `{"__proto__":{"method":"control.pause"},"id":${random(5)},"jsonrpc"`);
    case 9:
    case 10:
    case 11:
      return damaged(random, text);
    default:
      // Many a method takes anything, and answers with much.
      return random(3) === 0 ? text : damaged(random, text);
  }
}

const CODES: ReadonlySet<unknown> = new Set(Object.values(RPC));

/** A client that checks every word of the server's. */
export class HostileClient {
  gone = false;
  answers = 0;
  /** Codes of the errors that it was answered with. */
  readonly errors = new Set<number>();
  /** What the server said that it should not have said. */
  readonly trouble: string[] = [];
  /** How many answers are to come, by the ids of their calls. */
  private readonly open = new Map<number | string, number>();
  private readonly handle: ClientHandle;

  constructor(hub: ViewHub) {
    const handle = hub.connect({ send: (text) => this.heard(text), buffered: () => 0, close: () => this.end() });
    if (!handle) throw new Error('the hub takes no more clients');
    this.handle = handle;
  }

  say(text: string): void {
    const received = readCall(text);
    const id = 'call' in received ? received.call.id : received.id;
    if (id !== undefined && id !== null) this.open.set(id, (this.open.get(id) ?? 0) + 1);
    this.handle.receive(text);
  }

  /** Ids of calls that have no answer yet. */
  get waiting(): readonly (number | string)[] {
    return [...this.open.keys()];
  }

  private end(): void {
    this.gone = true;
    // Who is shown the door has no answers to expect.
    this.open.clear();
  }

  private answered(id: number | string): boolean {
    const left = this.open.get(id);
    if (left === undefined) return false;
    if (left === 1) this.open.delete(id);
    else this.open.set(id, left - 1);
    return true;
  }

  leave(): void {
    this.open.clear();
    this.handle.closed();
  }

  private heard(text: string): void {
    const message = JSON.parse(text) as Record<string, unknown>;
    const { jsonrpc, id, method, params, error } = message;
    const wrong = (why: string): void => void this.trouble.push(`${why}: ${text.slice(0, 300)}`);
    if (jsonrpc !== '2.0') wrong('not JSON-RPC');
    if (typeof method === 'string') {
      if (id !== undefined || params === undefined) wrong('no notification');
      return;
    }
    this.answers++;
    if ('result' in message === 'error' in message) wrong('neither a result nor an error, or both');
    if (id !== null && !this.answered(id as number)) wrong('an answer to nobody');
    if (error === undefined) return;
    const { code, message: why } = error as { code: number; message: unknown };
    if (!CODES.has(code) || code === RPC.internal || typeof why !== 'string' || why === '') wrong('no error that a client could use');
    this.errors.add(code);
  }
}
