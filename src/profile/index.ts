/** Profiles of firmware: what other parts of the simulator use of them. */

export { CallTree } from './call-tree.ts';
export { flameGraphHtml, flameGraphSvg } from './flame-graph.ts';
export type { InterruptLatency, LatencyFigures } from './latency.ts';
export type { LoadRow } from './load.ts';
export { Profiler, type ProfilerOptions, stacksOf } from './profiler.ts';
export type { StackUse } from './stacks.ts';
export type { ThreadFacts, ThreadSource } from './thread-reader.ts';
