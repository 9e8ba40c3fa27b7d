/**
 * Answers of the server that are kept up to date: asked again at every halt, and while the machine runs either twice a second or not at all. What a pane
 * shows it labels with `Freshness` (freshness.tsx).
 */
import { signal } from '@preact/signals';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Method, Methods } from '../../../../src/view/protocol.ts';
import { load, save } from '../../settings.ts';
import { connection, epoch, request, state, tell } from '../../store.ts';

/** Milliseconds between two samples of a running machine. */
const SAMPLE = 500;

/** Whether values are sampled while the machine runs; for all panes that show values. */
export const sampling = signal(load('sampling') !== 'off');

export function setSampling(on: boolean): void {
  sampling.value = on;
  save('sampling', on ? undefined : 'off');
}

export interface Live<T> {
  readonly data: T | undefined;
  /** Why the last call failed. */
  readonly error: string | undefined;
  /** The virtual second in which the data were asked for. */
  readonly at: number | undefined;
  /** Tells moments apart: those of one halt are the same. */
  readonly moment: string;
  readonly reload: () => void;
}

/** What a failed call says. */
export function failure(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Calls the server for something the user asked for; says so when it fails. */
export async function ask<M extends Method>(method: M, params: Methods[M]['params']): Promise<Methods[M]['result'] | undefined> {
  try {
    return await request(method, params);
  } catch (error) {
    tell(error);
    return undefined;
  }
}

/** The moment in which the machine is: one name for all of a halt, a new one for each sample. */
export function momentNow(): string {
  const now = state.value;
  return now === undefined ? '' : `${now.running ? 'sample ' : ''}${now.cycle}`;
}

/**
 * The answer to a call. `params` undefined: nothing is asked. With `sampled` false the call is only repeated at halts, however much is sampled
 * elsewhere: for what is expensive or means nothing in passing.
 */
export function useLive<M extends Method>(method: M, params: Methods[M]['params'] | undefined, sampled = true): Live<Methods[M]['result']> {
  type Result = Methods[M]['result'];
  const [answer, setAnswer] = useState<Omit<Live<Result>, 'reload'>>({ data: undefined, error: undefined, at: undefined, moment: '' });
  const key = params === undefined ? undefined : JSON.stringify(params);
  const current = useRef({ key, busy: false, again: false, alive: true });
  current.current.key = key;

  const reload = useCallback(async () => {
    const own = current.current;
    if (own.key === undefined) return;
    if (own.busy) {
      own.again = true;
      return;
    }
    own.busy = true;
    do {
      own.again = false;
      const asked: string | undefined = own.key;
      if (asked === undefined) break;
      const at = state.value?.seconds;
      const moment = momentNow();
      try {
        const data = await request(method, JSON.parse(asked) as Methods[M]['params']);
        if (own.alive && own.key === asked) setAnswer({ data, error: undefined, at, moment });
      } catch (error) {
        if (own.alive && own.key === asked) setAnswer((old) => ({ ...old, error: failure(error) }));
      }
      if (own.key !== asked) own.again = true;
    } while (own.again && own.alive);
    own.busy = false;
  }, [method]);

  const running = state.value?.running === true;
  const open = connection.value === 'open';
  useEffect(() => {
    current.current.alive = true;
    return () => {
      current.current.alive = false;
    };
  }, []);
  useEffect(() => {
    // Another question: what was shown answers the old one.
    setAnswer((old) =>
      old.data === undefined && old.error === undefined ? old : { data: undefined, error: undefined, at: undefined, moment: '' },
    );
  }, [key]);
  useEffect(() => {
    if (open) void reload();
  }, [key, epoch.value, open, reload]);
  const sample = running && sampled && sampling.value && open;
  useEffect(() => {
    if (!sample) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && void reload(), SAMPLE);
    return () => clearInterval(timer);
  }, [sample, reload]);
  return { ...answer, reload: () => void reload() };
}
