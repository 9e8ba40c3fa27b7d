/**
 * Linux 6.1 drivers/base/devcoredump.c: a dump of a device that failed, as /sys/class/devcoredump/devcdN/data.
 *
 * Whatever is written to `data` frees the dump, as five minutes do. A device with a dump that nobody has freed gets no second one.
 * `disabled` of the class ends it all for good.
 */

import type { Timer } from '../time/scheduler.ts';
import type { Device } from './fs/device-model.ts';
import { AttributeNode } from './fs/sysfs.ts';
import { DirectoryNode, OpenableNode, type OpenFile, SymlinkNode } from './fs/vfs.ts';
import { ERRNO, type Kernel, type KernelCode } from './kernel.ts';

/** `DEVCD_TIMEOUT`, in ns. */
const DEVCD_TIMEOUT = 300e9;
const CLASS = '/sys/class/devcoredump';

/** Where a dump comes from when it is read, and who hears that it is not needed any more. */
export interface DumpSource {
  /** At most `count` bytes at `offset`; none at the end. */
  read(offset: number, count: number): Uint8Array;
  free?(): void;
}

interface Entry {
  readonly failing: Device;
  readonly device: Device;
  readonly source: DumpSource;
  /** Frees it after five minutes. */
  readonly timeout: Timer;
  /** `devcoredump` in the directory of the device that failed. */
  readonly link: SymlinkNode;
}

/** `data`: a binary attribute. */
class DataNode extends OpenableNode {
  readonly type = 'file';
  private readonly source: DumpSource;
  private readonly written: () => void;

  constructor(source: DumpSource, written: () => void) {
    super(0o600);
    this.source = source;
    this.written = written;
  }

  *open(file: OpenFile): KernelCode<number> {
    const { source, written } = this;
    const node = this;
    file.ops = {
      seekable: true,
      *read(open, count) {
        if (node.removed) return ERRNO.ENODEV;
        const bytes = source.read(open.pos, count);
        open.pos += bytes.length;
        return bytes;
      },
      *write(open, data) {
        if (node.removed) return ERRNO.ENODEV;
        open.pos += data.length;
        written();
        return data.length;
      },
    };
    return 0;
  }
}

/** The class of one kernel. */
export class DevCoredumps {
  private readonly kernel: Kernel;
  private readonly entries = new Map<number, Entry>();
  private count = 0;
  private disabled = false;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    kernel.vfs
      .directory(CLASS)
      .add('disabled', new AttributeNode({ name: 'disabled', show: () => this.show(), store: (text) => this.store(text) }));
  }

  /** Dumps that were not freed yet, by name. */
  get names(): readonly string[] {
    return [...this.entries.values()].map(({ device }) => device.name);
  }

  /** `dev_coredumpm`: false, with the dump freed at once, when there is no place for it. */
  add(failing: Device, source: DumpSource): boolean {
    const taken = [...this.entries.values()].some((entry) => entry.failing === failing);
    if (this.disabled || taken) {
      source.free?.();
      return false;
    }
    const { devices, vfs, scheduler } = this.kernel;
    const number = ++this.count;
    const device: Device = { name: `devcd${number}`, class: 'devcoredump' };
    devices.add(device);
    const free = (): void => this.remove(number);
    const timeout = scheduler.timer(`devcd${number}`, free);
    timeout.armIn(scheduler.cyclesFromNs(DEVCD_TIMEOUT));
    const at = devices.path(device);
    vfs.directory(at).add('data', new DataNode(source, free));
    vfs.directory(at).add('failing_device', new SymlinkNode(relativePath(at, devices.path(failing))));
    const link = new SymlinkNode(relativePath(devices.path(failing), at));
    vfs.directory(devices.path(failing)).add('devcoredump', link);
    this.entries.set(number, { failing, device, source, timeout, link });
    return true;
  }

  /** `devcd_del`. */
  private remove(number: number): void {
    const entry = this.entries.get(number);
    if (!entry) return;
    this.entries.delete(number);
    entry.timeout.cancel();
    const { devices, vfs } = this.kernel;
    // By now a device may be there that is new and has a dump of its own.
    const at = vfs.find(devices.path(entry.failing));
    if (at instanceof DirectoryNode && at.lookup('devcoredump') === entry.link) at.drop('devcoredump');
    devices.remove(entry.device);
    entry.source.free?.();
  }

  private *show(): KernelCode<string> {
    return `${Number(this.disabled)}\n`;
  }

  /** `disabled_store`: only 1 makes sense, and it stays. */
  private *store(text: string): KernelCode<number> {
    const value = Number.parseInt(text, 10);
    if (!/^[+-]?\d/.test(text) || value !== 1) return ERRNO.EINVAL;
    this.disabled = true;
    for (const number of [...this.entries.keys()]) this.remove(number);
    return text.length;
  }
}

/** What a link in the directory `from` needs to lead to `to`. */
function relativePath(from: string, to: string): string {
  const [here, there] = [from.split('/'), to.split('/')];
  let same = 0;
  while (same < here.length && here[same] === there[same]) same++;
  return [...here.slice(same).map(() => '..'), ...there.slice(same)].join('/');
}
