/**
 * A thread's own inspector, until the event loop goes on.
 *
 *     thread starts:            V8 reads every script, for a hash of its text     some 30 ms, while no call waits
 *     first question of a turn: connect, ask, let go of what the answer needed    debugger on: V8 lists every script, 5 ms
 *     next ones:                         ask, let go
 *     setImmediate:             disconnect
 *
 * The session is connected to the thread that it runs on, so every answer is there when `post`
 * returns. Values become known to the protocol by a global that exists for the length of one
 * command; no other code runs meanwhile. What a question set is gone when it is answered,
 * object ids and breakpoints; the rest of the turn sees nothing of the session, for it skips every
 * pause.
 */

import { SnaxError } from "../base/error.ts";
import { OwnSession } from "./own-session.ts";

/** The global that commands name a value by, while there is one. */
export const GLOBAL_NAME = "$snaxDesk";

/** What the protocol says about a value. */
interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
}

/** A property of an object, or an internal slot, as `[[Scopes]]` of a function. */
interface NamedValue {
  readonly name: string;
  readonly value?: RemoteObject;
}

/** What the objects belong to that a question asks for. */
const OBJECT_GROUP = "snax";

/** A session with the inspector of this thread. */
export class InspectorSession extends OwnSession {
  /** What goes to the protocol or comes from it. */
  readonly #holder: { object: unknown } = { object: undefined };
  #holderId: string | undefined = undefined;
  /** Of the breakpoints that the question has set. */
  readonly #breakpointIds: string[] = [];

  /** Sets a breakpoint that is there until the question is answered. */
  setBreakpoint(method: string, params: object): void {
    this.#breakpointIds.push(this.post<{ breakpointId: string }>(method, params).breakpointId);
  }

  /**
   * Returns the id by which the protocol knows an object: asked for as a property of one object
   * that it knows, for every expression that it evaluates remains as a script until the next
   * collection of garbage.
   */
  idOf(object: object): string {
    this.#holder.object = object;
    const { result } = this.post<{ result: readonly NamedValue[] }>("Runtime.getProperties", {
      objectId: this.#getHolderId(),
      ownProperties: true,
    });
    return result.find(({ name }) => name === "object")?.value?.objectId ?? "";
  }

  #getHolderId(): string {
    this.#holderId ??= withGlobal(this.#holder, () =>
      this.post<{ result: RemoteObject }>("Runtime.evaluate", {
        expression: GLOBAL_NAME,
        objectGroup: OBJECT_GROUP,
      }),
    ).result.objectId;
    return this.#holderId ?? "";
  }

  /** Returns the internal slots of an object by name: ids of objects, plain values for the rest. */
  internalsOf(object: object): Map<string, unknown> {
    const { internalProperties } = this.post<{ internalProperties?: readonly NamedValue[] }>(
      "Runtime.getProperties",
      { objectId: this.idOf(object), ownProperties: true },
    );
    const entries = (internalProperties ?? []).map(
      ({ name, value }) => [name, value?.objectId ?? value?.value] as const,
    );
    return new Map(entries);
  }

  /** Returns the object behind an id. */
  objectOf(objectId: string): unknown {
    this.post("Runtime.callFunctionOn", {
      objectId,
      functionDeclaration: "function(holder){holder.object=this}",
      arguments: [{ objectId: this.#getHolderId() }],
    });
    return this.#holder.object;
  }

  /** Takes back what a question set, and lets go of the objects that it asked for. */
  letGo(): void {
    for (const breakpointId of this.#breakpointIds.splice(0)) {
      this.post("Debugger.removeBreakpoint", { breakpointId });
    }
    this.#holder.object = undefined;
    this.#holderId = undefined;
    this.post("Runtime.releaseObjectGroup", { objectGroup: OBJECT_GROUP });
  }
}

/**
 * Whether a session may stay for the rest of the turn. Not on Node 22: in V8 12 a function that
 * runs while a breakpoint is set in a function written inside it can't be interrupted until the
 * debugger is off; test/integration/fabric/watchdog-threads.test.ts.
 */
const CAN_STAY = !process.versions.v8.startsWith("12.");

/** The session of the turn, while it is not in use. */
let idle: InspectorSession | undefined;

/**
 * Asks the thread's inspector something. What is asked for meanwhile, by code that the question
 * runs, has its own session.
 */
export function withSession<T>(run: (session: InspectorSession) => T): T {
  const session = idle ?? new InspectorSession();
  idle = undefined;
  let isDone = false;
  try {
    const answer = run(session);
    session.letGo();
    isDone = true;
    return answer;
  } finally {
    if (isDone && CAN_STAY && idle === undefined) keep(session);
    else session.close();
  }
}

let isRead = false;

/**
 * Has V8 read the scripts of this thread, unless it has. The first debugger of a thread makes it
 * hash every text, Node's own included, and remember that: an operator's first question stops a
 * live thread for a quarter of the time, if that is done while it starts.
 */
export function readScripts(): void {
  if (isRead) return;
  isRead = true;
  const session = new InspectorSession();
  session.enableDebugger();
  session.close();
}

/** Keeps a session until the event loop goes on. */
function keep(session: InspectorSession): void {
  idle = session;
  if (isClosing) return;
  isClosing = true;
  // oxlint-disable-next-line no-restricted-globals -- the thread's own event loop, not a service's time
  setImmediate(closeIdle);
}

/** Whether {@link closeIdle} will be called. */
let isClosing = false;

function closeIdle(): void {
  isClosing = false;
  idle?.close();
  idle = undefined;
}

/** Runs something while an object is a global, under {@link GLOBAL_NAME}. */
export function withGlobal<T>(value: object, run: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, GLOBAL_NAME);
  if (!Reflect.defineProperty(globalThis, GLOBAL_NAME, { value, configurable: true })) {
    throw new SnaxError("ERR_ARGUMENT", "globalThis is closed: its upvalues can't be reached");
  }
  try {
    return run();
  } finally {
    // Code that a question runs may ask one of its own.
    if (before === undefined) Reflect.deleteProperty(globalThis, GLOBAL_NAME);
    else Reflect.defineProperty(globalThis, GLOBAL_NAME, before);
  }
}
