/**
 * drivers/rpmsg/rpmsg_ctrl.c (6.1): /dev/rpmsg_ctrlN, one for each virtio device, whose ioctls make endpoint devices and channels.
 *
 * The N counts control devices and not virtio devices: the first core that runs has 0, and a file that is still open keeps its number. A
 * control device only says that the host is online. An ioctl on one whose device is gone uses freed memory in a kernel; here it fails
 * with -ENODEV.
 */
import type { Device } from '../linux/fs/device-model.ts';
import type { IoctlArgument, OpenFile } from '../linux/fs/vfs.ts';
import { ERRNO, type Kernel, type KernelCode, Mutex } from '../linux/kernel.ts';
import { Ida } from '../linux/platform.ts';
import type { CharMajors } from './char-majors.ts';
import { type ModuleRefs, printable } from './driver-core.ts';
import type { RpmsgChar } from './rpmsg-char.ts';
import { RPMSG_NAME_SIZE, type RpmsgChannelInfo, type RpmsgDevice, type RpmsgDriver } from './rpmsg-core.ts';
import {
  RPMSG_CREATE_DEV_IOCTL,
  RPMSG_CREATE_EPT_IOCTL,
  RPMSG_DEV_MAX,
  RPMSG_ENDPOINT_INFO_SIZE,
  RPMSG_RELEASE_DEV_IOCTL,
} from './rpmsg-ioctl.ts';

/** `struct rpmsg_ctrldev`. */
interface RpmsgCtrldev {
  /** Undefined once the device is gone. */
  rpdev: RpmsgDevice | undefined;
  readonly device: Device;
  readonly id: number;
  readonly minor: number;
  readonly ctrlLock: Mutex;
  references: number;
}

/** The module rpmsg_ctrl. */
export class RpmsgCtrl {
  /** `rpmsg_ctrldev_driver`; it binds by override only. */
  readonly driver: RpmsgDriver;
  readonly refs: ModuleRefs = { count: 0 };
  private readonly kernel: Kernel;
  private readonly majors: CharMajors;
  private readonly char: RpmsgChar;
  private major = 0;
  private readonly ctrlIda = new Ida();
  private readonly minorIda = new Ida();
  private readonly ctrldevs = new Map<RpmsgDevice, RpmsgCtrldev>();

  constructor(kernel: Kernel, majors: CharMajors, char: RpmsgChar, devMax: number = RPMSG_DEV_MAX) {
    this.kernel = kernel;
    this.majors = majors;
    this.char = char;
    const ctrl = this;
    this.driver = {
      name: 'rpmsg_ctrl',
      idTable: [],
      *probe(rpdev) {
        return ctrl.add(rpdev, devMax);
      },
      *remove(rpdev) {
        const ctrldev = ctrl.ctrldevs.get(rpdev);
        if (!ctrldev) return;
        yield* ctrl.char.destroyChildren(ctrldev.device);
        ctrl.ctrldevs.delete(rpdev);
        ctrldev.rpdev = undefined;
        ctrl.kernel.devices.remove(ctrldev.device);
        ctrl.put(ctrldev);
      },
    };
  }

  /** `rpmsg_ctrldev_init`, before the driver is registered. */
  init(): number {
    const major = this.majors.alloc('rpmsg_ctrl');
    if (major < 0) {
      this.kernel.printk(3, 'rpmsg_ctrl: failed to allocate char dev region');
      return major;
    }
    this.major = major;
    return 0;
  }

  /** `rpmsg_ctrldev_exit`, after the driver is gone. */
  exit(): void {
    this.majors.free(this.major);
  }

  /** `rpmsg_ctrldev_probe`. */
  private add(rpdev: RpmsgDevice, devMax: number): number {
    const minor = this.minorIda.alloc();
    if (minor >= devMax) {
      this.minorIda.free(minor);
      return ERRNO.ENOSPC;
    }
    const id = this.ctrlIda.alloc();
    const name = `rpmsg_ctrl${id}`;
    const node = { name, major: this.major, minor, open: (file: OpenFile) => this.open(ctrldev, file) };
    const device: Device = { name, parent: rpdev.device, class: 'rpmsg', node };
    const ctrldev: RpmsgCtrldev = { rpdev, device, id, minor, ctrlLock: new Mutex(`ctrl_lock of ${name}`), references: 1 };
    this.ctrldevs.set(rpdev, ctrldev);
    this.kernel.devices.add(device);
    return 0;
  }

  /** `put_device`, and `rpmsg_ctrldev_release_device` with the last one. */
  private put(ctrldev: RpmsgCtrldev): void {
    if (--ctrldev.references > 0) return;
    this.ctrlIda.free(ctrldev.id);
    this.minorIda.free(ctrldev.minor);
  }

  /** `rpmsg_ctrldev_open`. */
  private *open(ctrldev: RpmsgCtrldev, file: OpenFile): KernelCode<number> {
    ctrldev.references++;
    this.refs.count++;
    const ctrl = this;
    file.ops = {
      ioctl: (_file, command, argument) => ctrl.ioctl(ctrldev, command, argument),
      *release() {
        ctrl.put(ctrldev);
        ctrl.refs.count--;
      },
    };
    return 0;
  }

  /** `rpmsg_ctrldev_ioctl`: the struct is copied before the command is looked at. */
  private *ioctl(ctrldev: RpmsgCtrldev, command: number, argument: IoctlArgument): KernelCode<number> {
    if (typeof argument === 'number' || argument.length < RPMSG_ENDPOINT_INFO_SIZE) return ERRNO.EFAULT;
    const view = new DataView(argument.buffer, argument.byteOffset, RPMSG_ENDPOINT_INFO_SIZE);
    const chinfo = {
      name: printable(argument.subarray(0, RPMSG_NAME_SIZE - 1)),
      src: view.getUint32(RPMSG_NAME_SIZE, true),
      dst: view.getUint32(RPMSG_NAME_SIZE + 4, true),
    };
    yield* ctrldev.ctrlLock.lock();
    const ret = ctrldev.rpdev ? yield* this.command(ctrldev, ctrldev.rpdev, command, chinfo) : ERRNO.ENODEV;
    ctrldev.ctrlLock.unlock();
    return ret;
  }

  private *command(ctrldev: RpmsgCtrldev, rpdev: RpmsgDevice, command: number, chinfo: RpmsgChannelInfo): KernelCode<number> {
    const { device } = ctrldev;
    switch (command) {
      case RPMSG_CREATE_EPT_IOCTL:
        return this.char.createEptdev(rpdev, device, chinfo);
      case RPMSG_CREATE_DEV_IOCTL: {
        if (yield* rpdev.ops.createChannel(rpdev, chinfo)) return 0;
        this.kernel.dev(3, `rpmsg ${device.name}`, `failed to create ${chinfo.name} channel`);
        return ERRNO.ENXIO;
      }
      case RPMSG_RELEASE_DEV_IOCTL: {
        const ret = yield* rpdev.ops.releaseChannel(rpdev, chinfo);
        if (ret) this.kernel.dev(3, `rpmsg ${device.name}`, `failed to release ${chinfo.name} channel (${ret})`);
        return ret;
      }
      default:
        return ERRNO.EINVAL;
    }
  }
}
