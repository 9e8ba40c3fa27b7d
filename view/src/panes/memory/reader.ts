/** Reads the bytes that are in sight: once for each moment, again at halts, twice a second while the machine runs. RAM only: devices are left alone. */
import { useEffect, useRef } from 'preact/hooks';
import { fromBase64 } from '../../format.ts';
import { connection, epoch, request, state } from '../../store.ts';
import { failure, momentNow, sampling } from '../cpu/live.ts';
import { ramWithin } from './regions.ts';
import { bytesVersion, cacheOf, pieces } from './state.ts';

const SAMPLE = 500;
/** Bytes are asked for in steps of so many, so that scrolling by a row does not ask for a row. */
const STEP = 512;

/** `to` exclusive. `onError` hears why bytes could not be read. */
export function useReader(view: string | undefined, from: number, to: number, onError: (text: string | undefined) => void): void {
  const fresh = useRef({ key: '', blocks: new Set<number>() });
  const running = state.value?.running === true;
  const open = connection.value === 'open';

  const read = async (again: boolean) => {
    if (view === undefined || !open || to <= from) return;
    const key = `${view} ${epoch.peek()}`;
    if (again || fresh.current.key !== key) fresh.current = { key, blocks: new Set() };
    const { blocks } = fresh.current;
    let start: number | undefined;
    const jobs: Promise<void>[] = [];
    const flush = (end: number) => {
      if (start === undefined) return;
      for (const part of ramWithin(pieces.peek(), start, end)) jobs.push(fetchPart(view, part.from, part.to));
      start = undefined;
    };
    const last = Math.ceil(to / STEP) * STEP;
    for (let at = Math.floor(from / STEP) * STEP; at < last; at += STEP) {
      if (blocks.has(at)) flush(at);
      else {
        blocks.add(at);
        start ??= at;
      }
    }
    flush(last);
    if (jobs.length === 0) return;
    try {
      await Promise.all(jobs);
      onError(undefined);
    } catch (error) {
      blocks.clear();
      onError(failure(error));
    }
    bytesVersion.value += 1;
  };

  useEffect(() => {
    const timer = setTimeout(() => void read(false), 16);
    return () => clearTimeout(timer);
  }, [view, Math.floor(from / STEP), Math.ceil(to / STEP), epoch.value, open, pieces.value]);

  const sample = running && sampling.value && open;
  useEffect(() => {
    if (!sample) return;
    const timer = setInterval(() => document.visibilityState === 'visible' && void read(true), SAMPLE);
    return () => clearInterval(timer);
  }, [sample, view, Math.floor(from / STEP), Math.ceil(to / STEP)]);
}

async function fetchPart(view: string, from: number, to: number): Promise<void> {
  const moment = momentNow();
  const answer = await request('memory.read', { view, address: from, length: to - from });
  cacheOf(view).put(moment, answer.address, fromBase64(answer.bytes));
}
