/**
 * The static types of `datacenter`: values by keys, for all services of the node; with
 * `cluster.engine` for those of all nodes. Then all of it fails with ERR_ENGINE_DOWN while the
 * engine is away.
 */

/** What a value is found by; several lead through branches. */
export type DatacenterKey = string | number | bigint | boolean;

/** The part of the API that a deadline can be given to. */
export interface DatacenterCalls {
  /**
   * Resolves to the value of a key, or of a key in a branch; undefined if there is none.
   *
   * @throws {ERR_ARGUMENT} if a key on the way leads to a value that is no branch.
   */
  get<T = unknown>(...keys: DatacenterKey[]): Promise<T | undefined>;
  /**
   * Sets the value of a key, making the branches to it; undefined deletes. Resolves to the value
   * before.
   *
   * @throws {ERR_ARGUMENT} if a key on the way leads to a value that is no branch.
   * @throws {ERR_NOT_SENDABLE} if the value can't be sent.
   */
  set<T = unknown>(...keysAndValue: [DatacenterKey, ...unknown[]]): Promise<T | undefined>;
  /**
   * Resolves to the value of a key as soon as there is one.
   *
   * @throws {ERR_ARGUMENT} if the key becomes a branch, or a service waits for what is in it.
   * @throws {ERR_EXHAUSTED} if DATACENTER_WAITING_MAX requests wait.
   */
  wait<T = unknown>(...keys: DatacenterKey[]): Promise<T>;
}

/** Everything under `import { datacenter } from "snax"`. */
export interface DatacenterApi extends DatacenterCalls {
  /** Gives the same functions with a deadline of `ms` milliseconds. */
  within(ms: number): DatacenterCalls;
}
