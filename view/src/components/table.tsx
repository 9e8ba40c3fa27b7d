/** Tables: a header that stays, rows of one height, of which only those in sight exist when there are many. */
import type { ComponentChildren, TargetedKeyboardEvent } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { useBox } from './use-box.ts';
import { tableRows } from './virtual-rows.ts';

export interface Column<Row> {
  readonly id: string;
  readonly title: ComponentChildren;
  readonly render: (row: Row, index: number) => ComponentChildren;
  /** Right-aligned with digits of one width. */
  readonly numeric?: boolean;
  /** A CSS width. Columns without one share what is left. */
  readonly width?: string;
  readonly mono?: boolean;
}

/** Height of a row in rem: `--row` of theme.css. */
const ROW = 1.7;
/** Beyond so many rows only those in sight are rendered. */
const VIRTUAL_FROM = 120;

/** `selected` and `onSelect` make its rows selectable, by pointer and arrow keys; Enter and a double click call `onOpen`. `follow` keeps the end in sight. */
export function Table<Row>(props: {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row, index: number) => string | number;
  readonly selected?: string | number | undefined;
  readonly onSelect?: (row: Row, index: number) => void;
  readonly onOpen?: (row: Row, index: number) => void;
  readonly rowClass?: (row: Row) => string | undefined;
  readonly follow?: boolean;
  /** Brings this row into sight when it changes. */
  readonly scrollTo?: number | undefined;
  readonly empty?: ComponentChildren;
}) {
  const { rows, columns, rowKey, selected, onSelect } = props;
  const { element: box, ref, height, rem } = useBox<HTMLDivElement>();
  const [top, setTop] = useState(0);
  const rowHeight = ROW * rem;
  useLayoutEffect(() => {
    if (props.follow && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [props.follow, rows.length]);
  const reveal = (index: number) => {
    const element = box.current;
    if (!element) return;
    const start = index * rowHeight;
    const end = start + 2 * rowHeight;
    if (start < element.scrollTop) element.scrollTop = start;
    else if (end > element.scrollTop + element.clientHeight) element.scrollTop = end - element.clientHeight;
  };
  useLayoutEffect(() => {
    if (props.scrollTo !== undefined && props.scrollTo >= 0) reveal(props.scrollTo);
  }, [props.scrollTo]);

  const { from, to } = rows.length > VIRTUAL_FROM ? tableRows(rows.length, { top, height, row: rowHeight }) : { from: 0, to: rows.length };
  const at = selected === undefined ? -1 : rows.findIndex((row, index) => rowKey(row, index) === selected);
  const key = (event: TargetedKeyboardEvent<HTMLDivElement>) => {
    const page = Math.max(1, Math.floor(height / rowHeight) - 2);
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    };
    if (event.key === 'Enter' && at >= 0) props.onOpen?.(rows[at]!, at);
    const to = steps[event.key];
    if (to === undefined || !onSelect || !rows.length) return;
    event.preventDefault();
    const index = Math.min(rows.length - 1, Math.max(0, to));
    onSelect(rows[index]!, index);
    reveal(index);
  };
  const line = (row: Row, index: number) => {
    const id = rowKey(row, index);
    const own = props.rowClass?.(row);
    return (
      <tr
        key={id}
        class={own}
        aria-rowindex={index + 2}
        aria-selected={onSelect ? id === selected : undefined}
        onClick={onSelect && (() => onSelect(row, index))}
        onDblClick={props.onOpen && (() => props.onOpen!(row, index))}
      >
        {columns.map((column) => (
          <td key={column.id} class={cellClass(column)}>
            {column.render(row, index)}
          </td>
        ))}
      </tr>
    );
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the scrolling box of a table takes its arrow keys
    <div
      ref={ref}
      class={onSelect ? 'table-box table-selectable' : 'table-box'}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      onScroll={() => setTop(box.current!.scrollTop)}
      onKeyDown={key}
    >
      <table class="table" aria-label={props.label} aria-rowcount={rows.length + 1}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.id} style={column.width ? { width: column.width } : {}} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.id} scope="col" class={column.numeric ? 'table-numeric' : undefined}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {from > 0 && <tr class="table-gap" style={{ height: `${from * rowHeight}px` }} />}
          {rows.slice(from, to).map((row, index) => line(row, from + index))}
          {to < rows.length && <tr class="table-gap" style={{ height: `${(rows.length - to) * rowHeight}px` }} />}
        </tbody>
      </table>
      {!rows.length && props.empty}
    </div>
  );
}

function cellClass(column: { readonly numeric?: boolean; readonly mono?: boolean }): string | undefined {
  const names = [column.numeric && 'table-numeric', column.mono && 'mono'].filter(Boolean);
  return names.length ? names.join(' ') : undefined;
}
