/**
 * The static types of `cluster`: services of other nodes.
 */

import type { LinkEvent } from "../cluster/link/event.ts";
import type { Listened } from "../net/socket-api.ts";
import type { BindFarService } from "../snax/types.ts";

/**
 * A service of another node: `"@name"` that it has registered, `".name"` that its node exposes, or
 * a handle that a query gave.
 */
export type ClusterAddress = number | string;

/** The part of the API that a deadline can be given to. */
export interface ClusterCalls {
  /**
   * Calls a service of another node. Several results arrive as an array, none as undefined.
   *
   * @throws {ERR_NODE_UNKNOWN} if no code has named the node. {ERR_NODE_UNREACHABLE} if it can't be
   * connected to. {ERR_NODE_DOWN} if the connection is lost; `data.sent` says whether the request
   * had left.
   * @throws {ERR_FORBIDDEN} if the service is not exposed there. {ERR_NO_SERVICE} if it is not
   * there. {ERR_REMOTE} with what the other node said, if that is not one of our codes: `call
   * failed` of a real skynet node.
   */
  call<R = unknown>(node: string, address: ClusterAddress, ...values: unknown[]): Promise<R>;
  /**
   * Resolves to the handle of a service that has registered this name at another node, without
   * `"@"`. Over a link that is a number which also says of which process it is, and which means
   * nothing to other nodes.
   */
  query(node: string, name: string): Promise<number>;
}

/** Everything under `import { cluster } from "snax"`. */
export interface ClusterApi extends ClusterCalls {
  /** Sends what is not answered. Only the log hears what becomes of it. */
  send(node: string, address: ClusterAddress, ...values: unknown[]): void;
  /**
   * Opens a port for other nodes: a port of this machine, `"host:port"`, or the name of a node in
   * the table, whose address it is.
   *
   * @param maxclient - most connections at a time. @defaultValue CLUSTER_CLIENTS_MAX
   * @throws {ERR_LISTEN} if that is not possible. {ERR_NODE_UNKNOWN} if there is no such name.
   */
  open(place: number | string, maxclient?: number): Promise<Listened>;
  /**
   * Names nodes: `{ db: "host:port" }`; false takes one down, what is not named stays. With
   * `__nowaiting: false` calls of unknown nodes wait until a reload names them. Without a table
   * that of the configuration.
   *
   * @throws {ERR_ARGUMENT} if something in it makes no sense; then nothing has changed.
   */
  reload(nodes?: Readonly<Record<string, string | boolean>>): Promise<void>;
  /**
   * Lets other nodes reach a service as `"@name"`, and by its handle; by default the one that asks.
   *
   * @throws {ERR_ARGUMENT} if another service that lives has the name.
   */
  register(name: string, handle?: number): Promise<void>;
  /** Takes a name back. */
  unregister(name: string): Promise<void>;
  /**
   * Resolves to the handle of a service of this node that passes on what it is sent: `proxy("db",
   * "@sdb")` or `proxy("db@sdb")`.
   */
  proxy(node: string, address?: ClusterAddress): Promise<number>;
  /**
   * Resolves to a snax service of another node, by the name of its file. Over skynet's wire that
   * has to be here too: methods are numbered by their order in its text. Without an address it is
   * the unique service of that type.
   */
  readonly snax: BindFarService;
  /**
   * Tells what happens to a node of `cluster.nodes`: its state at first, then each change, in
   * order. As long as it is watched, the link to it is made again when it was lost. Ends with the
   * service.
   *
   * @returns what ends the watch.
   * @throws {ERR_NODE_UNKNOWN} if the configuration names no such node.
   */
  monitor(node: string, onEvent: (event: LinkEvent) => unknown): Promise<() => void>;
  /**
   * Returns the fencing token of the global service that asks: pass it to a database that refuses
   * lower ones.
   *
   * @throws {ERR_ENGINE_DOWN} if the node may not act for the service any more.
   * {ERR_ARGUMENT} if the service is not global, or has not begun.
   */
  token(): number;
  /** Gives calls with a deadline of `ms` milliseconds; Infinity means none. */
  within(ms: number): ClusterCalls;
}
