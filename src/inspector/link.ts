/**
 * The way to another thread's inspector: commands out, answers and events in.
 *
 *     a worker  -> the main thread   a session that is connected to it
 *     the main thread -> a worker    messages of the NodeWorker domain, through a session of its own
 *
 * A thread can't examine itself while it loops, and a debugger can't run on the thread that it
 * stops. Answers come from the other thread, also from one that loops in JavaScript. From one in
 * native code none comes: use {@link within}.
 */

import { Session } from "node:inspector";
import { setTimeout as pause } from "node:timers/promises";
import type { Worker } from "node:worker_threads";

/** Parameters of a command or an event, or an answer. */
export type Json = Readonly<Record<string, unknown>>;

/** A connection with the inspector of another thread. */
export interface InspectorLink {
  /**
   * Sends a command.
   *
   * @returns the answer; rejects with V8's error. It does not settle if the thread ends before it
   * answers.
   */
  post(method: string, params?: Json): Promise<Json>;
  /** Sends a command to a thread that pauses and goes on; see {@link ThreadLink.insist}. */
  insist(method: string, params?: Json): Promise<Json>;
  /** Is told of every event. */
  onEvent: (method: string, params: Json) => void;
  /** Ends the connection; the thread goes on if it was paused. */
  close(): void;
}

/** Connects a worker with the main thread of its process. */
export function linkMainThread(): InspectorLink {
  return new MainLink();
}

/** Milliseconds until a worker is attached; it takes one. */
const ATTACH_MS = 1000;

/**
 * Connects the main thread with one of its workers. Node attaches such a session to every worker of
 * the process; all but this one are let go.
 *
 * @returns undefined if Node does not know the worker, or not any more.
 */
export function linkWorker({ threadId }: Worker): Promise<InspectorLink | undefined> {
  const isMeant: Choice = (_link, title) => title.startsWith(`[worker ${threadId}]`);
  return attach(isMeant, ATTACH_MS);
}

/** Milliseconds in which the worker that is looked for has said so. */
const FIND_MS = 2000;

/**
 * Connects the main thread with the worker on which an expression is true.
 *
 * @returns undefined if no worker says so in time.
 */
export function findWorker(expression: string): Promise<InspectorLink | undefined> {
  const isMeant: Choice = async (link) => {
    const answer = await link.insist("Runtime.evaluate", { expression, returnByValue: true });
    return (answer["result"] as Json | undefined)?.["value"] === true;
  };
  return attach(isMeant, FIND_MS);
}

/**
 * Waits for something of another thread.
 *
 * @returns undefined if it does not come in `ms` milliseconds.
 */
export function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    // oxlint-disable-next-line no-restricted-globals -- the other thread's time, outside any service
    const timer = setTimeout(() => resolve(undefined), ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}

/** Says whether a worker that was attached is the one that is meant. */
type Choice = (link: InspectorLink, title: string) => boolean | Promise<boolean>;

/** Milliseconds after which an answer is late. */
const LATE_MS = 100;

abstract class ThreadLink implements InspectorLink {
  onEvent: InspectorLink["onEvent"] = () => {};
  /** Rejects the commands that {@link insist} waits for. */
  readonly #waiting = new Set<(error: Error) => void>();

  abstract post(method: string, params?: Json): Promise<Json>;

  abstract close(): void;

  /**
   * Sends a command, and sees to it that it is heard; rejects if the thread ends before it answers.
   *
   * Race: a command that comes just as the thread leaves its pause may stay unseen until the next
   * command comes, so there is a next one. And the pause between them is left to run although the
   * answer has come: Node aborts the process if a thread ends right after an answer of the main
   * thread's inspector. test/integration/console/debug.test.ts
   */
  async insist(method: string, params: Json = {}): Promise<Json> {
    let isAnswered = false;
    let give: (error: Error) => void = () => {};
    const answer = new Promise<Json>((resolve, reject) => {
      give = reject;
      this.post(method, params).then(resolve, reject);
    }).finally(() => (isAnswered = true));
    answer.catch(() => {});
    this.#waiting.add(give);
    try {
      for (;;) {
        await Promise.race([answer.catch(() => {}), pause(LATE_MS)]);
        if (isAnswered) return await answer;
        this.post("Runtime.getIsolateId").catch(give);
      }
    } finally {
      this.#waiting.delete(give);
    }
  }

  /** The thread has ended. */
  end(): void {
    for (const reject of this.#waiting) reject(new Error("the thread has ended"));
  }
}

class MainLink extends ThreadLink {
  readonly #session = new Session();

  constructor() {
    super();
    this.#session.connectToMainThread();
    this.#session.on("inspectorNotification", ({ method, params }) => {
      this.onEvent(method, (params ?? {}) as Json);
    });
  }

  post(method: string, params: Json = {}): Promise<Json> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, params, (error: Error | null, answer?: object) => {
        if (error === null) resolve((answer ?? {}) as Json);
        else reject(asError(method, error));
      });
    });
  }

  close(): void {
    this.#session.disconnect();
  }
}

/** What the protocol says of a worker that it has attached. */
interface Attached {
  readonly sessionId: string;
  readonly workerInfo: { readonly title: string };
}

/** What the protocol passes on of a worker. */
interface Received {
  readonly sessionId: string;
  readonly message: string;
}

async function attach(isMeant: Choice, ms: number): Promise<InspectorLink | undefined> {
  const session = new Session();
  session.connect();
  // One listener for all workers: Node warns of more than ten.
  const links = new Map<string, WorkerLink>();
  session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
    const { sessionId, message } = params as unknown as Received;
    links.get(sessionId)?.receive(message);
  });
  session.on("NodeWorker.detachedFromWorker", ({ params }) => links.get(params.sessionId)?.end());
  const found = new Promise<InspectorLink>((resolve) => {
    session.on("NodeWorker.attachedToWorker", ({ params }) => {
      const { sessionId, workerInfo } = params as unknown as Attached;
      const link = new WorkerLink(session, sessionId);
      links.set(sessionId, link);
      const judge = async (): Promise<void> => {
        if (await isMeant(link, workerInfo.title)) return resolve(link);
        links.delete(sessionId);
        link.detach();
      };
      judge().catch(() => {
        // The worker has ended.
      });
    });
  });
  session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  const link = await within(ms, found);
  if (link === undefined) session.disconnect();
  return link;
}

/** An answer or an event of a worker. */
interface Told {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: unknown;
}

class WorkerLink extends ThreadLink {
  readonly #session: Session;
  readonly #sessionId: string;
  readonly #open = new Map<number, (told: Told) => void>();
  #lastId = 0;

  constructor(session: Session, sessionId: string) {
    super();
    this.#session = session;
    this.#sessionId = sessionId;
  }

  post(method: string, params: Json = {}): Promise<Json> {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#open.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result ?? {});
        else reject(asError(method, error));
      });
      const message = JSON.stringify({ id, method, params });
      const envelope = { sessionId: this.#sessionId, message };
      this.#session.post("NodeWorker.sendMessageToWorker", envelope, (error) => {
        // The worker has gone.
        if (error !== null) reject(asError(method, error));
      });
    });
  }

  /** Takes what the worker says. */
  receive(message: string): void {
    const told = JSON.parse(message) as Told;
    if (told.id === undefined) return this.onEvent(told.method ?? "", told.params ?? {});
    this.#open.get(told.id)?.(told);
    this.#open.delete(told.id);
  }

  /** Lets the worker go. */
  detach(): void {
    this.#session.post("NodeWorker.detach", { sessionId: this.#sessionId }, () => {});
  }

  close(): void {
    this.detach();
    this.#session.disconnect();
  }
}

/** Errors of the protocol are records with a message. */
function asError(method: string, error: unknown): Error {
  if (error instanceof Error) return error;
  return new Error(`${method}: ${String((error as Json)["message"] ?? error)}`);
}
