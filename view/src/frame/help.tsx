/** What `?` shows. */
import { Dialog } from '../components/dialog.tsx';
import { CONTROLS } from '../controls.ts';
import { shown } from '../navigation.ts';
import { PANES } from '../panes.ts';
import { OTHER_KEYS } from './keys.ts';
import { help } from './layers.ts';

export function Help() {
  if (!help.value) return null;
  const groups: { title: string; rows: readonly { keys: string; title: string }[]; pane?: boolean }[] = [
    { title: 'Panes', rows: PANES.map(({ key, title }) => ({ keys: key, title })) },
    {
      title: 'Run',
      rows: CONTROLS.map(({ keys, title, id }) => ({ keys: keys.join(' or '), title: id === 'run' ? 'Run or pause' : title })),
    },
    { title: 'Page', rows: OTHER_KEYS },
    ...shown.value.flatMap(({ pane }) => {
      const { title, shortcuts } = PANES.find(({ id }) => id === pane)!;
      return shortcuts ? [{ title: `${title} pane`, rows: shortcuts, pane: true }] : [];
    }),
  ];
  return (
    <Dialog title="Keyboard" wide onClose={() => (help.value = false)}>
      <div class="help">
        {groups.map(({ title, rows, pane }) => (
          <section key={title} class={pane ? 'help-pane' : undefined}>
            <h3>{title}</h3>
            <dl>
              {rows.map(({ keys, title: what }) => (
                <div key={keys}>
                  <dt>
                    <kbd>{keys}</kbd>
                  </dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
