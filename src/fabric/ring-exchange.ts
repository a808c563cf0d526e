/**
 * One thread's end of the rings to and from all other threads of its node.
 *
 *     event loop: a wake, or "again"
 *       -> receive    wide awake; every record that was published goes to `take`
 *       -> the kernel's turn, which sends; each 32 records of a long one are published at once
 *       -> rest       publishes once, rings the threads that sleep; then "again" while traffic is fresh, else "asleep"
 *
 * It knows neither messages nor event loops: records are bytes, and how a thread is woken is handed in. An idle thread
 * sleeps and costs nothing, whatever the number of its rings.
 */

import type { MessagePort } from "node:worker_threads";

import type { Clock } from "../base/clock.ts";
import { assert } from "../base/error.ts";
import type { Doorbell } from "./ring-doorbell.ts";
import type { Incoming } from "./ring-inbox.ts";
import { RingInbox } from "./ring-inbox.ts";
import { epochOf } from "./ring-memory.ts";
import type { Outgoing } from "./ring-outbox.ts";
import { RingOutbox } from "./ring-outbox.ts";
import type { PollingOptions } from "./ring-polling.ts";
import { Polling } from "./ring-polling.ts";

/** What a thread has to do after its turn: come again soon, or nothing until it is woken. */
export type Rest = "again" | "asleep";

/** What an exchange needs of its thread. */
export interface ExchangeOptions {
  readonly clock: Clock;
  /** This thread's own doorbell. */
  readonly doorbell: Doorbell;
  readonly polling?: PollingOptions;
  /**
   * A turn publishes when it ends, and a long one after that many records for one thread, so that both threads work at the same
   * time. Measured with a hundred calls in flight: half the time of one publication a turn; 8 to 64 records are alike.
   * @defaultValue 32
   */
  readonly recordsInARow?: number;
  /**
   * Gets each record that came, with the number of its thread. If it throws, the others come with the next turn.
   *
   * @returns false if no caller waits for what comes of it, so that it is no reason to look for more.
   */
  readonly take: (thread: number, record: Incoming) => boolean | void;
  /**
   * Asks this thread's event loop for a turn: something was sent, or found, while it slept. Called once until
   * the turn begins.
   */
  readonly wake: () => void;
}

/** What joins this thread to another. */
export interface ThreadLink {
  /** The other thread's number. */
  readonly thread: number;
  /** The ring that this thread writes. */
  readonly outgoing: SharedArrayBuffer;
  /** The ring that this thread reads, of the same epoch. */
  readonly incoming: SharedArrayBuffer;
  /** This thread's end of the pair's port for large records. */
  readonly port: MessagePort;
  /** The other thread's doorbell. */
  readonly doorbell: Doorbell;
  /** Wakes the other thread's event loop; it was found asleep. */
  readonly wake: () => void;
}

interface End {
  readonly link: ThreadLink;
  readonly outbox: RingOutbox;
  readonly inbox: RingInbox;
  /** Records that were sent since a turn ended, or since the last batch was published. */
  unseen: number;
  /** Something is published and the other thread has not been rung for it. */
  isQuiet: boolean;
}

const RECORDS_IN_A_ROW = 32;

/** The rings of one thread. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #polling: Polling;
  readonly #recordsInARow: number;
  /** Number of the other thread -> its end. */
  readonly #ends: (End | undefined)[] = [];
  /** The same ends, for walks. */
  #all: readonly End[] = [];
  /** Number of a thread -> the highest epoch it was ever joined with. */
  readonly #epochs = new Map<number, number>();
  /** Something has come that a caller waits for. */
  #hasTalk = false;
  /** No turn is under way and none was asked for: rest() said "asleep", or there was none yet. */
  #isAsleep = true;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#polling = new Polling(options.polling);
    this.#recordsInARow = options.recordsInARow ?? RECORDS_IN_A_ROW;
    options.doorbell.fallAsleep();
  }

  /**
   * Joins this thread to another, in place of the thread that had its number before.
   *
   * @returns false if it was joined to that incarnation or a later one already: then nothing changes.
   */
  connect(link: ThreadLink): boolean {
    const { thread, outgoing, incoming, port } = link;
    const epoch = epochOf(outgoing);
    assert(epoch === epochOf(incoming), `rings to and from thread ${thread} differ in epoch`);
    // Race: the news of a death and of what takes its place come from different sides, in any order.
    // test/unit/fabric/ring-exchange.test.ts
    if (epoch <= (this.#epochs.get(thread) ?? 0)) return false;
    this.disconnect(thread);
    this.#epochs.set(thread, epoch);
    const end = {
      link,
      outbox: new RingOutbox(outgoing, port),
      inbox: new RingInbox(incoming, port),
      unseen: 0,
      isQuiet: false,
    };
    this.#ends[thread] = end;
    this.#all = [...this.#all, end];
    // Race: the other thread may have been joined first, and what it published since rang no doorbell, or rang for a turn that
    // did not know its ring. test/unit/fabric/ring-exchange.test.ts
    if (end.inbox.refresh()) this.#wake();
    return true;
  }

  /** The highest epoch that this thread was ever joined to another with; 0 = never. */
  epoch(thread: number): number {
    return this.#epochs.get(thread) ?? 0;
  }

  /**
   * Parts from a thread that has died: what it published is taken in, what waited for it is dropped. Its rings are
   * closed before (closeRing), and the calls that it should answer are for the caller to end.
   */
  disconnect(thread: number): void {
    const end = this.#ends[thread];
    if (end === undefined) return;
    this.#ends[thread] = undefined;
    this.#all = this.#all.filter((other) => other !== end);
    this.#takeFrom(end);
    end.link.port.close();
  }

  /**
   * Sends a record to a thread; it is published when the turn ends, or before.
   *
   * @returns false if that thread is dead or was never there.
   */
  send(thread: number, record: Outgoing): boolean {
    const end = this.#ends[thread];
    if (end === undefined || end.outbox.isClosed) return false;
    const { outbox } = end;
    outbox.send(record);
    end.unseen += 1;
    // A long turn, or a ring that is full of what it sent: the reader may as well begin.
    if (end.unseen >= this.#recordsInARow || outbox.waiting > 0) {
      publish(end);
    }
    this.#wake();
    return true;
  }

  /**
   * Lets a thread see what was sent to it so far. It is not rung for it before the turn ends: it sees it when it looks by
   * itself, or takes it in when this thread dies.
   */
  show(thread: number): void {
    const end = this.#ends[thread];
    if (end === undefined) return;
    // A record that the other thread need not hurry for.
    if (end.unseen > 0) end.unseen -= 1;
    if (end.outbox.publish()) end.isQuiet = true;
  }

  /** Takes in what the other threads have published, for a caller that is in no turn and begins none. */
  takeAll(): void {
    for (const end of this.#all) this.#takeFrom(end);
  }

  #wake(): void {
    if (!this.#isAsleep) return;
    this.#isAsleep = false;
    this.#options.wake();
  }

  /** How many records wait for room on their way to a thread: more than 0 means that it does not keep up. */
  waiting(thread: number): number {
    return this.#ends[thread]?.outbox.waiting ?? 0;
  }

  /**
   * Takes in what the other threads have published. A turn begins with it, whatever woke the thread.
   *
   * @returns how many records came.
   */
  receive(): number {
    this.#isAsleep = false;
    this.#options.doorbell.wakeUp();
    let count = 0;
    this.#hasTalk = false;
    for (const end of this.#all) count += this.#takeFrom(end);
    const isRoused = this.#options.doorbell.takeRoused();
    if (isRoused) this.#polling.expect();
    if ((this.#hasTalk || isRoused) && this.#polling.isOn) {
      this.#polling.arrived(this.#options.clock.now());
    }
    return count;
  }

  #takeFrom(end: End): number {
    const { inbox, link } = end;
    if (!inbox.refresh()) return 0;
    const { take } = this.#options;
    let count = 0;
    for (; inbox.next(); count += 1) if (take(link.thread, inbox) !== false) this.#hasTalk = true;
    if (inbox.release()) ring(link);
    return count;
  }

  /** Whether another thread has published something. The one thing to ask while polling; a turn costs more. */
  hasMail(): boolean {
    for (const end of this.#all) if (end.inbox.refresh()) return true;
    return false;
  }

  /**
   * Ends a turn: lets the other threads see what was sent, and decides whether to sleep.
   *
   * @returns "again" if the event loop should come back soon, with receive() or with hasMail() and then rest(); "asleep" if
   * nothing is to be done until the doorbell wakes this thread.
   */
  rest(): Rest {
    this.publish();
    const { clock, doorbell } = this.#options;
    if (this.#polling.isOn && this.#polling.isOpen(clock.now())) return "again";
    doorbell.fallAsleep();
    // Race: what came, or became free, before the doorbell was set rang no doorbell; so all is looked at once more.
    // test/sim/ring.test.ts
    if (this.#canSendMore() || this.hasMail()) {
      doorbell.wakeUp();
      this.publish();
      return "again";
    }
    this.#isAsleep = true;
    return "asleep";
  }

  /** Says that more will come at once: see Polling.expect. */
  expectMore(): void {
    this.#polling.expect();
  }

  /** Wakes a thread for what this one will soon publish, if it sleeps: it looks for that a moment before it sleeps again. */
  rouse(thread: number): void {
    const link = this.#ends[thread]?.link;
    if (link?.doorbell.rouse() === true) link.wake();
  }

  /** Lets the other threads see what was sent so far, for example in the middle of a long turn. */
  publish(): void {
    for (const end of this.#all) {
      end.outbox.flush();
      publish(end);
    }
  }

  #canSendMore(): boolean {
    let can = false;
    // A thread that died reads no more; what waits for it waits for disconnect().
    for (const { outbox } of this.#all) if (!outbox.isClosed && outbox.wantRoom()) can = true;
    return can;
  }
}

function publish(end: End): void {
  end.unseen = 0;
  if (!end.outbox.publish() && !end.isQuiet) return;
  end.isQuiet = false;
  ring(end.link);
}

function ring(link: ThreadLink): void {
  if (link.doorbell.ring()) link.wake();
}
