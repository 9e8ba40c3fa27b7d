/**
 * The resource table of one remote processor, drivers/remoteproc/remoteproc_core.c (6.1): `table_ptr`, `cached_table` and `clean_table`, and
 * which of them is in effect while it boots, runs, is attached to, stops and is detached from.
 */
import { ERRNO } from '../linux/errno.ts';
import { CachedTable, LoadedTable, type TableMemory } from './resource-table.ts';

/** The tables of one remote processor. */
export class RprocTable {
  private ptr: TableMemory | undefined;
  private cached: CachedTable | undefined;
  private clean: CachedTable | undefined;

  /** `table_ptr`: the cached one, or the one that the firmware sees. */
  get inEffect(): TableMemory | undefined {
    return this.ptr;
  }

  /** There is a `cached_table`. */
  get hasCached(): boolean {
    return this.cached !== undefined;
  }

  /** `rproc_elf_load_rsc_table`: the one that a firmware file has. */
  parsed(bytes: Uint8Array): void {
    this.cached = new CachedTable(bytes);
    this.ptr = this.cached;
  }

  /** Of `rproc_start`: what was made of the table goes to where the firmware looks for it, and is changed there from now on. */
  install(table: LoadedTable | undefined): void {
    if (!table || !this.cached) return;
    table.write(this.cached.bytes);
    this.ptr = table;
  }

  /** Of `rproc_start`, when it fails. */
  uninstall(): void {
    this.ptr = this.cached;
  }

  /** `rproc_set_rsc_table`: what another boot stage installed is used in place, and kept for the next attach where detaching is possible. */
  adopt(table: LoadedTable | undefined, canDetach: boolean): void {
    if (!table) return;
    this.clean = canDetach ? copyOf(table) : undefined;
    this.cached = undefined;
    this.ptr = table;
  }

  /** `rproc_reset_rsc_table_on_stop`: the rest of the shutdown works on a copy. */
  resetOnStop(): void {
    if (!this.ptr) return;
    this.cached ??= copyOf(this.ptr);
    this.ptr = this.cached;
  }

  /** `rproc_reset_rsc_table_on_detach`: the firmware's table is again as it was before the attach. 0, or -EINVAL when nobody kept that. */
  resetOnDetach(): number {
    const { ptr, clean } = this;
    if (!ptr) return 0;
    if (!clean) return ERRNO.EINVAL;
    this.cached = copyOf(ptr);
    this.ptr = this.cached;
    if (ptr instanceof LoadedTable) ptr.write(clean.bytes);
    return 0;
  }

  /** The remote processor is down. */
  forget(): void {
    this.cached = undefined;
    this.ptr = undefined;
  }
}

function copyOf(table: TableMemory): CachedTable {
  const bytes = new Uint8Array(table.size);
  for (let i = 0; i < bytes.length; i++) bytes[i] = table.get8(i);
  return new CachedTable(bytes);
}
