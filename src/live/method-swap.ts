/**
 * Replaces and adds methods of a snax service, as a patch gives them.
 *
 * Both places are kept in step: the number table that messages go through, and the object that the service exports, which
 * its own code may use.
 */

import { SnaxError } from "../base/error.ts";
import type { ModuleInstance } from "../loader/module-instance.ts";
import type { Group, MethodNumbers } from "../snax/method-numbers.ts";
import type { Method, SnaxHost } from "../snax/snax-host.ts";
import { GROUP_EXPORTS, groupOf } from "../snax/snax-host.ts";
import type { GivenGroups } from "./patch-run.ts";
import type { UndoLog } from "./undo-log.ts";

const GROUP_OF: ReadonlyMap<string, Group> = new Map(GROUP_EXPORTS);

/** One method that a patch gives. */
export interface GivenMethod {
  readonly exportName: string;
  readonly group: Group;
  readonly name: string;
  readonly method: Method;
}

/**
 * Checks what can be told from names alone: a method must not change from one group to the other.
 *
 * @param names - the methods of the patch by the export that holds them.
 * @throws {ERR_PATCH} if one does.
 */
export function checkGroups(names: ReadonlyMap<string, readonly string[]>, numbers: MethodNumbers): void {
  for (const [exportName, methods] of names) {
    const group = GROUP_OF.get(exportName) ?? "response";
    const other = group === "response" ? "accept" : "response";
    for (const name of methods) {
      if (numbers.isOffered(group, name) === true || numbers.isOffered(other, name) !== true) continue;
      throw new SnaxError("ERR_PATCH", `${name} is a method of ${other}: a patch can't move it to ${exportName}`);
    }
  }
}

/**
 * Lists the methods of a patch.
 *
 * @throws {ERR_PATCH} if a member of a group is no function.
 */
export function listMethods(groups: GivenGroups): GivenMethod[] {
  const methods: GivenMethod[] = [];
  for (const [exportName, members] of groups) {
    for (const name of Object.keys(members)) {
      const method = members[name];
      if (typeof method !== "function") {
        throw new SnaxError("ERR_PATCH", `${exportName}.${name} must be a function`);
      }
      const group = GROUP_OF.get(exportName) ?? "response";
      methods.push({ exportName, group, name, method: method as Method });
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
  for (const { exportName, group, name, method } of methods) {
    const holder = holderOf(entry, exportName, group, name);
    if (holder !== undefined) swapMember(holder, exportName, name, method, log);
    if (host === undefined) continue;
    const before = host.getMethod(group, name);
    log.step(
      () => host.setMethod(group, name, method),
      () => host.setMethod(group, name, before),
    );
  }
}

/** A group may have two names: the object that has the method counts, then the one of the patch's name. */
function holderOf(
  entry: ModuleInstance,
  exportName: string,
  group: Group,
  name: string,
): Record<string, unknown> | undefined {
  const holders = GROUP_EXPORTS.filter(([, other]) => other === group).map(([other]) => groupOf(entry, other));
  const having = holders.find((holder) => holder !== undefined && Object.hasOwn(holder, name));
  return having ?? groupOf(entry, exportName) ?? holders.find((holder) => holder !== undefined);
}

function swapMember(
  holder: Record<string, unknown>,
  exportName: string,
  name: string,
  method: Method,
  log: UndoLog,
): void {
  const before = Object.getOwnPropertyDescriptor(holder, name);
  const after = { value: method, writable: true, enumerable: true, configurable: true };
  log.step(
    () => {
      if (Reflect.defineProperty(holder, name, after)) return;
      throw new SnaxError("ERR_PATCH", `${exportName}.${name} can't be changed: the service froze it`);
    },
    () => {
      if (before === undefined) Reflect.deleteProperty(holder, name);
      else Reflect.defineProperty(holder, name, before);
    },
  );
}
