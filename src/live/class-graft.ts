/**
 * Grafts the class of a patch onto a running one, so that the class keeps its identity.
 *
 * Methods, accessors and statics of the patch are put onto the running class and its prototype; those that the patch
 * does not mention stay. A static field that exists already is state and stays, too.
 */

import { SnaxError } from "../base/error.ts";
import type { UndoLog } from "./undo-log.ts";

/** A class as a value. */
export type AnyClass = (abstract new (...args: never[]) => object) & { readonly prototype: object };

/** What every class has of its own and no patch gives. */
const OWN_STATICS: ReadonlySet<PropertyKey> = new Set(["length", "name", "prototype"]);

/**
 * Puts the members of `patch` onto `live`.
 *
 * @throws {ERR_PATCH_CLASS} if a member of the running class was made unchangeable.
 */
export function graftClass(name: string, live: AnyClass, patch: AnyClass, log: UndoLog): void {
  const where = `${name}.prototype`;
  const prototypes = { where, live: live.prototype, patch: patch.prototype };
  for (const key of Reflect.ownKeys(patch.prototype)) {
    if (key !== "constructor") graft(prototypes, key, log);
  }
  for (const key of Reflect.ownKeys(patch)) {
    if (OWN_STATICS.has(key)) continue;
    const isState =
      "value" in describe(patch, key) && typeof describe(patch, key).value !== "function";
    if (isState && Object.hasOwn(live, key)) continue;
    graft({ where: name, live, patch }, key, log);
  }
}

function describe(holder: object, key: PropertyKey): PropertyDescriptor {
  return Reflect.getOwnPropertyDescriptor(holder, key) ?? {};
}

interface Graft {
  /** What error messages call it. */
  readonly where: string;
  readonly live: object;
  readonly patch: object;
}

/** A getter without the setter that was there keeps that setter, and the other way round. */
function graft({ where, live, patch }: Graft, key: PropertyKey, log: UndoLog): void {
  const before = Reflect.getOwnPropertyDescriptor(live, key);
  const given = describe(patch, key);
  const isAccessor = given.get !== undefined || given.set !== undefined;
  const after = (
    isAccessor ? { ...given, get: given.get ?? before?.get, set: given.set ?? before?.set } : given
  ) as PropertyDescriptor;
  log.begin(() => {
    if (before === undefined) Reflect.deleteProperty(live, key);
    else Reflect.defineProperty(live, key, before);
  });
  if (Reflect.defineProperty(live, key, after)) return;
  throw new SnaxError(
    "ERR_PATCH_CLASS",
    `${where}.${String(key)} can't be changed: it was made fixed`,
  );
}
