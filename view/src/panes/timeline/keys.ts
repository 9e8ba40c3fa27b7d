/** Keys of the pane. Those of the page (run, step, panes) keep their meaning; see frame/keys.ts. */

export const KEYS: readonly { readonly keys: string; readonly title: string }[] = [
  { keys: '← →', title: 'Earlier, later; with Shift by a whole screen' },
  { keys: '↑ ↓', title: 'Row above, row below' },
  { keys: '+ −', title: 'Less time, more time' },
  { keys: '0', title: 'The whole run' },
  { keys: 'Home End', title: 'Beginning of the run, its end' },
  { keys: 'j k', title: 'Next, previous event of the selected row' },
  { keys: 'N Enter', title: 'Previous hit; next hit (in the search field)' },
  { keys: 'u', title: 'Unfold the selected row into its parts' },
  { keys: '/', title: 'Search' },
  { keys: 'f', title: 'Filter' },
  { keys: 'l', title: 'Follow the end' },
  { keys: 'z', title: 'Freeze the display; the machine goes on' },
  { keys: 'm M', title: 'Marker at the pointer or selected event; no markers' },
  { keys: 'c', title: 'Show the way of the selected message' },
  { keys: 'v', title: 'Timeline, sequence diagram, table' },
  { keys: 'w y', title: 'Rates, latency' },
  { keys: 'i', title: 'Details of the selected event' },
  { keys: 'e', title: 'Export' },
  { keys: 'h', title: 'Keys, and the language of queries' },
];
