/**
 * Fields and methods of one name: an instance has the field of its own, so no code would call a
 * method that a patch adds under that name.
 */

import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import { scopeOf } from "../text/patched-module.ts";
import { readRunningClass } from "../text/running-class.ts";
import type { RunningClass } from "../text/running-class.ts";
import { hasPatchedField } from "./class-construction.ts";
import type { Field } from "./class-construction.ts";
import type { AnyClass } from "./class-graft.ts";

/** A class under a patch. */
interface PatchedFields {
  readonly name: string;
  readonly live: AnyClass;
  /** The fields that the patch gives. */
  readonly given: readonly Field[];
}

/** Returns what says whether instances of a class have a field of a name. */
export function hidingFields(
  module: ModuleInstance,
  { name, live, given }: PatchedFields,
): (key: PropertyKey) => boolean {
  // The text is read again only if the patch adds a method.
  return (key) => {
    if (typeof key !== "string") return false;
    if (given.some((field) => field.key === key && field.initialise !== undefined)) return true;
    return hasPatchedField(live, key) || runningClass(module, name)?.own.has(key) === true;
  };
}

/** Undefined if its text can't be read: then nothing is known of its fields. */
export function runningClass(module: ModuleInstance, name: string): RunningClass | undefined {
  try {
    return scopeOf(module).get(name)?.running ?? readRunningClass(module.image, name);
  } catch {
    return undefined;
  }
}
