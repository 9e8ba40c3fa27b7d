/** How soon V8 optimises JavaScript, for processes that run machines: the command, and the benches that speak for it. Importing it is enough. */
import { setFlagsFromString } from 'node:v8';

// V8 (of Node 20, where this was measured) optimises functions that a short run has done with by then: a third of its CPU time, and a
// single one, the interpreter's switch, takes 0.2 s. Three times the patience costs longer runs nothing that can be measured (docs/adr/0009).
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=400000');
