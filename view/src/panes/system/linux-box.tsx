/** Linux in the diagram: remoteprocs, vdevs, channels, ttys, what it waits for, and the last lines of its log. */
import type { ComponentChildren } from 'preact';
import type { Overview } from '../../../../src/view/protocol.ts';
import { Icon } from '../../components/icons.tsx';
import { hex } from '../../format.ts';
import { go } from '../../store.ts';
import { vdevState, vdevStatus } from './parts.ts';

type Linux = NonNullable<Overview['linux']>;

export function LinuxBox({ linux, lines }: { readonly linux: Linux | undefined; readonly lines: readonly string[] }) {
  return (
    <>
      <header class="system-head">
        <button type="button" class="system-name hue-linux" onClick={() => go('consoles', { device: 'linux' })}>
          Linux
        </button>
        <span class="system-kind">A cores</span>
        <span class="spacer" />
        {linux && <span class="badge hue-linux">{linux.state}</span>}
      </header>
      <div class="system-scroll">{linux && <Facts linux={linux} />}</div>
      <Tail lines={lines} device="linux" title="kernel log" empty="Nothing has been logged yet." />
    </>
  );
}

function Facts({ linux }: { readonly linux: Linux }) {
  return (
    <>
      {linux.waitingFor.length > 0 && (
        <div class="system-waiting">
          <Icon name="warning" />
          <div>
            <strong>Waits for</strong>
            {linux.waitingFor.map((what) => (
              <p key={what}>{what}</p>
            ))}
          </div>
        </div>
      )}
      <Group title="Remote processors" empty="No remoteproc device is bound.">
        {linux.remoteprocs.map(({ name, device, state, firmware }) => (
          <button key={name} type="button" class="system-row" onClick={() => go('tables', { show: 'resource-table' })}>
            <span
              class={`system-dot${state === 'running' || state === 'attached' ? ' system-dot-on' : state === 'crashed' ? ' system-dot-bad' : ''}`}
            />
            <b>{name}</b>
            <span>{state}</span>
            <span class="system-more mono">{firmware ?? device}</span>
          </button>
        ))}
      </Group>
      <Group title="Virtio devices" empty="None yet: a vdev comes from the firmware's resource table.">
        {linux.vdevs.map(({ name, status, features }) => (
          <button
            key={name}
            type="button"
            class="system-row"
            data-tip={`status ${hex(status, 2)}: ${vdevStatus(status)}`}
            onClick={() => go('vrings', { device: name })}
          >
            <span class={`system-dot${status & 4 ? ' system-dot-on' : status & 128 ? ' system-dot-bad' : ''}`} />
            <b>{name}</b>
            <span>{vdevState(status)}</span>
            <span class="system-more mono">features {hex(features, 1)}</span>
          </button>
        ))}
      </Group>
      <Group title="RPMsg channels" empty="None yet: the firmware announces them to the name service.">
        {linux.channels.map(({ name, src, dst, driver }) => (
          <button
            key={`${name} ${src} ${dst}`}
            type="button"
            class="system-row"
            data-tip={`${name} · ${driver ?? 'no driver'}`}
            onClick={() => go('timeline', { search: name })}
          >
            <span class={`system-dot${driver ? ' system-dot-on' : ''}`} />
            <b>{name}</b>
            <span class="mono">
              {hex(src, 1)} ⇄ {hex(dst, 1)}
            </span>
            <span class="system-more system-optional mono">{driver ?? 'no driver'}</span>
          </button>
        ))}
      </Group>
      {linux.ttys.length > 0 && (
        <Group title="Terminals">
          <div class="system-chips">
            {linux.ttys.map((name) => (
              <button key={name} type="button" class="system-chip" onClick={() => go('consoles', { device: name })}>
                <Icon name="consoles" />
                {name}
              </button>
            ))}
          </div>
        </Group>
      )}
    </>
  );
}

/** A group of rows under its name. */
export function Group({
  title,
  empty,
  children,
}: {
  readonly title: string;
  readonly empty?: string;
  readonly children: ComponentChildren;
}) {
  const none = Array.isArray(children) && children.length === 0;
  return (
    <section class="system-group">
      <h3 class="label">{title}</h3>
      {none ? <p class="muted system-none">{empty}</p> : children}
    </section>
  );
}

/** The last lines of a console; a click opens it. */
export function Tail({
  lines,
  device,
  title,
  empty,
}: {
  readonly lines: readonly string[];
  readonly device: string | undefined;
  readonly title: string;
  readonly empty: string;
}) {
  return (
    <button type="button" class="system-tail" onClick={() => go('consoles', device ? { device } : {})} aria-label={`Open ${title}`}>
      <span class="label">{title}</span>
      <span class="system-tail-lines mono">
        {lines.length === 0 && <span class="muted">{empty}</span>}
        {lines.map((line, index) => (
          <span key={index}>{line || ' '}</span>
        ))}
      </span>
    </button>
  );
}
