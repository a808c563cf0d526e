/**
 * One module of an edit: its two texts, what the program does with its names, and what is said so far.
 */

import type { AnyNode } from "acorn";
import { callersOf } from "./consequence.ts";
import { memberKey, takenKey } from "./evaluation.ts";
import type { ModuleText, Piece } from "./module-text.ts";
import { constructionKey, enumKey, nameKey } from "./program-text.ts";
import type { ProgramText } from "./program-text.ts";
import { isPlainData, visitChildren } from "../loader/read/children.ts";
import type { DiffWriter } from "./verdict.ts";

/** What the texts of a program do with members, by their names. */
export interface MemberUses {
  /** Members that are read and not called on the spot: a method of that name may be held. */
  readonly taken: ReadonlySet<string>;
  /** Members that are assigned. */
  readonly assigned: ReadonlySet<string>;
}

/** One module of an edit. */
export interface EditScene {
  readonly was: ModuleText;
  readonly now: ModuleText;
  readonly writer: DiffWriter;
  readonly uses: MemberUses;
  /** The running texts of all modules. */
  readonly program: ProgramText;
  /** What changes, by its key in the graph of the program; with what people call it. */
  readonly changed: Map<string, string>;
  /** Pieces of which everything has been said. */
  readonly settled: Set<string>;
}

/** Notes that the value of a name changes. */
export function changeName({ was, changed }: EditScene, name: string, shown: string): void {
  changed.set(nameKey(was, name), shown);
}

/**
 * Notes that a member of an object changes.
 *
 * @param isFollowing - whether code that has taken its value has the new one: a method that other code holds.
 */
// oxlint-disable-next-line max-params -- a member, and what becomes of it
export function changeMember(
  { changed }: EditScene,
  name: string,
  shown: string,
  isFollowing = false,
): void {
  changed.set(memberKey(name), shown);
  if (!isFollowing) changed.set(takenKey(name), shown);
}

/** Notes that a method changes whose name is in brackets. */
export function changeUnnamed({ changed }: EditScene, method: AnyNode, shown: string): void {
  for (const key of callersOf(method)) changed.set(key, shown);
}

/** Notes that a member of an enum changes, and the enum as a whole. */
export function changeEnum({ was, changed }: EditScene, name: string, members: string[]): void {
  for (const member of members) changed.set(enumKey(was, name, member), `${name}.${member}`);
  changed.set(nameKey(was, name), name);
}

/** Notes that a member is new, or a frozen object another one: what was made with the whole of it lacks that. */
export function changeWhole(
  { was, changed }: EditScene,
  { kind, name }: Piece,
  [, ...way]: readonly string[],
  shown: string,
): void {
  if (kind !== "class") changed.set(nameKey(was, name), shown);
  for (const member of way) changed.set(memberKey(member), shown);
}

/** Notes that instances of a class are made otherwise. */
export function changeConstruction({ was, changed }: EditScene, name: string): void {
  changed.set(constructionKey(was, name), name);
}

/** Reads what texts do with members. */
export function readUses(modules: Iterable<ModuleText>): MemberUses {
  const taken = new Set<string>();
  const assigned = new Set<string>();
  for (const { analysis, syntax } of modules) {
    for (const name of analysis.taken) taken.add(name);
    collectAssigned(syntax.ast, assigned);
  }
  return { taken, assigned };
}

/** Puts what several texts do with members together. */
export function joinUses(...all: readonly (MemberUses | undefined)[]): MemberUses {
  const [taken, assigned] = [new Set<string>(), new Set<string>()];
  for (const each of all) {
    for (const name of each?.taken ?? []) taken.add(name);
    for (const name of each?.assigned ?? []) assigned.add(name);
  }
  return { taken, assigned };
}

function collectAssigned(node: AnyNode, assigned: Set<string>): void {
  if (isPlainData(node)) return;
  let target: AnyNode | undefined;
  if (node.type === "AssignmentExpression") target = node.left;
  else if (node.type === "UpdateExpression") target = node.argument;
  else if (node.type === "UnaryExpression" && node.operator === "delete") target = node.argument;
  if (target?.type === "MemberExpression" && target.property.type === "Identifier") {
    if (!target.computed) assigned.add(target.property.name);
  }
  visitChildren(node, (child) => collectAssigned(child, assigned));
}

/** Text of a node for a message, on one line. */
export function shownText({ syntax }: ModuleText, node: AnyNode | undefined): string {
  if (node === undefined) return "nothing";
  const text = syntax.text.slice(node.start, node.end).replace(/\s+/g, " ");
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
}

/** What a message shows of a text. */
const SHOWN_MAX = 40;

/** The parts of a piece that the patch needs, without an `export` that would mean nothing there. */
export function ownExtent({ start, end, statement, isAlone }: Piece): {
  start: number;
  end: number;
} {
  const { declaration } = statement as { declaration?: AnyNode | null };
  return { start: isAlone && declaration ? declaration.start : start, end };
}
