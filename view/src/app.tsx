/** The frame around the panes. */
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { IconButton } from './components/button.tsx';
import { SplitPane } from './components/split-pane.tsx';
import { ErrorState, Loading } from './components/states.tsx';
import { Toasts } from './components/toasts.tsx';
import { TooltipLayer } from './components/tooltip.tsx';
import { Guard } from './frame/guard.tsx';
import { ConnectionBanner, Header } from './frame/header.tsx';
import { Help } from './frame/help.tsx';
import { CommandPalette } from './frame/palette.tsx';
import { Rail } from './frame/rail.tsx';
import { StatusBar } from './frame/status-bar.tsx';
import { closePane, focusPane, route, shown, swapPanes, two } from './navigation.ts';
import { PANES } from './panes.ts';
import type { Place } from './route.ts';
import { connection, connectionText, description, mode, state, want } from './store.ts';
import './frame/frame.css';
import './frame/panes.css';

export function App() {
  // The rail's marks and the status bar show findings whatever pane is open.
  useEffect(() => want('overview'), []);
  return (
    <>
      <div class="app">
        <Header />
        <Rail />
        <main class="main">
          <Banner />
          <Body />
        </main>
        <StatusBar />
      </div>
      <Toasts />
      <Help />
      <CommandPalette />
      <TooltipLayer />
    </>
  );
}

function Banner() {
  if (connection.value === 'lost')
    return (
      <ConnectionBanner hue="warning" text="The connection is lost.">
        The run may go on without this page, or it has ended with its terminal. It is tried again by itself; what is shown is what was
        known.
      </ConnectionBanner>
    );
  if (connection.value === 'ended')
    return (
      <ConnectionBanner hue="note" text="The run is over.">
        {connectionText.value} What is shown is its last state; memory and registers can no longer be asked for.
      </ConnectionBanner>
    );
  return null;
}

function Body() {
  if (connection.value === 'refused') return <Refused />;
  if (!state.value || (!description.value && mode.value !== 'trace')) {
    return connection.value === 'lost' ? (
      <ErrorState title="There is no imx-sim at this address">
        <p>The run that this page belongs to has ended, or has not begun. Start one with</p>
        <p>
          <code>imx-sim run --view firmware.elf</code>
        </p>
        <p>and open the address that it prints. This page tries again by itself.</p>
      </ErrorState>
    ) : (
      <Loading what="Connecting to the run" />
    );
  }
  const [first, second] = shown.value;
  if (!second) return <PaneFrame place={first!} index={0} />;
  return (
    <SplitPane
      id="panes"
      direction="row"
      min={0.2}
      initial={0.56}
      label="Width of the panes"
      first={<PaneFrame place={first!} index={0} />}
      second={<PaneFrame place={second} index={1} />}
    />
  );
}

function Refused() {
  return (
    <ErrorState title="imx-sim does not let this page in" retry={() => location.reload()}>
      <p>
        {connectionText.value ||
          'The token in the address is missing, or belongs to a run that is over: every run makes a new one, so that no other page of this machine can look in.'}
      </p>
      <p>
        Open the address that <code>imx-sim run --view</code> prints in its terminal, whole, with the token at its end.
      </p>
    </ErrorState>
  );
}

function PaneFrame({ place, index }: { readonly place: Place; readonly index: number }) {
  const pane = PANES.find(({ id }) => id === place.pane)!;
  const focused = two.value && route.value.focus === index;
  return (
    <section
      class={`pane${focused ? ' pane-focused' : ''}`}
      aria-label={pane.title}
      tabIndex={-1}
      onPointerDown={() => focusPane(index)}
      onFocusCapture={() => focusPane(index)}
    >
      {two.value && (
        <header class="pane-header">
          <h2>{pane.title}</h2>
          <span class="spacer" />
          {index === 0 && <IconButton icon="swap" label="Swap the two panes" shortcut="x" onClick={swapPanes} />}
          <IconButton icon="close" label={`Close ${pane.title}`} onClick={() => closePane(index)} />
        </header>
      )}
      <PaneBody key={pane.id} name={pane.title}>
        <pane.component detail={place.detail} />
      </PaneBody>
    </section>
  );
}

function PaneBody({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div class="pane-body">
      <Guard name={name}>{children}</Guard>
    </div>
  );
}
