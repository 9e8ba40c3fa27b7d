/**
 * U-Boot's environment: variables with the rules of env/flags.c for those that are the board's identity, and the copy that saveenv keeps.
 *
 * The copy lives as long as the run; nothing is written on the host.
 */

/** Refusals, as text for the console; undefined is success. */
export type Refusal = string | undefined;

/** `ENV_FLAGS_LIST_STATIC`: MAC addresses by their form, and what may be set once only. */
const ONCE = new Set(['ethaddr', 'serial#']);
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

/** Entries of the hash table: CONFIG_ENV_MAX_ENTRIES (512), made a prime by hcreate_r (lib/hashtable.c). */
const MOST_VARIABLES = 521;
/** CONFIG_SYS_MALLOC_LEN of these boards, in characters. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** Variables by name. */
export class Environment {
  private readonly values = new Map<string, string>();
  private readonly defaults: Readonly<Record<string, string>>;
  private readonly overwrite: boolean;
  private saved: ReadonlyMap<string, string> | undefined;

  /** `defaults` as compiled in; `overwrite` is CONFIG_ENV_OVERWRITE. */
  constructor(defaults: Readonly<Record<string, string>>, overwrite: boolean) {
    this.defaults = defaults;
    this.overwrite = overwrite;
    this.reset();
  }

  get(name: string): string | undefined {
    return this.values.get(name);
  }

  /** `env_get_hex`. */
  hex(name: string): number | undefined {
    const value = this.values.get(name);
    return value === undefined ? undefined : Number.parseInt(value.replace(/^0x/i, ''), 16) || 0;
  }

  /** All names, sorted by their bytes. */
  get names(): string[] {
    return [...this.values.keys()].sort((a, b) => (a < b ? -1 : Number(a > b)));
  }

  /** `name=value` lines as printenv shows them, sorted by name. */
  text(names = this.names): string {
    return names.map((name) => `${name}=${this.values.get(name)}\n`).join('');
  }

  /** Sets what U-Boot itself sets (`env_set`), if there is room; an empty value deletes. */
  assign(name: string, value: string): void {
    if (value === '') this.values.delete(name);
    else if (!this.overflow(name, value)) this.values.set(name, value);
  }

  /** `setenv name value` by the user. */
  set(name: string, value: string, force = false): Refusal {
    if (/^eth\d*addr$/.test(name) && !MAC.test(value))
      return `## Error: flags type check failure for "${name}" <= "${value}" (type: m)\n${inserting(name)}`;
    if (this.fixed(name, force) && this.values.get(name) !== value) return `## Error: Can't overwrite "${name}"\n${inserting(name)}`;
    const overflow = this.overflow(name, value);
    if (!overflow) this.values.set(name, value);
    return overflow;
  }

  /** `setenv name`: nothing is said of a name that is not there. */
  delete(name: string, force = false): Refusal {
    if (this.fixed(name, force)) return `## Error: Can't delete "${name}"\n`;
    this.values.delete(name);
    return undefined;
  }

  /** `env default -a`. */
  reset(): void {
    this.values.clear();
    for (const [name, value] of Object.entries(this.defaults)) this.values.set(name, value);
  }

  /** `env default name`; a name without a default is deleted, and false says so. */
  resetOne(name: string): boolean {
    const value = this.defaults[name];
    if (value === undefined) return false;
    this.values.set(name, value);
    return true;
  }

  /** `saveenv`. */
  save(): void {
    this.saved = new Map(this.values);
  }

  /** What saveenv kept last in this run. */
  get savedCopy(): ReadonlyMap<string, string> | undefined {
    return this.saved;
  }

  /** What is said when the heap or the hash table is full: a loop of setenv ends there, not in the host's memory. */
  private overflow(name: string, value: string): Refusal {
    let characters = value.length;
    for (const [other, text] of this.values) if (other !== name) characters += text.length;
    if (characters > MOST_CHARACTERS) return `## Can't malloc ${value.length + 1} bytes\n`;
    return this.values.size >= MOST_VARIABLES && !this.values.has(name) ? inserting(name, 12) : undefined;
  }

  private fixed(name: string, force: boolean): boolean {
    return ONCE.has(name) && !this.overwrite && !force && this.values.has(name);
  }
}

function inserting(name: string, errno = 1): string {
  return `## Error inserting "${name}" variable, errno=${errno}\n`;
}
