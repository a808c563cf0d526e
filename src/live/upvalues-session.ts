/**
 * A thread's own inspector, for as long as one question takes.
 *
 * The session is connected to the thread that it runs on, so every answer is there when `post` returns. Values become
 * known to the protocol by a global that exists for the length of one command; nobody else's code runs meanwhile. `close`
 * releases everything that the session held: object ids, breakpoints, the debugger.
 */

import { Session } from "node:inspector";
import { SnaxError } from "../base/error.ts";

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

/** A session with the inspector of this thread. */
export class InspectorSession {
  readonly #session = new Session();
  /** What goes to the protocol or comes from it. */
  readonly #holder: { object: unknown } = { object: undefined };
  #holderId: string | undefined = undefined;

  constructor() {
    this.#session.connect();
  }

  /** Sends a command and returns its answer. */
  post<T>(method: string, params: object = {}): T {
    let failure: Error | null = null;
    let answer: unknown;
    this.#session.post(method, params, (error: Error | null, result?: object) => {
      failure = error;
      answer = result;
    });
    if (failure !== null) throw failure as Error;
    return answer as T;
  }

  /** Sends a command whose answer comes when it is too late to care: the end of whatever runs. */
  terminateExecution(): void {
    this.#session.post("Runtime.terminateExecution");
  }

  /**
   * Returns the id by which the protocol knows an object: asked for as a property of one object that it knows, for
   * every expression that it evaluates remains as a script until the next collection of garbage.
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
      this.post<{ result: RemoteObject }>("Runtime.evaluate", { expression: GLOBAL_NAME }),
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

  /** Ends the session and everything that it set. */
  close(): void {
    this.#session.disconnect();
  }
}

/** Runs something with a session of its own. */
export function withSession<T>(run: (session: InspectorSession) => T): T {
  const session = new InspectorSession();
  try {
    return run(session);
  } finally {
    session.close();
  }
}

/** Runs something while an object is a global, under {@link GLOBAL_NAME}. */
export function withGlobal<T>(value: object, run: () => T): T {
  if (!Reflect.defineProperty(globalThis, GLOBAL_NAME, { value, configurable: true })) {
    throw new SnaxError("ERR_ARGUMENT", "globalThis is closed: its upvalues can't be reached");
  }
  try {
    return run();
  } finally {
    Reflect.deleteProperty(globalThis, GLOBAL_NAME);
  }
}
