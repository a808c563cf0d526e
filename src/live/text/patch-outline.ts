/**
 * What a patch gives, as far as its text tells: what the log says of it is made from this (see patch-summary.ts).
 */

import type { Class } from "acorn";
import { findNearest } from "../../base/suggestion.ts";
import { isClassKind } from "../../loader/read/names.ts";
import type { ClassChange } from "./class-change.ts";
import { publicName } from "./patch-default.ts";
import type { PatchPlan } from "./patch-plan.ts";
import type { PatchTarget } from "./patch-plan.ts";
import type { TableGift } from "./table-text.ts";

/** What holds members that a patch may give one by one. */
export interface MemberOwner {
  /** A class, or a group of methods. */
  readonly kind: "class" | "group";
  readonly name: string;
}

/** A member that a patch gives. */
export interface GivenMember {
  readonly owner: MemberOwner;
  readonly name: string;
  readonly isStatic: boolean;
  readonly kind: "method" | "generator" | "accessor";
}

/** What a patch gives. */
export interface PatchOutline {
  /** What it replaces by name. */
  readonly replaced: readonly string[];
  /** Whether the running service has each of these only shows there. */
  readonly members: readonly GivenMember[];
  /** The objects and lists that get members. */
  readonly tables: ReadonlyMap<string, TableGift>;
  /** Names that it adds; a new one that nothing uses, with the existing one that may have been meant. */
  readonly added: readonly string[];
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
    members: listMembers(plan),
    tables: plan.tables,
    added,
    runsHotfix: plan.items.some((item) => item.kind === "step" && item.name === "hotfix"),
  };
}

/** `fields hp, speed; constructor; static TAX`. */
function describeConstruction({ construction, fields, newFields, statics }: ClassChange): string {
  const names = [...fields, ...newFields];
  const parts = [
    ...(names.length > 0 ? [`${names.length > 1 ? "fields" : "field"} ${names.join(", ")}`] : []),
    ...(construction?.hasMaker === true ? ["constructor"] : []),
    ...(statics === undefined ? [] : [`static ${statics.names.join(", ")}`]),
  ];
  return parts.join("; ");
}

/** A new name may well be like another one: only two letters are taken for a slip, which are two that changed places. */
const SLIP_MAX = 2;

/** Returns ` (did you mean count?)` for the closest name, or nothing if none is close. */
export function askFor(name: string, known: Iterable<string>): string {
  const nearest = findNearest(name, known, SLIP_MAX);
  return nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
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
      members.push({ owner, name: method, isStatic: false, kind: "method" });
    }
  }
  return members;
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
    members.set(`${isStatic ? "static " : ""}${name}`, { owner, name, isStatic, kind });
  }
  return [...members.values()];
}
