/**
 * The way to Node's books on what runs asynchronously, from the watchdog's thread: the inspector sees the variables of Node's
 * own modules, and hands the binding to the thread that it belongs to.
 *
 *     the thread's AsyncBooks -> executionAsyncId -> [[Scopes]] -> the module's scope -> async_wrap -> books.take(async_wrap)
 *
 * That it is there, on the release of Node that runs, is what test/integration/fabric/watchdog-shapes.test.ts shows. Where it is
 * not, nothing is cut off.
 */

import type { InspectorLink } from "../inspector/link.ts";

/** The way, each step a property of what the step before has led to. */
const WAY = ["executionAsyncId", "[[Scopes]]", "0", "async_wrap"];

interface Property {
  readonly name: string;
  readonly value?: { readonly objectId?: string };
}

interface Properties {
  readonly result: readonly Property[];
  readonly internalProperties?: readonly Property[];
}

/**
 * Gives a thread that is paused the binding.
 *
 * @param books - an expression that is the thread's AsyncBooks
 * @returns false if the way leads nowhere
 */
export async function openBooks(link: InspectorLink, books: string): Promise<boolean> {
  const { result } = (await link.post("Runtime.evaluate", { expression: books })) as {
    readonly result: { readonly objectId?: string };
  };
  const booksId = result.objectId;
  let objectId = booksId;
  for (const step of WAY) {
    if (objectId === undefined) return false;
    objectId = await follow(link, objectId, step);
  }
  if (objectId === undefined) return false;
  const taken = await link.post("Runtime.callFunctionOn", {
    objectId,
    returnByValue: true,
    arguments: [{ objectId: booksId }],
    functionDeclaration: "function(books){return books.take(this)}",
  });
  return (taken as { result: { value?: unknown } }).result.value === true;
}

async function follow(
  link: InspectorLink,
  objectId: string,
  step: string,
): Promise<string | undefined> {
  const asked = await link.post("Runtime.getProperties", { objectId, ownProperties: true });
  const { result, internalProperties = [] } = asked as unknown as Properties;
  return [...result, ...internalProperties].find(({ name }) => name === step)?.value?.objectId;
}
