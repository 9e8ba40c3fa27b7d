export interface PeripheralSpec {
  readonly name: string;
  readonly interrupts?: Readonly<Record<string, number>>;
}
