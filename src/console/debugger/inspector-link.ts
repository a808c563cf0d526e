/**
 * The way to another thread's inspector: commands out, events in.
 *
 * A debugger cannot sit on the thread that it stops. From a helper thread it reaches the main thread (a session connected to
 * it); from the main thread it reaches a worker (messages of the NodeWorker domain). Both look the same here.
 */

import { Session } from "node:inspector";
import { setTimeout as pause } from "node:timers/promises";

/** Parameters of a command or an event. */
export type Json = Readonly<Record<string, unknown>>;

/** A connection with a thread's inspector. */
export interface InspectorLink {
  /**
   * Sends a command.
   *
   * @returns the answer; rejects with V8's error.
   */
  post(method: string, params?: Json): Promise<Json>;
  /** Is told of every event from here on. */
  onEvent: (method: string, params: Json) => void;
  /** Ends the connection: the thread goes on if it stands still. */
  close(): void;
}

/** Milliseconds after which an answer is late. */
const LATE_MS = 100;

type Send = (method: string, params: Json) => Promise<Json>;

/**
 * Sends a command, and sees to it that it is heard.
 *
 * Race: what comes just as the thread leaves its pause may lie unseen until the next command comes, so there is a next one.
 * test/integration/console-debug.test.ts
 */
async function insist(send: Send, method: string, params: Json): Promise<Json> {
  let isAnswered = false;
  const answer = send(method, params).finally(() => (isAnswered = true));
  answer.catch(() => {});
  for (;;) {
    await Promise.race([answer.catch(() => {}), pause(LATE_MS)]);
    if (isAnswered) return answer;
    send("Runtime.getIsolateId", {}).catch(() => {});
  }
}

/** Connects a worker with the main thread of its process. */
export function linkMainThread(): InspectorLink {
  const session = new Session();
  session.connectToMainThread();
  const send: Send = (method, params) =>
    new Promise((resolve, reject) => {
      session.post(method, params, (error: Error | null, answer?: object) => {
        if (error === null) resolve((answer ?? {}) as Json);
        else reject(asError(error));
      });
    });
  const link: InspectorLink = {
    post: (method, params = {}) => insist(send, method, params),
    onEvent: () => {},
    close: () => session.disconnect(),
  };
  session.on("inspectorNotification", ({ method, params }) => {
    link.onEvent(method, (params ?? {}) as Json);
  });
  return link;
}

/** Milliseconds in which the worker that is looked for has said so. */
const FIND_MS = 2000;

/**
 * Connects the main thread with one of its workers.
 *
 * @param test - an expression that is true on that worker only.
 * @throws if none says so.
 */
export async function linkWorker(test: string): Promise<InspectorLink> {
  const session = new Session();
  session.connect();
  const found = new Promise<InspectorLink>((resolve) => {
    session.on("NodeWorker.attachedToWorker", ({ params }) => {
      const link = linkAttached(session, params.sessionId);
      const asked = link.post("Runtime.evaluate", { expression: test, returnByValue: true });
      asked.then(
        (answer) => {
          if ((answer["result"] as Json | undefined)?.["value"] === true) resolve(link);
          else session.post("NodeWorker.detach", { sessionId: params.sessionId }, () => {});
        },
        // It has ended meanwhile.
        () => {},
      );
    });
  });
  session.post("NodeWorker.enable", { waitForDebuggerOnStart: false });
  const link = await Promise.race([found, pause(FIND_MS, undefined)]);
  if (link !== undefined) return link;
  session.disconnect();
  throw new Error("the thread does not answer");
}

function linkAttached(session: Session, sessionId: string): InspectorLink {
  const open = new Map<number, { resolve: (json: Json) => void; reject: (error: Error) => void }>();
  let last = 0;
  const send: Send = (method, params) =>
    new Promise((resolve, reject) => {
      const id = (last += 1);
      open.set(id, { resolve, reject });
      const message = JSON.stringify({ id, method, params });
      session.post("NodeWorker.sendMessageToWorker", { sessionId, message }, (error) => {
        if (error !== null) reject(asError(error));
      });
    });
  const link: InspectorLink = {
    post: (method, params = {}) => insist(send, method, params),
    onEvent: () => {},
    close: () => session.disconnect(),
  };
  session.on("NodeWorker.receivedMessageFromWorker", ({ params }) => {
    if (params.sessionId !== sessionId) return;
    const { id, method, params: told, result, error } = JSON.parse(params.message) as Reply;
    if (id === undefined) return link.onEvent(method ?? "", told ?? {});
    const call = open.get(id);
    open.delete(id);
    if (error === undefined) call?.resolve(result ?? {});
    else call?.reject(asError(error));
  });
  session.on("NodeWorker.detachedFromWorker", ({ params }) => {
    if (params.sessionId !== sessionId) return;
    for (const { reject } of open.values()) reject(new Error("the thread has ended"));
    open.clear();
  });
  return link;
}

interface Reply {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Json;
  readonly result?: Json;
  readonly error?: unknown;
}

/** Errors of the protocol are records with a message. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String((error as Json)["message"] ?? error));
}
