/** Which rows of a long list are rendered. */

/** Rows [first, last) that are in sight, with a screenful of margin so that scrolling does not show holes. */
export function visibleRows(
  total: number,
  view: { readonly top: number; readonly height: number; readonly row: number },
): { readonly first: number; readonly last: number } {
  const margin = Math.max(10, Math.ceil(view.height / view.row));
  const first = Math.min(Math.max(0, Math.floor(view.top / view.row) - margin), Math.max(0, total - 2 * margin));
  const last = Math.min(total, Math.ceil((view.top + view.height) / view.row) + margin);
  return { first, last: Math.max(first, last) };
}
