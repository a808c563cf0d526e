/**
 * What all debug consoles have in common on a thread: the live side, which services are recorded, which sockets are open.
 *
 * A node may run several consoles; what one of them switched on, another can switch off.
 */

import type { Checker } from "../../check/checker.ts";
import type { LiveThread } from "../../live/rollout/live-thread.ts";
import { LogpointTable } from "./logpoint-table.ts";
import { netOf } from "../../net/net-table.ts";
import type { TableApi } from "../../table/sharetable.ts";
import { MessageRecorder } from "./message-recorder.ts";
import { Pacer } from "./pacer.ts";
import { Audit } from "./audit.ts";
import { EventHub } from "./event-hub.ts";
import { Collectors } from "./collectors.ts";
import { SocketTable } from "./socket-table.ts";

/** The operators' side of a thread. */
export class ConsoleThread {
  readonly live: LiveThread;
  /** Records the messages of chosen services. */
  readonly recorder: MessageRecorder;
  /** Values that are logged as lines run. */
  readonly logpoints: LogpointTable;
  /** The sockets of all consoles. */
  readonly sockets: SocketTable;
  /** The pace of long work on this thread. */
  readonly pacer: Pacer = new Pacer();
  /** The tables that other threads send to this one. */
  readonly collectors: Collectors = new Collectors();
  /** Who changed what. */
  readonly audit: Audit;
  /** What happens on the node, for those who watch. */
  readonly events: EventHub;
  /** The shared tables. */
  readonly tables: TableApi;
  #checker: Promise<Checker> | undefined;

  constructor(live: LiveThread, tables: TableApi) {
    this.live = live;
    this.tables = tables;
    this.logpoints = new LogpointTable(live.runtime, live.words);
    this.sockets = new SocketTable(netOf(live.runtime));
    this.audit = new Audit(live.runtime);
    this.events = new EventHub(live);
    this.recorder = new MessageRecorder(live.runtime);
  }

  /** Checks the types of patches. Its code is loaded when it is asked for first: most threads never do. */
  checker(): Promise<Checker> {
    this.#checker ??= import("../../check/checker.ts").then(({ Checker: Class }) => new Class());
    return this.#checker;
  }

  /** Ends what it has started. */
  end(): void {
    void this.#checker?.then((checker) => checker.close());
  }
}
