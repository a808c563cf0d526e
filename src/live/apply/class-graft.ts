/**
 * Grafts the class of a patch onto a running one, so that the class keeps its identity.
 *
 * Methods and accessors of the patch are put onto the running class and its prototype; those that
 * the patch does not mention stay. Fields and the constructor are the business of
 * class-construction.ts, static fields of class-statics.ts.
 */

import { SnaxError } from "../../base/error.ts";
import type { HeldMethods } from "./method-swap.ts";
import type { UndoLog } from "./undo-log.ts";

/** A class as a value. */
export type AnyClass = (abstract new (...args: never[]) => object) & { readonly prototype: object };

/** What every class has of its own; a patch may give a method of that name. */
const OWN_STATICS: ReadonlySet<PropertyKey> = new Set(["length", "name"]);

/** A class of a patch, and the running one that it goes onto. */
export interface ClassGraft {
  readonly name: string;
  readonly live: AnyClass;
  readonly patch: AnyClass;
  /** The methods that code may hold as values. */
  readonly held: HeldMethods | undefined;
  /** Says whether the instances have a field of that name. */
  readonly isField: (key: PropertyKey) => boolean;
}

/**
 * Puts the members of `patch` onto `live`.
 *
 * @throws {ERR_PATCH_CLASS} if a member of the running class was made unchangeable.
 */
export function graftClass({ name, live, patch, held, isField }: ClassGraft, log: UndoLog): void {
  const isDiverted = (target: object, key: PropertyKey, value: unknown): boolean => {
    const isStatic = target === live;
    const before = describe(target, key).value as unknown;
    return held?.divert({ owner: name, key, isStatic, value }, before, log) === true;
  };
  const where = `${name}.prototype`;
  const prototypes = { where, live: live.prototype, patch: patch.prototype, isDiverted };
  for (const key of Reflect.ownKeys(patch.prototype)) {
    if (key === "constructor") continue;
    if (!Object.hasOwn(live.prototype, key) && isField(key)) {
      const why = `its instances have a field ${String(key)}, which hides a method of that name`;
      throw new SnaxError("ERR_PATCH_CLASS", `class ${name}: ${why}: give the field, or reload`);
    }
    graft(prototypes, key, log);
  }
  for (const key of Reflect.ownKeys(patch)) {
    const { value } = describe(patch, key);
    const isBuiltIn =
      OWN_STATICS.has(key) && (typeof value === "string" || typeof value === "number");
    if (isBuiltIn || key === "prototype") continue;
    graft({ where: name, live, patch, isDiverted }, key, log);
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
  /** Makes those who hold a method follow; says whether the live one does so too. */
  isDiverted(live: object, key: PropertyKey, value: unknown): boolean;
}

/** A getter without the setter that was there keeps that setter, and the other way round. */
function graft(on: Graft, key: PropertyKey, log: UndoLog): void {
  const { where, live, patch } = on;
  const before = Reflect.getOwnPropertyDescriptor(live, key);
  const given = describe(patch, key);
  if (typeof given.value === "function" && on.isDiverted(live, key, given.value)) return;
  const isAccessor = given.get !== undefined || given.set !== undefined;
  const after = (
    isAccessor ? { ...given, get: given.get ?? before?.get, set: given.set ?? before?.set } : given
  ) as PropertyDescriptor;
  log.note(() => {
    if (before === undefined) Reflect.deleteProperty(live, key);
    else Reflect.defineProperty(live, key, before);
  });
  if (Reflect.defineProperty(live, key, after)) return;
  throw new SnaxError(
    "ERR_PATCH_CLASS",
    `${where}.${String(key)} can't be changed: it was made fixed`,
  );
}
