/** What the tests of host bridges share: programs in C that are compiled here, runs of the command in the background, machines in this process. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type BridgeOptions, type Bridges, openBridges } from '../../src/cli/bridges/index.ts';
import { encodeFrame, type Frame, FrameReader } from '../../src/cli/bridges/rpmsg-frames.ts';
import type { SocketTimes } from '../../src/cli/bridges/socket-link.ts';
import { readFirmware } from '../../src/cli/firmware-file.ts';
import { Machine } from '../../src/machine.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { imagePath } from './session.ts';

/** A directory for sockets and programs, which goes when the tests are over. */
export const directory = mkdtempSync(join(tmpdir(), 'imx-sim-bridges-'));

/** Runs that have not ended. */
const running = new Set<ChildProcess>();

/** To be called after all tests. */
export function removeDirectory(): void {
  // Those of tests that failed.
  for (const child of running) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
}

/** True when a program can be run; CI has all of them. */
export function installed(program: string): boolean {
  if (spawnSync(program, ['--version']).error === undefined || process.env['CI'] === 'true') return true;
  console.warn(`skipped: ${program} is not installed`);
  return false;
}

/** Compiles `test/clients/<name>.c` without a warning; the path of the program. */
export function compile(name: string, options: readonly string[] = [], libraries: readonly string[] = []): string {
  const output = join(directory, name);
  const source = resolve(import.meta.dirname, `../clients/${name}.c`);
  const strict = ['-std=c99', '-D_DEFAULT_SOURCE', '-O2', '-Wall', '-Wextra', '-Werror', '-Wno-unused-function'];
  execFileSync('cc', [...strict, ...options, '-o', output, source, ...libraries], { stdio: 'inherit' });
  return output;
}

/** `imx-sim run` in the background. */
export class BackgroundRun {
  output = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;
  private readonly waiting: (() => void)[] = [];

  constructor(dist: string, image: string, args: readonly string[]) {
    this.child = spawn(process.execPath, [join(dist, 'command/main.js'), 'run', imagePath(image), ...args], {
      env: { ...process.env, NODE_V8_COVERAGE: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 110_000,
      killSignal: 'SIGKILL',
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        for (const look of [...this.waiting]) look();
      });
    }
    running.add(this.child);
    this.child.on('close', () => running.delete(this.child));
    this.ended = new Promise((done) => this.child.on('close', (status) => done(status)));
  }

  /** The first part of `pattern` in parentheses, once the output matches. */
  async said(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match[1] ?? match[0];
      const over = await Promise.race([this.ended.then(() => true), new Promise<false>((done) => this.waiting.push(() => done(false)))]);
      if (over && !pattern.test(this.output)) throw new Error(`the run ended without ${pattern}:\n${this.output}`);
    }
  }

  /** Ends it as a user does, and gives its status. */
  stop(): Promise<number | null> {
    this.child.kill('SIGINT');
    return this.ended;
  }
}

/** Runs a program to its end; its standard output. Throws with standard error when it fails. */
export function programOutput(
  command: string,
  args: readonly string[],
  stdin = '',
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { env: { ...process.env, ...env }, timeout: 100_000, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', fail);
    child.on('close', (status) => (status === 0 ? done(stdout) : fail(new Error(`${command} ${args.join(' ')}: ${status}\n${stderr}`))));
    child.stdin.on('error', () => {}).end(stdin);
  });
}

/** A machine with bridges in this process, which runs until `close`. */
export class BridgedMachine {
  readonly machine: Machine;
  readonly bridges: Bridges;
  readonly notes: string[];
  private running = true;
  private readonly loop: Promise<void>;

  private constructor(machine: Machine, bridges: Bridges, notes: string[]) {
    this.machine = machine;
    this.bridges = bridges;
    this.notes = notes;
    this.loop = this.run();
  }

  /** `times`: limits of connections, shorter than those of users. */
  static async start(
    image: string,
    options: BridgeOptions,
    times?: SocketTimes & { readonly helloMs?: number },
    linux = true,
  ): Promise<BridgedMachine> {
    const machine = new Machine({ soc: IMX8MP, firmware: readFirmware(imagePath(image)), linux });
    const notes: string[] = [];
    const bridges = await openBridges(options, {
      machine,
      findConsole: (name) => (machine.hasConsole(name) ? name : undefined),
      note: (text) => notes.push(text),
      nextTurn: () => new Promise((done) => setImmediate(done)),
      ...(times ? { times } : {}),
    });
    return new BridgedMachine(machine, bridges!, notes);
  }

  /** Resolves when `condition` holds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (!condition()) {
      if (performance.now() > deadline)
        throw new Error(`30 s without ${what}; dmesg:\n${this.machine.kernel?.log.map(({ text }) => text).join('\n')}`);
      await new Promise((done) => setTimeout(done, 2));
    }
  }

  async close(): Promise<void> {
    this.running = false;
    await this.loop;
    this.bridges.close();
    this.machine.dispose();
  }

  private async run(): Promise<void> {
    const { machine, bridges } = this;
    const { scheduler } = machine;
    const slice = scheduler.cyclesFromNs(5e6);
    while (this.running) {
      const limit = scheduler.now + slice;
      const stop = machine.run(limit);
      if (stop.kind === 'deadlock') scheduler.advanceTo(limit);
      else if (stop.kind !== 'limit' && stop.kind !== 'requested') throw new Error(`the machine stopped: ${stop.kind}`);
      await bridges.wait(scheduler.seconds);
    }
  }
}

/** A raw connection that keeps what it receives. */
export class Client {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  isClosed = false;
  private parts: Buffer[] = [];
  private wake: () => void = () => {};

  constructor(where: string | number) {
    this.socket =
      typeof where === 'number'
        ? connect({ host: '127.0.0.1', port: where, allowHalfOpen: true })
        : connect({ path: where, allowHalfOpen: true });
    this.socket.on('error', () => {});
    this.socket.on('data', (data) => {
      this.parts.push(data);
      this.wake();
    });
    this.closed = new Promise((done) => {
      this.socket.on('close', () => {
        this.isClosed = true;
        this.wake();
        done();
      });
      this.socket.on('end', () => {
        this.isClosed = true;
        this.wake();
        this.socket.end();
      });
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }

  get text(): string {
    return this.bytes.toString('latin1');
  }

  write(data: Uint8Array | string): void {
    this.socket.write(data);
  }

  /** Waits until `condition` holds; fails when the connection ends before. */
  async until(condition: () => boolean, what = 'what was awaited'): Promise<void> {
    const timer = setTimeout(() => this.socket.destroy(new Error('too late')), 30_000);
    while (!condition()) {
      if (this.isClosed) throw new Error(`the connection ended without ${what}: ${JSON.stringify(this.text.slice(-200))}`);
      await new Promise<void>((done) => {
        this.wake = done;
      });
    }
    clearTimeout(timer);
  }
}

/** A client of `--rpmsg-sock` that speaks frames. */
export class FrameClient extends Client {
  readonly frames: Frame[] = [];
  private readonly reader = new FrameReader();
  private id = 1;

  constructor(path: string) {
    super(path);
    this.socket.prependListener('data', (data) => {
      for (let rest = new Uint8Array(data); rest.length > 0; ) {
        const { taken, frame } = this.reader.take(rest);
        if (frame) this.frames.push(frame);
        rest = rest.subarray(taken);
      }
    });
  }

  send(type: number, payload?: Uint8Array, flags = 0): number {
    this.write(encodeFrame(type, this.id, payload, flags));
    return this.id++;
  }

  /** Sends, and waits for the answer of type `answer`. */
  async ask(type: number, payload?: Uint8Array, flags = 0, answer = type): Promise<Uint8Array> {
    const id = this.send(type, payload, flags);
    let found: Frame | undefined;
    await this.until(() => {
      found = this.frames.find((frame) => frame.type === answer && frame.id === id);
      return found !== undefined;
    }, `an answer to frame ${type}`);
    return found!.payload;
  }

  /** The next frame of that type, which is taken. */
  async next(type: number): Promise<Frame> {
    await this.until(() => this.frames.some((frame) => frame.type === type), `a frame ${type}`);
    return this.frames.splice(
      this.frames.findIndex((frame) => frame.type === type),
      1,
    )[0]!;
  }
}

/** The first word of a payload as a result. */
export function resultOf(payload: Uint8Array): number {
  return new DataView(payload.buffer, payload.byteOffset).getInt32(0, true);
}
