/**
 * Host bridges: ttys and UARTs of the machine as pseudo terminals and sockets (`--tty`), and endpoints of rpmsg_char as a Unix socket
 * (`--rpmsg-sock`). docs/bridges.md is their manual.
 */
import { UsageError } from '../../errors.ts';
import type { Machine } from '../../machine.ts';
import type { BridgedDevices } from '../../session/recorded-run.ts';
import { HostInput } from './host-input.ts';
import { HostPort } from './host-port.ts';
import { type Listener, listen } from './listen.ts';
import { BridgePace } from './pace.ts';
import { PtyTransport } from './pty.ts';
import { openRpmsgSocket } from './rpmsg-socket.ts';
import { attachSocket, lastWords, type SocketTimes } from './socket-link.ts';
import { startTtyBridge } from './tty-bridge.ts';
import { UartBridge } from './uart-bridge.ts';
import type { TtySpec } from './where.ts';

/** What the user asked for. */
export interface BridgeOptions {
  readonly tty?: readonly TtySpec[];
  readonly rpmsgSock?: string;
}

/** What bridges need of their surroundings. */
export interface BridgeHost {
  readonly machine: Machine;
  /** The machine's name for a console (`console` is the core's UART); undefined when it has none of that name. */
  findConsole(name: string): string | undefined;
  /** True: what clients read of ttys is not shown as consoles of the machine. */
  readonly silent?: boolean;
  /** Tells the user something. */
  note(text: string): void;
  /** Lets the event loop turn. */
  nextTurn(): Promise<void>;
  readonly times?: SocketTimes;
}

/** All bridges of one machine. */
export interface Bridges {
  readonly input: HostInput;
  /** By the machine's names. */
  readonly devices: BridgedDevices;
  /** To be awaited between slices, with the seconds of virtual time. */
  wait(seconds: number): Promise<void>;
  /** Ends them: sockets, terminals and symlinks go. */
  close(): void;
}

/** Opens them before the machine first runs. Undefined when none was asked for. @throws {UsageError} */
export async function openBridges({ tty = [], rpmsgSock }: BridgeOptions, host: BridgeHost): Promise<Bridges | undefined> {
  if (tty.length === 0 && rpmsgSock === undefined) return undefined;
  const { machine, note } = host;
  const input = new HostInput(machine);
  const open: { close(): void }[] = [];
  const close = (): void => {
    for (const bridge of open.splice(0)) bridge.close();
  };
  const ports = new Map<string, string>();
  const devices: { device: string; cooked: boolean }[] = [];
  try {
    for (const spec of tty) {
      const device = deviceOf(spec, host);
      const before = ports.get(device);
      if (before !== undefined)
        throw new UsageError(`${device} is bridged twice: ${before} and ${spec.text}`, 'a device has one place', '--tty');
      ports.set(device, spec.text);
      const port = new HostPort(device, input);
      const transport = await openTransport(spec, port, host.times);
      open.push(transport);
      connectDevice(device, spec.cooked, port, host);
      devices.push({ device, cooked: spec.cooked });
      note(`${device} is at ${transport.text}`);
    }
    if (rpmsgSock !== undefined) {
      if (!machine.linux)
        throw new UsageError(
          'a socket for rpmsg, but no Linux that has endpoints',
          'leave out --rpmsg-sock, or --no-linux',
          '--rpmsg-sock',
        );
      open.push(await openRpmsgSocket(rpmsgSock, machine, input, host.times));
      note(`rpmsg endpoints are at ${rpmsgSock}`);
    }
  } catch (error) {
    close();
    throw error;
  }
  note('clients decide what happens in this run, and when: it is not the same every time');
  const pace = new BridgePace(input, host.nextTurn);
  return { input, devices: { tty: devices, rpmsgSock: rpmsgSock !== undefined }, wait: (seconds) => pace.wait(seconds), close };
}

/** @throws {UsageError} when the machine has no such device */
function deviceOf({ device, text, cooked }: TtySpec, { machine, findConsole }: BridgeHost): string {
  const known = findConsole(device);
  if (known === undefined) {
    const names = machine.consoles.join(', ');
    throw new UsageError(
      `no device ${device} to bridge`,
      names ? `this machine has ${names}` : `${machine.soc.name} has no console`,
      `--tty ${text}`,
    );
  }
  if (cooked && !known.startsWith('tty'))
    throw new UsageError(`${device} is no tty of Linux and has no settings`, 'leave out ,cooked', `--tty ${text}`);
  return known;
}

/** Plugs a port in at a device; `cooked`: a tty of Linux keeps its settings. */
export function connectDevice(
  device: string,
  cooked: boolean,
  port: HostPort,
  { machine, note, silent = false }: Pick<BridgeHost, 'machine' | 'note' | 'silent'>,
): void {
  const { kernel, linux } = machine;
  if (device.startsWith('tty') && kernel && linux) {
    startTtyBridge({ kernel, ttys: linux.modules.ttys, device, port, cooked, silent });
  } else {
    new UartBridge(machine, device, port, () => note(`${device}: the client is too slow, and a UART does not wait: bytes are lost`));
  }
}

async function openTransport(spec: TtySpec, port: HostPort, times?: SocketTimes): Promise<{ readonly text: string; close(): void }> {
  const { where, text } = spec;
  const place = `--tty ${text}`;
  if (where.kind === 'pty') {
    const pty = new PtyTransport(port, where.link, place);
    return { text: where.link === undefined ? pty.path : `${pty.path}, ${where.link}`, close: () => pty.close() };
  }
  const listener: Listener = await listen(where, place, (socket) => {
    if (attachSocket(socket, port, times)) return;
    lastWords(socket, `imx-sim: ${port.name} has a client already\r\n`);
  });
  return { text: listener.address, close: () => listener.close() };
}
