/** The package @alexaltea/capstone-js has no types of its own; what we use of it is in session/disassembler.ts. */
declare module '@alexaltea/capstone-js' {
  const factory: (options?: unknown) => Promise<import('../session/disassembler.ts').Capstone>;
  export default factory;
}
