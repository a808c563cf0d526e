/**
 * What a patch gives to a service at its birth, name by name: so that one can be told from which later patches leave nothing.
 */

import type { AnyNode, Class } from "acorn";
import { keyOf } from "../../loader/read/member-key.ts";
import type { ClassChange } from "./class-change.ts";
import type { PlannedItem } from "./patch-item.ts";
import type { PatchPlan } from "./patch-plan.ts";
import { keyOfPath } from "./table-text.ts";

/** What a patch gives. */
export interface PatchGifts {
  /** The functions, constants, methods and members of classes that it sets, whatever they were before. */
  readonly gifts: ReadonlySet<string>;
  /**
   * The fields that it adds to classes, by class: instances have them in the order in which patches came, so a patch is replaced only by
   * those that add the same.
   */
  readonly orders: ReadonlyMap<string, string>;
  /** The constants from which it computes others: what an earlier patch gave them still counts. */
  readonly needs: ReadonlySet<string>;
  /** Whether these are all: it adds no name, and nothing of it has a name that only shows when it runs. */
  readonly isReplaceable: boolean;
}

/**
 * Lists what the statements of a patch give.
 *
 * @param classes - what it changes of classes besides their methods.
 * @param isAdding - whether it adds names, imports among them: later patches see these.
 */
export function listGifts(
  items: readonly PlannedItem[],
  { classes, tables, analysis }: Pick<PatchPlan, "classes" | "tables" | "analysis">,
  isAdding: boolean,
): PatchGifts {
  const gifts = new Set<string>();
  const orders = new Map<string, string>();
  const needs = new Set<string>();
  let isReplaceable = !isAdding;
  const add = (owner: string, name: string | undefined): void => {
    if (name === undefined) isReplaceable = false;
    else gifts.add(`${owner} ${name}`);
  };
  for (const item of items) {
    // `hotfix()` and `rollback()` do not run at a birth.
    if (item.kind === "silent" || item.kind === "step") continue;
    if (item.kind === "state" || item.isFresh) isReplaceable = false;
    else if (item.kind === "group") addGroup(item.value, (name) => add(item.name, name));
    else if (item.kind === "table") {
      for (const { path } of tables.get(item.name)?.members ?? []) add("member", keyOfPath(path));
    } else if (item.kind === "class") {
      addClass(item.value as Class, (name) => add(`class ${item.name}`, name));
      const change = classes.get(item.name);
      if (change === undefined) continue;
      addChange(change, (name) => add(`class ${item.name}`, name));
      const order = newFieldsOf(change).join();
      if (order !== "") orders.set(item.name, order);
    } else if (item.kind === "computed") {
      gifts.add(`literal ${item.name}`);
      const { start, end } = item.value;
      for (const { name, start: at } of analysis.references) {
        if (at >= start && at < end) needs.add(`literal ${name}`);
      }
    } else gifts.add(`${item.kind} ${item.name}`);
  }
  return { gifts, orders, needs, isReplaceable };
}

type AddName = (name: string | undefined) => void;

function addGroup(value: AnyNode, add: AddName): void {
  if (value.type !== "ObjectExpression") return add(undefined);
  for (const property of value.properties) {
    add(property.type === "Property" ? keyOf(property) : undefined);
  }
}

function addClass({ body }: Class, add: AddName): void {
  for (const member of body.body) {
    const isStatic = "static" in member && member.static;
    if (member.type === "MethodDefinition") {
      if (member.kind === "constructor") continue;
      const key = keyOf(member);
      add(key === undefined ? undefined : `${isStatic ? "static " : ""}${member.kind} ${key}`);
    } else if (member.type !== "PropertyDefinition") add(undefined);
  }
}

function addChange(change: ClassChange, add: AddName): void {
  const { construction, statics, fields, hasComputed } = change;
  if (hasComputed) add(undefined);
  // Properties among the parameters come and go with the constructor.
  if (construction?.hasMaker === true) add("constructor");
  for (const name of fields) if (!construction?.properties.includes(name)) add(`field ${name}`);
  for (const name of statics?.names ?? [])
    // One that is new is state: the first patch that gives it wins.
    add(statics?.isAdding === true ? undefined : `static field ${name}`);
}

function newFieldsOf({ newFields, construction }: ClassChange): string[] {
  return newFields.filter((name) => !construction?.properties.includes(name));
}
