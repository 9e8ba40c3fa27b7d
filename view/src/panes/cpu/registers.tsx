/** The registers of a core in their groups: changed ones marked, fields decoded, each editable. */
import { useMemo, useRef, useState } from 'preact/hooks';
import type { RegisterValue } from '../../../../src/view/protocol.ts';
import { EmptyState, ErrorState, Loading } from '../../components/index.ts';
import { changed, go, state } from '../../store.ts';
import { toast } from '../../toast-store.ts';
import { ChangeTracker } from './changes.ts';
import { staleClass } from './freshness.tsx';
import { ask, type Live } from './live.ts';
import { bareHex, float32, float64, parseRegister } from './numbers.ts';
import { show } from './selection.ts';

const GROUP_TITLES: Readonly<Record<string, string>> = {
  core: 'Core',
  float: 'Floating point',
  system: 'System',
  secure: 'Banked by security state',
};

/** Groups that are closed until somebody opens them: many registers, rarely wanted. */
const CLOSED: ReadonlySet<string> = new Set(['float', 'secure']);

export function Registers({ core, live }: { readonly core: string | undefined; readonly live: Live<readonly RegisterValue[]> }) {
  const trackers = useRef(new Map<string, ChangeTracker>());
  const { data, moment } = live;
  const changes = useMemo(() => {
    const name = core ?? '';
    const tracker = trackers.current.get(name) ?? new ChangeTracker();
    trackers.current.set(name, tracker);
    if (data !== undefined)
      tracker.settle(
        `${moment} ${data.find((register) => register.name === 'pc')?.value}`,
        data.map(({ name: of, value }) => [of, value] as const),
      );
    return tracker;
  }, [data, moment, core]);

  if (data === undefined) {
    if (live.error !== undefined) {
      return (
        <ErrorState title="The registers cannot be read" retry={live.reload}>
          <p>{live.error}</p>
        </ErrorState>
      );
    }
    return <Loading what="Reading the registers" />;
  }
  if (data.length === 0) return <EmptyState title="This core has no registers that can be shown" icon="cpu" />;
  const groups = new Map<string, RegisterValue[]>();
  for (const register of data) groups.set(register.group, [...(groups.get(register.group) ?? []), register]);
  return (
    <div class={`cpu-registers${staleClass()}`}>
      {[...groups].map(([group, registers]) => (
        <RegisterGroup key={group} group={group} registers={registers} changes={changes} core={core} />
      ))}
    </div>
  );
}

function RegisterGroup(props: {
  readonly group: string;
  readonly registers: readonly RegisterValue[];
  readonly changes: ChangeTracker;
  readonly core: string | undefined;
}) {
  const { group, registers, changes } = props;
  const [open, setOpen] = useState(!CLOSED.has(group));
  const [doubles, setDoubles] = useState(false);
  const float = group === 'float';
  const count = registers.filter(({ name }) => changes.before(name) !== undefined).length;
  const shown = registers.filter(({ name, bits }) => bits <= 32 && !(doubles && /^s\d+$/.test(name)));
  const id = `cpu-registers-${group.replaceAll(/\W+/g, '-')}`;
  return (
    <section class="cpu-register-group" aria-labelledby={id}>
      <h3 class="cpu-register-heading">
        <button type="button" id={id} class="cpu-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
          {GROUP_TITLES[group.toLowerCase()] ?? group}
          {!open && <span class="muted">{` ${registers.length}${count > 0 ? `, ${count} changed` : ''}`}</span>}
        </button>
        {open && float && (
          <button type="button" class="cpu-register-link" aria-pressed={doubles} onClick={() => setDoubles(!doubles)}>
            {doubles ? 'as singles' : 'as doubles'}
          </button>
        )}
      </h3>
      {open && (
        <div class="cpu-register-grid" style={{ '--name': `${Math.max(3, ...shown.map(({ name }) => name.length))}ch` }}>
          {doubles && <Doubles registers={registers} />}
          {shown.map((register) => (
            <Register key={register.name} register={register} before={changes.before(register.name)} core={props.core} />
          ))}
        </div>
      )}
    </section>
  );
}

/** D0 to D15, which are S0 to S31 by pairs. */
function Doubles({ registers }: { readonly registers: readonly RegisterValue[] }) {
  return (
    <>
      {registers
        .filter(({ bits }) => bits === 64)
        .map(({ name, value, high = 0 }) => (
          <div key={name} class="cpu-register cpu-register-wide">
            <span class="cpu-register-name">{name}</span>
            <span class="mono">{`${bareHex(high)}${bareHex(value)}`}</span>
            <span class="cpu-register-hint">{float64(value, high)}</span>
          </div>
        ))}
    </>
  );
}

/** What a value is beside hex: a float for s0 to s31, its symbol for a pointer, decimal for what is a small number. */
function hint(register: RegisterValue): string | undefined {
  if (/^s\d+$/.test(register.name)) return float32(register.value);
  // The vector table lies at 0, and a 0 is hardly a pointer to it.
  if (register.text !== undefined && register.value !== 0) return register.text;
  if (register.fields !== undefined || !/^r\d+$/.test(register.name)) return undefined;
  const signed = register.value | 0;
  return Math.abs(signed) < 1_000_000 && Math.abs(signed) > 9 ? String(signed) : undefined;
}

/** Where a register that points somewhere leads to. */
function linkOf(
  register: RegisterValue,
  core: string | undefined,
): { readonly where: string; readonly word: string; readonly go: () => void } | undefined {
  const { name, value, text } = register;
  if (text === 'EXC_RETURN' || value === 0) return undefined;
  if (/^(pc|lr)$/.test(name)) return { where: 'the disassembly', word: 'code', go: () => show(value) };
  const pointer = /^(sp|msp|psp)/.test(name) || (text !== undefined && /^r\d+$/.test(name));
  if (!pointer) return undefined;
  return { where: 'memory', word: 'stack', go: () => go('memory', { address: value, ...(core === undefined ? {} : { view: core }) }) };
}

function Register(props: { readonly register: RegisterValue; readonly before: number | undefined; readonly core: string | undefined }) {
  const { register, before } = props;
  const [editing, setEditing] = useState(false);
  const digits = Math.max(1, Math.ceil(register.bits / 4));
  const text = bareHex(register.value, digits);
  const extra = hint(register);
  const link = linkOf(register, props.core);
  const fields = register.fields ?? [];

  const write = async (typed: string) => {
    setEditing(false);
    const value =
      parseRegister(typed, register.bits) ??
      (/^[\da-f]+$/i.test(typed.trim()) && /[a-f]/i.test(typed) ? parseRegister(`0x${typed.trim()}`, register.bits) : undefined);
    if (value === undefined) {
      toast(
        'warning',
        `'${typed}' is no value of ${register.bits} bits for ${register.name}.`,
        'Write 0x1f, 31, -1, 0b11, or 1.5 for a float.',
      );
      return;
    }
    if (value === register.value) return;
    const result = await ask('cpu.setRegister', {
      register: register.name,
      value,
      ...(props.core === undefined ? {} : { core: props.core }),
    });
    if (result !== undefined) changed();
  };
  const begin = () => {
    if (state.value?.running === true) toast('note', 'The machine runs: pause it to change a register.');
    else setEditing(true);
  };
  return (
    <div class={`cpu-register${before === undefined ? '' : ' cpu-changed'}${fields.length > 0 ? ' cpu-register-wide' : ''}`}>
      <span class="cpu-register-name">{register.name}</span>
      {editing ? (
        <input
          class="mono cpu-register-edit"
          aria-label={`Value of ${register.name}`}
          autofocus
          ref={(element) => element?.focus()}
          defaultValue={`0x${text}`}
          onFocus={(event) => event.currentTarget.select()}
          onBlur={() => setEditing(false)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') void write(event.currentTarget.value);
            if (event.key === 'Escape') setEditing(false);
          }}
        />
      ) : (
        <button
          type="button"
          class="cpu-register-value"
          onClick={begin}
          aria-label={`${register.name} ${text}${before === undefined ? '' : `, was ${bareHex(before, digits)}`}: change`}
          data-tip={before === undefined ? 'change' : `was ${bareHex(before, digits)} · change`}
        >
          {register.bits === 1 ? String(register.value) : text}
        </button>
      )}
      {link === undefined ? (
        extra !== undefined && <span class="cpu-register-hint">{extra}</span>
      ) : (
        <button
          type="button"
          class="cpu-register-link"
          onClick={link.go}
          data-tip={`${extra === undefined ? '' : `${extra} · `}show in ${link.where}`}
          aria-label={`${register.name} in ${link.where}`}
        >
          {extra ?? link.word}
        </button>
      )}
      {fields.length > 0 && <Fields fields={fields} />}
    </div>
  );
}

/** What a field's value means: what stands after its description. */
function meaning(text: string | undefined): string | undefined {
  const at = text?.lastIndexOf(': ') ?? -1;
  return at === -1 ? undefined : text!.slice(at + 2);
}

/** Flags by their letters, lit when they are set; wider fields with their value, or what it means, unless they are 0 and that means nothing. */
export function Fields({ fields }: { readonly fields: NonNullable<RegisterValue['fields']> }) {
  return (
    <span class="cpu-fields">
      {fields.map(({ name, value, text }) => {
        const means = meaning(text);
        const flag = /^[A-Z]{1,3}$/.test(name) && name !== 'GE' && name !== 'ISR' && means === undefined && value <= 1;
        if (!flag && value === 0 && means === undefined) return null;
        return (
          <span
            key={name}
            class={value === 0 && flag ? 'cpu-field' : 'cpu-field cpu-field-set'}
            data-tip={`${name} = ${value}${text === undefined ? '' : ` · ${text}`}`}
          >
            {name}
            {!flag && <b>{means ?? (value > 9 ? `${value}` : value)}</b>}
            {flag && <span class="visually-hidden">{` ${value}`}</span>}
          </span>
        );
      })}
    </span>
  );
}
