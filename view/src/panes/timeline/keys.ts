/** Keys of the pane. Those of the page (run, step, panes) keep their meaning; see frame/keys.ts. */

export const KEYS: readonly { readonly keys: string; readonly title: string }[] = [
  { keys: '← →', title: 'earlier, later; with Shift by a whole screen' },
  { keys: '↑ ↓', title: 'row above, row below' },
  { keys: '+ −', title: 'less time, more time' },
  { keys: '0', title: 'the whole run' },
  { keys: 'Home End', title: 'beginning of the run, its end' },
  { keys: 'j k', title: 'next, previous event of the selected row' },
  { keys: 'N Enter', title: 'previous hit; next hit (in the search field)' },
  { keys: 'u', title: 'unfold the selected row into its parts' },
  { keys: '/', title: 'search' },
  { keys: 'f', title: 'filter' },
  { keys: 'l', title: 'follow the end' },
  { keys: 'z', title: 'freeze the display; the machine goes on' },
  { keys: 'm M', title: 'marker at the pointer or selected event; no markers' },
  { keys: 'c', title: 'show the way of the selected message' },
  { keys: 'v', title: 'timeline, sequence diagram, table' },
  { keys: 'w y', title: 'rates, latency' },
  { keys: 'i', title: 'details of the selected event' },
  { keys: 'e', title: 'export' },
  { keys: 'h', title: 'this list' },
];
