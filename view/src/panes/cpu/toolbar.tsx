/** The toolbar of the CPU pane: which core, how to go on, where to look. */

import { Badge, Button, IconButton, Select, Spacer, Toolbar } from '../../components/index.ts';
import { description, overview, state } from '../../store.ts';
import { AddressField } from './address-field.tsx';
import { chooseCore, core, follow, setFollow, show } from './selection.ts';
import { COMMANDS, perform, refusal } from './stepping.ts';

export function CpuToolbar(props: { readonly withSource: boolean; readonly onSource: (on: boolean) => void; readonly compact: boolean }) {
  const cores = description.value?.cores ?? [];
  const name = core();
  const chosen = cores.find((each) => each.name === name);
  const running = state.value?.running === true;
  return (
    <Toolbar label="CPU">
      {cores.length > 1 ? (
        <Select
          label="Core"
          value={name ?? ''}
          options={cores.map((each) => ({ value: each.name, title: `${each.name} · ${each.architecture}` }))}
          onChange={chooseCore}
        />
      ) : (
        chosen !== undefined && (
          <span class="cpu-core" data-tip={`${(chosen.hz / 1e6).toLocaleString('en')} MHz`}>
            <b>{chosen.name}</b> {!props.compact && chosen.architecture}
          </span>
        )
      )}
      <CoreState core={name} />
      <span class="cpu-steps">
        {COMMANDS.map((command) => {
          const why = refusal(command);
          const pause = command.id === 'continue' && running;
          return (
            <IconButton
              key={command.id}
              icon={pause ? 'pause' : command.icon}
              label={pause ? 'Pause' : why === undefined ? command.title : `${command.title} (${why})`}
              shortcut={command.keys[0]!}
              disabled={why !== undefined}
              onClick={() => void perform(command)}
            />
          );
        })}
      </span>
      <Spacer />
      <Button
        pressed={props.withSource}
        kind="quiet"
        onClick={() => props.onSource(!props.withSource)}
        tip="source lines between the instructions"
      >
        Source
      </Button>
      <Button pressed={follow.value} kind="quiet" onClick={() => setFollow(!follow.value)} tip="go to the PC at every halt">
        Follow PC
      </Button>
      <AddressField
        label="Go to an address or a symbol in the disassembly"
        placeholder="go to address or symbol"
        onGo={show}
        inputClass="cpu-goto"
      />
    </Toolbar>
  );
}

function CoreState({ core: name }: { readonly core: string | undefined }) {
  const found = overview.value?.cores.find((each) => each.name === name);
  const running = state.value?.running;
  if (running === undefined) return null;
  const words =
    found?.state === 'running' || found === undefined
      ? running
        ? 'running'
        : 'halted'
      : found.state === 'reset'
        ? 'in reset'
        : found.state;
  return (
    <Badge hue={found?.state === 'crashed' ? 'error' : 'core'}>
      {found?.exception === undefined ? words : `${words} · ${found.exception}`}
    </Badge>
  );
}
