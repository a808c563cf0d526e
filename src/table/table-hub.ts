/**
 * The one place of a process that gives publications their order, and the newest versions to
 * threads that join.
 *
 *     publish -> entered into the book -> handed to every member -> the shared number of the last publication is set
 *
 * Order: a member that sees the number finds the publication in its hands;
 * test/unit/table/table-threads.test.ts. The hub holds the newest version of each table and no
 * other: the rest is held by those who show or pin it.
 */

import type { MessagePort } from "node:worker_threads";
import { SnaxError } from "../base/error.ts";
import { Board } from "./board.ts";
import type {
  NewVersion,
  OnPublished,
  Publication,
  PublishedVersion,
  TableLink,
} from "./table-link.ts";

/** A thread as the hub sees it. */
interface Member {
  readonly deliver: (publication: Publication) => void;
}

/** What a worker thread is told, so that it can connect; see connectTables. */
export interface TableInvitation {
  readonly board: SharedArrayBuffer;
  readonly memberCount: number;
  readonly member: number;
}

/** The hub of a process. */
export class TableHub {
  readonly #board: Board;
  readonly #members = new Map<number, Member>();
  /** The newest version of each table. */
  readonly #newest = new Map<string, PublishedVersion>();
  /** The numbers of tables in the book, from 1. */
  readonly #names: string[] = [""];

  /** @param memberCount - most threads that are connected at a time. */
  constructor(memberCount: number) {
    this.#board = new Board(memberCount);
  }

  /** Connects the thread of the hub; `wake` is called when there is something new. */
  join(wake: () => void): TableLink {
    const waiting: Publication[] = [];
    const member = this.#admit({
      deliver: (publication) => {
        waiting.push(publication);
        wake();
      },
    });
    return {
      board: this.#board,
      member,
      take: () => waiting.splice(0),
      publish: (versions, done) => this.publish(versions, done),
      nameOf: (table) => this.#names[table],
    };
  }

  /**
   * Lets a worker thread take part; the other end of the port goes to that thread with what this
   * returns.
   */
  invite(port: MessagePort): TableInvitation {
    const member = this.#admit({ deliver: (publication) => port.postMessage({ publication }) });
    port.on("message", ({ id, publish }: PortRequest) => {
      this.publish(publish, (error, sequence) => {
        port.postMessage({ id, sequence, error: error?.message });
      });
    });
    port.on("close", () => this.#dismiss(member));
    port.unref();
    return { board: this.#board.memory, memberCount: this.#board.memberCount, member };
  }

  /** Publishes versions in one step. */
  publish(versions: readonly NewVersion[], done: OnPublished): void {
    const sequence = this.#board.sequence + 1;
    let published: PublishedVersion[];
    try {
      published = this.#enter(versions);
    } catch (error) {
      return done(error as Error, 0);
    }
    for (const version of published) {
      const last = this.#newest.get(version.name);
      if (last !== undefined) this.#board.supersede(last.entry, sequence);
      this.#newest.set(version.name, version);
    }
    for (const { deliver } of this.#members.values()) deliver({ sequence, versions: published });
    this.#board.sequence = sequence;
    done(undefined, sequence);
  }

  #enter(versions: readonly NewVersion[]): PublishedVersion[] {
    const entered: PublishedVersion[] = [];
    try {
      for (const each of versions) {
        const version = (this.#newest.get(each.name)?.version ?? 0) + 1;
        const { byteLength } = each.memory;
        const table = this.#numberOf(each.name);
        const entry = this.#board.enter(table, version, byteLength);
        entered.push({ ...each, version, entry, table });
      }
      return entered;
    } catch (error) {
      for (const { entry } of entered) this.#board.erase(entry);
      throw error;
    }
  }

  #numberOf(name: string): number {
    const known = this.#names.indexOf(name);
    return known > 0 ? known : this.#names.push(name) - 1;
  }

  #admit(member: Member): number {
    for (let number = 0; number < this.#board.memberCount; number++) {
      if (this.#members.has(number)) continue;
      this.#members.set(number, member);
      const { sequence } = this.#board;
      this.#board.acknowledge(number, 0);
      if (sequence > 0) member.deliver({ sequence, versions: [...this.#newest.values()] });
      return number;
    }
    throw new SnaxError(
      "ERR_EXHAUSTED",
      `${this.#board.memberCount} threads share the tables already`,
    );
  }

  #dismiss(member: number): void {
    this.#members.delete(member);
    this.#board.strike(member);
  }
}

/** What a worker thread asks over its port. */
export interface PortRequest {
  readonly id: number;
  readonly publish: readonly NewVersion[];
}
