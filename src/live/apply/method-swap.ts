/**
 * Replaces and adds methods of a snax service, as a patch gives them.
 *
 * Both places are kept in step: the number table that messages go through, and the object that the
 * service exports, which its own code may use. A method that code holds as a value has a check at its
 * entry (see loader/weave/method-check.ts): the patch sets the check's variable, and leaves the
 * method itself where it is, the same function for all code.
 */

import { SnaxError } from "../../base/error.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import { CellSource, resolveExport } from "../../loader/run/module-node.ts";
import type { CheckableMethod } from "../../loader/weave/method-check.ts";
import { hasCheck, standsFor } from "../../loader/weave/method-check.ts";
import type { Group, Method, MethodNumbers, SnaxHost } from "../../snax/snax-host.ts";
import { GROUP_EXPORTS, groupOf } from "../../snax/snax-host.ts";
import type { PatchPart } from "../text/compile.ts";
import { GROUP_NAMES } from "../text/patch-item.ts";
import type { PatchRun } from "./patch-run.ts";
import type { UndoLog } from "./undo-log.ts";

/** One method that a patch gives. */
export interface GivenMethod {
  readonly exportName: string;
  readonly group: Group;
  readonly name: string;
  /** Undefined if the patch takes it away. */
  readonly method: Method | undefined;
  /** The methods that code may hold as values. */
  readonly held: HeldMethods | undefined;
}

/**
 * Checks what can be told from names alone: a method must not change from one group to the other.
 *
 * @throws {ERR_PATCH} if one does.
 */
export function checkGroups(parts: readonly PatchPart[], numbers: MethodNumbers): void {
  for (const [exportName, group] of GROUP_EXPORTS) {
    const other = group === "response" ? "accept" : "response";
    for (const name of parts.flatMap(({ code }) => code.methods.get(exportName) ?? [])) {
      if (numbers.isOffered(group, name) === true || numbers.isOffered(other, name) !== true)
        continue;
      throw new SnaxError(
        "ERR_PATCH",
        `${name} is a method of ${other}: a patch can't move it to ${exportName}`,
      );
    }
  }
}

/**
 * Lists the methods of a patch.
 *
 * @throws {ERR_PATCH} if a member of a group is no function.
 */
export function listMethods(runs: readonly PatchRun[]): GivenMethod[] {
  const methods: GivenMethod[] = [];
  for (const run of runs) {
    for (const [exportName, group] of GROUP_EXPORTS) {
      const members = run.group(exportName);
      if (members === undefined) continue;
      for (const name of Object.keys(members)) {
        const method = members[name];
        if (name === "__proto__") {
          throw new SnaxError("ERR_PATCH", "no method can be named __proto__");
        }
        if (typeof method !== "function") {
          throw new SnaxError("ERR_PATCH", `${exportName}.${name} must be a function`);
        }
        methods.push({ exportName, group, name, method: method as Method, held: run.held });
      }
    }
    for (const { owner, name } of run.code.removals?.members ?? []) {
      const group = GROUP_EXPORTS.find(([exportName]) => exportName === owner.name)?.[1];
      if (owner.kind !== "group" || group === undefined) continue;
      methods.push({ exportName: owner.name, group, name, method: undefined, held: undefined });
    }
  }
  return methods;
}

/**
 * Puts the methods of a patch into the object that the service exports and, if it has begun, into
 * its table.
 */
export function swapMethods(
  entry: ModuleInstance,
  host: SnaxHost | undefined,
  methods: readonly GivenMethod[],
  log: UndoLog,
): void {
  for (const given of methods) {
    const holder = holderOf(entry, given);
    const { group, name, method } = given;
    const before = host?.getMethod(group, name);
    if (method === undefined) removeMember(holder, given, before !== undefined, log);
    else if (holder !== undefined) swapMember(holder, { ...given, method }, log);
    if (host === undefined) continue;
    log.note(() => host.setMethod(group, name, before));
    host.setMethod(group, name, method);
  }
}

/** An object of methods that a service exports. */
interface Holder {
  readonly exportName: string;
  readonly members: Record<string, unknown>;
}

/**
 * A group may have two names: the object that has the method counts, then the one of the patch's
 * name.
 */
function holderOf(
  entry: ModuleInstance,
  { exportName, group, name }: GivenMethod,
): Holder | undefined {
  const named = findHolder(entry, exportName);
  if (group === "response" || (named !== undefined && Object.hasOwn(named.members, name)))
    return named;
  const alias = findHolder(entry, exportName === "accept" ? "subscribe" : "accept");
  const isAliased = alias !== undefined && Object.hasOwn(alias.members, name);
  return named === undefined || isAliased ? alias : named;
}

function findHolder(entry: ModuleInstance, exportName: string): Holder | undefined {
  const members = groupOf(entry, exportName);
  return members === undefined ? undefined : { exportName, members };
}

/** Takes a method out of the object that has it. */
// oxlint-disable-next-line max-params -- a member, and how it comes back
function removeMember(
  holder: Holder | undefined,
  { exportName, name }: GivenMethod,
  isKnown: boolean,
  log: UndoLog,
): void {
  const members = holder?.members;
  const before =
    members === undefined ? undefined : Reflect.getOwnPropertyDescriptor(members, name);
  if (before === undefined && !isKnown) {
    throw new SnaxError("ERR_PATCH_NAME", `the service has no method ${exportName}.${name}`);
  }
  if (members === undefined || before === undefined) return;
  log.note(() => void Reflect.defineProperty(members, name, before));
  if (Reflect.deleteProperty(members, name)) return;
  const why = `${exportName}.${name} can't be taken away: the service made it fixed`;
  throw new SnaxError("ERR_PATCH", why);
}

function swapMember(
  { exportName: owner, members: holder }: Holder,
  { exportName, name, method, held }: GivenMethod & { readonly method: Method },
  log: UndoLog,
): void {
  const hadOne = Object.hasOwn(holder, name);
  const before = holder[name];
  const diverted = { owner, key: name, isStatic: false, value: method };
  if (held?.divert(diverted, before, log) === true) return;
  log.note(() => {
    if (hadOne) Reflect.set(holder, name, before);
    else Reflect.deleteProperty(holder, name);
  });
  if (Reflect.set(holder, name, method) && holder[name] === method) return;
  throw new SnaxError(
    "ERR_PATCH",
    `${exportName}.${name} can't be changed: the service made it fixed`,
  );
}

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
      (method) => isOf(method, owner, key) && method.isStatic === isStatic,
    );
    const method = this.#held[index];
    const stands = method === undefined ? undefined : standsFor(value, method.kind);
    if (method === undefined || stands === undefined) return false;
    const before = this.#check(index, false);
    log.note(() => void this.#check(index, true, before));
    this.#check(index, true, value);
    return stands === "exact" && hasCheck(live, method.variable);
  }

  /** Makes the arrow functions that instances hold in a field run the patch's. */
  divertField({ owner, key, value }: Omit<DivertedMethod, "isStatic">, log: UndoLog): boolean {
    const index = this.#held.findIndex(
      ({ fieldLength, name, owner: own }) =>
        fieldLength !== undefined && name === key && own === owner,
    );
    if (index < 0) return false;
    const before = this.#check(index, false);
    log.note(() => void this.#check(index, true, before));
    this.#check(index, true, value);
    return true;
  }
}

/** The method of an owner, and no function that a field holds. */
function isOf(method: CheckableMethod, owner: string, key: PropertyKey): boolean {
  return method.name === key && method.owner === owner && method.fieldLength === undefined;
}

/**
 * Says whether those who hold a method keep its old text when a patch gives another one: some text
 * takes methods of that name as values, and this one has no check that could divert it.
 *
 * @param live - the function that is the method now.
 */
export function keepsOld(
  module: ModuleInstance,
  { owner, key, isStatic }: Omit<DivertedMethod, "value">,
  { live, isGenerator }: { readonly live: unknown; readonly isGenerator: boolean },
): boolean {
  if (typeof live !== "function") return false;
  const { methods, checked } = module.image.data;
  const method = methods.find((each) => isOf(each, owner, key) && each.isStatic === isStatic);
  const isDiverted =
    method !== undefined &&
    checked.has(method.variable) &&
    hasCheck(live, method.variable) &&
    (isGenerator || !method.kind.endsWith("generator"));
  return !isDiverted && isTaken(module, { owner, name: String(key) });
}

/** Says whether some text takes members of that name as values, or all of a group. */
export function isTaken(
  { node, instance: { program } }: ModuleInstance,
  { owner, name }: { readonly owner: string; readonly name: string },
): boolean {
  if (program.takenByPatches.has(name)) return true;
  for (const each of program.modules()) if (each.image.data.taken.has(name)) return true;
  // The variable of a group may be another module's.
  const group = GROUP_NAMES.has(owner) ? resolveExport(node, owner) : undefined;
  if (!(group instanceof CellSource)) return false;
  const { cells, values } = group.node.image.data;
  return values.has(cells[group.cell] ?? "");
}
