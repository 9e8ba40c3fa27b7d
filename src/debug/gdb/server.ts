/**
 * GDB's remote serial protocol for a run, whatever carries the bytes: `connect` for each client, and what it sends into `receive`.
 *
 * A core has one GDB at a time; another is told so and refused. When a client leaves, however it does, its breakpoints are gone and the machine goes on
 * as if it had never been there. docs/gdb.md is the manual.
 */
import { Connection, type GdbConnection, type GdbLink, type PacketHandler } from './connection.ts';
import { Remote } from './remote.ts';
import type { GdbTarget } from './target.ts';

export type { GdbConnection, GdbLink };

/** What a server is made with. */
export interface GdbServerOptions extends Omit<GdbTarget, 'core'> {
  /** The core that is debugged; the one that runs the firmware unless given. */
  readonly core?: string;
  /** Tells the user of the emulator something. */
  readonly note?: (text: string) => void;
}

/** A server for one core. */
export class GdbServer {
  private readonly target: GdbTarget;
  private readonly note: (text: string) => void;
  private client: Connection | undefined;
  private clients = 0;
  private strangers = 0;

  constructor({ debugger: api, machine, core, type, note }: GdbServerOptions) {
    this.target = { debugger: api, machine, core: core ?? machine.core.name, ...(type ? { type } : {}) };
    this.note = note ?? (() => {});
  }

  /** True while a client is there. */
  get connected(): boolean {
    return this.client !== undefined;
  }

  /** A client is there; `send` takes bytes for it, `link` closes its connection. Never throws, whatever the client does. */
  connect(send: (bytes: Uint8Array) => void, link?: GdbLink): GdbConnection {
    const connection = new Connection(send, link, this.note, () => this.stranger());
    if (this.client) {
      connection.serve(refusal(this.target.core));
      return connection;
    }
    this.client = connection;
    const owner = `gdb ${++this.clients}`;
    connection.serve(
      new Remote(this.target, owner, connection, () => {
        this.client = undefined;
      }),
    );
    return connection;
  }

  /** Told once: a page that comes again and again is not to fill the terminal. */
  private stranger(): void {
    if (this.strangers++ === 0)
      this.note(
        'a program that is no GDB (a web browser?) has connected to the GDB port; such connections are closed, and nothing they send is done',
      );
  }

  /** The run is over: the client, if there is one, is told that the program has exited, and its connection is closed. */
  close(): void {
    this.client?.finish('W00');
  }
}

/** Answers the first packet only: GDB shows it as a warning. */
function refusal(core: string): PacketHandler {
  return {
    handle: () => `E.imx-sim: ${core} has a GDB client already; one at a time`,
    interrupt: () => {},
    closed: () => {},
    withoutAcks: false,
    over: true,
  };
}
