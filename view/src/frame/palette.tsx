/** Commands and symbols by their names. */
import { useEffect, useState } from 'preact/hooks';
import { Dialog } from '../components/dialog.tsx';
import { CONTROLS } from '../controls.ts';
import { hex } from '../format.ts';
import { navigate } from '../navigation.ts';
import { PANES } from '../panes.ts';
import { go, mode, request } from '../store.ts';
import { nextTheme } from '../theme.ts';
import { palette } from './layers.ts';
import { matches } from './matches.ts';

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly hint: string;
  readonly act: () => void;
}

function commands(): readonly Entry[] {
  return [
    ...PANES.map(({ id, title, key }) => ({
      id: `pane ${id}`,
      title: `Open ${title}`,
      hint: key,
      act: () => navigate({ pane: id, detail: {} }, 'rail'),
    })),
    ...CONTROLS.filter(({ refusal }) => refusal() === undefined).map(({ id, title, keys, act }) => ({
      id,
      title,
      hint: keys[0] ?? '',
      act,
    })),
    { id: 'theme', title: 'Change the theme', hint: 't', act: nextTheme },
  ];
}

const WAIT = 120;

export function CommandPalette() {
  if (!palette.value) return null;
  return (
    <Dialog title="Commands and symbols" onClose={() => (palette.value = false)}>
      <Chooser />
    </Dialog>
  );
}

function Chooser() {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const [symbols, setSymbols] = useState<readonly Entry[]>([]);
  useEffect(() => {
    if (text.length < 2 || mode.value === 'trace') {
      setSymbols([]);
      return;
    }
    let current = true;
    const timer = setTimeout(() => {
      const found = (address: number, symbol: string | undefined, size: number): Entry => ({
        id: `symbol ${symbol} ${address}`,
        title: symbol ?? hex(address),
        hint: `${hex(address)} · ${size} B`,
        act: () => go('cpu', { address }),
      });
      request('symbols.search', { text, limit: 12 }).then(
        (places) => current && setSymbols(places.map(({ address, symbol, size }) => found(address, symbol, size))),
        () => current && setSymbols([]),
      );
    }, WAIT);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text]);
  const address = /^(0x)?[0-9a-f]{3,8}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
  const entries = [
    ...(address === undefined
      ? []
      : [{ id: 'address', title: `Disassembly at ${hex(address)}`, hint: 'address', act: () => go('cpu', { address }) }]),
    ...commands().filter(({ title }) => matches(title, text)),
    ...symbols,
  ];
  const chosen = Math.min(at, entries.length - 1);
  const choose = (entry: Entry | undefined) => {
    palette.value = false;
    entry?.act();
  };
  return (
    <div class="palette">
      <input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={entries[chosen] ? `palette-${chosen}` : undefined}
        aria-label="Command, symbol or address"
        placeholder="A command, a symbol of the firmware, an address"
        value={text}
        ref={(element) => element?.focus()}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (by !== undefined) {
            event.preventDefault();
            setAt(Math.max(0, Math.min(entries.length - 1, chosen + by)));
          } else if (event.key === 'Enter') choose(entries[chosen]);
        }}
      />
      <div id="palette-list" class="palette-list" role="listbox" aria-label="Matches" tabIndex={-1}>
        {entries.map((entry, index) => (
          <button
            key={entry.id}
            id={`palette-${index}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={index === chosen}
            onPointerEnter={() => setAt(index)}
            onClick={() => choose(entry)}
          >
            <span>{entry.title}</span>
            <kbd>{entry.hint}</kbd>
          </button>
        ))}
        {entries.length === 0 && <p class="muted">Nothing of that name. Symbols come from the firmware's ELF.</p>}
      </div>
    </div>
  );
}
