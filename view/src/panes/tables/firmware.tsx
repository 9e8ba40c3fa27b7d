/** What is known of the firmware's file and of the machine that it runs on. */
import { EmptyState, Hex } from '../../components/index.ts';
import { bytes, frequency } from '../../format.ts';
import { description, overview } from '../../store.ts';

export function Firmware() {
  const machine = description.value;
  if (machine === undefined) return <EmptyState title="Not connected" />;
  const { firmware } = machine;
  const main = machine.cores.find((core) => core.main);
  const remoteproc = overview.value?.linux?.remoteprocs[0];
  return (
    <div class="tables-scroll">
      <div class="tables-facts">
        <Facts
          title="Firmware"
          facts={[
            ['File', firmware?.name ?? 'none was given'],
            ['Size', firmware && bytes(firmware.bytes)],
            [
              'Debug information',
              firmware &&
                (firmware.debugInfo
                  ? 'DWARF: lines, locals and types are known'
                  : 'none: addresses have symbols at best. Build with -g, and do not strip.'),
            ],
            ['Loaded by Linux as', remoteproc?.firmware],
            ['State', remoteproc && `${remoteproc.name} (${remoteproc.device}): ${remoteproc.state}`],
          ]}
        />
        <Facts
          title="Machine"
          facts={[
            ['SoC', machine.soc],
            ['Board', machine.board],
            ['Core', main && `${main.name}: ${main.architecture} at ${frequency(main.hz)}`],
            ['Engine', machine.engine],
            ['Base clock', frequency(machine.hz)],
            [
              'Messaging units',
              machine.mus.map(({ name, linux }) => `${name}${linux === undefined ? '' : ` (Linux has side ${linux})`}`).join(', '),
            ],
            ['U-Boot', machine.uboot ? 'starts Linux' : 'not in this run'],
            ['Linux', machine.linux ? (overview.value?.linux?.state ?? 'runs') : 'not in this run'],
          ]}
        />
        <section>
          <h3>Set aside in memory</h3>
          {(overview.value?.carveOuts ?? []).length === 0 && <p class="muted">Nothing yet.</p>}
          <table class="tables-carve">
            <tbody>
              {(overview.value?.carveOuts ?? []).map(({ name, base, size, from }) => (
                <tr key={`${name}${base}`}>
                  <th scope="row">{name}</th>
                  <td>
                    <Hex value={base} memory="linux" />
                  </td>
                  <td class="number">{bytes(size)}</td>
                  <td class="muted">{from}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
        <Channels />
      </div>
    </div>
  );
}

function Facts({ title, facts }: { readonly title: string; readonly facts: readonly (readonly [string, string | undefined])[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl class="tables-fact-list">
        {facts
          .filter(([, value]) => value !== undefined && value !== '')
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

function Channels() {
  const channels = overview.value?.linux?.channels ?? [];
  if (channels.length === 0) return null;
  return (
    <section>
      <h3>rpmsg channels</h3>
      <table class="tables-carve">
        <tbody>
          {channels.map(({ name, src, dst, driver }) => (
            <tr key={`${name}${src}${dst}`}>
              <th scope="row">{name}</th>
              <td class="mono">{`${src} → ${dst}`}</td>
              <td class="muted">{driver ?? 'no driver'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
