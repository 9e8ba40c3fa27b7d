/**
 * The kernel log for user space (kernel/printk/printk.c): syslog(2), console log levels, /dev/kmsg.
 *
 * Not modelled: `printk_ratelimit` of user messages, continuation lines, the caller's id.
 */
import type { KernLevel } from '../events.ts';
import { ERRNO } from './errno.ts';
import { type FileOperations, type OpenFile, POLL } from './fs/vfs.ts';
import type { KernelCode, WaitQueue } from './kernel.ts';
import { LogBuffer, type LogLine } from './log-buffer.ts';

/** Actions of syslog(2). */
export const SYSLOG_ACTION = {
  CLOSE: 0,
  OPEN: 1,
  READ: 2,
  READ_ALL: 3,
  READ_CLEAR: 4,
  CLEAR: 5,
  CONSOLE_OFF: 6,
  CONSOLE_ON: 7,
  CONSOLE_LEVEL: 8,
  SIZE_UNREAD: 9,
  SIZE_BUFFER: 10,
} as const;

/** `CONSOLE_LOGLEVEL_DEFAULT`, `MESSAGE_LOGLEVEL_DEFAULT`, `CONSOLE_LOGLEVEL_MIN`. */
const DEFAULTS = [7, 4, 1, 7] as const;
/** `log_buf_len`. */
const LOG_BUF_LEN = 1 << 17;
/** `LOG_LINE_MAX`. */
const LOG_LINE_MAX = 1024 - 32;
/** `LOG_USER` >> 3: facility of messages from user space. */
const LOG_USER = 1;

const decoder = new TextDecoder('utf-8', { fatal: false });

/** The log of one kernel. */
export class Syslog {
  readonly buffer = new LogBuffer();
  /** `console_printk`: current, default message, minimum and default console level; /proc/sys/kernel/printk. */
  readonly levels: number[] = [...DEFAULTS];
  /** Woken by each line (`log_wait`). */
  readonly wait: WaitQueue;
  private readonly seconds: (cycle: number) => number;
  private readonly print: (level: KernLevel, text: string, facility: number) => void;
  private clearSeq = 0;
  private savedLevel: number | undefined;

  /** `print` is printk of a facility; `seconds` gives the time of a cycle. */
  constructor(wait: WaitQueue, seconds: (cycle: number) => number, print: (level: KernLevel, text: string, facility: number) => void) {
    this.wait = wait;
    this.seconds = seconds;
    this.print = print;
  }

  /** Level below which messages go to the console. */
  get consoleLoglevel(): number {
    return this.levels[0]!;
  }

  /** Number of the line that comes next. */
  get nextSeq(): number {
    return this.buffer.lost + this.buffer.lines.length;
  }

  add(line: LogLine): void {
    this.buffer.add(line);
    this.wait.wakeAll();
  }

  /** The lines since the last clear, which `dmesg` shows. */
  get lines(): readonly LogLine[] {
    return this.buffer.lines.slice(Math.max(0, this.clearSeq - this.buffer.lost));
  }

  /** `do_syslog` for the actions that do not sleep: text for READ_ALL and READ_CLEAR, a number for the others. */
  syslog(action: number, length = LOG_BUF_LEN): string | number {
    switch (action) {
      case SYSLOG_ACTION.CLOSE:
      case SYSLOG_ACTION.OPEN:
        return 0;
      case SYSLOG_ACTION.READ_ALL:
      case SYSLOG_ACTION.READ_CLEAR: {
        if (length < 0) return ERRNO.EINVAL;
        const text = this.printAll(length);
        if (action === SYSLOG_ACTION.READ_CLEAR) this.clearSeq = this.nextSeq;
        return text;
      }
      case SYSLOG_ACTION.CLEAR:
        this.clearSeq = this.nextSeq;
        return 0;
      case SYSLOG_ACTION.CONSOLE_OFF:
        this.savedLevel ??= this.consoleLoglevel;
        this.levels[0] = this.levels[2]!;
        return 0;
      case SYSLOG_ACTION.CONSOLE_ON:
        if (this.savedLevel !== undefined) this.levels[0] = this.savedLevel;
        this.savedLevel = undefined;
        return 0;
      case SYSLOG_ACTION.CONSOLE_LEVEL:
        if (length < 1 || length > 8) return ERRNO.EINVAL;
        this.levels[0] = Math.max(length, this.levels[2]!);
        this.savedLevel = undefined;
        return 0;
      case SYSLOG_ACTION.SIZE_UNREAD:
        return this.printAll(Number.POSITIVE_INFINITY).length;
      case SYSLOG_ACTION.SIZE_BUFFER:
        return LOG_BUF_LEN;
      default:
        return ERRNO.EINVAL;
    }
  }

  /** `devkmsg_open`: what an open /dev/kmsg does, from the first line that there is on. */
  openKmsg(file: OpenFile): FileOperations {
    const { buffer, wait } = this;
    let seq = buffer.lost;
    // Any position but 0 means: where the last read ended.
    file.pos = 1;
    const log = this;
    return {
      seekable: true,
      *read(open, count) {
        // `devkmsg_llseek`: SEEK_SET goes to the first record.
        if (open.pos === 0) {
          seq = buffer.lost;
          open.pos = 1;
        }
        while (seq >= log.nextSeq) {
          if (open.nonblocking) return ERRNO.EAGAIN;
          if ((yield { queue: wait, interruptible: true }) === 'signal') return ERRNO.ERESTARTSYS;
        }
        if (seq < buffer.lost) {
          // The next line was pushed out.
          seq = buffer.lost;
          return ERRNO.EPIPE;
        }
        const record = log.record(buffer.lines[seq - buffer.lost]!, seq);
        seq++;
        return record.length > count ? ERRNO.EINVAL : record;
      },
      write: (_open, data) => log.writeKmsg(data),
      poll: () => ({ mask: POLL.OUT | (seq < log.nextSeq ? POLL.IN : 0) | (seq < buffer.lost ? POLL.ERR | POLL.PRI : 0), queues: [wait] }),
    };
  }

  /** `msg_print_ext_body`: a record as /dev/kmsg gives it. */
  private record({ cycle, level, text, facility = 0 }: LogLine, seq: number): Uint8Array {
    const head = `${facility * 8 + level},${seq},${Math.floor(this.seconds(cycle) * 1e6)},-;`;
    let body = '';
    for (const byte of new TextEncoder().encode(text)) {
      body += byte < 0x20 || byte >= 0x7f || byte === 0x5c ? `\\x${byte.toString(16).padStart(2, '0')}` : String.fromCharCode(byte);
    }
    return new TextEncoder().encode(`${head}${body}\n`);
  }

  /** `devkmsg_write`: a line of user space, with a prefix `<level>` or without. */
  private *writeKmsg(data: Uint8Array): KernelCode<number> {
    if (data.length > LOG_LINE_MAX) return ERRNO.EINVAL;
    const all = decoder.decode(data).split('\0', 1)[0]!;
    const prefix = /^<(\d+)>/.exec(all);
    const code = prefix ? Number(prefix[1]) % 2 ** 32 : this.levels[1]!;
    const facility = prefix && code >= 8 ? Math.floor(code / 8) & 0xff : LOG_USER;
    const text = all.slice(prefix?.[0].length ?? 0).replace(/\n$/, '');
    this.print((code & 7) as KernLevel, text, facility);
    return data.length;
  }

  /** `syslog_print_all`: the last lines that fit, each with level and time. */
  private printAll(length: number): string {
    const lines = this.lines.flatMap(({ cycle, level, text, facility = 0 }) =>
      text.split('\n').map((part) => `<${facility * 8 + level}>[${this.seconds(cycle).toFixed(6).padStart(12)}] ${part}\n`),
    );
    let first = lines.length;
    for (let left = length; first > 0 && lines[first - 1]!.length <= left; first--) left -= lines[first - 1]!.length;
    return lines.slice(first).join('');
  }
}
