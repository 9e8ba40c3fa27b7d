/** Registers of one block as a table, and one of them bit by bit. */
import type { RegisterView } from '../../../../src/view/protocol.ts';
import { Badge, EmptyState, Hex, Table } from '../../components/index.ts';
import { hex } from '../../format.ts';
import type { ChangeTracker } from '../cpu/changes.ts';
import { binary } from '../cpu/numbers.ts';
import { bitRange, bitRuns, changedFields, fieldText, registerText } from './registers.ts';

interface BlockAt {
  readonly name: string;
  readonly base: number;
}

export function RegisterList(props: {
  readonly rows: readonly RegisterView[];
  readonly block: BlockAt;
  readonly base: 'hex' | 'binary';
  readonly changes: ChangeTracker;
  readonly selected: string | undefined;
  readonly onSelect: (name: string) => void;
  readonly empty: boolean;
}) {
  const { block, base, changes } = props;
  const longest = Math.max(8, ...props.rows.map(({ name }) => name.length));
  return (
    <Table<RegisterView>
      label={`Registers of ${block.name}`}
      rows={props.rows}
      rowKey={({ name }) => name}
      selected={props.selected}
      onSelect={({ name }) => props.onSelect(name)}
      rowClass={({ name, unimplemented }) =>
        changes.before(name) !== undefined ? 'peripherals-changed' : unimplemented ? 'peripherals-absent' : undefined
      }
      columns={[
        {
          id: 'offset',
          title: 'Offset',
          width: '5rem',
          mono: true,
          render: ({ address }) => <span class="muted">{`+${hex(address - block.base, 2)}`}</span>,
        },
        { id: 'name', title: 'Register', width: `calc(${longest}ch + 1.6rem)`, mono: true, render: ({ name }) => name },
        {
          id: 'value',
          title: 'Value',
          width: base === 'hex' ? '8.2rem' : '25rem',
          mono: true,
          render: ({ name, value, width }) => {
            const before = changes.before(name);
            return (
              <span class="peripherals-value" data-tip={before === undefined ? undefined : `was ${registerText(before, width, base)}`}>
                {registerText(value, width, base)}
              </span>
            );
          },
        },
        {
          id: 'fields',
          title: 'Fields that are set',
          render: (register) =>
            register.unimplemented ? (
              <Badge hue="warning" tip="stored and read back, without an effect; the first access was a finding">
                not modelled
              </Badge>
            ) : (
              <SetFields register={register} />
            ),
        },
        {
          id: 'access',
          title: 'Access',
          width: '4.6rem',
          render: ({ access }) => <span class="muted">{access}</span>,
        },
      ]}
      empty={
        <EmptyState title={props.empty ? `${block.name} has no registers that can be shown` : 'No register is like that'}>
          <p>{props.empty ? 'Its model has no list of registers.' : 'Try a part of its name, a field, or an offset in hex.'}</p>
        </EmptyState>
      }
    />
  );
}

function SetFields({ register }: { readonly register: RegisterView }) {
  const set = register.fields.filter(({ value }) => value !== 0);
  return (
    <span class="peripherals-fields">
      {set.map((field) => (
        <span key={field.name} data-tip={`${field.name} ${bitRange(field)} ${field.access}`}>
          {field.name}
          {field.width > 1 && <b>{field.value > 9 ? `0x${field.value.toString(16)}` : field.value}</b>}
        </span>
      ))}
    </span>
  );
}

export function RegisterDetail(props: {
  readonly register: RegisterView;
  readonly block: BlockAt;
  readonly base: 'hex' | 'binary';
  readonly before: number | undefined;
  readonly view: string | undefined;
}) {
  const { register, base, before } = props;
  const changed = before === undefined ? [] : changedFields(register, before);
  return (
    <section class="peripherals-detail" aria-label={`${props.block.name}.${register.name}`}>
      <header>
        <h3 class="mono">
          {props.block.name}.{register.name}
        </h3>
        <Hex value={register.address} memory={props.view} />
        <span>
          <span class="label">value</span> <span class="mono">{registerText(register.value, register.width, 'hex')}</span>
        </span>
        <span>
          <span class="label">reset</span> <span class="mono">{registerText(register.reset, register.width, 'hex')}</span>
        </span>
        {before !== undefined && (
          <span class="peripherals-was">
            <span class="label">before</span> <span class="mono">{registerText(before, register.width, 'hex')}</span>
          </span>
        )}
        <span class="muted">{`${register.width * 8} bit, ${register.access}`}</span>
        {register.unimplemented && <Badge hue="warning">stored, without an effect</Badge>}
      </header>
      <div class="peripherals-bits" role="img" aria-label={registerText(register.value, register.width, 'binary')}>
        {bitRuns(register).map((run) => (
          <span
            key={run.lsb}
            class={`peripherals-bit${run.name === undefined ? ' peripherals-reserved' : ''}${run.value !== 0 ? ' peripherals-set' : ''}${run.name !== undefined && changed.includes(run.name) ? ' peripherals-bit-changed' : ''}`}
            style={{ flexGrow: String(run.width) }}
            data-tip={`${run.name ?? 'no field'} ${bitRange(run)}`}
          >
            {binary(run.value, run.width).replaceAll('_', ' ')}
          </span>
        ))}
      </div>
      {register.fields.length > 0 && (
        <table class="peripherals-table">
          <thead>
            <tr>
              <th scope="col">Bits</th>
              <th scope="col">Field</th>
              <th scope="col">Value</th>
              <th scope="col">Access</th>
            </tr>
          </thead>
          <tbody>
            {[...register.fields]
              .sort((a, b) => b.lsb - a.lsb)
              .map((field) => (
                <tr key={field.name} class={changed.includes(field.name) ? 'peripherals-changed' : undefined}>
                  <td class="mono muted">{bitRange(field)}</td>
                  <th scope="row" class="mono">
                    {field.name}
                  </th>
                  <td class={`mono${field.value === 0 ? ' muted' : ''}`}>{fieldText(field, base)}</td>
                  <td class="muted">{field.access}</td>
                </tr>
              ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
