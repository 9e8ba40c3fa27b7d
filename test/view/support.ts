/** A view without a machine, and clients that note what they hear. */
import type { MachineEvent } from '../../src/events.ts';
import type { Transport } from '../../src/view/connection.ts';
import { ViewHub, type ViewSource } from '../../src/view/hub.ts';
import type {
  ConsoleView,
  MachineState,
  Method,
  Methods,
  Notification,
  Notifications,
  Overview,
  StopperView,
} from '../../src/view/protocol.ts';
import { Recorder } from '../../src/view/recorder.ts';

export const HZ = 800e6;

/** What a source answers in tests: by method, what was asked last. */
export class FakeSource implements ViewSource {
  readonly info = { version: '0', mode: 'live' as const, title: 'a test' };
  readonly recorder = new Recorder(HZ);
  readonly names = { exception: (number: number) => `exception ${number}`, thread: (id: number) => `thread ${id}` };
  readonly asked: { readonly method: string; readonly params: unknown }[] = [];
  readonly attendances: boolean[] = [];
  watched = 0;
  cycle = 0;
  overviews = 0;
  reply: (method: Method, params: unknown) => unknown = () => null;

  state(): Omit<MachineState, 'speed' | 'clients'> {
    return { cycle: this.cycle, seconds: this.cycle / HZ, running: true, linuxWhileHalted: 'held', pace: 0 };
  }

  overview(): Overview {
    this.overviews++;
    return { cycle: this.cycle, cores: [], mus: [], carveOuts: [], vrings: [], peripherals: [], messages: { tx: 0, rx: 0 }, findings: [] };
  }

  consoles(): readonly ConsoleView[] {
    return [];
  }

  stoppers(): readonly StopperView[] {
    return [];
  }

  answer<M extends Method>(method: M, params: Methods[M]['params']): Methods[M]['result'] {
    this.asked.push({ method, params });
    return this.reply(method, params) as Methods[M]['result'];
  }

  watch(types: number): void {
    this.watched = types;
  }

  attended(there: boolean): void {
    this.attendances.push(there);
  }

  /** Events of the machine. */
  emit(...events: readonly MachineEvent[]): void {
    for (const event of events) {
      this.cycle = event.cycle;
      this.recorder.add(event);
    }
  }

  /** Text of a console, a byte each cycle. */
  print(device: string, text: string): void {
    for (const byte of new TextEncoder().encode(text)) this.emit({ type: 'console', cycle: this.cycle + 1, device, byte });
  }
}

type Message = {
  readonly id?: number | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
};

/** A hub with a host whose time the test gives. */
export class FakeHost {
  readonly source = new FakeSource();
  readonly failures: unknown[] = [];
  now = 1000;
  readonly hub = new ViewHub(this.source, { now: () => this.now, internal: (error) => void this.failures.push(error) });

  client(): FakeClient {
    return new FakeClient(this.hub);
  }

  /** Time passes, with a turn of the hub. */
  tick(ms = 20): void {
    this.now += ms;
    this.hub.tick();
  }
}

export class FakeClient implements Transport {
  readonly messages: Message[] = [];
  /** Bytes that its socket has not sent. */
  unsent = 0;
  bytes = 0;
  closed = false;
  readonly handle: { receive(text: string): void; closed(): void } | undefined;
  private lastId = 0;

  constructor(hub: ViewHub) {
    this.handle = hub.connect(this);
  }

  send(text: string): void {
    this.bytes += text.length;
    this.messages.push(JSON.parse(text) as Message);
  }

  buffered(): number {
    return this.unsent;
  }

  close(): void {
    this.closed = true;
  }

  /** Sends a frame as it is; what came of it. */
  frame(text: string): Message[] {
    const before = this.messages.length;
    this.handle!.receive(text);
    return this.messages.slice(before);
  }

  /** Calls a method; the answer, if it came at once. */
  call<M extends Method>(
    method: M,
    params: Methods[M]['params'] | Record<string, never>,
  ): Message & { readonly result?: Methods[M]['result'] } {
    const id = ++this.lastId;
    const answer = this.frame(JSON.stringify({ jsonrpc: '2.0', id, method, params })).find((message) => message.id === id);
    return (answer ?? {}) as Message & { readonly result?: Methods[M]['result'] };
  }

  /** Notifications of a kind so far. */
  heard<N extends Notification>(method: N): Notifications[N][] {
    return this.messages.filter((message) => message.method === method).map(({ params }) => params as Notifications[N]);
  }

  /** Numbers of all events that it was told of. */
  get seqs(): number[] {
    return this.heard('events').flatMap(({ events }) => events.map(({ seq }) => seq));
  }

  get dropped(): number {
    return this.heard('events').reduce((sum, { dropped }) => sum + dropped, 0);
  }
}

/** A doorbell. */
export function doorbell(cycle: number): MachineEvent {
  return { type: 'mu', cycle, mu: 'MU1', side: 'A', action: 'transmit', channel: 1, value: 0x10000 };
}
