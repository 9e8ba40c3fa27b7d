/** The CPU pane: registers, disassembly, stack, threads, what stops the machine, exceptions, faults. */
import { useEffect, useState } from 'preact/hooks';
import { EmptyState, SplitPane, type Tab, Tabs } from '../../components/index.ts';
import type { Pane } from '../../panes.ts';
import { load, save } from '../../settings.ts';
import { description, mode, state, stoppers, want } from '../../store.ts';
import './cpu.css';
import { useBox } from '../../components/use-box.ts';
import { Disassembly } from './disassembly.tsx';
import { Exceptions } from './exceptions.tsx';
import { Faults } from './faults.tsx';
import { Freshness } from './freshness.tsx';
import { keyName } from './keys.ts';
import { useLive } from './live.ts';
import { Registers } from './registers.tsx';
import { chooseCore, core as chosenCore, show } from './selection.ts';
import { Stack } from './stack.tsx';
import { COMMANDS, perform } from './stepping.ts';
import { Stoppers } from './stoppers.tsx';
import { Threads } from './threads.tsx';
import { CpuToolbar } from './toolbar.tsx';
import { usePaneKeys } from './use-pane-keys.ts';

/** Widths in rem from which registers stand beside the disassembly, and lists beside registers. */
const TWO_COLUMNS = 62;
const THREE_COLUMNS = 112;

type TabId = 'registers' | 'stack' | 'threads' | 'stoppers' | 'exceptions' | 'faults';

function Component({ detail }: { readonly detail: Readonly<Record<string, string>> }) {
  const [withSource, setSource] = useState(load('cpu.source') !== 'off');
  const [tab, setTab] = useState<TabId>('stack');
  const [thread, setThread] = useState<{ readonly id: number; readonly name: string } | undefined>(undefined);
  const { element, width, rem, ref } = useBox<HTMLElement>();

  useEffect(() => want('overview'), []);
  useEffect(() => {
    if (detail['core'] !== undefined) chooseCore(detail['core']);
    if (detail['tab'] !== undefined) setTab(detail['tab'] as TabId);
    const address = Number(detail['address']);
    if (detail['address'] !== undefined && Number.isInteger(address)) show(address);
  }, [detail]);

  const core = chosenCore();
  const params = core === undefined ? undefined : { core };
  const registers = useLive('cpu.registers', params);
  const pc = registers.data?.find(({ name }) => name === 'pc')?.value;
  const stack = useLive('cpu.stack', params && { ...params, locals: true, ...(thread === undefined ? {} : { thread: thread.id }) }, false);
  const threads = useLive('cpu.threads', tab === 'threads' ? params : undefined);
  const exceptions = useLive('cpu.exceptions', tab === 'exceptions' ? params : undefined);
  const faults = useLive('cpu.faults', params, false);

  // Another thread's stack means something at one halt only.
  useEffect(() => setThread(undefined), [core, state.value?.running]);
  const crashed = state.value?.running === false && state.value.halt?.kind === 'crashed';
  useEffect(() => {
    if (crashed) setTab('faults');
  }, [crashed]);

  const columns = width / rem >= THREE_COLUMNS ? 3 : width / rem >= TWO_COLUMNS ? 2 : 1;
  const active: TabId = columns > 1 && tab === 'registers' ? 'stack' : tab;
  const tabs: readonly Tab[] = [
    ...(columns === 1 ? [{ id: 'registers', title: 'Registers' }] : []),
    { id: 'stack', title: 'Stack' },
    { id: 'threads', title: 'Threads' },
    { id: 'stoppers', title: <Counted title="Breakpoints" count={stoppers.value.length} /> },
    { id: 'exceptions', title: 'Interrupts' },
    { id: 'faults', title: <Counted title="Faults" count={faults.data?.length ?? 0} error /> },
  ];

  const key = usePaneKeys(element, (event) => {
    const name = keyName(event);
    // In a field letters are text, but F10 is still F10.
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test((event.target as HTMLElement).tagName);
    if (name === undefined || (typing && !/F\d+$/.test(name))) return false;
    const command = COMMANDS.find(({ keys }) => keys.includes(name));
    if (command !== undefined) void perform(command);
    else if (name === '/') element.current?.querySelector<HTMLInputElement>('.cpu-goto')?.focus();
    return command !== undefined || name === '/';
  });

  if (mode.value === 'trace') {
    return (
      <EmptyState title="A trace has no machine" icon="cpu">
        <p>Registers and code are there in a live run: imx-sim run firmware.elf --view.</p>
      </EmptyState>
    );
  }
  const registerPart = (
    <div class="cpu-part">
      <Freshness at={registers.at} />
      <Registers core={core} live={registers} />
    </div>
  );
  const tabPart = (
    <div class="cpu-part">
      <Tabs label="Details of the core" tabs={tabs} selected={active} onSelect={(id) => setTab(id as TabId)} />
      <div class="cpu-panel" role="tabpanel">
        {active === 'registers' && registerPart}
        {active === 'stack' && (
          <Stack live={stack} {...(thread === undefined ? {} : { thread: thread.name })} onThread={() => setThread(undefined)} />
        )}
        {active === 'threads' && (
          <Threads
            live={threads}
            selected={thread?.id}
            onOpen={({ id, name }) => {
              setThread({ id, name });
              setTab('stack');
            }}
          />
        )}
        {active === 'stoppers' && <Stoppers core={core} />}
        {active === 'exceptions' && <Exceptions live={exceptions} />}
        {active === 'faults' && <Faults live={faults} core={core} />}
      </div>
    </div>
  );
  const code = (
    <div class="cpu-code">
      <Disassembly core={core} pc={pc} frames={stack.data ?? []} withSource={withSource} />
    </div>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the whole pane
    <section ref={ref} class="cpu-pane" tabIndex={-1} onKeyDown={key}>
      <CpuToolbar
        withSource={withSource}
        compact={columns === 1}
        onSource={(on) => {
          setSource(on);
          save('cpu.source', on ? undefined : 'off');
        }}
      />
      <div class="cpu-body">
        {description.value !== undefined && core === undefined ? (
          <EmptyState title="This machine has no core" icon="cpu" />
        ) : width === 0 ? null : columns === 1 ? (
          <SplitPane key="cpu.narrow" id="cpu.narrow" direction="column" initial={0.55} first={code} second={tabPart} />
        ) : columns === 2 ? (
          <SplitPane
            key="cpu.two"
            id="cpu.two"
            direction="row"
            initial={0.58}
            first={code}
            second={
              <SplitPane key="cpu.two.side" id="cpu.two.side" direction="column" initial={0.52} first={registerPart} second={tabPart} />
            }
          />
        ) : (
          <SplitPane
            key="cpu.three"
            id="cpu.three"
            direction="row"
            initial={0.46}
            first={code}
            second={
              <SplitPane key="cpu.three.side" id="cpu.three.side" direction="row" initial={0.42} first={registerPart} second={tabPart} />
            }
          />
        )}
      </div>
    </section>
  );
}

function Counted({ title, count, error }: { readonly title: string; readonly count: number; readonly error?: boolean }) {
  return (
    <>
      {title}
      {count > 0 && <span class={error ? 'cpu-count cpu-count-error' : 'cpu-count'}>{count}</span>}
    </>
  );
}

export const cpu: Pane = {
  id: 'cpu',
  title: 'CPU',
  key: '5',
  shortcuts: [
    ...COMMANDS.map(({ keys, title }) => ({ keys: keys[0]!.replace('+', ' '), title })),
    { keys: '/', title: 'Go to an address or symbol' },
    { keys: 'Space or F9', title: 'Breakpoint at the line' },
    { keys: 'h', title: 'Run to the line' },
    { keys: 'Enter', title: 'Follow the branch' },
    { keys: 'Backspace', title: 'Back from where the branch led' },
    { keys: '.', title: 'To the PC' },
  ],
  component: Component,
};
