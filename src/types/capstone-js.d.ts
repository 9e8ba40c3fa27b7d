/** The part of @alexaltea/capstone-js that we use. */
declare module '@alexaltea/capstone-js' {
  export interface CapstoneInstruction {
    /** A bigint since version 5. */
    readonly address: bigint;
    readonly size: number;
    readonly mnemonic: string;
    readonly op_str: string;
    readonly bytes: readonly number[];
  }
  export interface CapstoneHandle {
    disasm(code: Uint8Array | readonly number[], address: number, max?: number): CapstoneInstruction[];
    close(): void;
  }
  export interface CapstoneModule {
    readonly ARCH_ARM: number;
    readonly MODE_THUMB: number;
    readonly MODE_MCLASS: number;
    readonly Capstone: new (arch: number, mode: number) => CapstoneHandle;
  }
  const factory: (options?: unknown) => Promise<CapstoneModule>;
  export default factory;
}
