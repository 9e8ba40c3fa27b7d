/**
 * Error numbers of Linux (include/uapi/asm-generic/errno-base.h, errno.h; include/linux/errno.h for those that stay in the kernel), and
 * what programs print for them (`strerror` of glibc).
 */

/** Negative errno values as the kernel returns them. */
export const ERRNO = {
  EPERM: -1,
  ENOENT: -2,
  ESRCH: -3,
  EINTR: -4,
  EIO: -5,
  ENXIO: -6,
  E2BIG: -7,
  ENOEXEC: -8,
  EBADF: -9,
  ECHILD: -10,
  EAGAIN: -11,
  ENOMEM: -12,
  EACCES: -13,
  EFAULT: -14,
  EBUSY: -16,
  EEXIST: -17,
  EXDEV: -18,
  ENODEV: -19,
  ENOTDIR: -20,
  EISDIR: -21,
  EINVAL: -22,
  ENFILE: -23,
  EMFILE: -24,
  ENOTTY: -25,
  ETXTBSY: -26,
  EFBIG: -27,
  ENOSPC: -28,
  ESPIPE: -29,
  EROFS: -30,
  EPIPE: -32,
  ERANGE: -34,
  ENAMETOOLONG: -36,
  ENOSYS: -38,
  ENOTEMPTY: -39,
  ELOOP: -40,
  ETIME: -62,
  EMSGSIZE: -90,
  EOPNOTSUPP: -95,
  ENETRESET: -102,
  ENOBUFS: -105,
  ETIMEDOUT: -110,
  ERESTARTSYS: -512,
  EPROBE_DEFER: -517,
  ENOTSUPP: -524,
} as const;

const TEXTS: Readonly<Record<number, string>> = {
  1: 'Operation not permitted',
  2: 'No such file or directory',
  3: 'No such process',
  4: 'Interrupted system call',
  5: 'Input/output error',
  6: 'No such device or address',
  7: 'Argument list too long',
  8: 'Exec format error',
  9: 'Bad file descriptor',
  10: 'No child processes',
  11: 'Resource temporarily unavailable',
  12: 'Cannot allocate memory',
  13: 'Permission denied',
  14: 'Bad address',
  16: 'Device or resource busy',
  17: 'File exists',
  18: 'Invalid cross-device link',
  19: 'No such device',
  20: 'Not a directory',
  21: 'Is a directory',
  22: 'Invalid argument',
  23: 'Too many open files in system',
  24: 'Too many open files',
  25: 'Inappropriate ioctl for device',
  26: 'Text file busy',
  27: 'File too large',
  28: 'No space left on device',
  29: 'Illegal seek',
  30: 'Read-only file system',
  32: 'Broken pipe',
  34: 'Numerical result out of range',
  36: 'File name too long',
  38: 'Function not implemented',
  39: 'Directory not empty',
  40: 'Too many levels of symbolic links',
  62: 'Timer expired',
  90: 'Message too long',
  95: 'Operation not supported',
  102: 'Network dropped connection on reset',
  105: 'No buffer space available',
  110: 'Connection timed out',
};

/** `strerror` of a negative or positive errno; numbers without a text as glibc prints them. */
export function strerror(errno: number): string {
  const number = Math.abs(errno);
  return TEXTS[number] ?? `Unknown error ${number}`;
}

/** `EINVAL` of -22, or the number as text. */
export function errnoName(errno: number): string {
  for (const [name, value] of Object.entries(ERRNO)) if (value === -Math.abs(errno)) return name;
  return String(errno);
}
