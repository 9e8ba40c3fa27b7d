/** Where the rows of the timeline stand on the screen: groups with headings, rows that can be unfolded into their parts. */
import { GROUPS, type GroupId, type Lane } from './lanes.ts';

export interface Row {
  readonly kind: 'group' | 'lane';
  readonly key: string;
  readonly title: string;
  readonly y: number;
  readonly height: number;
  readonly lane?: Lane;
  /** 1 for parts. */
  readonly depth: 0 | 1;
  /** Undefined where there is nothing to unfold. */
  readonly open?: boolean;
  /** Of a folded group: the rows that it sums up. */
  readonly lanes?: readonly Lane[];
  readonly group: GroupId;
}

export interface RowSizes {
  readonly group: number;
  readonly lane: number;
  readonly part: number;
  /** Each further depth of nesting. */
  readonly nested: number;
}

export interface Rows {
  readonly list: readonly Row[];
  readonly height: number;
}

/** All rows from top to bottom. `unfolded`: keys of rows whose parts are shown. `folded`: groups that are one row. */
export function rowsOf(
  lanes: readonly Lane[],
  unfolded: ReadonlySet<string>,
  folded: ReadonlySet<string>,
  sizes: RowSizes,
  nameOf = (part: Lane): string => part.label,
): Rows {
  const list: Row[] = [];
  let y = 0;
  const put = (row: Omit<Row, 'y'>): void => {
    list.push({ ...row, y });
    y += row.height;
  };
  for (const group of GROUPS) {
    const members = lanes.filter((lane) => lane.group === group.id && lane.ids.length > 0);
    if (members.length === 0) continue;
    const open = !folded.has(group.id);
    put({ kind: 'group', key: group.id, title: group.title, height: sizes.group, depth: 0, open, lanes: members, group: group.id });
    if (!open) continue;
    for (const lane of members) {
      const canOpen = lane.parts.size > 1;
      const unfoldedHere = canOpen && unfolded.has(lane.key);
      const height = sizes.lane + Math.max(0, lane.tracks.length - 1) * sizes.nested;
      put({
        kind: 'lane',
        key: lane.key,
        title: lane.label,
        height,
        lane,
        depth: 0,
        group: group.id,
        ...(canOpen ? { open: unfoldedHere } : {}),
      });
      if (!unfoldedHere) continue;
      const parts = [...lane.parts.values()]
        .filter((part) => part.ids.length > 0)
        .sort((a, b) => a.order.localeCompare(b.order, 'en', { numeric: true }));
      for (const part of parts)
        put({ kind: 'lane', key: part.key, title: nameOf(part), height: sizes.part, lane: part, depth: 1, group: group.id });
    }
  }
  return { list, height: y };
}

/** The row at a height, or undefined below the last. */
export function rowAt(rows: Rows, y: number): Row | undefined {
  let low = 0;
  let high = rows.list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows.list[middle]!;
    if (row.y + row.height <= y) low = middle + 1;
    else high = middle;
  }
  const row = rows.list[low];
  return row && y >= row.y ? row : undefined;
}

/** The row in which an event of that lane (and part) is to be seen: its part if that is unfolded, its lane, or its folded group. */
export function rowOfLane(rows: Rows, laneKey: string, part: string | undefined, group: GroupId): Row | undefined {
  const wanted = part === undefined ? undefined : `${laneKey}#${part}`;
  let best: Row | undefined;
  for (const row of rows.list) {
    if (row.key === wanted) return row;
    if (row.key === laneKey) best = row;
    else if (!best && row.kind === 'group' && row.key === group && row.open === false) best = row;
  }
  return best;
}
