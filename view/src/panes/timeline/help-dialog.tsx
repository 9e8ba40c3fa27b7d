/** Keys of the timeline and the language of its queries. */
import { Dialog } from '../../components/index.ts';
import { KEYS } from './keys.ts';
import { FIELD_HELP } from './query-fields.ts';

const EXAMPLES: readonly (readonly [string, string])[] = [
  ['pong', 'events whose line contains “pong”'],
  ['type:message addr:0x400', 'both must hold; or, not (-), parentheses are understood'],
  ['type:vring (queue:0 or action:kick)', 'one of two'],
  ['-type:interrupt -type:thread', 'all but those'],
  ['len:>100 time:1.2s..1300ms', 'comparisons and ranges'],
  ['text:/ping \\d+/', 'a regular expression'],
];

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Timeline: keys and queries" wide onClose={onClose}>
      <div class="timeline-help">
        <section>
          <h3>Keys</h3>
          <dl>
            {KEYS.map(({ keys, title }) => (
              <div key={keys}>
                <dt>
                  {keys.split(' ').map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{title}</dd>
              </div>
            ))}
          </dl>
          <h3>Pointer</h3>
          <p>
            The wheel zooms where the pointer is, with <kbd>Shift</kbd> it pans, with <kbd>Alt</kbd> it scrolls the rows. Drag to pan,{' '}
            <kbd>Shift</kbd> and drag to measure, double-click to come nearer.
          </p>
        </section>
        <section>
          <h3>Queries</h3>
          <dl>
            {EXAMPLES.map(([query, what]) => (
              <div key={query}>
                <dt class="mono">{query}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
          <h3>Fields</h3>
          <dl>
            {FIELD_HELP.map((field) => (
              <div key={field.name}>
                <dt class="mono">{field.example}</dt>
                <dd>{field.help}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
