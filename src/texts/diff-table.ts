/**
 * What an edit of a group of methods, or of an object with functions in it, does to the running one.
 */

import type { AnyNode, ObjectExpression } from "acorn";
import { isFunction } from "../loader/read/names.ts";
import { memberKeyOf, showPath } from "../loader/read/member-key.ts";
import { isGiven, isHandedOut, isNewEntry, isRead, thawIn } from "./given.ts";
import { leftBehind } from "./closure.ts";
import { isOfMessages } from "./consequence.ts";
import type { EditScene } from "./edit-scene.ts";
import { changeMember, changeName, changeWhole, shownText } from "./edit-scene.ts";
import { heldText } from "./held-text.ts";
import { listProperties } from "./member.ts";
import type { ObjectProperty } from "./member.ts";
import type { Piece } from "./module-text.ts";
import { isSameTree } from "./same-tree.ts";

/** Compares two texts of `response`, `accept` or `subscribe`. */
export function diffGroup(scene: EditScene, was: Piece, now: Piece): void {
  const { writer } = scene;
  const group = now.group ?? now.name;
  const [old, edited] = [was.value, now.value];
  if (old?.type !== "ObjectExpression" || edited?.type !== "ObjectExpression") {
    writer.say("reload", group, "its methods are not written out", now.start);
    return;
  }
  const all = [...listProperties(old), ...listProperties(edited)];
  if (all.some(({ key, name }) => key === undefined || key !== name)) {
    const why =
      "it has a spread, an accessor or a computed name: the text does not tell what changes";
    writer.say("reload", group, why, now.start);
    return;
  }
  const before = listProperties(old);
  const kept: AnyNode[] = [];
  for (const { name = "", node } of listProperties(edited)) {
    const known = before.findLast((each) => each.name === name);
    if (known !== undefined && isSameTree(known.node, node)) continue;
    kept.push(node);
    if (!isOfMessages(scene.was, was)) changeMember(scene, name, `${group}.${name}`);
    sayMethod(scene, `${group}.${name}`, { name, was: known?.node, now: node });
  }
  for (const { name = "" } of before) {
    const isThere = listProperties(edited).some((each) => each.name === name);
    if (!isThere) loseMethod(scene, group, name);
  }
  if (kept.length === 0) return;
  const isPlain = now.group === now.name && now.isAlone && now.statement.type.startsWith("Export");
  const head = isPlain ? undefined : `export const ${group} = {`;
  writer.keep({ start: now.statement.start, end: edited.start + 1 }, head);
  for (const node of kept) {
    writer.keep(node);
    writer.keep({ start: node.end, end: node.end }, ",");
  }
  writer.keep({ start: edited.end - 1, end: now.end });
}

function sayMethod(
  scene: EditScene,
  what: string,
  { name, was, now }: { name: string; was: AnyNode | undefined; now: AnyNode },
): void {
  const { writer } = scene;
  if (was === undefined) {
    writer.say("applied", what, "new method", now.start);
    return;
  }
  const [before, after] = [valueOf(was), valueOf(now)];
  const isWritten = isFunction(before) && isFunction(after);
  const held =
    scene.uses.taken.has(name) && !isWritten
      ? "code that has taken it as a value keeps the old one"
      : heldText(scene, name, before, after);
  const why = held ?? leftBehind(before, after);
  if (why === undefined) writer.say("applied", what, "method", now.start);
  else writer.say("note", what, `method: ${why}`, now.start);
}

function loseMethod({ writer }: EditScene, group: string, name: string): void {
  const what = `${group}.${name}`;
  if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name)) {
    writer.say("note", what, "taken out of the file: the running service keeps it");
    return;
  }
  writer.delete(what, what);
  writer.say("applied", what, "taken away");
}

/**
 * Compares two texts of an object; what a patch can't put in its place is a note.
 *
 * @returns false if they are no objects that a patch merges member by member.
 */
export function diffTable(scene: EditScene, was: Piece, now: Piece): boolean {
  const tables = was.value && now.value && tablesIn(scene, was.value, now.value);
  if (tables === undefined) return false;
  const [before, object] = tables;
  const text = new TableDiff(scene, was).compare([was.name], before, object);
  if (text.length === 0) return true;
  const { writer } = scene;
  if (tables[0] !== was.value) changeName(scene, was.name, was.name);
  const { start } = now.isAlone ? now.statement : now.declaration;
  const head = now.isAlone ? undefined : `const ${headOf(scene, now, object)}`;
  writer.keep({ start, end: object.start + 1 }, head);
  for (const part of text) writer.keep(part, part.text);
  writer.keep({ start: object.end - 1, end: now.end });
  return true;
}

/**
 * Compares two texts of an object that a static field of a class has.
 *
 * @param path - the class and the field, as messages call them.
 * @returns the parts of the edited object that a patch keeps; empty if a patch can do nothing for it.
 */
export function diffStaticTable(
  scene: EditScene,
  owner: Piece,
  path: readonly string[],
  [was, now]: readonly [ObjectExpression, ObjectExpression],
): Part[] {
  const parts = new TableDiff(scene, owner).compare(path, was, now);
  return parts.length === 0
    ? []
    : [{ start: now.start, end: now.start + 1 }, ...parts, { start: now.end - 1, end: now.end }];
}

/** The two objects that a patch merges member by member: both frozen, or none; undefined for anything else. */
export function tablesIn(
  { was: running, now: edited }: EditScene,
  was: AnyNode,
  now: AnyNode,
): [ObjectExpression, ObjectExpression] | undefined {
  const [before, after] = [thawIn(running, was), thawIn(edited, now)];
  if (before.type !== "ObjectExpression" || after.type !== "ObjectExpression") return undefined;
  return (before === was) === (after === now) ? [before, after] : undefined;
}

function headOf({ now }: EditScene, piece: Piece, object: ObjectExpression): string {
  return now.syntax.text.slice(piece.declaration.start, object.start + 1);
}

/** A part of the edited text that a patch keeps. */
export interface Part {
  readonly start: number;
  readonly end: number;
  readonly text?: string;
}

class TableDiff {
  readonly #scene: EditScene;
  readonly #piece: Piece;

  constructor(scene: EditScene, piece: Piece) {
    this.#scene = scene;
    this.#piece = piece;
  }

  /** Returns the parts of the edited text that the patch keeps. */
  compare(path: readonly string[], was: ObjectExpression, now: ObjectExpression): Part[] {
    const { writer } = this.#scene;
    const what = showPath(path);
    const [before, after] = [listProperties(was), listProperties(now)];
    const parts: Part[] = [];
    for (const [at, property] of after.entries()) {
      const { key, label, node } = property;
      const known = before.findLast((each) => each.key === key);
      if (known !== undefined && isSameTree(known.node, node)) continue;
      if (label === undefined || !this.#isKnown(node)) {
        const why = "a spread, or a name that is computed: the running object keeps what it has";
        if (!before.some((each) => isSameTree(each.node, node))) {
          writer.say("note", what, why, node.start);
        }
        continue;
      }
      if (after.slice(at).some((each) => each.node.type === "SpreadElement")) {
        const why = "a spread behind it may give another one: the running object keeps what it has";
        writer.say("note", showPath([...path, label]), why, node.start);
        continue;
      }
      const own = after.filter((each) => each.label === label);
      const isAccessor = property.key !== label;
      if (isAccessor) parts.push(...this.#compareAccessor([...path, label], before, own));
      else parts.push(...this.#compareMember([...path, label], known, property));
    }
    for (const { key, label } of before) {
      if (label === undefined || after.some((each) => each.key === key)) continue;
      const why = "taken out of the file: the running object keeps it";
      writer.say("note", showPath([...path, label]), why);
    }
    return parts;
  }

  /** Whether a name in brackets begins with a name of the module. */
  #isKnown(node: AnyNode): boolean {
    const [root] = memberKeyOf(node)?.way ?? [];
    const { was, now } = this.#scene;
    const isImported = (local: string): boolean => was.imports.some((each) => each.local === local);
    if (root === undefined || root === "Symbol" || isImported(root)) return true;
    return [was, now].some(
      ({ analysis, types }) =>
        analysis.declared.has(root) || types.some(({ name }) => name === root),
    );
  }

  /** A getter and its setter come together, or one would be taken away. */
  #compareAccessor(
    path: readonly string[],
    before: readonly ObjectProperty[],
    own: readonly ObjectProperty[],
  ): Part[] {
    const { writer } = this.#scene;
    const label = path.at(-1) ?? "";
    const what = showPath(path);
    const start = own[0]?.node.start ?? 0;
    const was = before.filter((each) => each.label === label);
    if (was.some((each) => each.key === label)) {
      writer.say("note", what, "another kind of value: it is as it was", start);
      return [];
    }
    changeMember(this.#scene, label, what);
    writer.say("applied", what, was.length === 0 ? "new" : "getter and setter", start);
    return own.flatMap(({ node }) => [node, { start: node.end, end: node.end, text: "," }]);
  }

  #compareMember(
    path: readonly string[],
    known: ObjectProperty | undefined,
    { node }: ObjectProperty,
  ): Part[] {
    const { writer } = this.#scene;
    const what = showPath(path);
    const name = path.at(-1) ?? "";
    const after = valueOf(node);
    const before = known === undefined ? undefined : valueOf(known.node);
    const whole = [node, { start: node.end, end: node.end, text: "," }];
    const tables = before && tablesIn(this.#scene, before, after);
    if (tables !== undefined) {
      const inner = this.compare(path, ...tables);
      if (inner.length === 0) return [];
      // Another object takes the place of a frozen one.
      if (tables[0] !== before) changeMember(this.#scene, name, what);
      const [, { start, end }] = tables;
      const tail = { start: end - 1, end: node.end };
      return [{ start: node.start, end: start + 1 }, ...inner, tail, whole[1] as Part];
    }
    const isName = isRead(this.#scene, after);
    const isCode = isFunction(after) || (after.type === "Identifier" && !isName);
    const isNew = before === undefined && isNewEntry(this.#scene, after);
    if (!isCode && !isName && !isNew && !isGiven(this.#scene, after)) {
      writer.say("note", what, "neither a function nor written out: it is as it was", node.start);
      return [];
    }
    if (before === undefined) {
      writer.say("applied", what, "new", node.start);
      changeMember(this.#scene, name, what);
      changeWhole(this.#scene, this.#piece, path.slice(0, -1), what);
      return whole;
    }
    const wasName = isRead(this.#scene, before);
    const was = isFunction(before) || (before.type === "Identifier" && !wasName);
    if (!was && !wasName && !isGiven(this.#scene, before)) {
      writer.say("note", what, "it was computed: it is as it was", node.start);
      return [];
    }
    if (was !== isCode) {
      writer.say("note", what, "another kind of value: it is as it was", node.start);
      return [];
    }
    const why = isCode ? this.#functionText(name, before, after) : this.#dataText(name);
    changeMember(this.#scene, name, what);
    if (isCode)
      writer.say(why === undefined ? "applied" : "note", what, why ?? "function", node.start);
    else if (why === undefined) {
      const shown = `${shownText(this.#scene.was, before)} -> ${shownText(this.#scene.now, after)}`;
      writer.say("applied", what, `constant, ${shown}`, node.start);
    } else {
      writer.say("note", what, why, node.start);
      return [];
    }
    return whole;
  }

  #functionText(name: string, was: AnyNode, now: AnyNode): string | undefined {
    if (this.#scene.uses.taken.has(name)) {
      return "function: code that has taken it out of the object keeps the old one";
    }
    const why = leftBehind(was, now);
    return why === undefined ? undefined : `function: ${why}`;
  }

  /** Data that code may have changed is state. */
  #dataText(name: string): string | undefined {
    const { name: owner, isExported } = this.#piece;
    const isTaken = this.#scene.was.analysis.references.some(
      (each) => each.name === owner && each.use === "value",
    );
    const isPassed = (isTaken || isExported) && isHandedOut(this.#scene, this.#piece);
    const isState = isPassed || this.#scene.uses.assigned.has(name);
    return isState ? "data that the program may have changed: it keeps its value" : undefined;
  }
}

function valueOf(node: AnyNode): AnyNode {
  return node.type === "Property" ? node.value : node;
}
