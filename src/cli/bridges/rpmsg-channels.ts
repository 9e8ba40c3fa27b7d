/**
 * The channels of the modelled Linux as a program finds them: in /sys/bus/rpmsg/devices, with the control device of the same virtio device.
 */
import { DirectoryNode, O } from '../../linux/fs/vfs.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import type { Process } from '../../linux/process.ts';
import { RPMSG_NAME_SIZE } from '../../virtio/rpmsg-core.ts';
import { words } from './rpmsg-frames.ts';

const DEVICES = '/sys/bus/rpmsg/devices';
/** Bytes of an entry: name, src, dst, number of the control device, flags. */
const CHANNEL_SIZE = RPMSG_NAME_SIZE + 16;
/** Channels that one answer has room for. */
const MOST = 80;
/** A driver has it. */
const BOUND = 1;
const NONE = 0xffff_ffff;
const PAGE_SIZE = 4096;

/** The payload of the answer to LIST: the number of channels, then those that fit, in the order of their names. */
export function* listChannels(process: Process): KernelCode<Uint8Array> {
  const names = namesIn(process, DEVICES);
  const entries: Uint8Array[] = [];
  for (const name of names.slice(0, MOST)) entries.push(yield* entryOf(process, name));
  const payload = new Uint8Array(4 + CHANNEL_SIZE * entries.length);
  payload.set(words(names.length));
  for (const [index, entry] of entries.entries()) payload.set(entry, 4 + CHANNEL_SIZE * index);
  return payload;
}

function* entryOf(process: Process, device: string): KernelCode<Uint8Array> {
  const at = `${DEVICES}/${device}`;
  const entry = new Uint8Array(CHANNEL_SIZE);
  const name = (yield* attribute(process, `${at}/name`)).trimEnd();
  entry.set(new TextEncoder().encode(name).subarray(0, RPMSG_NAME_SIZE - 1));
  const src = Number(yield* attribute(process, `${at}/src`));
  const dst = Number(yield* attribute(process, `${at}/dst`));
  const bound = typeof process.stat(`${at}/driver`) === 'number' ? 0 : BOUND;
  entry.set(words(src, dst, controlDevice(process, device), bound), RPMSG_NAME_SIZE);
  return entry;
}

/** N of the /dev/rpmsg_ctrlN of the virtio device that `device` belongs to. */
function controlDevice(process: Process, device: string): number {
  const virtio = device.slice(0, device.indexOf('.'));
  for (const name of namesIn(process, `${DEVICES}/${virtio}.rpmsg_ctrl.0.0/rpmsg`)) {
    const [, number] = /^rpmsg_ctrl(\d+)$/.exec(name) ?? [];
    if (number !== undefined) return Number(number);
  }
  return NONE;
}

function namesIn(process: Process, path: string): string[] {
  const node = process.stat(path);
  return node instanceof DirectoryNode ? [...node.names()].sort() : [];
}

function* attribute(process: Process, path: string): KernelCode<string> {
  const fd = yield* process.open(path, O.RDONLY);
  if (fd < 0) return '';
  const data = yield* process.read(fd, PAGE_SIZE);
  yield* process.close(fd);
  return typeof data === 'number' ? '' : new TextDecoder().decode(data);
}
