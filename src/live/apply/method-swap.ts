/**
 * Replaces and adds methods of a snax service, as a patch gives them.
 *
 * Both places are kept in step: the number table that messages go through, and the object that the service exports, which
 * its own code may use.
 */

import { SnaxError } from "../../base/error.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { Group, MethodNumbers } from "../../snax/method-numbers.ts";
import { GROUP_EXPORTS } from "../../snax/method-numbers.ts";
import type { Method, SnaxHost } from "../../snax/snax-host.ts";
import { groupOf } from "../../snax/snax-host.ts";
import type { HeldMethods } from "./held-methods.ts";
import type { PatchPart } from "../text/patch-code.ts";
import type { PatchRun } from "./patch-run.ts";
import type { UndoLog } from "./undo-log.ts";

/** One method that a patch gives. */
export interface GivenMethod {
  readonly exportName: string;
  readonly group: Group;
  readonly name: string;
  readonly method: Method;
  /** The methods that somebody may hold. */
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
  }
  return methods;
}

/** Puts the methods of a patch into the object that the service exports and, if it has begun, into its table. */
export function swapMethods(
  entry: ModuleInstance,
  host: SnaxHost | undefined,
  methods: readonly GivenMethod[],
  log: UndoLog,
): void {
  for (const given of methods) {
    const holder = holderOf(entry, given);
    if (holder !== undefined) swapMember(holder, given, log);
    if (host === undefined) continue;
    const { group, name, method } = given;
    const before = host.getMethod(group, name);
    log.begin(() => host.setMethod(group, name, before));
    host.setMethod(group, name, method);
  }
}

/** An object of methods that a service exports. */
interface Holder {
  readonly exportName: string;
  readonly members: Record<string, unknown>;
}

/** A group may have two names: the object that has the method counts, then the one of the patch's name. */
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

function swapMember(
  { exportName: owner, members: holder }: Holder,
  { exportName, name, method, held }: GivenMethod,
  log: UndoLog,
): void {
  const hadOne = Object.hasOwn(holder, name);
  const before = holder[name];
  const diverted = { owner, key: name, isStatic: false, value: method };
  if (held?.divert(diverted, before, log) === true) return;
  log.begin(() => {
    if (hadOne) Reflect.set(holder, name, before);
    else Reflect.deleteProperty(holder, name);
  });
  if (Reflect.set(holder, name, method) && holder[name] === method) return;
  throw new SnaxError(
    "ERR_PATCH",
    `${exportName}.${name} can't be changed: the service made it fixed`,
  );
}
