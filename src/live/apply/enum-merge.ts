/**
 * Makes a running enum what a patch says that it is: the object stays, for code that holds it, with
 * the names by number that the language adds.
 *
 * A member that the patch leaves out is refused, unless the patch deletes it: it may have been
 * forgotten. Another value in a `const enum` is refused too: the compiler has written the old one
 * into the functions that use it.
 */

import { types } from "node:util";
import { SnaxError } from "../../base/error.ts";
import type { UndoLog } from "./undo-log.ts";

/** What a patch gives. */
export interface EnumGift {
  /** The whole object, as the language makes it. */
  readonly given: Readonly<Record<string, number | string>>;
  /** Whether the running one is a `const enum`. */
  readonly isConst: boolean;
  /** Members that are taken away. */
  readonly removed: ReadonlySet<string>;
}

/**
 * Merges.
 *
 * @throws {ERR_PATCH} if that can't be done exactly.
 */
export function mergeEnum(name: string, live: unknown, gift: EnumGift, log: UndoLog): void {
  const { given, isConst, removed } = gift;
  const refuse = (why: string): SnaxError => new SnaxError("ERR_PATCH", `${name}${why}`);
  if (typeof live !== "object" || live === null || types.isProxy(live)) {
    throw refuse(" is no enum of the running service: the program has assigned it");
  }
  const before = Object.getOwnPropertyDescriptors(live) as Record<string, PropertyDescriptor>;
  const members = Object.entries(before).filter(
    ([key, { value }]) => !isNumeric(key) && /^(?:number|string)$/.test(typeof value),
  );
  for (const [key, { value }] of members) {
    if (!Object.hasOwn(given, key)) {
      if (removed.has(key)) continue;
      const how = `an enum in a patch has all its members; \`delete ${name}.${key};\` takes one away`;
      throw refuse(`.${key} is missing: ${how}`);
    }
    if (!isConst || Object.is(given[key], value)) continue;
    const why = "and the value of a const enum is copied into every function that uses it";
    throw refuse(`.${key} is ${JSON.stringify(value)}, ${why}: edit the file and \`reload\``);
  }
  log.note(() => {
    for (const key of Object.keys(given)) Reflect.deleteProperty(live, key);
    Object.defineProperties(live, before);
  });
  for (const key of Object.keys(before)) {
    const isOut = isNumeric(key) || removed.has(key);
    if (isOut && !Object.hasOwn(given, key)) Reflect.deleteProperty(live, key);
  }
  for (const [key, value] of Object.entries(given)) {
    if (!Reflect.set(live, key, value)) {
      throw refuse(`.${key} can't be changed: the service made it fixed`);
    }
  }
}

/** Whether a key is the number of a member: no member has such a name. */
function isNumeric(key: string): boolean {
  return String(Number(key)) === key;
}
