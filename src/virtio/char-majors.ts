/**
 * Major numbers of character devices that a driver asks for without naming one (`alloc_chrdev_region`, fs/char_dev.c, 6.1): downwards
 * from 254, then from 511. Where a board begins depends on all its other drivers; here it is 240, as if those above were taken.
 */
import { ERRNO } from '../linux/errno.ts';

const FIRST = 240;
const CHRDEV_MAJOR_DYN_END = 234;
const CHRDEV_MAJOR_DYN_EXT_START = 511;
const CHRDEV_MAJOR_DYN_EXT_END = 384;

/** The dynamic majors of one kernel. */
export class CharMajors {
  private readonly used = new Map<number, string>();

  /** Numbers that are taken, with who took them; for /proc/devices. */
  get list(): readonly { readonly major: number; readonly name: string }[] {
    return [...this.used].map(([major, name]) => ({ major, name }));
  }

  /** `find_dynamic_major` for the driver `name`: the number, or -EBUSY. */
  alloc(name: string): number {
    for (let major = FIRST; major >= CHRDEV_MAJOR_DYN_END; major--) if (this.take(major, name)) return major;
    for (let major = CHRDEV_MAJOR_DYN_EXT_START; major >= CHRDEV_MAJOR_DYN_EXT_END; major--) if (this.take(major, name)) return major;
    return ERRNO.EBUSY;
  }

  /** `unregister_chrdev_region`. */
  free(major: number): void {
    this.used.delete(major);
  }

  /** Somebody has the number already; false when it is taken. */
  take(major: number, name: string): boolean {
    if (this.used.has(major)) return false;
    this.used.set(major, name);
    return true;
  }
}
