/**
 * Lets a kernel run on Node's event loop: how a turn begins, and how microtasks are drained inside it.
 *
 * Turns begin in a MessagePort callback, or in a tick behind the callback of a socket (Arrivals), never in a timer: user
 * code that is interrupted inside a timer's callback would take the process with it. A timer only
 * posts the message. The port also keeps the process alive while a node runs, and lets sockets and timers breathe
 * between two turns.
 */

/* oxlint-disable no-restricted-globals -- this file is where the kernel meets Node's timers; all they do is post, or count */

import { executionAsyncId } from "node:async_hooks";
import type { MessagePort } from "node:worker_threads";
import { isMainThread, MessageChannel } from "node:worker_threads";
import type { Clock } from "../base/clock.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Drain, Waker } from "../kernel/scheduler.ts";
import { findDrain } from "./find-drain.ts";

/** setTimeout takes no longer delay; a later deadline is reached in several steps. */
const DELAY_MAX_MS = 0x7fffffff;

/** From this release of Node on an AsyncLocalStorage needs no async hooks. */
const FRAMES_SINCE = 24;

const RESOLVED: Promise<void> = Promise.resolve();

/** The name of the function that drains the microtasks, for code that looks at a stack. */
export const DRAIN_NAME = "drainMicrotasks";

/** What a turn does beside the kernel's work, where there are other threads: see ring-exchange.ts. */
export interface Mailroom {
  /** Takes in what the others have published. */
  receive(): void;
  hasMail(): boolean;
  /** Publishes what was sent; "again" asks for another look soon. */
  rest(): "again" | "asleep";
}

/** What takes turns: the kernel of the thread. */
export type TurnTaker = Pick<Kernel, "turn">;

/** A waker that can be closed. */
export interface EventLoopWaker extends Waker {
  /** Runs a turn; for those who are in a message callback already. */
  readonly turn: () => void;
  /** Notes that a socket has something, in its callback: what that asks for may begin at once. */
  readonly arrived: () => void;
  /** Says whose turns it begins; nothing happens before. */
  attach(kernel: TurnTaker): void;
  /** Has something done at the beginning of every turn from the next one on, before the kernel's part; only one thing. */
  before(run: () => void): void;
  /** Begins a turn although the last one never ended: an interrupt has cut it off. */
  recover(): void;
  /** Ends the port and the alarm; the process may then end. */
  close(): void;
}

/**
 * Creates a waker on this thread's event loop.
 *
 * @param mailroom - what joins this thread to others. @defaultValue there are no others
 * @param arrivals - says when a turn may begin behind the callback of a socket
 */
export function createWaker(
  clock: Clock,
  mailroom?: Mailroom,
  arrivals: Arrivals = new Arrivals(),
): EventLoopWaker {
  return new LoopWaker(clock, mailroom, arrivals);
}

class LoopWaker implements EventLoopWaker {
  readonly #clock: Clock;
  readonly #mailroom: Mailroom | undefined;
  /** Where turns are asked for, and where they begin. */
  readonly #asking: MessagePort;
  readonly #beginning: MessagePort;
  #kernel: TurnTaker | undefined;
  #before: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isInTurn = false;
  /** Mail is taken in, and the kernel's turn follows without being asked for. */
  #isReceiving = false;
  /** A look at the mail is to come. */
  #isLooking = false;
  #isClosed = false;
  readonly #arrivals: Arrivals;
  readonly arrived: () => void;

  constructor(clock: Clock, mailroom: Mailroom | undefined, arrivals: Arrivals) {
    this.#arrivals = arrivals;
    this.arrived = arrivals.note;
    this.#clock = clock;
    this.#mailroom = mailroom;
    const { port1, port2 } = new MessageChannel();
    this.#asking = port1;
    this.#beginning = port2;
  }

  readonly #post = (): void => this.#asking.postMessage(0);

  readonly wake = (): void => {
    if (this.#isReceiving) return;
    // Node hands a port up to 1000 messages in a row, those posted meanwhile included: a turn that asked for the next
    // one directly would keep sockets and timers waiting for 1000 turns. test/unit/kernel/scheduler.test.ts
    if (this.#isInTurn) setImmediate(this.#post);
    else if (this.#arrivals.mayBegin) process.nextTick(this.turn);
    else this.#post();
  };

  alarm(at: number | undefined): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#clock.alarm?.(at, this.wake) === true) return;
    if (at === undefined || this.#isClosed) return;
    const delay = Math.min(Math.max(Math.ceil(at - this.#clock.now()), 0), DELAY_MAX_MS);
    this.#timer = setTimeout(() => {
      // A timer may fire a fraction of a millisecond early.
      if (this.#clock.now() < at) this.alarm(at);
      else this.wake();
    }, delay);
  }

  recover(): void {
    this.#isInTurn = false;
    this.#isReceiving = false;
    this.#post();
  }

  attach(kernel: TurnTaker): void {
    this.#kernel = kernel;
    this.#beginning.on("message", this.turn);
  }

  before(run: () => void): void {
    this.#before = run;
  }

  readonly turn = (): void => {
    if (this.#isClosed) return;
    this.#isInTurn = true;
    try {
      this.#isReceiving = true;
      this.#mailroom?.receive();
      this.#isReceiving = false;
      this.#before?.();
      this.#kernel?.turn();
      this.#isInTurn = false;
    } finally {
      // Something threw that must not, and cut the turn off: the mail behind it still waits.
      this.#isReceiving = false;
      if (this.#isInTurn) setImmediate(this.#post);
    }
    if (this.#mailroom !== undefined) this.#rest(this.#mailroom);
  };

  #rest(mailroom: Mailroom): void {
    if (this.#isClosed || this.#isLooking || mailroom.rest() === "asleep") return;
    this.#isLooking = true;
    setImmediate(this.#look, mailroom);
  }

  readonly #look = (mailroom: Mailroom): void => {
    this.#isLooking = false;
    if (this.#isClosed) return;
    // Not inside the immediate: an interrupt that cuts one off leaves Node's list of them broken for good, and its finally
    // blocks do not run; a tick is behind it. test/unit/docs/runaway.test.ts
    if (mailroom.hasMail()) process.nextTick(this.turn);
    else this.#rest(mailroom);
  };

  close(): void {
    // Race: the turn that closes it ends afterwards and asks for its next alarm, which would keep the process alive;
    // test/integration/service/stray-errors.test.ts
    this.#isClosed = true;
    this.alarm(undefined);
    this.#beginning.close();
  }
}

/**
 * What the sockets of a thread have read in this round of the event loop: whether a turn may begin as soon as the callback of a
 * socket is over, and not through a port.
 *
 *     one connection, one request at a time:   wait, read -> tick: turn -> write                       3 system calls a request
 *     through the port:                        wait, read, post; wait, take the post -> turn -> write  6
 *
 * That pays while a round of the event loop reads one socket. Where a round reads many, one turn for all of them is cheaper:
 * the last round decides. A turn in a tick is cut off as safely as one in a port's callback. Two cases always
 * go through the port: while async hooks are on, and on the main thread before Node 24, where an AsyncLocalStorage switches them
 * on. To cut off a tick there means to repair more of Node's own records (async-books.ts), and was not tried.
 */
export class Arrivals {
  readonly #isOn: boolean;
  /** Chunks of this round. */
  #count = 0;
  /** Chunks of the last round that had any. */
  #lastCount = 0;
  /** Async hooks were on when it was looked at last. */
  #hasHooks = false;
  readonly #look = (): void => {
    // Behind a promise there is an id only if a hook follows promises: no release tells it more directly.
    this.#hasHooks = executionAsyncId() !== 0;
  };
  readonly #endRound = (): void => {
    this.#lastCount = this.#count;
    this.#count = 0;
    if (this.#lastCount === 1) void RESOLVED.then(this.#look);
  };

  /** @param isOn - turns may begin in a tick at all. @defaultValue on worker threads, and on the main thread from Node 24 on */
  constructor(
    isOn: boolean = !isMainThread || Number.parseInt(process.versions.node, 10) >= FRAMES_SINCE,
  ) {
    this.#isOn = isOn;
  }

  /** Notes that a socket has something; called in its callback, before what came is handed on. */
  readonly note = (): void => {
    this.#count += 1;
    if (this.#count === 1) setImmediate(this.#endRound);
  };

  /** Whether a turn that is asked for now may begin in a tick. */
  get mayBegin(): boolean {
    return this.#isOn && this.#count === 1 && this.#lastCount === 1 && !this.#hasHooks;
  }
}

/**
 * Creates the drain for this thread: what Node itself runs after each callback, next ticks, microtasks, and the reports of
 * rejections. Where it is missing, the scheduler makes its turns one message long, and Node drains between them.
 */
export function createDrain(): Drain {
  const run = findDrain();
  if (run === undefined) return { isSynchronous: false, drain: () => {} };
  return {
    isSynchronous: true,
    drain: function drainMicrotasks() {
      for (;;) {
        try {
          run();
          return;
        } catch (error) {
          // A next tick threw and stays on Node's stack of async ids; back in the port's callback Node would find the
          // stack corrupted and abort the process. Thrown from a microtask the error takes Node's own way: the handler
          // of uncaught exceptions, while the scheduler still tells whose it was, and then the stack is emptied.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
  };
}
