/**
 * Sessions with worker threads, from the main thread, for as long as one question takes.
 *
 * Node attaches such a session to every worker of the process at once; all but the one that is meant are let go. A thread
 * that loops answers all the same, one in native code does not.
 */

import { Session } from "node:inspector";
import type { Worker } from "node:worker_threads";
import type { InspectorLink, ParsedScript, RawPause } from "./inspector-link.ts";
import { ScriptNames, within } from "./inspector-link.ts";

/** Milliseconds to wait until a worker is attached; it takes one. */
const ATTACH_MS = 1000;

interface Attached {
  readonly sessionId: string;
  readonly workerInfo: { readonly title: string };
}

interface Answer {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

/** Opens a session with a worker. @returns undefined if Node does not know it (any more). */
export async function connectToWorker({ threadId }: Worker): Promise<InspectorLink | undefined> {
  const session = new Session();
  session.connect();
  const attached = new Promise<string>((resolve) => {
    session.on("NodeWorker.attachedToWorker", ({ params }) => {
      const { sessionId, workerInfo } = params as unknown as Attached;
      if (workerInfo.title.startsWith(`[worker ${threadId}]`)) resolve(sessionId);
      else session.post("NodeWorker.detach", { sessionId });
    });
  });
  session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  const sessionId = await within(ATTACH_MS, attached);
  if (sessionId !== undefined) return new WorkerLink(session, sessionId);
  session.disconnect();
  return undefined;
}

/** A session with one worker. */
class WorkerLink implements InspectorLink {
  onPaused: InspectorLink["onPaused"] = () => {};
  onResumed: InspectorLink["onResumed"] = () => {};
  readonly #session: Session;
  readonly #sessionId: string;
  readonly #scripts = new ScriptNames();
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor(session: Session, sessionId: string) {
    this.#session = session;
    this.#sessionId = sessionId;
    session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
      const { sessionId: from, message } = params as unknown as {
        readonly sessionId: string;
        readonly message: string;
      };
      if (from === sessionId) this.#receive(JSON.parse(message) as Answer);
    });
  }

  post(method: string, params: object = {}): Promise<unknown> {
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        if (error === undefined) resolve(result);
        else reject(new Error(`${method}: ${error.message}`));
      });
      const message = JSON.stringify({ id, method, params });
      const envelope = { sessionId: this.#sessionId, message };
      this.#session.post("NodeWorker.sendMessageToWorker", envelope, (error) => {
        // The worker has gone.
        if (error !== null) reject(error);
      });
    });
  }

  close(): void {
    this.#session.post("NodeWorker.detach", { sessionId: this.#sessionId });
    this.#session.disconnect();
  }

  #receive({ id, method, params, ...answer }: Answer): void {
    if (method === "Debugger.scriptParsed") this.#scripts.add(params as ParsedScript);
    else if (method === "Debugger.paused") this.onPaused(this.#scripts.name(params as RawPause));
    else if (method === "Debugger.resumed") this.onResumed();
    else if (id !== undefined) {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    }
  }
}
