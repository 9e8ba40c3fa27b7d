/**
 * Programs that do anything to /dev/rpmsg*, /dev/ttyRPMSG* and sysfs while cores start and stop and modules come and go: 10,000 operations
 * from a seed. Nothing throws, nothing hangs, and once all files are closed nothing is left.
 */
import { expect, test } from 'vitest';
import { O } from '../../src/linux/fs/vfs.ts';
import type { KernelCode } from '../../src/linux/kernel.ts';
import { Process } from '../../src/linux/process.ts';
import { DEFAULT_MODULES } from '../../src/virtio/modules.ts';
import { encodeEndpointInfo } from '../../src/virtio/rpmsg-ioctl.ts';
import { TTY_IOCTL } from '../../src/virtio/tty-ioctl.ts';
import type { VirtioDevice } from '../../src/virtio/virtio.ts';
import { random } from './ring-fixture.ts';
import { createStack, createUser, type Remote } from './rpmsg-fixture.ts';

const ROUNDS = 20;
const OPERATIONS = 500;
const NAMES = [
  'rpmsg-raw',
  'rpmsg-tty',
  'rpmsg-client-sample',
  'rpmsg-virtual-tty-channel-1',
  'rpmsg-openamp-demo-channel',
  'odd/name',
  '',
];
const DRIVERS = ['rpmsg_ctrl', 'rpmsg_chrdev', 'rpmsg_tty', 'imx_rpmsg_tty', 'rpmsg_client_sample', 'nothing', ''];
const TTY_COMMANDS = Object.values(TTY_IOCTL);

interface Job {
  readonly what: string;
  done: boolean;
  signal(): void;
}

function round(seed: number): { operations: number; answered: Set<number> } {
  const next = random(seed);
  const pick = (below: number) => Math.floor(next(below));
  const any = <T>(list: readonly T[]): T => list[pick(list.length)]!;
  const host = createStack({ reader: any(['none', 'none', 'cooked', 'raw-input'] as const) });
  const { kernel, modules, settle, run } = host;
  run(modules.loadAll(), 0.001);
  const processes = [0, 1, 2].map((i) => new Process(kernel, { name: `user${i}` }));
  const user = createUser(host, 'root');
  const answered = new Set<number>();
  let jobs: Job[] = [];
  const cores: { vdev: VirtioDevice; remote: Remote }[] = [];
  const bases = [0, 0x8_0000];

  function job<T>(what: string, process: Process | undefined, code: KernelCode<T>): void {
    const state: Job = { what, done: false, signal: () => task.signal() };
    const task = kernel.spawn(
      what,
      (function* (): KernelCode {
        const result = yield* code;
        if (typeof result === 'number' && result < 0) answered.add(result);
        state.done = true;
      })(),
    );
    task.process = process;
    jobs.push(state);
  }

  const fds = (process: Process) => [...process.descriptors()].map(([fd]) => fd);
  const nodes = () => user.ls('/dev').filter((name) => /rpmsg|RPMSG/.test(name));
  const path = () => `/dev/${(pick(10) && any(nodes())) || `${any(['rpmsg_ctrl', 'rpmsg', 'ttyRPMSG'])}${pick(4)}`}`;
  const memory = (): Uint8Array | number => {
    const kind = pick(5);
    if (kind === 0) return pick(0x1_0000_0000);
    if (kind === 1) return Uint8Array.from({ length: pick(64) }, () => pick(256));
    if (kind === 2) return any([0, 1, 2, 3]);
    return information();
  };
  function information(): Uint8Array {
    const address = () => any([0xffff_ffff, 2, 0x1e, 0x400 + pick(4), pick(0x1_0000_0000)]);
    return encodeEndpointInfo({ name: any(NAMES), src: address(), dst: address() });
  }
  const command = () =>
    any([0x4028_b501, 0x4028_b501, 0xb502, 0x4028_b503, 0x4028_b504, any(TTY_COMMANDS), any(TTY_COMMANDS), pick(2 ** 32)]);

  const request = (): [number, Uint8Array | number] => {
    const kind = pick(4);
    if (kind < 2) return [command(), memory()];
    return kind === 2 ? [any([0x4028_b501, 0x4028_b503]), information()] : [any(TTY_COMMANDS), new Uint8Array(64).fill(pick(3))];
  };

  function userOperation(process: Process): void {
    const mine = fds(process);
    const fd = pick(20) && mine.length > 0 ? any(mine) : pick(8);
    const kind = mine.length === 0 ? 0 : pick(10);
    if (kind < 2) job('open', process, process.open(path(), any([O.RDONLY, O.WRONLY, O.RDWR, O.RDWR, O.RDWR]) | any([0, 0, O.NONBLOCK])));
    else if (kind === 2) job('close', process, process.close(fd));
    else if (kind === 3) job('read', process, process.read(fd, any([0, 1, 16, 4096])));
    else if (kind === 4 || kind === 8)
      job('write', process, process.write(fd, new Uint8Array(any([0, 1, 3, 496, 497, 3000])).fill(pick(256))));
    else if (kind === 5) job('poll', process, process.poll([{ fd, events: pick(32) }], any([0, 1e6, 1e8])));
    else job('ioctl', process, process.ioctl(fd, ...request()));
  }

  function systemOperation(): void {
    const kind = pick(7);
    const core = any(cores);
    if ((kind === 0 || cores.length === 0) && cores.length < 2) {
      const base = bases.pop()!;
      const core = host.attach({ base });
      core.remote.onMessage = ({ src, dst, data }) => {
        if (pick(3) === 0) core.remote.send(dst, src, data);
      };
      cores.push({ ...core, base } as (typeof cores)[number]);
    } else if (kind === 1 && core && pick(4) === 0) {
      cores.splice(cores.indexOf(core), 1);
      host.detach(core.vdev);
      core.remote.draining = true;
      core.remote.drain();
      // Whoever waits for a buffer of it holds up the end, 15 s each.
      for (let i = 0; i < 40 && host.virtioBus.driverOf(core.vdev); i++) settle(15);
      expect(host.virtioBus.driverOf(core.vdev)).toBeUndefined();
      bases.push((core as unknown as { base: number }).base);
    } else if (kind === 2)
      job(
        'modprobe',
        undefined,
        modules.insert(any(modules.available.filter((name) => !modules.loaded.includes(name) || pick(20) === 0)) ?? 'x'),
      );
    else if (kind === 3 && pick(3) === 0) job('rmmod', undefined, modules.remove(any(modules.available)));
    else if (kind === 4 && core) core.remote.draining = pick(4) !== 0;
    else if (kind === 5) {
      const device = any([...user.ls('/sys/bus/rpmsg/devices'), 'nothing']);
      const [file, text] = any([
        [`/sys/bus/rpmsg/drivers/${any(DRIVERS)}/${any(['bind', 'unbind'])}`, device],
        ['/sys/bus/rpmsg/drivers_probe', device],
        [`/sys/bus/rpmsg/devices/${device}/driver_override`, any(['\n', ...DRIVERS])],
      ]);
      job('echo', user.process, echo(user.process, file!, text!));
    } else any(jobs)?.signal();
  }

  function coreOperation(): void {
    const core = any(cores);
    if (!core) return;
    const kind = pick(3);
    if (kind === 0) core.remote.announce(any(NAMES), any([0x1e, 0x40, 0x401, pick(0x1_0000_0000)]), any([0, 0, 1]));
    else if (kind === 1) core.remote.send(any([0x1e, 1]), any([2, 0x1e, 0x400, 0x401, 0x402]), new Uint8Array(pick(497)).fill(pick(256)));
    else core.remote.drain();
  }

  for (let i = 0; i < OPERATIONS; i++) {
    const who = pick(4);
    if (who < 2) userOperation(any(processes));
    else if (who === 2) systemOperation();
    else coreOperation();
    settle(any([0.00001, 0.001, 0.001, 0.02]));
    jobs = jobs.filter(({ done }) => !done);
  }

  // The end: cores stop, programs are interrupted and close what they have.
  for (const { vdev, remote } of cores) {
    remote.draining = true;
    remote.drain();
    job('stop', undefined, host.virtioBus.unregisterDevice(vdev));
  }
  settle(60);
  for (let i = 0; i < 40 && jobs.some(({ done }) => !done); i++) {
    for (const each of jobs) if (!each.done && each.what !== 'stop' && !each.what.endsWith('mod')) each.signal();
    for (const process of processes) for (const fd of fds(process)) job('close', process, process.close(fd));
    settle(60);
  }
  for (const process of processes) for (const fd of fds(process)) run(process.close(fd), 0.01);
  settle(1);
  expect(jobs.filter(({ done }) => !done).map(({ what }) => what)).toEqual([]);
  expect([...kernel.tasks].map(({ name }) => name)).toEqual([]);
  expect(host.rpmsgBus.devices.map(({ name }) => name)).toEqual([]);
  for (const directory of [
    '/sys/class/rpmsg',
    '/sys/class/tty',
    '/sys/bus/rpmsg/devices',
    '/sys/bus/virtio/devices',
    '/sys/devices/virtual/virtio',
  ])
    expect([directory, user.ls(directory)]).toEqual([directory, []]);
  expect(user.ls('/dev').filter((name) => /rpmsg|RPMSG/.test(name))).toEqual([]);
  for (const name of [...modules.loaded].reverse()) expect([name, run(modules.remove(name), 0.1)]).toEqual([name, 0]);
  expect(modules.info()).toEqual([]);
  // And everything works as on the first day.
  run(modules.loadAll(), 0.01);
  expect(modules.loaded).toHaveLength(DEFAULT_MODULES.length);
  const { remote } = host.attach();
  remote.announce('rpmsg-tty', 0x401);
  settle(0.01);
  expect(user.ls('/dev').filter((name) => /rpmsg|RPMSG/.test(name))).toEqual(['rpmsg_ctrl0', 'ttyRPMSG0']);
  return { operations: OPERATIONS, answered };
}

function* echo(process: Process, path: string, text: string): KernelCode<number> {
  const fd = yield* process.open(path, O.WRONLY);
  if (fd < 0) return fd;
  const result = yield* process.write(fd, new TextEncoder().encode(text));
  yield* process.close(fd);
  return result;
}

test('10,000 operations of random users', () => {
  const seed = 0x5eed_0019;
  let operations = 0;
  const answered = new Set<number>();
  for (let i = 0; i < ROUNDS; i++) {
    try {
      const result = round(seed + i);
      operations += result.operations;
      for (const errno of result.answered) answered.add(errno);
    } catch (error) {
      throw new Error(`seed ${seed + i}`, { cause: error });
    }
  }
  expect(operations).toBe(10_000);
  // The errors that such users meet: EPERM, ENOENT, EINTR, EIO ... EPIPE, EMSGSIZE.
  expect([...answered].sort((a, b) => b - a)).toEqual(
    expect.arrayContaining([-2, -4, -6, -9, -11, -14, -16, -17, -19, -22, -25, -32, -90]),
  );
}, 120_000);
