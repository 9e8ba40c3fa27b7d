/** The timeline: what happened, on virtual time. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { EmptyState } from '../../components/index.ts';
import type { Pane } from '../../panes.ts';
import { description, request, mode as serverMode, state, want } from '../../store.ts';
import { currentRows } from './current-scene.ts';
import { DetailPanel } from './detail-panel.tsx';
import { setSources } from './exceptions.ts';
import { ExportDialog } from './export-dialog.tsx';
import { useFrame } from './frames.ts';
import { HelpDialog } from './help-dialog.tsx';
import { useKeys } from './key-actions.ts';
import { KEYS } from './keys.ts';
import { LanesView } from './lanes-view.tsx';
import { LatencyPanel } from './latency-panel.tsx';
import { bottom, detailShown, extentOf, ingest, log, look, mode, pump, record, select, settle, version, view } from './model.ts';
import { RatesStrip } from './rates-strip.tsx';
import { SequenceView } from './sequence-view.tsx';
import { StatusLine } from './status-line.tsx';
import { TableView } from './table-view.tsx';
import { TimelineToolbar } from './toolbar.tsx';
import { reveal } from './viewport.ts';
import './timeline.css';

/** `seq` selects an event, `cycle` shows a moment. */
function Component({ detail }: { readonly detail: Readonly<Record<string, string>> }) {
  const root = useRef<HTMLDivElement>(null);
  const [dialog, setDialog] = useState<'export' | 'help'>();
  useEffect(() => want('interrupt'), []);
  useEffect(() => want('thread'), []);
  useEffect(record, []);
  const cores = description.value?.cores;
  useEffect(() => {
    // Without names of sources the interrupts have only their numbers: nothing to complain about.
    for (const { name } of cores ?? []) {
      request('cpu.exceptions', { core: name }).then(
        (rows) => setSources(name, rows),
        () => {},
      );
    }
  }, [cores]);
  useFrame(() => {
    ingest();
    pump();
    settle();
  }, 0);
  const wanted = useRef<string | undefined>(undefined);
  useFrame(() => {
    const key = `${detail['seq']} ${detail['cycle']}`;
    if (wanted.current !== key && view.peek().width > 0 && goTo(detail)) wanted.current = key;
  }, 0.1);
  useKeys(root, { exportDialog: () => setDialog('export'), helpDialog: () => setDialog('help') });
  return (
    <div ref={root} class="timeline" tabIndex={-1}>
      <TimelineToolbar onExport={() => setDialog('export')} onHelp={() => setDialog('help')} />
      <div class="timeline-body">
        <div class="timeline-main">
          <Empty />
          {mode.value === 'lanes' && <LanesView />}
          {mode.value === 'sequence' && <SequenceView />}
          {mode.value === 'table' && <TableView />}
          {bottom.value === 'rates' && <RatesStrip />}
          {bottom.value === 'latency' && <LatencyPanel />}
        </div>
        {detailShown.value && <DetailPanel />}
      </div>
      <StatusLine />
      {dialog === 'export' && <ExportDialog onClose={() => setDialog(undefined)} />}
      {dialog === 'help' && <HelpDialog onClose={() => setDialog(undefined)} />}
    </div>
  );
}

/** True when there is nothing (more) to go to. */
function goTo(detail: Readonly<Record<string, string>>): boolean {
  if (detail['seq'] !== undefined) {
    const id = log.bySeq(Number(detail['seq']));
    if (id < 0) return false;
    select(id);
    return true;
  }
  const cycle = Number(detail['cycle'] ?? Number.NaN);
  if (Number.isFinite(cycle)) look(reveal(view.peek(), cycle, extentOf()));
  return true;
}

function Empty() {
  version.value;
  if (log.length > 0 || currentRows().list.length > 0) return null;
  return (
    <div class="timeline-empty">
      <EmptyState title="Nothing has happened yet" icon="timeline">
        {serverMode.value === 'trace' ? (
          <p>The trace has no events that could be shown.</p>
        ) : state.value && !state.value.running ? (
          <p>
            The machine stands still. Run it with <kbd>p</kbd>: doorbells, messages, interrupts and lines of consoles will appear here.
          </p>
        ) : (
          <p>The machine runs. Its first kernel message or line of a console will appear here.</p>
        )}
      </EmptyState>
    </div>
  );
}

export const timeline: Pane = { id: 'timeline', title: 'Timeline', key: '2', shortcuts: KEYS, component: Component };
