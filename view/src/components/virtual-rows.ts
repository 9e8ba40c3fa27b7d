/** Which rows of a long list with rows of one height are to be drawn, and where it has to be scrolled to. No DOM. */

export interface Span {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** The rows that can be seen, with `overscan` more on both sides. */
export function visibleRows(scrollTop: number, height: number, rowHeight: number, count: number, overscan = 8): Span {
  const from = Math.max(0, Math.floor(scrollTop / rowHeight) - overscan);
  const to = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + overscan);
  return { from: Math.min(from, count), to: Math.max(to, Math.min(from, count)) };
}

/**
 * Where to scroll so that a row is seen with `margin` rows around it: the same place if it is, the nearest if it is at an edge or just beyond, the row in
 * the upper third if it is far.
 */
export function reveal(row: number, scrollTop: number, height: number, rowHeight: number, count: number, margin = 3): number {
  const top = row * rowHeight;
  const room = Math.min(margin, Math.max(0, Math.floor(height / rowHeight / 2) - 1)) * rowHeight;
  const limit = Math.max(0, count * rowHeight - height);
  const clamp = (value: number) => Math.max(0, Math.min(limit, value));
  if (top >= scrollTop + room && top + rowHeight <= scrollTop + height - room) return scrollTop;
  const near = 2 * rowHeight;
  if (top >= scrollTop - near && top < scrollTop + room) return clamp(top - room);
  if (top + rowHeight > scrollTop + height - room && top <= scrollTop + height + near) return clamp(top + rowHeight - height + room);
  return clamp(top - height / 3);
}

/**
 * The rows of a table that are drawn: a screenful more on both sides, so that scrolling does not show holes, and never none of a list that has become shorter than
 * where it was scrolled to.
 */
export function tableRows(total: number, view: { readonly top: number; readonly height: number; readonly row: number }): Span {
  const margin = Math.max(10, Math.ceil(view.height / view.row));
  const { from, to } = visibleRows(view.top, view.height, view.row, total, margin);
  return { from: Math.min(from, Math.max(0, total - 2 * margin)), to };
}
