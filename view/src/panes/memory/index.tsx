/** The memory pane: bytes of any view, what they mean, where else they are. */
import { useEffect, useState } from 'preact/hooks';
import { BesideOrBelow, Button, EmptyState, IconButton, Select, Spacer, Tabs, Toolbar } from '../../components/index.ts';
import { useBox } from '../../components/use-box.ts';
import type { Pane } from '../../panes.ts';
import { description, mode, want } from '../../store.ts';
import { AddressField } from '../cpu/address-field.tsx';
import { Freshness } from '../cpu/freshness.tsx';
import { usePaneKeys } from '../cpu/use-pane-keys.ts';
import { undo } from './edit.ts';
import { HexGrid } from './hex-grid.tsx';
import { GROUPS } from './hex-layout.ts';
import { Inspector } from './inspector.tsx';
import './memory.css';
import { RegionTable, Strip } from './region-map.tsx';
import { stretchAt } from './regions.ts';
import { nextMatch, Search } from './search.tsx';
import { chooseView, goTo, group, pieces, setGroup, view, views, wish } from './state.ts';

type TabId = 'value' | 'regions' | 'search';

function Component({ detail }: { readonly detail: Readonly<Record<string, string>> }) {
  const [tab, setTab] = useState<TabId>('value');
  const [error, setError] = useState<string | undefined>(undefined);
  const box = useBox<HTMLElement>();
  const { element } = box;
  useEffect(() => want('overview'), []);
  useEffect(() => {
    if (detail['view'] !== undefined) chooseView(detail['view']);
    const address = Number(detail['address']);
    const size = Number(detail['size'] ?? 1);
    if (detail['address'] !== undefined && Number.isInteger(address)) goTo(address, Number.isInteger(size) ? size : 1);
  }, [detail]);
  // Somewhere with bytes to begin with.
  const known = description.value !== undefined;
  useEffect(() => {
    if (known && wish.value === undefined) goTo(pieces.value.find(({ kind }) => kind === 'ram')?.from ?? 0);
  }, [known]);

  const toSearch = () => {
    setTab('search');
    setTimeout(() => element.current?.querySelector<HTMLInputElement>('.memory-find')?.focus());
  };
  const key = usePaneKeys(element, (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test((event.target as HTMLElement).tagName);
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === 'F3') nextMatch(!event.shiftKey);
    else if (typing) return false;
    else if ((event.ctrlKey || event.metaKey) && event.key === 'z') void undo();
    else if (plain && event.key === '/') element.current?.querySelector<HTMLInputElement>('.memory-goto')?.focus();
    else if (plain && event.key === 'f') toSearch();
    else return false;
    return true;
  });
  if (mode.value === 'trace') {
    return (
      <EmptyState title="A trace has no memory" icon="memory">
        <p>Memory is there in a live run: imx-sim run firmware.elf --view.</p>
      </EmptyState>
    );
  }
  const hexPart = (
    <div class="memory-main">
      {error !== undefined && (
        <p class="memory-error" role="alert">
          {error}
        </p>
      )}
      <HexGrid onError={setError} />
    </div>
  );
  const side = (
    <div class="cpu-part">
      <Tabs
        label="About the memory"
        tabs={[
          { id: 'value', title: 'At the cursor' },
          { id: 'regions', title: 'Regions' },
          { id: 'search', title: 'Search' },
        ]}
        selected={tab}
        onSelect={(id) => setTab(id as TabId)}
      />
      <div class="cpu-panel" role="tabpanel">
        {tab === 'value' && <Inspector />}
        {tab === 'regions' && <RegionTable />}
        {tab === 'search' && <Search />}
      </div>
    </div>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the whole pane
    <section ref={box.ref} class="cpu-pane" tabIndex={-1} onKeyDown={key}>
      <Toolbar label="Memory">
        {views.value.length > 3 ? (
          <Select
            label="Whose view"
            value={view.value ?? ''}
            options={views.value.map((value) => ({ value, title: value }))}
            onChange={choose}
          />
        ) : (
          <fieldset class="cpu-segments memory-views">
            <legend class="visually-hidden">Whose view</legend>
            {views.value.map((name) => (
              <button
                key={name}
                type="button"
                class={`cpu-segment ${name === 'linux' ? 'hue-linux' : 'hue-core'}`}
                aria-pressed={name === view.value}
                onClick={() => choose(name)}
                data-tip={`addresses as ${name === 'linux' ? 'Linux' : name} sees them`}
              >
                {name === 'linux' ? 'Linux' : name}
              </button>
            ))}
          </fieldset>
        )}
        <fieldset class="cpu-segments">
          <legend class="visually-hidden">Grouping</legend>
          {GROUPS.map(({ size, name }) => (
            <button key={size} type="button" class="cpu-segment" aria-pressed={group.value === size} onClick={() => setGroup(size)}>
              {name}
            </button>
          ))}
        </fieldset>
        <Freshness at={undefined} />
        <Spacer />
        <IconButton icon="back" label="Take the last change back" shortcut="Ctrl Z" onClick={() => void undo()} />
        <Button kind="quiet" icon="search" onClick={toSearch} tip="search (f)">
          Search
        </Button>
        <AddressField
          label="Go to an address or a symbol in memory"
          placeholder="go to address or symbol"
          onGo={(address) => {
            goTo(address);
            element.current?.querySelector<HTMLElement>('.memory-rows')?.focus();
          }}
          inputClass="memory-goto"
        />
      </Toolbar>
      <Strip />
      <div class="cpu-body">
        <BesideOrBelow id="memory" box={box} from={70} beside={0.72} below={0.6} first={hexPart} second={side} />
      </div>
    </section>
  );
}

/** Another view of the machine; the cursor stays where there is something. */
function choose(name: string): void {
  chooseView(name);
  if (stretchAt(pieces.value, wish.value?.address ?? 0).kind === 'hole') goTo(pieces.value.find(({ kind }) => kind === 'ram')?.from ?? 0);
}

export const memory: Pane = {
  id: 'memory',
  title: 'Memory',
  key: '6',
  shortcuts: [
    { keys: '/', title: 'Go to an address or symbol' },
    { keys: 'f', title: 'Search' },
    { keys: 'F3', title: 'Next place found; with Shift the one before' },
    { keys: 'Enter', title: 'Edit the bytes; again to end' },
    { keys: 'Tab', title: 'Between hex and text' },
    { keys: 'Shift arrows', title: 'Select' },
    { keys: 'Alt ↓, Alt ↑', title: 'Next region, region before' },
    { keys: 'Ctrl C', title: 'Copy the bytes that are selected' },
    { keys: 'Ctrl Z', title: 'Take the last change back' },
  ],
  component: Component,
};
