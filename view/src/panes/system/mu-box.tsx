/** A messaging unit: both sides' registers and flags, channel by channel. */
import type { Overview } from '../../../../src/view/protocol.ts';
import { Lamp } from '../../components/badge.tsx';
import { hex } from '../../format.ts';
import { go } from '../../store.ts';

type Mu = Overview['mus'][number];
type Side = Mu['sides'][number];

const FLAGS = [
  { flag: 'TE', enable: 'TIE', hue: 'console', meaning: 'transmit register empty' },
  { flag: 'RF', enable: 'RIE', hue: 'doorbell', meaning: 'receive register full' },
  { flag: 'GIP', enable: 'GIE', hue: 'doorbell', meaning: 'general interrupt pending' },
] as const;

/** Flags by the names of manuals: TE, TEn. */
function flags(side: Side | undefined, name: string): readonly boolean[] {
  return side?.flags[name] ?? side?.flags[`${name}n`] ?? [];
}

export function MuBox({
  name,
  channels,
  mu,
  rates,
  compact,
}: {
  readonly name: string;
  readonly channels: number;
  readonly mu: Mu | undefined;
  readonly rates: { readonly a: string; readonly b: string };
  readonly compact: boolean;
}) {
  const a = mu?.sides.find(({ side }) => side === 'A');
  const b = mu?.sides.find(({ side }) => side === 'B');
  const rows = compact ? [] : Array.from({ length: channels }, (_, channel) => channel);
  return (
    <>
      <header class="system-head">
        <button type="button" class="system-name hue-doorbell" onClick={() => go('peripherals', { name })}>
          {name}
        </button>
        <span class="system-kind">messaging unit</span>
        <span class="spacer" />
        {compact && <Lamps side={a} channels={channels} />}
        {compact && <Lamps side={b} channels={channels} />}
      </header>
      {!compact && (
        <table class="system-mu">
          <thead>
            <tr>
              <th colSpan={3} class="system-side">
                <span class="hue-linux">A</span> {a?.owner ?? ''}
              </th>
              <th class="system-mu-word" data-tip="Words from B that A has not read or has read last: RR of side A">
                ◂ {rates.b}
              </th>
              <th class="system-mu-channel" />
              <th class="system-mu-word" data-tip="Words from A that B has not read or has read last: RR of side B">
                {rates.a} ▸
              </th>
              <th colSpan={3} class="system-side">
                {b?.owner ?? ''} <span class="hue-core">B</span>
              </th>
            </tr>
            <tr class="system-mu-flags">
              {FLAGS.map(({ flag, meaning }) => (
                <th key={flag} data-tip={meaning}>
                  {flag}
                </th>
              ))}
              <th>RR</th>
              <th class="system-mu-channel">ch</th>
              <th>RR</th>
              {FLAGS.map(({ flag, meaning }) => (
                <th key={flag} data-tip={meaning}>
                  {flag}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((channel) => (
              <tr key={channel}>
                <Flags side={a} channel={channel} />
                <Word side={a} channel={channel} />
                <td class="system-mu-channel">{channel}</td>
                <Word side={b} channel={channel} />
                <Flags side={b} channel={channel} />
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function Flags({ side, channel }: { readonly side: Side | undefined; readonly channel: number }) {
  return (
    <>
      {FLAGS.map(({ flag, enable, hue }) => {
        const enabled = flags(side, enable)[channel] ?? false;
        return (
          <td key={flag} class={enabled ? 'system-enabled' : undefined}>
            <Lamp
              on={flags(side, flag)[channel] ?? false}
              hue={hue}
              label={`${side?.side ?? ''}.${flag}${channel}${enabled ? `, ${enable} set` : ''}`}
            />
          </td>
        );
      })}
    </>
  );
}

function Word({ side, channel }: { readonly side: Side | undefined; readonly channel: number }) {
  const value = side?.registers[`RR${channel}`] ?? 0;
  const full = flags(side, 'RF')[channel];
  return <td class={`system-mu-word mono${full ? ' system-lit' : value ? '' : ' muted'}`}>{value ? hex(value) : '0'}</td>;
}

function Lamps({ side, channels }: { readonly side: Side | undefined; readonly channels: number }) {
  return (
    <span class="system-lamps">
      {side?.side}
      {Array.from({ length: channels }, (_, channel) => (
        <Lamp key={channel} on={flags(side, 'RF')[channel] ?? false} label={`${side?.side}.RF${channel}`} />
      ))}
    </span>
  );
}
