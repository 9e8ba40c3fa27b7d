/** What the page and its worker say to each other. */
import type { ImxSimError } from 'imx-sim';

/** How a firmware is to be run; an empty text means that imx-sim decides. */
export interface RunSettings {
  readonly soc: string;
  readonly engine: 'jit' | 'interpreter';
  /** Regular expression for the line that ends the run. */
  readonly until: string;
  /** Virtual time after which it ends, in seconds. */
  readonly timeout: number;
  /** `device=text` */
  readonly send: string;
  readonly linux: boolean;
  readonly semihosting: boolean;
  /** Somebody wants to type: virtual time goes no faster than the wall's, and only the user or a matching line ends the run. */
  readonly live: boolean;
}

/** From the page to the worker. */
export type Request =
  | { readonly type: 'run'; readonly name: string; readonly bytes: Uint8Array; readonly settings: RunSettings }
  | { readonly type: 'input'; readonly device: string; readonly text: string }
  | { readonly type: 'stop' };

/** One thing to show. */
export type Entry =
  | {
      readonly type: 'line';
      readonly source: string;
      readonly seconds: number;
      readonly text: string;
      readonly level: number;
      readonly complete: boolean;
    }
  | {
      readonly type: 'message';
      readonly seconds: number;
      readonly direction: 'tx' | 'rx';
      readonly src: number;
      readonly dst: number;
      readonly data: Uint8Array;
    }
  | { readonly type: 'say'; readonly tone: 'note' | 'warning' | 'error'; readonly lines: readonly string[] }
  | { readonly type: 'report'; readonly lines: readonly string[] };

/** Where a run is. */
export interface Progress {
  /** Seconds of virtual time. */
  readonly seconds: number;
  /** Instructions executed, and those of them that were polling rounds taken in one step. */
  readonly instructions: number;
  readonly skipped: number;
  /** Seconds on the clock of the wall. */
  readonly wall: number;
}

/** How a run ended. */
export interface Result {
  readonly reason: string;
  readonly status: number;
  readonly time: number;
  readonly trace: string;
  readonly stats: Readonly<Record<string, number>>;
}

/** From the worker to the page. */
export type Reply =
  | { readonly type: 'started'; readonly consoles: readonly string[] }
  | { readonly type: 'entries'; readonly entries: readonly Entry[]; readonly progress: Progress }
  | { readonly type: 'finished'; readonly result: Result }
  | { readonly type: 'failed'; readonly error: Pick<ImxSimError, 'code' | 'message' | 'remedy'> & { readonly linux: readonly string[] } };
