/** The whole system at a glance. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { EmptyState } from '../../components/states.tsx';
import { count } from '../../format.ts';
import type { Pane } from '../../panes.ts';
import { activity, consoleList, description, eventsVersion, mode, overview, state, want } from '../../store.ts';
import { CoreBox } from './core-box.tsx';
import { Findings } from './findings.tsx';
import { type Box, layoutSystem } from './layout.ts';
import { LinuxBox } from './linux-box.tsx';
import { MemoryBox } from './memory-box.tsx';
import { MuBox } from './mu-box.tsx';
import { partsKey, partsOf, vringId } from './parts.ts';
import { VringBox } from './vring-box.tsx';
import { PulseLayer, Wires } from './wires.tsx';
import './system.css';
import './shared.css';
import './findings.css';

function Component({ detail }: { readonly detail: Readonly<Record<string, string>> }) {
  useEffect(() => want('overview'), []);
  if (mode.value === 'trace' || !description.value) {
    return (
      <EmptyState title="A trace has no machine" icon="system">
        <p>
          What was recorded are events and consoles: the timeline and the consoles show them. The diagram needs a run, or a recording of
          inputs.
        </p>
      </EmptyState>
    );
  }
  return (
    <div class="system">
      <Stage />
      <Findings findings={overview.value?.findings ?? []} open={detail['show'] === 'findings'} />
    </div>
  );
}

function useSize() {
  const element = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0, rem: 13 });
  const measure = () => {
    const box = element.current?.getBoundingClientRect();
    if (!box) return;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
    setSize((old) =>
      old.width === box.width && old.height === box.height && old.rem === rem ? old : { width: box.width, height: box.height, rem },
    );
  };
  useLayoutEffect(measure, []);
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return { element, size };
}

function Stage() {
  const { element, size } = useSize();
  const parts = partsOf(description.value!, overview.value);
  const key = partsKey(parts);
  const layout = useMemo(() => layoutSystem(parts, size), [key, size]);
  return (
    <div ref={element} class="system-stage">
      {size.width > 0 && (
        <div class="system-canvas" style={{ width: `${layout.width}px`, height: `${layout.height}px` }}>
          {layout.boxes
            .filter(({ kind }) => kind === 'memory')
            .map((box) => (
              <Part key={box.id} box={box} />
            ))}
          <Wires layout={layout} />
          <PulseLayer layout={layout} />
          {layout.boxes
            .filter(({ kind }) => kind !== 'memory')
            .map((box) => (
              <Part key={box.id} box={box} />
            ))}
        </div>
      )}
    </div>
  );
}

/** Per second of virtual time, over the last second. */
function rate(key: string): string {
  const recent = activity().rates.recent(key, state.value?.cycle ?? 0);
  return recent ? `${recent}/s` : '';
}

/** All there was, and the rate. */
function traffic(key: string): string {
  return [count(activity().rates.total(key)), rate(key)].filter(Boolean).join(' · ');
}

function Part({ box }: { readonly box: Box }) {
  eventsVersion.value;
  const machine = description.value!;
  const now = overview.value;
  const name = box.id.slice(box.id.indexOf(':') + 1);
  const place = { left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px` };
  return (
    <section class={`system-box system-${box.kind}`} style={place} aria-label={box.kind === 'linux' ? 'Linux' : name}>
      {box.kind === 'linux' && <LinuxBox linux={now?.linux} lines={activity().lines.of('dmesg')} />}
      {box.kind === 'mu' && (
        <MuBox
          name={name}
          channels={machine.mus.find((mu) => mu.name === name)?.channels ?? 0}
          mu={now?.mus.find((mu) => mu.name === name)}
          rates={{ a: traffic(`${name}/A`), b: traffic(`${name}/B`) }}
          compact={box.compact}
        />
      )}
      {box.kind === 'memory' && <MemoryBox overview={now} linux={machine.linux} core={mainCore()} />}
      {box.kind === 'vring' && <Ring id={name} box={box} />}
      {box.kind === 'core' && <Core name={name} compact={box.compact} />}
    </section>
  );
}

function mainCore(): string {
  const { cores } = description.value!;
  return (cores.find(({ main }) => main) ?? cores[0])?.name ?? '';
}

/** Height of a vring's box without messages, and of one message, in rem. */
const RING = { plain: 6.2, message: 1.45 };

function Ring({ id, box }: { readonly id: string; readonly box: Box }) {
  eventsVersion.value;
  const ring = overview.value?.vrings.find((each) => vringId(each) === id);
  if (!ring) return null;
  const direction = ring.direction === 'to-core' ? 'tx' : 'rx';
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize);
  const room = Math.max(0, Math.floor((box.height / rem - RING.plain) / RING.message));
  return (
    <VringBox
      ring={ring}
      rate={rate(direction)}
      total={state.value?.present ? activity().rates.total(direction) : overview.value!.messages[direction]}
      core={mainCore()}
      compact={box.compact}
      last={activity().messages.of(ring.device, direction).slice(0, room)}
    />
  );
}

function Core({ name, compact }: { readonly name: string; readonly compact: boolean }) {
  const core = description.value!.cores.find((each) => each.name === name);
  if (!core) return null;
  const devices = consoleList.value.filter(({ kind }) => kind === 'uart' || kind === 'semihosting').map(({ device }) => device);
  const device = devices.find((each) => activity().lines.of(each).length > 0) ?? devices[0];
  return (
    <CoreBox
      core={core}
      halted={state.value?.running === false}
      now={overview.value?.cores.find((each) => each.name === name)}
      peripherals={overview.value?.peripherals ?? []}
      kinds={description.value!.peripherals}
      lines={{ device, lines: device ? activity().lines.of(device) : [] }}
      compact={compact}
    />
  );
}

export const system: Pane = { id: 'system', title: 'System', key: '1', component: Component };
