/** What the bytes at the cursor mean, where else they are seen, and who wrote them. */
import { useEffect, useState } from 'preact/hooks';
import type { Culprit, Place } from '../../../../src/view/protocol.ts';
import { Badge, Button, Hex, PlaceLink, Select } from '../../components/index.ts';
import { control } from '../../controls.ts';
import { hex, moment } from '../../format.ts';
import { description, overview, progress, request, state } from '../../store.ts';
import { toast } from '../../toast-store.ts';
import { ask } from '../cpu/live.ts';
import { placeText } from '../cpu/numbers.ts';
import { meanings, rpmsgHeader } from './inspect-value.ts';
import { aliases, stretchAt } from './regions.ts';
import { bytesVersion, cacheOf, chooseView, cursor, goTo, pieces, selection, view } from './state.ts';

/** Bytes that are looked at. */
const LOOK = 96;

export function Inspector() {
  bytesVersion.value;
  const name = view.value;
  const { address } = cursor.value;
  const data = name === undefined ? new Uint8Array() : cacheOf(name).run(address, LOOK);
  const piece = stretchAt(pieces.value, address);
  const chosen = selection.value;
  return (
    <div class="memory-inspector">
      <section>
        <h3 class="memory-inspector-address">
          <Hex value={address} label="address" />
          <span class="muted">
            {piece.kind === 'hole' ? 'nothing is mapped here' : `${piece.region.name}+${hex(address - piece.region.base, 0)}`}
          </span>
        </h3>
        <SymbolOf address={address} />
        <Elsewhere address={address} />
      </section>
      {data.length > 0 ? (
        <Values data={data} />
      ) : (
        <p class="cpu-note">
          {piece.kind === 'device' ? 'Registers are not read here: the Peripherals pane shows them.' : 'There are no bytes here.'}
        </p>
      )}
      {data.length >= 16 && <Header data={data} />}
      {piece.kind === 'ram' && name !== undefined && (
        <section>
          <h3 class="label">{chosen.size === 1 ? 'This byte' : `These ${chosen.size} bytes, from ${hex(chosen.address)}`}</h3>
          <Watch view={name} address={chosen.address} size={chosen.size} />
          <WhoWrote view={name} address={chosen.address} size={chosen.size} />
        </section>
      )}
    </div>
  );
}

function Values({ data }: { readonly data: Uint8Array }) {
  return (
    <section>
      <h3 class="label">As a value, little-endian</h3>
      <dl class="memory-values">
        {meanings(data).map(({ name, text, pointer }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{pointer === undefined ? text : <Pointer value={pointer} />}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The symbol at an address, when there is one; asked for a moment after the cursor has come to rest. */
function useSymbol(address: number, wanted: boolean): Place | undefined {
  const [place, setPlace] = useState<{ readonly of: number; readonly place: Place | undefined }>();
  const core = view.value;
  useEffect(() => {
    if (!wanted || core === undefined) return;
    const timer = setTimeout(async () => {
      const lines = await request('cpu.disassemble', { core, address, count: 1 }).catch(() => []);
      setPlace({ of: address, place: lines[0]?.place });
    }, 120);
    return () => clearTimeout(timer);
  }, [address, wanted, core]);
  return place?.of === address && place.place?.symbol !== undefined ? place.place : undefined;
}

function SymbolOf({ address }: { readonly address: number }) {
  const place = useSymbol(address, view.value !== 'linux');
  if (place === undefined) return null;
  return <p class="mono memory-symbol">{placeText(place)}</p>;
}

function Pointer({ value }: { readonly value: number }) {
  const piece = stretchAt(pieces.value, value);
  const place = useSymbol(value, piece.kind === 'ram' && value !== 0 && view.value !== 'linux');
  return (
    <>
      {hex(value)}{' '}
      {piece.kind !== 'hole' && value !== 0 && (
        <button type="button" class="cpu-link mono" onClick={() => goTo(value)}>
          {place?.symbol ?? `${piece.region.name}+${hex(value - piece.region.base, 0)}`}
        </button>
      )}
    </>
  );
}

function Elsewhere({ address }: { readonly address: number }) {
  const name = view.value;
  if (name === undefined) return null;
  const others = aliases(description.value?.memory ?? {}, name, address);
  if (others.length === 0) return null;
  return (
    <p class="memory-elsewhere">
      the same byte:{' '}
      {others.map((alias) => (
        <button
          key={`${alias.view}${alias.address}`}
          type="button"
          class="cpu-link mono"
          onClick={() => {
            chooseView(alias.view);
            goTo(alias.address);
          }}
        >
          <Badge hue={alias.view === 'linux' ? 'linux' : 'core'}>{alias.view}</Badge> {hex(alias.address)}
        </button>
      ))}
    </p>
  );
}

function Header({ data }: { readonly data: Uint8Array }) {
  const header = rpmsgHeader(data)!;
  const [open, setOpen] = useState(false);
  const channels = overview.value?.linux?.channels ?? [];
  const shown = header.doubt === undefined || open;
  const named = (address: number) => channels.find(({ src, dst }) => src === address || dst === address)?.name;
  return (
    <section>
      <h3 class="label memory-heading">
        As an rpmsg
        {header.doubt !== undefined && (
          <button type="button" class="cpu-link" onClick={() => setOpen(!open)}>
            {open ? 'hide' : `hardly: ${header.doubt}`}
          </button>
        )}
      </h3>
      {shown && (
        <dl class="memory-values">
          <div>
            <dt>src → dst</dt>
            <dd>
              {hex(header.src, 0)} → {hex(header.dst, 0)} <span class="muted">{named(header.dst) ?? named(header.src) ?? ''}</span>
            </dd>
          </div>
          <div>
            <dt>length</dt>
            <dd>
              {header.length} <span class="muted">{`flags ${header.flags}, reserved ${hex(header.reserved, 0)}`}</span>
            </dd>
          </div>
          {header.nameService === undefined ? (
            <div>
              <dt>data</dt>
              <dd class="memory-wrap">{header.text}</dd>
            </div>
          ) : (
            <div>
              <dt>announces</dt>
              <dd>
                {header.nameService.name} at {hex(header.nameService.address, 0)} <span class="muted">{header.nameService.flags}</span>
              </dd>
            </div>
          )}
        </dl>
      )}
    </section>
  );
}

/** Addresses of watchpoints are those of a core: Linux's are translated where the core sees the byte, too. */
function watchPlace(name: string, address: number): { readonly core: string; readonly address: number } | undefined {
  if (name !== 'linux') return { core: name, address };
  const other = aliases(description.value?.memory ?? {}, name, address).find((alias) => alias.view !== 'linux');
  return other && { core: other.view, address: other.address };
}

type Access = 'write' | 'read' | 'access';

function Watch({ view: name, address, size }: { readonly view: string; readonly address: number; readonly size: number }) {
  const [access, setAccess] = useState<Access>('write');
  const place = watchPlace(name, address);
  const add = async () => {
    if (place === undefined) return;
    const added = await ask('stoppers.add', { core: place.core, at: place.address, size, access });
    if (added !== undefined)
      toast(
        'note',
        `Watchpoint ${added.id}: the machine stops when these bytes are ${access === 'write' ? 'written' : access === 'read' ? 'read' : 'touched'}.`,
      );
  };
  return (
    <div class="memory-actions">
      <Select
        label="What to stop at"
        value={access}
        options={[
          { value: 'write', title: 'when written' },
          { value: 'read', title: 'when read' },
          { value: 'access', title: 'when touched' },
        ]}
        onChange={setAccess}
      />
      <Button onClick={() => void add()} disabled={place === undefined} {...(place === undefined ? { tip: 'no core sees this byte' } : {})}>
        Stop {access === 'write' ? 'when written' : access === 'read' ? 'when read' : 'when touched'}
      </Button>
    </div>
  );
}

/** `of`: the bytes and the moment that the answer is about; at another it is not shown. */
type Answer = { readonly of: string } & ({ readonly state: 'busy' } | { readonly state: 'done'; readonly culprit: Culprit | null });

function WhoWrote(props: { readonly view: string; readonly address: number; readonly size: number }) {
  const [answer, setAnswer] = useState<Answer | undefined>(undefined);
  const { view: name, address, size } = props;
  const why = state.value?.noWayBack;
  const key = `${name} ${address} ${size} ${state.value?.cycle}`;
  const find = async () => {
    setAnswer({ of: key, state: 'busy' });
    const culprit = await ask('memory.culprit', { view: name, address, size });
    setAnswer(culprit === undefined ? undefined : { of: key, state: 'done', culprit });
  };
  const busy = answer?.state === 'busy';
  return (
    <div class="memory-who">
      <Button onClick={() => void find()} disabled={busy || why !== undefined} tip={why ?? 'goes back through the run to the last store'}>
        Who wrote {size === 1 ? 'this' : 'these'}?
      </Button>
      {busy && (
        <span class="memory-progress" role="status">
          <progress value={progress.value?.fraction} max={1} aria-label="Going back through the run" />{' '}
          {progress.value?.what ?? 'going back through the run'}
        </span>
      )}
      {answer?.state === 'done' && answer.of === key && <CulpritCard culprit={answer.culprit} view={name} />}
    </div>
  );
}

function CulpritCard({ culprit, view: name }: { readonly culprit: Culprit | null; readonly view: string }) {
  if (culprit === null) {
    return (
      <p class="memory-card">
        Nothing has written there since power-on: the bytes are what the memory came up with, or what was loaded before anything ran.
      </p>
    );
  }
  return (
    <div class="memory-card">
      <p>
        <Badge hue={culprit.by === 'linux' ? 'linux' : 'core'}>{culprit.by}</Badge> at <span class="number">{moment(culprit.seconds)}</span>{' '}
        {culprit.place !== undefined && <PlaceLink place={culprit.place} core={name === 'linux' ? undefined : name} />}
      </p>
      {culprit.source !== undefined && <pre class="memory-source">{culprit.source}</pre>}
      {culprit.backtrace !== undefined && culprit.backtrace.length > 0 && (
        <ol class="cpu-backtrace">
          {culprit.backtrace.map((place, index) => (
            <li key={index}>
              <PlaceLink place={place} core={name === 'linux' ? undefined : name} />
            </li>
          ))}
        </ol>
      )}
      <Button
        kind="quiet"
        icon="back"
        onClick={() => void control('control.goTo', { cycle: culprit.cycle })}
        tip="put the machine into that moment"
      >
        Go to that moment
      </Button>
    </div>
  );
}
