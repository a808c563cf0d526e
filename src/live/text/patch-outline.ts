/**
 * What a patch gives, as far as its text tells: for the log (see patch-summary.ts), and for births,
 * name by name, which shows when later patches replace all of a patch.
 */

import type { AnyNode, Class, Function as FunctionNode } from "acorn";
import { findNearest } from "../../base/suggestion.ts";
import { keyOf } from "../../loader/read/analysis.ts";
import { isClassKind, isFunction } from "../../loader/read/names.ts";
import type { MethodKind } from "../../loader/weave/method-check.ts";
import { kindOf } from "../../loader/weave/method-check.ts";
import { showPath } from "../../loader/read/member-key.ts";
import type { EnumMembers } from "../../loader/typescript/enum-text.ts";
import { dataOf } from "../../loader/read/written.ts";
import { publicName } from "../../loader/read/record.ts";
import { registeredBy } from "../../texts/registration.ts";
import type { ClassChange, StaticsChange } from "./class-change.ts";
import type { PlannedItem } from "./patch-item.ts";
import type { PatchPlan, PatchTarget } from "./patch-plan.ts";
import type { TableGift } from "./table-text.ts";
import { keyOfPath } from "./table-text.ts";

/** What holds members that a patch may give one by one. */
export interface MemberOwner {
  /** A class, a group of methods, or an enum. */
  readonly kind: "class" | "group" | "enum";
  readonly name: string;
}

/** A member that a patch gives. */
export interface GivenMember {
  readonly owner: MemberOwner;
  readonly name: string;
  readonly isStatic: boolean;
  readonly kind: "method" | "generator" | "accessor";
  /** What people call it: `accept.touch`. */
  readonly label: string;
}

/** A field that gets a function. */
export interface FieldFunction {
  readonly owner: string;
  readonly name: string;
  /** Whether live instances that were made by the module's text run the new one. */
  readonly isFollowed: boolean;
}

/** What a patch gives. */
export interface PatchOutline {
  /** What it replaces by name. */
  readonly replaced: readonly string[];
  /** The functions among these, by name, with the kind of the new one. */
  readonly functions: ReadonlyMap<string, MethodKind>;
  /** The constants among these that are written out. */
  readonly constants: ReadonlyMap<string, { readonly value: unknown }>;
  /** The members of the enums among these. */
  readonly enums: ReadonlyMap<string, EnumMembers>;
  /** The fields that it gives functions, of classes that have these fields. */
  readonly fieldFunctions: readonly FieldFunction[];
  /** Whether the running service has each of these only shows there. */
  readonly members: readonly GivenMember[];
  /** The objects and lists that get members. */
  readonly tables: ReadonlyMap<string, TableGift>;
  /**
   * Names that it adds; a new one that nothing uses, with the existing one that may have been
   * meant.
   */
  readonly added: readonly string[];
  /** What it takes away. */
  readonly removed: readonly string[];
  readonly runsHotfix: boolean;
}

/** Reads it off a plan. */
export function outlinePatch(plan: PatchPlan, { scope }: PatchTarget): PatchOutline {
  const replaced: string[] = [];
  for (const [name, kind] of plan.replaced) {
    if (kind !== "class" && kind !== "table") replaced.push(publicName(name));
  }
  for (const [name, change] of plan.classes) {
    const said = describeConstruction(change);
    if (said !== "") replaced.push(`${publicName(name)} (${said})`);
  }
  const added = [...plan.fresh].flatMap(([name, { kind }]) => {
    if (kind === "import") return [];
    const isFunction = kind === "function" || kind === "const-function";
    const label = isFunction ? `function ${name}` : isClassKind(kind) ? `class ${name}` : name;
    return [plan.added.get(name)?.isUsed === false ? label + askFor(name, scope.names()) : label];
  });
  return {
    replaced,
    functions: new Map(
      plan.items.flatMap((item) => {
        const isIt = item.kind === "function" && !item.isFresh;
        return isIt ? [[item.name, kindOf(item.value as FunctionNode)]] : [];
      }),
    ),
    constants: new Map(
      plan.items.flatMap((item) => {
        const isIt = item.kind === "literal" && !item.isFresh;
        return isIt ? [[item.name, { value: dataOf(item.value) }]] : [];
      }),
    ),
    enums: new Map(
      plan.items.flatMap((item) => (item.kind === "enum" ? [[item.name, item.members]] : [])),
    ),
    fieldFunctions: listFieldFunctions(plan),
    members: listMembers(plan),
    tables: plan.tables,
    added,
    removed: [
      ...(plan.removals?.names ?? []),
      ...(plan.removals?.members ?? []).map(({ owner, name }) => labelOf(owner, name)),
    ],
    runsHotfix: plan.items.some((item) => item.kind === "step" && item.name === "hotfix"),
  };
}

/** `fields hp, speed; constructor; static TAX`. */
function describeConstruction({ construction, fields, newFields, statics }: ClassChange): string {
  const names = [...fields, ...newFields];
  const parts = [
    ...(names.length > 0 ? [`${names.length > 1 ? "fields" : "field"} ${names.join(", ")}`] : []),
    ...(construction?.hasMaker === true ? ["constructor"] : []),
    ...(statics?.names.length ? [`static ${namesOfStatics(statics).join(", ")}`] : []),
  ];
  return parts.join("; ");
}

/** The static fields of a patch, with the members of those that are objects. */
function namesOfStatics({ names, tables }: StaticsChange): string[] {
  return names.flatMap((name) => {
    const members = tables.get(name)?.members;
    return members?.map(({ path }) => showPath([name, ...path.slice(1)])) ?? name;
  });
}

/**
 * A new name may well be like another one: only two letters are taken for a slip, which are two
 * that changed places.
 */
const SLIP_MAX = 2;

/** Returns ` (did you mean count?)` for the closest name, or nothing if none is close. */
export function askFor(name: string, known: Iterable<string>): string {
  const nearest = findNearest(name, known, SLIP_MAX);
  return nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
}

function listFieldFunctions(plan: PatchPlan): FieldFunction[] {
  return plan.items.flatMap((item) => {
    if (item.kind !== "class" || item.isFresh) return [];
    const { fields: known = [], followed } = plan.classes.get(item.name) ?? {};
    return (item.value as Class).body.body.flatMap((member) => {
      if (member.type !== "PropertyDefinition" || member.static) return [];
      const name = keyOf(member);
      const isIt = name !== undefined && known.includes(name);
      return isIt && member.value && isFunction(member.value)
        ? [{ owner: item.name, name, isFollowed: followed?.has(name) === true }]
        : [];
    });
  });
}

function listMembers(plan: PatchPlan): GivenMember[] {
  const members: GivenMember[] = [];
  for (const item of plan.items) {
    if (item.kind !== "class" || item.isFresh) continue;
    const owner = { kind: "class", name: item.name } as const;
    members.push(...membersOf(item.value as Class, owner));
  }
  for (const [name, methods] of plan.methods) {
    const owner = { kind: "group", name } as const;
    for (const method of methods) {
      const label = labelOf(owner, method);
      members.push({ owner, name: method, isStatic: false, kind: "method", label });
    }
  }
  return members;
}

function labelOf(owner: MemberOwner, name: string): string {
  return `${publicName(owner.name)}.${name}`;
}

/** A getter and its setter are one member; one whose name only shows when it runs is left out. */
function membersOf({ body }: Class, owner: MemberOwner): GivenMember[] {
  const members = new Map<string, GivenMember>();
  for (const member of body.body) {
    if (member.type !== "MethodDefinition" || member.kind === "constructor" || member.computed)
      continue;
    const { key, static: isStatic } = member;
    const name = key.type === "Identifier" ? key.name : String((key as { value?: unknown }).value);
    const isGenerator = member.value.generator === true;
    const kind = member.kind !== "method" ? "accessor" : isGenerator ? "generator" : "method";
    const label = labelOf(owner, name);
    members.set(`${isStatic ? "static " : ""}${name}`, { owner, name, isStatic, kind, label });
  }
  return [...members.values()];
}

/** What a patch gives. */
export interface PatchGifts {
  /**
   * The functions, constants, methods and members of classes that it sets, whatever they were
   * before.
   */
  readonly gifts: ReadonlySet<string>;
  /**
   * The fields that it adds to classes, by class: instances have them in the order in which patches
   * came, so a patch is replaced only by those that add the same.
   */
  readonly orders: ReadonlyMap<string, string>;
  /** The constants from which it computes others: what an earlier patch gave them still counts. */
  readonly needs: ReadonlySet<string>;
  /**
   * Whether these are all: it adds no name, and nothing of it has a name that only shows when it
   * runs.
   */
  readonly isReplaceable: boolean;
}

const NOTHING: ReadonlySet<string> = new Set();

const KINDS = ["function", "class", "literal", "computed", "enum"] as const;
const ROLES = [
  ...["method", "get", "set", "static method", "static get", "static set", "static field"],
] as const;

/**
 * Lists what the statements of a patch give.
 *
 * @param classes - what it changes of classes besides their methods.
 * @param isAdding - whether it adds names, imports among them: later patches see these.
 */
export function listGifts(
  items: readonly PlannedItem[],
  {
    classes,
    tables,
    analysis,
    removals,
  }: Pick<PatchPlan, "classes" | "tables" | "analysis" | "removals">,
  isAdding: boolean,
): PatchGifts {
  const gifts = new Set<string>();
  const orders = new Map<string, string>();
  const needs = new Set<string>();
  const { names = NOTHING, members = [] } = removals ?? {};
  // What is taken away must have been there: a patch that gave it is born before.
  let isReplaceable = !isAdding && names.size + members.length === 0;
  for (const name of names) for (const kind of KINDS) needs.add(`${kind} ${name}`);
  for (const { owner, name } of members) {
    if (owner.kind === "group") needs.add(`${owner.name} ${name}`);
    else for (const role of ROLES) needs.add(`class ${owner.name} ${role} ${name}`);
  }
  const add = (owner: string, name: string | undefined): void => {
    if (name === undefined) isReplaceable = false;
    else gifts.add(`${owner} ${name}`);
  };
  for (const item of items) {
    // `hotfix()` and `rollback()` do not run at a birth; a handler that `hotfix()` registers is in the text.
    if (item.kind === "step" && item.name === "hotfix") {
      for (const { protocol } of registeredBy(item.value)) gifts.add(`dispatch ${protocol}`);
    }
    if (item.kind === "silent" || item.kind === "step") continue;
    if (item.kind === "state" || item.isFresh) isReplaceable = false;
    else if (item.kind === "group") addGroup(item.value, (name) => add(item.name, name));
    else if (item.kind === "table") {
      const gift = tables.get(item.name);
      for (const { path } of gift?.members ?? []) add("member", keyOfPath(path));
      // Which member it is depends on what else is in.
      if (item.isKeyed === true) isReplaceable = false;
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
  for (const name of statics?.names ?? []) {
    // One that is new is state: the first patch that gives it wins.
    if (statics?.isAdding === true || statics?.tables.get(name)?.isLate === true) add(undefined);
    else {
      const members = statics?.tables.get(name)?.members ?? [{ path: [name] }];
      for (const { path } of members) add(`static field ${keyOfPath([name, ...path.slice(1)])}`);
    }
  }
}

function newFieldsOf({ newFields, construction }: ClassChange): string[] {
  return newFields.filter((name) => !construction?.properties.includes(name));
}
