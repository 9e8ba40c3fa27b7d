/** `monitor` commands about Linux, RPMsg and consoles. */
import { UsageError } from '../../../errors.ts';
import { hex, hex32 } from '../../../memory/bits.ts';
import { METHODS } from '../../../view/inspect/methods.ts';
import { vringLines } from '../../../view/inspect/vrings.ts';
import type { MonitorCommand, MonitorContext } from '../monitor.ts';
import { inspected } from './inspected.ts';
import { table } from './places.ts';

/** Lines of the kernel log that are shown unless more are wanted. */
const DMESG_LINES = 40;

export const LINUX_COMMANDS: readonly MonitorCommand[] = [
  {
    name: 'linux',
    operands: '[hold|run]',
    help: 'what Linux does while the core stands still: its time stands, too (the default), or it goes on as on a board',
    more: [
      'hold: nothing times out while you look. run: as with JTAG on a board; what Linux does then comes when it comes, so there is no going back over it.',
    ],
    run: linux,
  },
  { name: 'status', help: 'state of cores, Linux and RPMsg in a few lines', run: status },
  { name: 'rpmsg', help: 'channels, endpoints and ttys of RPMsg', run: rpmsg },
  {
    name: 'vring',
    operands: '[device queue]',
    help: 'the rings: indices, who owns which buffer, messages in them, and what is wrong with them',
    more: ['vring lists all; vring virtio0 1 shows that one in full.'],
    run: vring,
  },
  { name: 'info resource-table', help: 'the resource table of the firmware, entry by entry', run: resourceTable },
  { name: 'dmesg', operands: '[lines]', help: 'the last lines of the kernel log', run: dmesg },
  {
    name: 'console',
    operands: '[device text]',
    help: 'the consoles; or types text on one: console uart4 hello\\n',
    more: ['\\n, \\r, \\t, \\e, \\\\ and \\xNN are understood. The firmware reads it when it goes on.'],
    run: consoleText,
  },
];

function linux({ target }: MonitorContext, [what]: readonly string[]): string {
  const { debugger: api } = target;
  if (what !== undefined && what !== 'hold' && what !== 'run') throw new UsageError(`linux ${what}`, 'linux hold, or linux run');
  if (!target.machine.linux) return 'this machine has no Linux';
  if (what !== undefined) api.linuxWhileHalted = what === 'run' ? 'runs' : 'held';
  return api.linuxWhileHalted === 'runs' ? 'Linux goes on while the core stands still' : 'Linux stands still with the core';
}

async function status({ target }: MonitorContext): Promise<string> {
  const overview = await METHODS['system.overview'](inspected(target), {});
  const lines = overview.cores.map(({ name, state, exception, thread, pc, instructions }) =>
    [
      `${name}: ${state}`,
      ...(exception ? [`in ${exception}`] : []),
      ...(thread ? [`thread ${thread}`] : []),
      `pc ${hex32(pc.address)} ${pc.symbol ?? ''}`.trim(),
      `${instructions} instructions`,
    ].join(', '),
  );
  const { linux: kernel, messages } = overview;
  if (kernel) {
    lines.push(
      `linux: ${kernel.state}`,
      ...kernel.remoteprocs.map(({ name, device, state, firmware }) => `  ${name} (${device}): ${state}${firmware ? `, ${firmware}` : ''}`),
    );
    if (kernel.waitingFor.length > 0) lines.push(...kernel.waitingFor.map((text) => `  waits: ${text}`));
    lines.push(`messages: ${messages.tx} to the core, ${messages.rx} from it`);
  }
  for (const { severity, text } of overview.findings) lines.push(`${severity}: ${text}`);
  return lines.join('\n');
}

function rpmsg({ target }: MonitorContext): string {
  const { linux: kernel } = target.machine;
  if (!kernel) return 'this machine has no Linux';
  const devices = kernel.modules.virtioRpmsgBus.virtprocs;
  if (devices.length === 0) return 'no rpmsg device is there: the firmware has not got so far, or has no vdev in its resource table';
  const lines: string[] = [];
  for (const device of devices) {
    lines.push(`${device.name}: ${device.numBufs} buffers of ${device.bufSize} bytes at ${hex32(device.rbufs)}`);
    const channels = kernel.modules.rpmsgBus.devices.filter(({ parent }) => parent === device);
    const rows = channels.map(({ id, src, dst, driver }) => [
      '  channel',
      id,
      `${hex(src)} -> ${hex(dst)}`,
      driver ? `driver ${driver.name}` : 'no driver',
    ]);
    for (const ept of device.endpoints.values()) rows.push(['  endpoint', hex(ept.addr), '', ept.rpdev.id]);
    lines.push(table(rows));
  }
  return lines.join('\n');
}

async function vring({ target }: MonitorContext, [device, queue]: readonly string[]): Promise<string> {
  const context = inspected(target);
  const rings = await METHODS['vrings.list'](context, {});
  if (rings.length === 0) return 'no vring is in use yet';
  const wanted = rings.filter(
    (ring) => device === undefined || (ring.device === device && (queue === undefined || `${ring.queue}` === queue)),
  );
  if (wanted.length === 0) {
    const names = rings.map((ring) => `${ring.device} ${ring.queue}`).join(', ');
    throw new UsageError(`no ring ${device} ${queue ?? ''}`.trim(), `there are ${names}`);
  }
  const shown = await Promise.all(wanted.map((ring) => METHODS['vrings.inspect'](context, { device: ring.device, queue: ring.queue })));
  return shown.flatMap(vringLines).join('\n');
}

async function resourceTable({ target }: MonitorContext): Promise<string> {
  const { address, entries, why } = await METHODS['linux.resourceTable'](inspected(target), { core: target.core });
  const head = address === undefined ? (why ?? 'the firmware has no resource table') : `at ${hex32(address)}${why ? `: ${why}` : ''}`;
  const lines = entries.flatMap(({ index, type, offset, fields, problems }) => [
    `[${index}] ${type} at offset ${hex(offset)}: ${fields.map(({ name, value }) => `${name} ${value}`).join(', ')}`,
    ...problems.map((problem) => `    WRONG: ${problem}`),
  ]);
  return [head, ...lines].join('\n');
}

function dmesg({ target }: MonitorContext, [count = `${DMESG_LINES}`]: readonly string[]): string {
  const { linux: kernel } = target.machine;
  if (!kernel) return 'this machine has no Linux';
  if (!/^\d{1,6}$/.test(count) || Number(count) === 0) throw new UsageError(`dmesg ${count}`, 'give a number of lines');
  const lines = String(kernel.dmesg).split('\n').filter(Boolean).slice(-Number(count));
  return lines.length > 0 ? lines.join('\n') : 'Linux has not said anything yet';
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', e: '\x1b', '\\': '\\' };

function consoleText({ target }: MonitorContext, [device]: readonly string[], text: string): string {
  const { machine, type } = target;
  if (device === undefined)
    return machine.consoles.length > 0 ? `consoles: ${machine.consoles.join(', ')}` : `${machine.soc.name} has no console`;
  const name = device === 'console' ? (machine.consoleName ?? device) : device;
  if (!machine.hasConsole(name)) throw new UsageError(`no console ${device}`, `this machine has ${machine.consoles.join(', ')}`);
  if (!type) return 'nothing can be typed in this run';
  const typed = text.slice(device.length).trimStart();
  if (typed === '') throw new UsageError(`nothing to type on ${device}`, `console ${device} <text>`);
  const bytes = new TextEncoder().encode(
    typed.replace(/\\(x[0-9a-fA-F]{2}|.)/g, (whole, code: string) =>
      code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES[code] ?? whole),
    ),
  );
  type(name, bytes);
  return `${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'} for ${name}`;
}
