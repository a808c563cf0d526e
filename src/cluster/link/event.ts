/**
 * What happens to the way to another node, as programs are told of it.
 */

/** A change of the way to a node. */
export interface LinkChange {
  readonly state: "up" | "down";
  /** Of the process that is, or was, at the other end; undefined if none was reached. */
  readonly incarnation: string | undefined;
  /** Why it is down, for people. */
  readonly reason: string | undefined;
}

/** A change of a node, as `cluster.monitor` tells it. */
export interface LinkEvent extends LinkChange {
  readonly node: string;
}
