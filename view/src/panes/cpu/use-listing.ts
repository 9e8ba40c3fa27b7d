/** The instructions that the disassembly has: asked for around an address, joined at their ends, never too many. */
import { useMemo, useRef, useState } from 'preact/hooks';
import type { InstructionLine } from '../../../../src/view/protocol.ts';
import { request } from '../../store.ts';
import { layOut, merge, type Row, rowAt, trim } from './disassembly-layout.ts';
import { failure } from './live.ts';
import { isMissing, sourcesVersion } from './sources.ts';

/** Instructions that are asked for before and after an address, and kept at most. */
const BEFORE = 48;
const AFTER = 112;
const MOST = 640;

interface State {
  readonly core: string | undefined;
  readonly lines: readonly InstructionLine[];
  readonly error?: string;
}

export interface Listing {
  readonly rows: readonly Row[];
  readonly error: string | undefined;
  /** Nothing is there yet of this core. */
  readonly empty: boolean;
  /** Asks for what is around an address; `aim` is that address until its rows have been brought into sight. */
  readonly goTo: (address: number) => void;
  readonly aim: { current: number | undefined };
  /** Asks for what comes before the first row, or after the last one. */
  readonly extend: (edge: 'start' | 'end') => void;
}

export function useListing(core: string | undefined, withSource: boolean): Listing {
  const [state, setState] = useState<State>({ core, lines: [] });
  const aim = useRef<number | undefined>(undefined);
  /** Rises with every way to another place: answers to what was asked for before it are of no use. */
  const generation = useRef(0);
  /** What was asked for in this generation: once, as there is no more at the end of memory however often one asks. */
  const asked = useRef(new Set<string>());
  const version = sourcesVersion.value;
  const rows = useMemo(() => layOut(state.lines, withSource, isMissing), [state.lines, withSource, version]);

  const load = async (address: number, before: number, count: number, fresh: boolean) => {
    const key = `${address} ${before}`;
    if (asked.current.has(key)) return;
    asked.current.add(key);
    const mine = generation.current;
    try {
      const lines = await request('cpu.disassemble', { address, before, count, ...(core === undefined ? {} : { core }) });
      if (mine !== generation.current) return;
      setState((old) => ({ core, lines: trim(!fresh && old.core === core ? merge(old.lines, lines) : lines, address, MOST) }));
    } catch (error) {
      if (mine === generation.current)
        setState((old) => (old.lines.length > 0 && !fresh ? old : { core, lines: [], error: failure(error) }));
    }
  };

  return {
    rows,
    error: state.error,
    empty: state.core !== core || state.lines.length === 0,
    aim,
    goTo: (address) => {
      generation.current += 1;
      asked.current = new Set();
      aim.current = address;
      void load(address, BEFORE, BEFORE + AFTER, state.core !== core || rowAt(rows, address) < 0);
    },
    extend: (edge) => {
      const first = state.lines[0]?.place.address;
      const last = state.lines.at(-1)?.place.address;
      if (edge === 'start' && first !== undefined && first > 0) void load(first, 96, 97, false);
      if (edge === 'end' && last !== undefined) void load(last, 0, 128, false);
    },
  };
}
