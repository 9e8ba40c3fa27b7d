/**
 * The view's server without its transport: clients come with a way to send to them and hand in what they say; the host gives it turns (`tick`).
 *
 * JSON-RPC 2.0 in both directions (protocol.ts). What a client says is not trusted: it is checked before it is looked at, limited in rate, size and
 * number, and answered with an error, never with an exception. What can be asked of a run, or of a trace, is the business of a `ViewSource`.
 */
import { ImxSimError, ViewError } from '../errors.ts';
import { toBase64 } from './base64.ts';
import { Connection, MOST_PENDING, maskOf, type Transport } from './connection.ts';
import { type EventNames, eventText, eventView } from './event-views.ts';
import {
  type ConsoleView,
  type MachineState,
  type Method,
  type Methods,
  type Notification,
  type Notifications,
  type Overview,
  PROTOCOL_VERSION,
  type RpcError,
  type StopperView,
} from './protocol.ts';
import type { Recorder } from './recorder.ts';
import { type Call, errorText, notificationText, RPC, readCall, resultText } from './rpc.ts';

/** Clients at a time. */
export const MOST_CLIENTS = 64;
/** Milliseconds of the host's time between two notifications of the kind. */
const INTERVAL = { state: 100, overview: 100, consoles: 500 };
/** Looks at the machine may take this part of the host's time. */
const OVERVIEW_SHARE = 0.05;
/** Longest time between two looks, in ms. */
const LONGEST_PAUSE = 500;
/** Milliseconds over which the speed is measured. */
const SPEED_MS = 500;
/** Milliseconds that nobody may be there before the run is left to itself. */
const GRACE_MS = 10_000;
/** Events that are as much work as a call. */
const EVENTS_OF_A_CALL = 500;
/** Events of an answer unless the client says how many. */
const USUAL_HISTORY = 1000;

/** What the hub answers by itself. */
type HubMethod = 'subscribe' | 'events.history' | 'consoles.history' | 'consoles.list' | 'system.state' | 'system.overview';

/** What a source answers. */
export type SourceMethod = Exclude<Method, HubMethod>;

/** What is viewed: a run, or what is left of one. */
export interface ViewSource {
  readonly info: Omit<Notifications['hello'], 'protocol'>;
  readonly recorder: Recorder;
  readonly names: EventNames;
  state(): Omit<MachineState, 'speed' | 'clients'>;
  /** Undefined where there is no machine. */
  overview(): Overview | Promise<Overview> | undefined;
  consoles(): readonly ConsoleView[];
  stoppers(): readonly StopperView[];
  /** Answers a call whose parameters were checked. @throws {ImxSimError} */
  answer<M extends SourceMethod>(method: M, params: Methods[M]['params']): Methods[M]['result'] | Promise<Methods[M]['result']>;
  /** Somebody has come, or all have gone, and for longer than it takes to load a page again. */
  attended(there: boolean): void;
  /** Types of events, as bits, that somebody wants from now on: some are watched for only then. */
  watch(types: number): void;
}

/** What the hub needs of its surroundings. */
export interface HubHost {
  /** The host's time in ms. */
  now(): number;
  /** A bug of ours: an answer failed with something else than an `ImxSimError`. */
  internal?(error: unknown, method: Method): void;
}

/** A client, as its transport holds it. */
export interface ClientHandle {
  /** A text frame from it. */
  receive(text: string): void;
  /** It is gone. */
  closed(): void;
}

export class ViewHub {
  readonly source: ViewSource;
  private readonly host: HubHost;
  private readonly clients = new Set<Connection>();
  /** Somebody is there, or was until lately; since when nobody is. */
  private attended = false;
  private aloneSince: number | undefined;
  private count = 0;
  /** When each kind of notification was sent last, in ms. */
  private readonly sent = { state: Number.NEGATIVE_INFINITY, overview: Number.NEGATIVE_INFINITY, consoles: Number.NEGATIVE_INFINITY };
  private overviewCycle = -1;
  private overviewCost = 0;
  private overviewBusy = false;
  private overviewFailed = false;
  private stale = true;
  private speed = 0;
  private measured: { readonly at: number; readonly seconds: number } | undefined;
  /** The list of stoppers as it was told last; undefined when it has changed since. */
  private stoppers: string | undefined;
  /** Hears from when to when `tick` is needed: while there are clients, and for a while after. */
  onActive: (active: boolean) => void = () => {};

  constructor(source: ViewSource, host: HubHost) {
    this.source = source;
    this.host = host;
  }

  /** Number of clients. */
  get connected(): number {
    return this.clients.size;
  }

  /** A client is there; undefined when there are too many. */
  connect(transport: Transport): ClientHandle | undefined {
    if (this.clients.size >= MOST_CLIENTS) return undefined;
    const { source, host } = this;
    const client = new Connection(`view ${++this.count}`, transport, source.recorder, host.now());
    this.clients.add(client);
    this.aloneSince = undefined;
    if (!this.attended) {
      this.attended = true;
      source.attended(true);
      this.onActive(true);
    }
    client.notify('hello', { protocol: PROTOCOL_VERSION, ...source.info });
    client.sendLatest('state', notificationText('state', this.state()));
    this.stoppers = notificationText('stoppers', source.stoppers());
    client.sendLatest('stoppers', this.stoppers);
    return {
      receive: (text) => this.receive(client, text),
      closed: () => this.left(client),
    };
  }

  /** The run is over: everybody is told, and the connections end. */
  close(text: string): void {
    this.tick();
    this.broadcast('bye', { text });
    for (const client of [...this.clients]) {
      client.close();
      this.left(client);
    }
  }

  /** Tells all clients something; one that has left too much lying is let go, as nothing is kept for it. */
  broadcast<N extends Notification>(method: N, params: Notifications[N]): void {
    if (this.clients.size === 0) return;
    const text = notificationText(method, params);
    for (const client of this.clients) {
      client.send(text);
      if (!client.tooSlow) continue;
      client.close();
      this.left(client);
    }
  }

  /** The machine stands still or goes on, or somebody has changed something in it: clients hear of that at once, and of what led there before. */
  changed(): void {
    this.stale = true;
    if (this.clients.size === 0) return;
    this.flush();
    this.sendStoppers();
    this.sendState();
  }

  /** A break- or watchpoint has come, gone or been hit: clients hear of all such changes of a turn at once. */
  stoppersChanged(): void {
    this.stoppers = undefined;
  }

  /** Events from `seq` on, beyond `cycle`, belong to a future that was forgotten. */
  forgotten(seq: number, cycle: number): void {
    for (const client of this.clients) client.forget(seq);
    this.broadcast('forgotten', { seq, cycle });
  }

  /** To be called about sixty times a second from `onActive(true)` to `onActive(false)`, between slices of the run. */
  tick(): void {
    const now = this.host.now();
    if (this.aloneSince !== undefined && now - this.aloneSince >= GRACE_MS) this.abandon();
    if (this.clients.size === 0) return;
    this.measureSpeed(now);
    this.flush();
    this.sendStoppers();
    if (now - this.sent.state >= INTERVAL.state) this.sendState();
    if (now - this.sent.consoles >= INTERVAL.consoles) this.sendConsoles(now);
    // The first look of all loads code and debug information, which says nothing about the next.
    const pause = Math.min(Math.max(INTERVAL.overview, this.overviewCost / OVERVIEW_SHARE), LONGEST_PAUSE);
    if (now - this.sent.overview >= pause) this.sendOverview(now);
  }

  private abandon(): void {
    this.aloneSince = undefined;
    this.attended = false;
    this.source.attended(false);
    this.onActive(false);
  }

  private flush(): void {
    const { recorder, names } = this.source;
    const now = this.host.now();
    const texts = new Map<number, string>();
    const textOf = (seq: number): string => {
      let text = texts.get(seq);
      if (text === undefined) {
        text = eventText(recorder.log.at(seq), recorder, names);
        texts.set(seq, text);
      }
      return text;
    };
    for (const client of this.clients) client.flush(textOf, now);
  }

  /** Those who read too slowly get the list that there is once they read again. */
  private sendStoppers(): void {
    this.stoppers ??= notificationText('stoppers', this.source.stoppers());
    for (const client of this.clients) client.sendLatest('stoppers', this.stoppers);
  }

  private state(): MachineState {
    const state = this.source.state();
    return { ...state, speed: state.running ? this.speed : 0, clients: this.clients.size };
  }

  private measureSpeed(now: number): void {
    const { seconds } = this.source.state();
    const { measured } = this;
    if (measured && now - measured.at < SPEED_MS) return;
    // Back in its past, the machine has no speed.
    if (measured) this.speed = Math.max(0, ((seconds - measured.seconds) * 1000) / (now - measured.at));
    this.measured = { at: now, seconds };
  }

  private sendState(): void {
    this.sent.state = this.host.now();
    const text = notificationText('state', this.state());
    for (const client of this.clients) client.sendLatest('state', text);
  }

  private sendConsoles(now: number): void {
    this.sent.consoles = now;
    const text = notificationText('consoles', this.source.consoles());
    for (const client of this.clients) client.sendLatest('consoles', text);
  }

  private sendOverview(now: number): void {
    const wanting = [...this.clients].filter(({ overview, slow }) => overview && !slow);
    const { cycle } = this.source.state();
    if (wanting.length === 0 || this.overviewBusy || (cycle === this.overviewCycle && !this.stale)) return;
    this.sent.overview = now;
    this.overviewCycle = cycle;
    this.stale = false;
    this.overviewBusy = true;
    const tell = (overview: Overview | undefined): void => {
      this.overviewBusy = false;
      this.overviewCost = this.host.now() - now;
      this.overviewFailed = false;
      if (!overview) return;
      const text = notificationText('overview', overview);
      for (const client of wanting) if (this.clients.has(client)) client.send(text);
    };
    const failed = (error: unknown): void => {
      this.overviewBusy = false;
      // Ten times a second the same would help nobody.
      if (!this.overviewFailed) this.host.internal?.(error, 'system.overview');
      this.overviewFailed = true;
    };
    try {
      const overview = this.source.overview();
      if (overview instanceof Promise) overview.then(tell, failed);
      else tell(overview);
    } catch (error) {
      failed(error);
    }
  }

  private left(client: Connection): void {
    client.end();
    if (!this.clients.delete(client)) return;
    this.watch();
    if (this.clients.size === 0) this.aloneSince = this.host.now();
  }

  private watch(): void {
    let types = 0;
    for (const client of this.clients) types |= client.types;
    this.source.watch(types);
  }

  private receive(client: Connection, text: string): void {
    if (!this.clients.has(client)) return;
    const { host } = this;
    if (client.calls.available(host.now()) < 1 || client.tooSlow) {
      // Whoever goes on like that is no client.
      const why = client.tooSlow ? 'this client reads too slowly' : 'too many calls';
      client.send(errorText(null, { code: RPC.busy, message: why }));
      client.close();
      this.left(client);
      return;
    }
    client.calls.take(1);
    const received = readCall(text);
    if ('error' in received) {
      if (received.id !== undefined) client.send(errorText(received.id, received.error));
      return;
    }
    this.call(client, received.call);
  }

  private call(client: Connection, call: Call): void {
    const { id } = call;
    const reply = (result: unknown): void => {
      if (id !== undefined) client.send(resultText(id, result));
    };
    const fail = (error: unknown): void => {
      if (id !== undefined) client.send(errorText(id, this.errorOf(error, call.method)));
    };
    if (client.pending >= MOST_PENDING) {
      fail(new ViewError('E_VIEW_BUSY', `${MOST_PENDING} calls of this client wait for their answers`, 'wait for some of them'));
      return;
    }
    try {
      const result = this.answer(client, call);
      if (!(result instanceof Promise)) {
        reply(result);
        return;
      }
      client.pending++;
      void result.then(reply, fail).finally(() => client.pending--);
    } catch (error) {
      fail(error);
    }
  }

  private answer(client: Connection, call: Call): unknown {
    switch (call.method) {
      case 'subscribe': {
        const seq = client.subscribe(call.params, this.host.now());
        this.watch();
        this.stale = true;
        return { seq };
      }
      case 'events.history':
        // So many of them are not the work of one call.
        client.calls.take((call.params.limit ?? USUAL_HISTORY) / EVENTS_OF_A_CALL);
        return this.history(call.params);
      case 'consoles.list':
        return this.source.consoles();
      case 'consoles.history':
        return this.output(client, call.params.device);
      case 'system.state':
        return this.state();
      case 'system.overview':
        return this.overview();
      default:
        return this.source.answer(call.method, call.params as never);
    }
  }

  private overview(): Overview | Promise<Overview> {
    const overview = this.source.overview();
    if (overview) return overview;
    throw new ViewError('E_VIEW_TRACE', 'a trace has no machine', 'record the run with --record, and look at the recording');
  }

  private history({ after, limit = USUAL_HISTORY, types }: Methods['events.history']['params']): Methods['events.history']['result'] {
    const { recorder, names } = this.source;
    const { log } = recorder;
    const { oldest, next } = log;
    const mask = maskOf(types);
    const events = [];
    let seq = Math.max(oldest, after === undefined ? oldest : after + 1);
    for (; seq < next && events.length < limit; seq++)
      if (mask & (1 << log.typeOf(seq))) events.push(eventView(log.at(seq), recorder, names));
    return { events, oldest, newest: next - 1, more: seq < next };
  }

  private output(client: Connection, device: string): Methods['consoles.history']['result'] {
    const log = this.source.recorder.consoles.find(device);
    if (!log) return { data: '', dropped: 0 };
    client.caughtUp(log);
    return { data: toBase64(log.read(log.start)), dropped: log.start };
  }

  private errorOf(error: unknown, method: Method): RpcError {
    if (error instanceof ImxSimError) {
      const { code, message, remedy } = error;
      return { code: RPC.refused, message, data: { code, ...(remedy ? { remedy } : {}) } };
    }
    this.host.internal?.(error, method);
    return { code: RPC.internal, message: 'internal error of imx-sim' };
  }
}
