/** The consoles: UARTs, ttys, Linux's shell and log, U-Boot, semihosting. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { ConsoleView } from '../../../../src/view/protocol.ts';
import { Button, IconButton, Toolbar } from '../../components/button.tsx';
import { EmptyState, Loading } from '../../components/states.tsx';
import { Tabs } from '../../components/tabs.tsx';
import type { Pane } from '../../panes.ts';
import { load, save } from '../../settings.ts';
import { consoleList, go, tell } from '../../store.ts';
import { unread } from './unread.ts';
import './consoles.css';

const HUES = { uart: 'core', tty: 'message', shell: 'linux', uboot: 'linux', semihosting: 'core', dmesg: 'linux' } as const;

function Component({ detail }: { readonly detail: Readonly<Record<string, string>> }) {
  const [tiles, setTiles] = useState(load('consoles.tiles') === 'yes');
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const list = consoleList.value;
  useEffect(() => setChosen(undefined), [detail['device']]);
  if (list.length === 0) {
    return (
      <EmptyState title="There is no console yet" icon="consoles">
        <p>UARTs appear when the firmware prints, ttys when it announces a channel that the rpmsg_tty driver takes.</p>
      </EmptyState>
    );
  }
  const wanted = chosen ?? detail['device'];
  const current = list.find(({ device }) => device === wanted) ?? list[0]!;
  const shownTiles = list.filter(({ device }) => !hidden.has(device));
  const toggle = () => {
    setTiles(!tiles);
    save('consoles.tiles', tiles ? undefined : 'yes');
  };
  return (
    <div class="consoles">
      <div class="consoles-bar">
        {tiles ? (
          <Toolbar label="Consoles shown">
            {list.map(({ device, title }) => (
              <Button
                key={device}
                kind="quiet"
                pressed={!hidden.has(device)}
                onClick={() =>
                  setHidden(new Set(hidden.has(device) ? [...hidden].filter((other) => other !== device) : [...hidden, device]))
                }
              >
                {title}
                {unread.value.has(device) && <span class="tab-unread" />}
              </Button>
            ))}
          </Toolbar>
        ) : (
          <Tabs
            label="Consoles"
            tabs={list.map(({ device, title, kind }) => ({
              id: device,
              title: <Title title={title} kind={kind} />,
              unread: unread.value.has(device),
            }))}
            selected={current.device}
            onSelect={(device) => {
              setChosen(device);
              go('consoles', { device });
            }}
          />
        )}
        <IconButton
          icon={tiles ? 'tables' : 'fit'}
          label={tiles ? 'One at a time' : 'All beside each other'}
          pressed={tiles}
          onClick={toggle}
        />
      </div>
      {tiles ? (
        <div class="consoles-tiles" data-count={shownTiles.length}>
          {shownTiles.map((console) => (
            <section key={console.device} class="consoles-tile" aria-label={console.title}>
              <header>
                <Title title={console.title} kind={console.kind} />
              </header>
              <View console={console} />
            </section>
          ))}
        </div>
      ) : (
        <View key={current.device} console={current} focus />
      )}
    </div>
  );
}

function Title({ title, kind }: { readonly title: string; readonly kind: ConsoleView['kind'] }) {
  return (
    <span class={`consoles-title hue-${HUES[kind]}`}>
      <i />
      {title}
    </span>
  );
}

type ViewComponent = typeof import('./view.tsx').View;
const view = signal<ViewComponent | undefined>(undefined);
let asked = false;

/** The terminals, whose code is large: fetched when the first is shown. */
function View(props: Parameters<ViewComponent>[0]) {
  useEffect(() => {
    if (asked) return;
    asked = true;
    import('./view.tsx').then((module) => {
      view.value = module.View;
    }, tell);
  }, []);
  const Loaded = view.value;
  return Loaded ? <Loaded {...props} /> : <Loading what="Opening the console" />;
}

export const consoles: Pane = { id: 'consoles', title: 'Consoles', key: '4', component: Component };
