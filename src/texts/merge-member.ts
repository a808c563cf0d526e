/**
 * Classes, groups of methods and objects are merged member by member.
 *
 * A patch gives members: what it does not mention stays. The merged text says the same: a member stands
 * where the running text has it, a new field behind the other fields, anything else at the end. An object
 * that the running text does not write out, because a call makes it, gets its members behind its
 * declaration.
 */

import type { AnyNode, Class, ObjectExpression } from "acorn";
import { isFunction } from "../loader/read/names.ts";
import { isReadKey } from "../loader/read/member-key.ts";
import { thaw } from "../loader/read/written.ts";
import { listMembers, listProperties } from "./member.ts";
import type { Chunk, Merger } from "./merged.ts";
import type { Pair, PatchPieces } from "./merge.ts";
import type { ModuleText } from "./module-text.ts";

/** Merges the members of a class. */
export function mergeClass(
  merger: Merger,
  module: ModuleText,
  patch: PatchPieces,
  { old, piece }: Pair,
): void {
  const [live, given] = [old.value as Class, piece.value as Class];
  const { code, decorated } = module.syntax;
  const members = listMembers(live, code, decorated?.decorators);
  const fields = members.filter(({ kind, isStatic }) => kind === "field" && !isStatic);
  const behindFields = fields.at(-1)?.end ?? live.body.start + 1;
  for (const member of listMembers(given, patch.syntax.code, patch.syntax.decorated?.decorators)) {
    const { node } = member;
    // A field without a value is a type in a patch.
    if (node.type === "PropertyDefinition" && !node.value) continue;
    const known = members.find(({ key }) => key === member.key);
    const [before, after] = [tableIn(known?.node), tableIn(node)];
    if (before !== undefined && after !== undefined) {
      mergeObject({ merger, module, patch }, before, after);
      continue;
    }
    const close = member.kind === "field" && !patch.text.startsWith(";", member.end - 1) ? ";" : "";
    if (known !== undefined) merger.replace(known.start, known.end, member, close);
    else {
      const isField = member.kind === "field" && !member.isStatic;
      const whole = { start: withModifiers(patch.text, member.start), end: member.end };
      merger.insert(isField ? behindFields : live.body.end - 1, "\n", whole, close);
    }
  }
}

/** The object that a static field writes out. */
function tableIn(node: AnyNode | undefined): ObjectExpression | undefined {
  if (node?.type !== "PropertyDefinition" || !node.static || !node.value) return undefined;
  const value = thaw(node.value, () => false);
  return value.type === "ObjectExpression" ? value : undefined;
}

const MODIFIERS = /(?:\b(?:public|private|protected|readonly|override)\s+)+$/;

/** Words that are types are in front of what is left of a member. */
function withModifiers(text: string, start: number): number {
  return start - (MODIFIERS.exec(text.slice(0, start))?.[0].length ?? 0);
}

/** Merges the members of a group of methods, or of another object or list. */
export function mergeTable(
  merger: Merger,
  module: ModuleText,
  patch: PatchPieces,
  { old, piece }: Pair,
): void {
  if (piece.value === undefined) return;
  const given = thaw(piece.value, () => false);
  const live = old.value === undefined ? undefined : thaw(old.value, () => false);
  const table = { merger, module, patch };
  if (live?.type === "ObjectExpression" && given.type === "ObjectExpression") {
    mergeObject(table, live, given);
  } else if (live?.type === "ArrayExpression" || live === undefined) {
    const { start, end } = live ?? old.declaration;
    merger.replace(start, end, given);
  } else if (old.kind === "group" && given.type === "ObjectExpression") {
    // What a call or another name gives, and the patch's methods behind it.
    const inside = { start: given.start + 1, end: given.end - 1 };
    merger.insert(live.start, "{ ...");
    merger.insert(live.end, ", ", inside, " }");
  } else assignMembers(table, old.statement.end, [old.name], given);
}

interface Table {
  readonly merger: Merger;
  readonly module: ModuleText;
  readonly patch: PatchPieces;
}

function mergeObject(table: Table, live: ObjectExpression, given: ObjectExpression): void {
  const { merger, module } = table;
  const properties = listProperties(live);
  const fresh: Chunk[] = [];
  for (const { key, node } of listProperties(given)) {
    const known = key === undefined ? undefined : properties.findLast((each) => each.key === key);
    const [before, after] = [thawed(known?.node), thawed(node)];
    // A spread only repeats what the running text has.
    if (node.type === "SpreadElement") continue;
    if (known === undefined) fresh.push(" ", node, ",");
    else if (before?.type === "ObjectExpression" && after?.type === "ObjectExpression") {
      mergeObject(table, before, after);
    } else merger.replace(known.node.start, known.node.end, node);
  }
  if (fresh.length === 0) return;
  const last = live.properties.at(-1);
  const end = live.end - 1;
  const hasComma = last === undefined || module.syntax.code.slice(last.end, end).includes(",");
  merger.insert(end, hasComma ? "" : ",", ...fresh);
}

/** The object that a property has, whether it is frozen or not. */
function thawed(node: ObjectExpression["properties"][number] | undefined): AnyNode | undefined {
  const value = valueOf(node);
  return value === undefined ? undefined : thaw(value, () => false);
}

function valueOf(node: ObjectExpression["properties"][number] | undefined): AnyNode | undefined {
  return node?.type === "Property" && node.kind === "init" ? node.value : undefined;
}

/** `offers.apple.discount = ...;` for each member that is no object. */
function assignMembers(table: Table, at: number, path: readonly string[], given: AnyNode): void {
  const { merger } = table;
  const target = path.map((key, index) => (index === 0 ? key : memberText(key))).join("");
  if (given.type !== "ObjectExpression") {
    merger.insert(at, `\n${target} = `, given, ";");
    return;
  }
  for (const { label: name, node } of listProperties(given)) {
    if (name === undefined || node.type !== "Property") continue;
    if (node.method || node.kind !== "init") assignMethod(merger, at, target, { name, node });
    else if (isFunction(node.value) || node.value.type !== "ObjectExpression") {
      merger.insert(at, `\n${target}${memberText(name)} = `, node.value, ";");
    } else assignMembers(table, at, [...path, name], node.value);
  }
}

/** Methods and accessors are put there by their descriptors. */
function assignMethod(
  merger: Merger,
  at: number,
  target: string,
  { name, node }: { readonly name: string; readonly node: AnyNode },
): void {
  const key = isReadKey(name) ? name.slice(1, -1) : JSON.stringify(name);
  const given = [`({ `, node, ` }, ${key})`] as const;
  const head = `\nObject.defineProperty(${target}, ${key}, `;
  merger.insert(at, `${head}Object.getOwnPropertyDescriptor`, ...given, ");");
}

function memberText(key: string): string {
  if (isReadKey(key)) return key;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
    ? `.${key}`
    : `[${JSON.stringify(key)}]`;
}
