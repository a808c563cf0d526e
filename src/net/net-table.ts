/**
 * The sockets of one thread by id, and the moment at which what a turn wrote leaves.
 *
 * Ids count from 1 and are not used again before the counter has gone round, as in skynet; with
 * several threads each takes those that leave its number as the remainder, and what can be started
 * on another thread has an odd quotient. All writes of a turn to one connection leave in one write,
 * once the event loop has handled what it had: agents that answer twenty requests in a turn cost
 * one system call.
 */

/* oxlint-disable no-restricted-globals -- no program's code runs in these: writes leave, and deaf connections are cut */

import type { Server } from "node:net";
import type { Socket as DatagramSocket } from "node:dgram";
import type { Runtime } from "../service/runtime.ts";
import type { Handover } from "./handover.ts";
import type { Link } from "./link.ts";

/** What is known of a listening socket. */
export interface ListenRecord {
  readonly kind: "LISTEN";
  readonly id: number;
  readonly owner: number;
  readonly server: Server;
  /** `host:port`, or the path of a unix socket. */
  readonly name: string;
  /** How many connections came. */
  accepted: number;
  /** When the last one came, in milliseconds of the clock; undefined before. */
  readAt: number | undefined;
}

/** What is known of a datagram socket. */
export interface DatagramRecord {
  readonly kind: "UDP";
  readonly id: number;
  readonly owner: number;
  readonly socket: DatagramSocket;
  /** Its own `host:port`; empty before anything was sent or bound. */
  name: string;
  bytesRead: number;
  bytesWritten: number;
  readAt: number | undefined;
  writtenAt: number | undefined;
}

/** What has an id. */
export type NetRecord = Link | ListenRecord | DatagramRecord;

/** The last id before the counter begins again at 1. */
const ID_MAX = 0x7fffffff;

/** setTimeout takes no longer delay; a later moment is reached in several steps. */
const DELAY_MAX_MS = 0x7fffffff;

/** All sockets of one thread. */
export class NetTable {
  readonly runtime: Runtime;
  /**
   * What to do when services of other threads have served clients that have ended their side, by
   * number of the client.
   */
  readonly ending: Map<number, () => void> = new Map();
  /**
   * Connections that services of other threads have started; undefined if there is one thread only.
   */
  handover: Handover | undefined = undefined;
  readonly #records = new Map<number, NetRecord>();
  /** Connections that were written to since the last flush. */
  #dirty: Link[] = [];
  /** How many ids this thread has given. */
  #last = 0;
  readonly #flush = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const link of dirty) link.flush();
  };

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  /** How many threads share the ids. */
  get #stride(): number {
    return (this.runtime.threads?.hosts.length ?? 0) + 1;
  }

  /**
   * Takes the next free id; it says which thread the socket lives on.
   *
   * @param isStream - a connection whose bytes a service reads: one of another thread may start it.
   */
  nextId(isStream = false): number {
    const own = this.runtime.threads?.own ?? 0;
    const stride = this.#stride;
    for (;;) {
      const next = this.#last + 1;
      const id = stride === 1 ? next : (next * 2 + (isStream ? 1 : 0)) * stride + own;
      this.#last = id > ID_MAX ? 0 : this.#last + 1;
      if (id <= ID_MAX && !this.#records.has(id)) return id;
    }
  }

  /** Returns the thread that a socket lives on, or lived on. */
  threadOf(id: number): number {
    return id % this.#stride;
  }

  /** Says whether a socket belongs to this thread. */
  isHere(id: number): boolean {
    return this.threadOf(id) === (this.runtime.threads?.own ?? 0);
  }

  /** Says whether a socket of another thread may be started here. */
  isStartable(id: number): boolean {
    const isNumber = Number.isInteger(id) && id > 0 && id <= ID_MAX;
    return isNumber && !this.isHere(id) && Math.floor(id / this.#stride) % 2 === 1;
  }

  add(record: NetRecord): void {
    this.#records.set(record.id, record);
  }

  delete(id: number): void {
    this.#records.delete(id);
  }

  /** Returns what has an id. */
  get(id: number): NetRecord | undefined {
    return this.#records.get(id);
  }

  /** Returns the connection with that id. */
  linkOf(id: number): Link | undefined {
    const record = this.#records.get(id);
    return record !== undefined && isLink(record) ? record : undefined;
  }

  /** All open sockets, the oldest first. */
  records(): Iterable<NetRecord> {
    return this.#records.values();
  }

  /** Sees to it that a connection is flushed once the event loop has handled what it had. */
  flushSoon(link: Link): void {
    this.#dirty.push(link);
    if (this.#dirty.length === 1) setImmediate(this.#flush);
  }

  /**
   * Runs something of a connection's own later, also after its service's death; never if that is
   * Infinity.
   *
   * @returns a function that cancels it.
   */
  after(ms: number, run: () => void): () => void {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      const step = Math.min(left, DELAY_MAX_MS);
      timer = setTimeout(() => (step < left ? wait(left - step) : run()), step).unref();
    };
    wait(ms);
    return () => clearTimeout(timer);
  }

  /**
   * Notes that a connection has something to read, in its callback; returns the milliseconds of the
   * clock.
   */
  arrived(): number {
    this.runtime.arrived();
    return this.runtime.clock.now();
  }

  /** Milliseconds of the clock. */
  now(): number {
    return this.runtime.clock.now();
  }
}

/** Says whether a record is a connection. */
export function isLink(record: NetRecord): record is Link {
  return record.kind !== "LISTEN" && record.kind !== "UDP";
}

const tables = new WeakMap<Runtime, NetTable>();

/** Returns the sockets of a runtime's thread. */
export function netOf(runtime: Runtime): NetTable {
  let table = tables.get(runtime);
  if (table === undefined) {
    table = new NetTable(runtime);
    tables.set(runtime, table);
  }
  return table;
}
