/**
 * What a patch gives to a service at its birth, name by name: so that one can be told from which later patches leave nothing.
 */

import type { AnyNode, Class } from "acorn";
import { keyOf } from "../loader/text-members.ts";
import type { PlannedItem } from "./patch-item.ts";

/** What a patch gives. */
export interface PatchGifts {
  /** The functions, constants, methods and members of classes that it sets, whatever they were before. */
  readonly gifts: ReadonlySet<string>;
  /** Whether these are all: it adds no name, and nothing of it has a name that only shows when it runs. */
  readonly isReplaceable: boolean;
}

/**
 * Lists what the statements of a patch give.
 *
 * @param isAdding - whether it adds names, imports among them: later patches see these.
 */
export function listGifts(
  items: readonly PlannedItem[],
  constructed: ReadonlySet<string>,
  isAdding: boolean,
): PatchGifts {
  const gifts = new Set<string>();
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
    else if (item.kind === "class") {
      addClass(item.value as Class, (name) => add(`class ${item.name}`, name));
      if (constructed.has(item.name)) gifts.add(`new ${item.name}`);
    } else gifts.add(`${item.kind} ${item.name}`);
  }
  return { gifts, isReplaceable };
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
      // The constructor goes with the fields: see `new`.
      if (member.kind === "constructor") continue;
      const key = keyOf(member);
      add(key === undefined ? undefined : `${isStatic ? "static " : ""}${member.kind} ${key}`);
      // A static field is state: the first patch that gives one wins.
    } else if (member.type !== "PropertyDefinition" || isStatic) add(undefined);
  }
}
