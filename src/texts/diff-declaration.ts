/**
 * What an edit does to the declarations of a module: functions, classes, constants, groups and state.
 */

import type { AnyNode } from "acorn";
import { DEFAULT_NAME } from "../loader/read/record.ts";
import { leftBehind } from "./closure.ts";
import { diffClass } from "./diff-class.ts";
import { diffGroup, diffTable } from "./diff-table.ts";
import type { EditScene } from "./edit-scene.ts";
import { changeName, ownExtent, shownText } from "./edit-scene.ts";
import { isGiven, isOnlyRead } from "./given.ts";
import type { ModuleText, Piece, PieceKind } from "./module-text.ts";
import { keepImmediate, listDeferred } from "./moment.ts";
import { isSameTree } from "./same-tree.ts";

/** Compares the declarations of two texts. */
export function diffDeclarations(scene: EditScene): void {
  const { was, now } = scene;
  const lost = was.pieces.filter(({ names }) => !names.some((name) => now.byName.has(name)));
  const fresh = now.pieces.filter(({ names }) => !names.some((name) => was.byName.has(name)));
  for (const piece of now.pieces) {
    const before = was.byName.get(piece.name);
    if (fresh.includes(piece)) add(scene, piece, lost);
    else if (before === undefined || before.names.join() !== piece.names.join()) {
      const why = "it is declared together with other names now";
      scene.writer.say("reload", shownName(piece), why, piece.start);
    } else compare(scene, before, piece);
  }
  for (const piece of lost) lose(scene, piece);
}

/** What people call a piece. */
export function shownName({ name, names }: Piece): string {
  return name === DEFAULT_NAME ? "default" : names.join(", ");
}

const KINDS: Readonly<Record<PieceKind, string>> = {
  function: "a function",
  class: "a class",
  literal: "a constant",
  group: "a group of methods",
  state: "a variable",
};

function isInit({ was }: EditScene, { name }: Piece): boolean {
  return name === "init" && was.isService;
}

function add(scene: EditScene, piece: Piece, lost: readonly Piece[]): void {
  const { was, now, writer } = scene;
  const name = shownName(piece);
  if (was.imports.some(({ local }) => local === piece.name)) {
    writer.say("reload", name, "it was an import in the running text", piece.start);
    return;
  }
  if (isInit(scene, piece)) {
    writer.say("note", name, "new: it runs in services that are born from the file", piece.start);
    return;
  }
  if (isDecorated(now, piece)) {
    const why = "a class with decorators has to be transformed: put it into a module and import it";
    writer.say("reload", name, why, piece.start);
    return;
  }
  const isBare = piece.kind === "group" || piece.name === "exit" || !was.isService;
  if (piece.isAlone && !isBare) writer.keep(ownExtent(piece));
  else keepPiece(scene, piece);
  const renamed = piece.kind === "state" ? findRenamed(scene, piece, lost) : undefined;
  if (renamed !== undefined) {
    const why = `looks like ${renamed} under another name, but begins anew: hand it over in hotfix() { ${piece.name} = ${renamed}; }`;
    writer.say("note", name, why, piece.start);
    return;
  }
  const reads = piece.kind === "function" || piece.kind === "group" ? [] : listReads(scene, piece);
  if (reads.length > 0) {
    const why = `new: it is made now, from ${reads.join(", ")} as they are`;
    writer.say("note", name, why, piece.start);
  } else writer.say("applied", name, `new, ${KINDS[piece.kind]}`, piece.start);
}

/** Keeps a declaration in the patch; one that has siblings gets a statement of its own. */
export function keepPiece({ now, writer }: EditScene, piece: Piece): void {
  const { start, end, isConst, isAlone, kind, declaration } = piece;
  const isLet = kind === "function" && declaration.type === "VariableDeclarator" && !isConst;
  if (isAlone && isLet) {
    // A patch replaces a function by one in a constant, whatever the file calls it.
    const text = now.text.slice(declaration.start, end);
    writer.keep({ start, end }, `const ${text}`);
  } else if (isAlone) writer.keep({ start, end });
  else writer.keep({ start, end }, `${isConst ? "const" : "let"} ${now.text.slice(start, end)};`);
}

/** What the initialiser of a new declaration reads or calls of the module when it is made. */
function listReads({ now }: EditScene, { declaration, value }: Piece): string[] {
  const node = value ?? declaration;
  const refs = keepImmediate(now.analysis.references, node, listDeferred(node));
  const names = refs.filter(({ name, use }) => {
    const kind = now.byName.get(name)?.kind;
    if (kind === "literal") return false;
    const isCode = kind === "function" || kind === "class";
    return !(isCode && use === "value" && (node.type === "ObjectExpression" || kind === "class"));
  });
  return [...new Set(names.map(({ name }) => name))];
}

/** State that was taken out and has the same initialiser, or was in the same place. */
function findRenamed(
  { was, now }: EditScene,
  piece: Piece,
  lost: readonly Piece[],
): string | undefined {
  const states = lost.filter(({ kind }) => kind === "state" || kind === "literal");
  const same = states.filter(
    ({ value, isConst }) => isConst === piece.isConst && isSameTree(value ?? 0, piece.value ?? 0),
  );
  if (same.length === 1) return same[0]?.name;
  const place = now.pieces.indexOf(piece);
  const before = now.pieces[place - 1]?.name;
  const there = states.find((each) => was.pieces[was.pieces.indexOf(each) - 1]?.name === before);
  return there?.name;
}

function compare(scene: EditScene, was: Piece, now: Piece): void {
  const { writer } = scene;
  const isSame = isSamePiece(scene, was, now);
  if (isSame) return;
  const name = shownName(now);
  if (isInit(scene, now)) {
    const why = "it ran when the service began: the new one runs in services born from the file";
    writer.say("note", name, why, now.start);
    return;
  }
  scene.settled.add(now.name);
  const isClass = was.kind === "class" && now.kind === "class";
  const isAlike = decoratorTexts(scene.was, was) === decoratorTexts(scene.now, now);
  if ((isDecorated(scene.was, was) || isDecorated(scene.now, now)) && !(isClass && isAlike)) {
    writer.say("reload", name, "its decorators have changed", now.start);
    return;
  }
  if (was.kind === "function" && now.kind === "function") compareFunction(scene, was, now);
  else if (isClass) {
    // Instances and statics may still have been computed from what else changes.
    scene.settled.delete(now.name);
    diffClass(scene, was, now);
  } else if (was.kind === "literal" && now.kind === "literal") {
    const shown = `${shownText(scene.was, was.value)} -> ${shownText(scene.now, now.value)}`;
    keepPiece(scene, now);
    changeName(scene, now.name, name);
    writer.say("applied", name, `constant, ${shown}`, now.start);
  } else if (was.kind === "group" && now.kind === "group") diffGroup(scene, was, now);
  else compareState(scene, was, now);
}

function compareFunction(scene: EditScene, was: Piece, now: Piece): void {
  const { writer } = scene;
  const name = shownName(now);
  keepPiece(scene, now);
  changeName(scene, now.name, name);
  const why = was.value === undefined ? undefined : leftBehind(was.value, now.value ?? undefined);
  if (why === undefined) writer.say("applied", name, "function", now.start);
  else writer.say("note", name, `function: ${why}`, now.start);
}

function compareState(scene: EditScene, was: Piece, now: Piece): void {
  const { writer } = scene;
  const name = shownName(now);
  const isState = (kind: PieceKind): boolean => kind === "state" || kind === "literal";
  if (!isState(was.kind) || !isState(now.kind) || (was.kind === "literal" && was.isConst)) {
    const why = `it is ${KINDS[now.kind]} now and ${KINDS[was.kind]} in what runs`;
    writer.say("reload", name, why, now.start);
    return;
  }
  if (was.kind === "state" && was.isConst && now.isConst) {
    scene.settled.delete(now.name);
    if (diffTable(scene, was, now)) return;
    scene.settled.add(now.name);
    if (compareList(scene, was, now)) return;
  }
  const value = shownText(scene.now, now.value);
  const how = now.names.length === 1 ? `; to set it now: hotfix() { ${name} = ${value}; }` : "";
  writer.say("note", name, `state: it keeps its value${how}`, now.start);
}

/** A list, a Set, a Map or a Date that is written out is changed in place, unless the program may have changed it. */
function compareList(scene: EditScene, was: Piece, now: Piece): boolean {
  const { writer } = scene;
  const [before, after] = [was.value, now.value];
  if (before === undefined || after === undefined || before.type !== after.type) return false;
  if (!isGiven(scene, before) || !isGiven(scene, after) || !isOnlyRead(scene, was)) return false;
  const name = shownName(now);
  keepPiece(scene, now);
  changeName(scene, now.name, name);
  writer.say("applied", name, "as the file has it, in place", now.start);
  return true;
}

/** Whether two pieces run the same; whether a variable is `let` or `const` makes no difference to what runs. */
function isSamePiece({ was, now }: EditScene, before: Piece, after: Piece): boolean {
  const isConverted = before.kind !== after.kind;
  const isState = before.kind === "state" || after.kind === "state";
  if (isConverted && !(isState && !isCode(before) && !isCode(after))) return false;
  const [a, b] = [before.value ?? before.declaration, after.value ?? after.declaration];
  const isDecoratedAlike = decoratorTexts(was, before) === decoratorTexts(now, after);
  if (before.kind === "class" && !isSameClassProperties(was, now, before, after)) return false;
  return isDecoratedAlike && (codeOf(was, a) === codeOf(now, b) || isSameTree(a, b));
}

/** The text of which the tree was made: most of an edited file is as it was. */
function codeOf({ syntax }: ModuleText, { start, end }: AnyNode): string {
  return syntax.code.slice(start, end);
}

function isCode({ kind }: Piece): boolean {
  return kind === "function" || kind === "class" || kind === "group";
}

/** Parameters of a constructor that are properties are plain ones in the tree. */
function isSameClassProperties(
  was: ModuleText,
  now: ModuleText,
  before: Piece,
  after: Piece,
): boolean {
  const listOf = ({ syntax }: ModuleText, { start, end }: Piece): string => {
    const own = [...syntax.parameterProperties].filter((at) => at >= start && at < end);
    return own.map((at) => /^[\p{L}$_][\p{L}\p{N}$_]*/u.exec(syntax.text.slice(at))?.[0]).join();
  };
  return listOf(was, before) === listOf(now, after);
}

function decoratorTexts({ syntax }: ModuleText, { start, end }: Piece): string {
  const all = syntax.decorated;
  if (all === undefined) return "";
  return all.decorators
    .filter((each) => each.start >= start && each.start < end)
    .map((each) => all.source.slice(each.start, each.end).replace(/\s+/g, " "))
    .join(" ");
}

function isDecorated(module: ModuleText, piece: Piece): boolean {
  return decoratorTexts(module, piece) !== "";
}

function lose(scene: EditScene, piece: Piece): void {
  const { was, now, writer } = scene;
  const name = shownName(piece);
  if (now.imports.some(({ local }) => local === piece.name)) return;
  if (piece.kind === "state" || piece.kind === "literal") {
    const isState = piece.kind === "state";
    const why = isState
      ? "taken out of the file: the running one stays until the service ends"
      : "taken out of the file: code that has it keeps it";
    writer.say(isState ? "note" : "same", name, why);
  } else if (isInit(scene, piece)) {
    writer.say("note", name, "taken out of the file: it ran when the service began");
  } else if (piece.isExported && !(was.isService && piece.name === "exit")) {
    writer.say("note", name, "taken out of the file: it stays, for modules that import it");
  } else {
    writer.delete(piece.name, name);
    changeName(scene, piece.name, name);
    writer.say("applied", name, "taken away");
  }
}
