/**
 * Methods that somebody holds: what a patch does so that they follow.
 *
 * Their text has a check at the entry (see loader/weave/method-check.ts): the patch sets the check's variable, and leaves the
 * method itself where it is, the same function for everybody.
 */

import type { Image } from "../../loader/weave/image.ts";
import type { CheckableMethod } from "../../loader/weave/method-check.ts";
import { hasCheck, standsFor } from "../../loader/weave/method-check.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { Program } from "../../loader/run/program.ts";
import { GROUP_NAMES } from "../text/patch-item.ts";
import type { UndoLog } from "./undo-log.ts";

/** Reads or, with a value, writes the variable of a check, by its number in the patch. */
export type CheckFunction = (index: number, isWrite: boolean, value?: unknown) => unknown;

/** A method that a patch gives. */
export interface DivertedMethod {
  /** The class, or the export that is a group of methods. */
  readonly owner: string;
  readonly key: PropertyKey;
  readonly isStatic: boolean;
  readonly value: unknown;
}

/** The checks that one patch reaches in one module instance. */
export class HeldMethods {
  readonly #held: readonly CheckableMethod[];
  readonly #check: CheckFunction;

  constructor(held: readonly CheckableMethod[], check: CheckFunction) {
    this.#held = held;
    this.#check = check;
  }

  /**
   * Makes those who hold a method run the patch's.
   *
   * @param live - the function that is the method now.
   * @returns whether that function follows too, so that it may stay.
   */
  divert({ owner, key, isStatic, value }: DivertedMethod, live: unknown, log: UndoLog): boolean {
    const index = this.#held.findIndex(
      (method) => method.name === key && method.owner === owner && method.isStatic === isStatic,
    );
    const method = this.#held[index];
    const stands = method === undefined ? undefined : standsFor(value, method.kind);
    if (method === undefined || stands === undefined) return false;
    const before = this.#check(index, false);
    log.begin(() => void this.#check(index, true, before));
    this.#check(index, true, value);
    return stands === "exact" && hasCheck(live, method.variable);
  }
}

/**
 * Says whether those who hold a method keep its old text when a patch gives another one: some text takes methods of that name as
 * values, and this one has no check that could divert it.
 *
 * @param live - the function that is the method now.
 */
export function keepsOld(
  module: ModuleInstance,
  { owner, key, isStatic }: Omit<DivertedMethod, "value">,
  { live, isGenerator }: { readonly live: unknown; readonly isGenerator: boolean },
): boolean {
  if (typeof live !== "function") return false;
  const { image, instance } = module;
  const { methods, checked } = image.data;
  const method = methods.find(
    (each) => each.name === key && each.owner === owner && each.isStatic === isStatic,
  );
  const isDiverted =
    method !== undefined &&
    checked.has(method.variable) &&
    hasCheck(live, method.variable) &&
    (isGenerator || !method.kind.endsWith("generator"));
  return !isDiverted && isTaken(instance.program, image, { owner, name: String(key) });
}

function isTaken(
  program: Program,
  image: Image,
  { owner, name }: { readonly owner: string; readonly name: string },
): boolean {
  if (program.takenByPatches.has(name)) return true;
  for (const node of program.modules()) if (node.image.data.taken.has(name)) return true;
  const group = image.exports.find((entry) => entry.name === owner)?.local;
  return GROUP_NAMES.has(owner) && group !== undefined && image.data.values.has(group);
}
