/** One console: its terminal, and below it whether it takes keys. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ConsoleView } from '../../../../src/view/protocol.ts';
import { Button, Field, IconButton } from '../../components/button.tsx';
import { copyText } from '../../components/clipboard.ts';
import { inputHint, noInput } from './input-words.ts';
import { type ConsoleSession, sessionOf } from './sessions.ts';
import { looksAt } from './unread.ts';

/** `focus`: it is the only one, and takes the keys when its tab is chosen. */
export function View({ console, focus }: { readonly console: ConsoleView; readonly focus?: boolean }) {
  const { device, kind, input } = console;
  const session = sessionOf(device);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current!;
    session.show(element);
    const observer = new ResizeObserver(() => session.fit());
    observer.observe(element);
    const end = looksAt(device);
    if (focus && document.activeElement?.closest('.consoles')) session.terminal.focus();
    return () => {
      observer.disconnect();
      end();
    };
  }, [session, device, focus]);
  const why = noInput(console);
  const hint = inputHint(console);
  const closed = kind === 'shell' && input === 'idle';
  return (
    <div class="consoles-view" role={focus ? 'tabpanel' : undefined}>
      <div ref={place} class="consoles-place" />
      {closed && session.blank.value && (
        <div class="consoles-closed">
          <p>A root shell of the modelled Linux, with its files, its sysfs and its devices.</p>
          <Button
            kind="primary"
            icon="consoles"
            onClick={() => {
              session.type('\r');
              session.terminal.focus();
            }}
          >
            Open a Linux shell
          </Button>
        </div>
      )}
      <footer class="consoles-foot">
        <span class={why ? 'consoles-refused' : 'muted'}>
          {why ?? hint ?? (closed ? 'Not open.' : 'Takes input. F6 leaves the terminal.')}
        </span>
        <span class="spacer" />
        {!why && LINE_END[kind] !== undefined && <LineField session={session} console={console} end={LINE_END[kind]} />}
        <IconButton
          icon="copy"
          label={`Copy all of ${console.title}`}
          onClick={() => void copyText(session.terminal.getSelection() || session.text())}
        />
        <IconButton icon="close" label="Clear what is shown here" onClick={() => session.terminal.clear()} />
      </footer>
    </div>
  );
}

/** What ends a line for those consoles at which lines are sent as one: a key by itself would be a message of its own on a tty of RPMsg. */
const LINE_END: Partial<Record<ConsoleView['kind'], string>> = { tty: '\n', uart: '\r' };

/** A field whose line is sent whole, as `echo line > tty` does. */
function LineField({ session, console, end }: { readonly session: ConsoleSession; readonly console: ConsoleView; readonly end: string }) {
  const [line, setLine] = useState('');
  return (
    <Field
      class="consoles-line"
      label={`Line for ${console.title}`}
      placeholder="a line, sent at once by Enter"
      mono
      value={line}
      onInput={setLine}
      onSubmit={(text) => {
        session.type(`${text}${end}`);
        setLine('');
      }}
    />
  );
}
