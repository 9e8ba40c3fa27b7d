/** The peripherals pane: every block of the machine through one view, by the names of its registers and fields. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RegisterView } from '../../../../src/view/protocol.ts';
import { Badge, BesideOrBelow, Button, EmptyState, ErrorState, Field, Hex, Lamp, Loading, Table, Toolbar } from '../../components/index.ts';
import { useBox } from '../../components/use-box.ts';
import { bytes, hex } from '../../format.ts';
import type { Pane } from '../../panes.ts';
import { load, save } from '../../settings.ts';
import { description, go, mode, overview, want } from '../../store.ts';
import { ChangeTracker } from '../cpu/changes.ts';
import { Freshness, staleClass } from '../cpu/freshness.tsx';
import { useLive } from '../cpu/live.ts';
import './peripherals.css';
import { RegisterDetail, RegisterList } from './register-list.tsx';
import { type Block, blocksOf, matches } from './registers.ts';

type Filter = 'used' | 'modelled' | 'all';

function Component({ detail }: { readonly detail: Readonly<Record<string, string>> }) {
  const [filter, setFilter] = useState<Filter>('used');
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const box = useBox<HTMLElement>();
  useEffect(() => want('overview'), []);
  useEffect(() => {
    const named = detail['name'];
    if (named !== undefined) {
      setChosen(named);
      setFilter('all');
      setSearch('');
    }
  }, [detail]);

  const machine = description.value;
  const blocks = useMemo(() => (machine === undefined ? [] : blocksOf(machine)), [machine]);
  const use = new Map((overview.value?.peripherals ?? []).map((each) => [each.name, each] as const));
  for (const { name: unit, sides } of overview.value?.mus ?? []) {
    for (const { side, interrupt } of sides)
      use.set(`${unit}_${side}`, { name: `${unit}_${side}`, used: true, interrupt: interrupt === true });
  }
  const word = search.trim().toLowerCase();
  const shown = blocks.filter(
    ({ name, kind, base, modelled }) =>
      (filter === 'all' || (filter === 'modelled' && modelled) || (filter === 'used' && use.has(name)) || name === detail['name']) &&
      (word === '' || [name, kind, hex(base)].some((text) => text.toLowerCase().includes(word))),
  );
  const name = blocks.some((block) => block.name === chosen)
    ? chosen
    : (blocks.find((each) => use.has(each.name) && each.kind.includes('uart')) ?? blocks.find((each) => use.has(each.name)) ?? blocks[0])
        ?.name;
  const block = blocks.find((each) => each.name === name);

  if (mode.value === 'trace') {
    return (
      <EmptyState title="A trace has no peripherals" icon="peripherals">
        <p>Registers are there in a live run: imx-sim run firmware.elf --view.</p>
      </EmptyState>
    );
  }
  const filters: readonly { readonly id: Filter; readonly title: string; readonly count: number }[] = [
    { id: 'used', title: 'In use', count: blocks.filter((each) => use.has(each.name)).length },
    { id: 'modelled', title: 'Modelled', count: blocks.filter(({ modelled }) => modelled).length },
    { id: 'all', title: 'All', count: blocks.length },
  ];
  const list = (
    <div class="peripherals-list">
      <Toolbar label="Which peripherals">
        <fieldset class="cpu-segments">
          <legend class="visually-hidden">Which</legend>
          {filters.map(({ id, title, count }) => (
            <button key={id} type="button" class="cpu-segment" aria-pressed={filter === id} onClick={() => setFilter(id)}>
              {title} <span class="cpu-count">{count}</span>
            </button>
          ))}
        </fieldset>
        <Field
          label="Search peripherals"
          type="search"
          placeholder="name, kind, address"
          value={search}
          onInput={setSearch}
          class="peripherals-search"
        />
      </Toolbar>
      <Table<Block>
        label="Peripherals"
        rows={shown}
        rowKey={(each) => each.name}
        selected={name}
        onSelect={(each) => setChosen(each.name)}
        rowClass={({ modelled }) => (modelled ? undefined : 'peripherals-absent')}
        columns={[
          { id: 'name', title: 'Block', mono: true, render: (each) => each.name },
          { id: 'kind', title: 'Kind', render: ({ kind, modelled }) => (modelled ? kind : <span class="muted">not modelled</span>) },
          { id: 'base', title: 'Base', width: '7.6rem', mono: true, render: ({ base }) => hex(base) },
          {
            id: 'use',
            title: 'Use',
            width: '3.4rem',
            render: (each) => {
              const now = use.get(each.name);
              return (
                <span class="cpu-lamps">
                  <Lamp on={now?.used === true} hue="core" label={`${each.name} was accessed`} />
                  <Lamp on={now?.interrupt === true} hue="interrupt" label={`${each.name} interrupt line`} />
                </span>
              );
            },
          },
        ]}
        empty={
          <EmptyState title={word === '' ? 'Nothing in use yet' : 'No block is called that'} icon="peripherals">
            <p>
              {filter === 'all'
                ? 'Try a part of the name, as the reference manual writes it.'
                : 'The firmware has not touched a register. Choose All for every block of the chip.'}
            </p>
          </EmptyState>
        }
      />
    </div>
  );
  const detailPart =
    block === undefined ? (
      <EmptyState title="Choose a block" icon="peripherals" />
    ) : (
      <BlockView key={block.name} block={block} register={detail['register']} />
    );
  return (
    <section ref={box.ref} class="peripherals-pane">
      <BesideOrBelow id="peripherals" box={box} from={70} beside={0.34} below={0.34} first={list} second={detailPart} />
    </section>
  );
}

function BlockView({ block, register: wanted }: { readonly block: Block; readonly register: string | undefined }) {
  const [base, setBase] = useState<'hex' | 'binary'>(load('peripherals.base') === 'binary' ? 'binary' : 'hex');
  const [search, setSearch] = useState('');
  const [onlyChanged, setOnlyChanged] = useState(false);
  const [selected, setSelected] = useState<string | undefined>(wanted);
  const live = useLive('peripherals.registers', block.modelled ? { name: block.name } : undefined);
  const tracker = useRef(new ChangeTracker());
  const { data, moment } = live;
  const changes = useMemo(() => {
    if (data !== undefined)
      tracker.current.settle(
        moment,
        data.map(({ name, value }) => [name, value] as const),
      );
    return tracker.current;
  }, [data, moment]);
  const view = description.value?.cores.find(({ main }) => main)?.name;
  const head = (
    <header class="peripherals-head">
      <h2 class="mono">{block.name}</h2>
      <span class="muted">{block.kind}</span>
      <Hex value={block.base} memory={view} />
      <span class="muted">{bytes(block.size)}</span>
      {!block.modelled && <Badge hue="warning">not modelled</Badge>}
      <span class="spacer" />
      <Freshness at={live.at} />
    </header>
  );
  if (!block.modelled) {
    return (
      <div class="peripherals-block">
        {head}
        <EmptyState title={`${block.name} is not modelled`} icon="peripherals">
          <p>
            The chip has this block, imx-sim has no model of it. What the firmware writes there has no effect and reads are answered as the
            finding says that comes with the first access.
          </p>
          <p>
            <Button onClick={() => go('tables', { tab: 'findings' })}>Findings of this run</Button>
          </p>
        </EmptyState>
      </div>
    );
  }
  if (data === undefined) {
    return (
      <div class="peripherals-block">
        {head}
        {live.error === undefined ? (
          <Loading what={`Reading ${block.name}`} />
        ) : (
          <ErrorState title={`${block.name} cannot be read`} retry={live.reload}>
            <p>{live.error}</p>
          </ErrorState>
        )}
      </div>
    );
  }
  const changed = data.filter(({ name }) => changes.before(name) !== undefined).length;
  const rows = data.filter(
    (each) => matches(each, search, block.base) && (!onlyChanged || changes.before(each.name) !== undefined || each.value !== each.reset),
  );
  const current: RegisterView | undefined = rows.find(({ name }) => name === selected);
  return (
    <div class={`peripherals-block${staleClass()}`}>
      {head}
      <Toolbar label="Registers">
        <fieldset class="cpu-segments">
          <legend class="visually-hidden">Base</legend>
          {(['hex', 'binary'] as const).map((each) => (
            <button
              key={each}
              type="button"
              class="cpu-segment"
              aria-pressed={base === each}
              onClick={() => {
                setBase(each);
                save('peripherals.base', each === 'hex' ? undefined : each);
              }}
            >
              {each}
            </button>
          ))}
        </fieldset>
        <Button
          kind="quiet"
          pressed={onlyChanged}
          onClick={() => setOnlyChanged(!onlyChanged)}
          tip="registers that are not as after reset, or have just changed"
        >
          Not as after reset
        </Button>
        <span class="muted">{`${data.length} registers${changed > 0 ? `, ${changed} changed` : ''}`}</span>
        <span class="spacer" />
        <Field
          label="Search registers"
          type="search"
          placeholder="register, field, offset"
          value={search}
          onInput={setSearch}
          class="peripherals-search"
        />
      </Toolbar>
      <div class="peripherals-registers">
        <RegisterList
          rows={rows}
          block={block}
          base={base}
          changes={changes}
          selected={selected}
          onSelect={setSelected}
          empty={data.length === 0}
        />
        {current !== undefined && (
          <RegisterDetail register={current} block={block} base={base} before={changes.before(current.name)} view={view} />
        )}
      </div>
    </div>
  );
}

export const peripherals: Pane = { id: 'peripherals', title: 'Peripherals', key: '7', component: Component };
