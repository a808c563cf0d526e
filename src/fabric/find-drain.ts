/**
 * Finds what drains next ticks and microtasks: what Node itself runs after each callback.
 *
 * It is `process._tickCallback`, which Node has deprecated (DEP0134). On the day it goes the inspector shows the same function:
 * it is a variable of the module that `process.nextTick` comes from. test/integration/fabric/drain.test.ts takes the property away.
 */

import { OwnSession } from "../inspector/own-session.ts";

/** The way, each step a property of what the step before has led to. */
const WAY = ["[[Scopes]]", "0", "runNextTicks"];

interface Property {
  readonly name: string;
  readonly value?: { readonly objectId?: string };
}

interface Evaluated {
  readonly result: { readonly objectId?: string };
}

interface Properties {
  readonly result: readonly Property[];
  readonly internalProperties?: readonly Property[];
}

/** Returns the function; undefined if this runtime shows none. */
export function findDrain(): (() => void) | undefined {
  const known = (process as { _tickCallback?: unknown })._tickCallback;
  if (typeof known === "function") return known as () => void;
  try {
    return askInspector();
  } catch {
    // No inspector, or one that does not know the way: a turn is one message long then.
    return undefined;
  }
}

function askInspector(): (() => void) | undefined {
  const session = new OwnSession();
  try {
    const nextTick = { expression: "process.nextTick" };
    let objectId = session.post<Evaluated>("Runtime.evaluate", nextTick).result.objectId;
    for (const step of WAY) {
      if (objectId === undefined) return undefined;
      const asked = { objectId, ownProperties: true };
      const { result, internalProperties = [] } = session.post<Properties>(
        "Runtime.getProperties",
        asked,
      );
      objectId = [...result, ...internalProperties].find(({ name }) => name === step)?.value
        ?.objectId;
    }
    return objectId === undefined ? undefined : take(session, objectId);
  } finally {
    session.close();
  }
}

const kTaken: unique symbol = Symbol.for("snax.taken") as never;

/** Gets hold of an object that the inspector knows by a number, through a global symbol that is there for that moment. */
function take(session: OwnSession, objectId: string): () => void {
  const holder = globalThis as { [kTaken]?: () => void };
  const functionDeclaration = 'function(){globalThis[Symbol.for("snax.taken")]=this}';
  session.post("Runtime.callFunctionOn", { objectId, functionDeclaration });
  const taken = holder[kTaken];
  delete holder[kTaken];
  if (typeof taken !== "function") throw new TypeError("no function");
  return taken;
}
