/**
 * The kernel's log buffer (kernel/printk/printk_ringbuffer.c) as far as it can be seen: it holds 128 KiB of text (CONFIG_LOG_BUF_SHIFT=17) in at most
 * 4096 records, and a new line pushes out the oldest.
 *
 * Every line is an event, too (`dmesg`), however old: traces, consoles and `--until` do not depend on what the buffer still holds.
 */
import type { KernLevel } from '../events.ts';

/** A line of dmesg. */
export interface LogLine {
  readonly cycle: number;
  /** Cycle at which the kernel began; 0 unless given. */
  readonly since?: number;
  readonly level: KernLevel;
  readonly text: string;
  /** Who wrote it: 0, the kernel, unless given. */
  readonly facility?: number;
}

/** Bytes of text, and records. */
export const LOG_BUF_BYTES = 1 << 17;
export const LOG_BUF_RECORDS = 1 << 12;

/** Bytes that a record takes: its text behind a number of 8 bytes, in units of 8. UTF-8 beyond ASCII is not counted. */
function bytesOf({ text }: LogLine): number {
  return 8 + Math.ceil(text.length / 8) * 8;
}

/** The lines that are still held. */
export class LogBuffer {
  /** Oldest first. */
  readonly lines: LogLine[] = [];
  /** Lines that were pushed out. */
  lost = 0;
  private bytes = 0;

  /** Adds a line at the end. */
  add(line: LogLine): void {
    this.lines.push(line);
    this.bytes += bytesOf(line);
    while (this.bytes > LOG_BUF_BYTES || this.lines.length > LOG_BUF_RECORDS) {
      this.bytes -= bytesOf(this.lines.shift()!);
      this.lost++;
    }
  }
}
