/** The consoles: UARTs, ttys, Linux's shell and log, U-Boot, semihosting. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConsoleView } from '../../../../src/view/protocol.ts';
import { Button, IconButton, Toolbar } from '../../components/button.tsx';
import { copyText } from '../../components/clipboard.ts';
import { EmptyState } from '../../components/states.tsx';
import { Tabs } from '../../components/tabs.tsx';
import type { Pane } from '../../panes.ts';
import { load, save } from '../../settings.ts';
import { consoleList, go } from '../../store.ts';
import { inputHint, noInput } from './input-words.ts';
import { looksAt, sessionOf, unread } from './sessions.ts';
import '@xterm/xterm/css/xterm.css';
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

function View({ console, focus }: { readonly console: ConsoleView; readonly focus?: boolean }) {
  const { device, kind, input } = console;
  const session = sessionOf(device);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current!;
    session.show(element);
    const observer = new ResizeObserver(() => session.fit());
    observer.observe(element);
    const end = looksAt(device);
    if (focus && document.activeElement?.closest('.consoles')) session.terminal.focus();
    return () => {
      observer.disconnect();
      end();
    };
  }, [session, device, focus]);
  const why = noInput(console);
  const hint = inputHint(console);
  const closed = kind === 'shell' && input === 'idle';
  return (
    <div class="consoles-view" role={focus ? 'tabpanel' : undefined}>
      <div ref={place} class="consoles-place" />
      {closed && session.blank.value && (
        <div class="consoles-closed">
          <p>A root shell of the modelled Linux, with its files, its sysfs and its devices.</p>
          <Button
            kind="primary"
            icon="consoles"
            onClick={() => {
              session.type('\r');
              session.terminal.focus();
            }}
          >
            Open a Linux shell
          </Button>
        </div>
      )}
      <footer class="consoles-foot">
        <span class={why ? 'consoles-refused' : 'muted'}>
          {why ?? hint ?? (closed ? 'Not open: the first key opens it.' : 'Takes input. F6 leaves the terminal.')}
        </span>
        <span class="spacer" />
        <IconButton
          icon="copy"
          label={`Copy all of ${console.title}`}
          onClick={() => void copyText(session.terminal.getSelection() || session.text())}
        />
        <IconButton icon="close" label="Clear what is shown here" onClick={() => session.terminal.clear()} />
      </footer>
    </div>
  );
}

export const consoles: Pane = { id: 'consoles', title: 'Consoles', key: '4', component: Component };
