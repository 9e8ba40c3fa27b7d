/** Takes events out of the page: what, and as what. */
import { useState } from 'preact/hooks';
import { Button, Dialog, Select } from '../../components/index.ts';
import { description, tell, title } from '../../store.ts';
import { currentScene, palette } from './current-scene.ts';
import { pictureOf } from './export-picture.ts';
import { csvOf, fileName } from './export-text.ts';
import { chromeTrace } from './export-trace.ts';
import { filter, hz, linuxSide, log, markers, mode, picked, shownLanes, view } from './model.ts';
import { sequenceScene } from './sequence-view.tsx';
import { formatInteger, formatTime } from './time-format.ts';
import { endOf } from './viewport.ts';

type Stretch = 'all' | 'sight' | 'markers' | 'picked';

/** Events of a stretch, in the order of time; those that the filter lets pass. */
function idsOf(stretch: Stretch): readonly number[] {
  const all = stretch === 'picked' && picked.peek() ? picked.peek()!.lanes.all : shownLanes.peek().all;
  const [a = 0, b = 0] = markers.peek();
  const from = stretch === 'sight' ? view.peek().start : stretch === 'markers' ? Math.min(a, b) : Number.NEGATIVE_INFINITY;
  const to = stretch === 'sight' ? endOf(view.peek()) : stretch === 'markers' ? Math.max(a, b) : Number.POSITIVE_INFINITY;
  const ids: number[] = [];
  for (let index = all.lowerBound(from); index < all.length && all.cycle(index) <= to; index++) ids.push(all.id(index));
  return ids;
}

function save(parts: readonly string[] | Blob, name: string, type: string): void {
  const blob = parts instanceof Blob ? parts : new Blob([...parts], { type });
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** JSON in pieces: as one text it could be longer than a text may be. */
function jsonParts(trace: ReturnType<typeof chromeTrace>): readonly string[] {
  const { traceEvents, ...rest } = trace;
  const parts = [`${JSON.stringify(rest).slice(0, -1)},"traceEvents":[\n`];
  for (let index = 0; index < traceEvents.length; index += 2000) {
    const lines = traceEvents.slice(index, index + 2000).map((event) => JSON.stringify(event));
    parts.push(`${index > 0 ? ',\n' : ''}${lines.join(',\n')}`);
  }
  parts.push('\n]}\n');
  return parts;
}

function named(ids: readonly number[], extension: string): string {
  const from = ids.length > 0 ? log.cycle(ids[0]!) : view.peek().start;
  const to = ids.length > 0 ? log.cycle(ids[ids.length - 1]!) : endOf(view.peek());
  return fileName(description.peek()?.firmware?.name ?? title.peek(), from, to, hz.peek(), extension);
}

function about(): Readonly<Record<string, string>> {
  const known = description.peek();
  return {
    tool: 'imx-sim',
    firmware: known?.firmware?.name ?? title.peek(),
    soc: known?.soc ?? '',
    clock: `${hz.peek()} Hz`,
    filter: filter.text.peek(),
  };
}

async function exportPicture(): Promise<void> {
  const scene = currentScene(0, 0);
  const subtitle = [
    description.peek()?.soc,
    `${formatTime(Math.max(0, scene.view.start), hz.peek())} to ${formatTime(endOf(scene.view), hz.peek())}`,
  ];
  if (filter.text.peek() !== '') subtitle.push(`filter: ${filter.text.peek()}`);
  const blob = await pictureOf({
    scene: { ...scene, height: scene.rows.height },
    sequence: mode.peek() === 'sequence' ? sequenceScene.peek() : undefined,
    palette: palette.peek(),
    title: description.peek()?.firmware?.name ?? title.peek(),
    subtitle: subtitle.filter(Boolean).join('  ·  '),
  });
  save(blob, named([], 'png'), 'image/png');
}

export function ExportDialog({ onClose }: { readonly onClose: () => void }) {
  const [a, b] = markers.value;
  const [stretch, setStretch] = useState<Stretch>(picked.value ? 'picked' : a !== undefined && b !== undefined ? 'markers' : 'all');
  const ids = idsOf(stretch);
  const done = (act: () => void | Promise<void>) => () => {
    Promise.resolve().then(act).then(onClose, tell);
  };
  const options: { value: Stretch; title: string }[] = [
    { value: 'all', title: 'Everything' },
    { value: 'sight', title: 'What is in sight' },
  ];
  if (a !== undefined && b !== undefined) options.push({ value: 'markers', title: 'Between the markers' });
  if (picked.value) options.push({ value: 'picked', title: 'The chosen events' });
  const trace = (): void => {
    const made = chromeTrace(log, ids, { hz: hz.peek(), about: about(), linuxSide });
    save(jsonParts(made), named(ids, 'trace.json'), 'application/json');
  };
  const csv = (): void =>
    save(
      [
        csvOf(
          ids.map((id) => log.event(id)),
          hz.peek(),
        ),
      ],
      named(ids, 'csv'),
      'text/csv',
    );
  return (
    <Dialog title="Export" onClose={onClose}>
      <div class="timeline-export">
        <Select label="Events" shown value={stretch} options={options} onChange={setStretch} />
        <p class="muted">
          {formatInteger(ids.length)} events{filter.text.value === '' ? '' : ', those that the filter lets pass'}.
        </p>
        <ul>
          <li>
            <Button kind="primary" icon="download" onClick={done(trace)} disabled={ids.length === 0}>
              Chrome trace
            </Button>
            <span>JSON for Perfetto (ui.perfetto.dev) and chrome://tracing, with flows of messages and counters of vrings.</span>
          </li>
          <li>
            <Button icon="download" onClick={done(csv)} disabled={ids.length === 0}>
              CSV
            </Button>
            <span>A line for each event, for spreadsheets and scripts.</span>
          </li>
          <li>
            <Button icon="download" onClick={done(exportPicture)}>
              PNG
            </Button>
            <span>A picture of what is in sight, with axis and legend; the choice above does not matter to it.</span>
          </li>
        </ul>
      </div>
    </Dialog>
  );
}
