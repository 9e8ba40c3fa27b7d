/**
 * Scrolling through more rows than a browser can lay out (4 GiB are 268 million): the position is a row with a fraction, wheels and fingers move it by
 * pixels, the bar by its share of the whole. No DOM.
 */

/** A position in a list of `rows` rows, of which `visible` fit (not a whole number). */
export interface ScrollState {
  /** The row at the upper edge, with the part of it that is hidden. */
  readonly top: number;
  readonly rows: number;
  readonly visible: number;
}

function limit(state: ScrollState): number {
  return Math.max(0, state.rows - state.visible);
}

export function scrollTo(state: ScrollState, top: number): ScrollState {
  return { ...state, top: Math.max(0, Math.min(limit(state), top)) };
}

export function scrollPixels(state: ScrollState, pixels: number, rowHeight: number): ScrollState {
  return scrollTo(state, state.top + pixels / rowHeight);
}

/** Brings a row into view with `margin` rows around it: by as little as possible if it is near, into the upper third if it is far. */
export function revealRow(state: ScrollState, row: number, margin = 1): ScrollState {
  const room = Math.min(margin, Math.max(0, (state.visible - 1) / 2));
  if (row - room < state.top - state.visible || row + 1 + room > state.top + 2 * state.visible) {
    return scrollTo(state, Math.floor(row - state.visible / 3));
  }
  if (row - room < state.top) return scrollTo(state, row - room);
  if (row + 1 + room > state.top + state.visible) return scrollTo(state, row + 1 + room - state.visible);
  return state;
}

/** The thumb of a bar of `length` pixels; never too small to be grasped. */
export function thumb(state: ScrollState, length: number, least = 24): { readonly start: number; readonly length: number } {
  const size = Math.min(length, Math.max(least, (length * state.visible) / state.rows));
  const most = limit(state);
  return { start: most === 0 ? 0 : ((length - size) * state.top) / most, length: size };
}

/** Where the bar's thumb was dragged to. */
export function scrollToThumb(state: ScrollState, start: number, length: number, least = 24): ScrollState {
  const room = length - thumb(state, length, least).length;
  return room <= 0 ? scrollTo(state, 0) : scrollTo(state, Math.floor((start / room) * limit(state)));
}

/** What is to be drawn: rows, and by how many pixels the first is shifted up. */
export function drawn(state: ScrollState, rowHeight: number): { readonly from: number; readonly to: number; readonly shift: number } {
  const from = Math.floor(state.top);
  return { from, to: Math.min(state.rows, Math.ceil(state.top + state.visible)), shift: (state.top - from) * rowHeight };
}
