/**
 * diff(running, edited): what an edit of the files would change in what runs, and the patch that does it.
 *
 * Each change is `applied` only if every service that has the patch does then what one does that was born
 * from the edited file with the same state. What keeps the old text or an old value is a `note`, in this
 * module or in one that imports from it; what no patch can do is a `reload` or `refused`.
 * Pure: texts in, texts out.
 */

import { codeOf } from "../base/error.ts";
import { Consequences } from "./consequence.ts";
import type { Derived } from "./consequence.ts";
import { diffDeclarations, keepPiece, shownName } from "./diff-declaration.ts";
import {
  diffDirectives,
  diffEnums,
  diffExports,
  diffImports,
  diffStatements,
} from "./diff-module.ts";
import type { EditScene, MemberUses } from "./edit-scene.ts";
import { joinUses, readUses, shownText } from "./edit-scene.ts";
import type { ModuleText, ReadText } from "./module-text.ts";
import { listFreeNames } from "./free-name.ts";
import { fold, merge } from "./merge.ts";
import { readModuleText } from "./module-text.ts";
import { nameKey, ProgramText } from "./program-text.ts";
import type { Resolve } from "./program-text.ts";
import { isSameTree } from "./same-tree.ts";
import { DiffWriter, worstOf } from "./verdict.ts";
import type { ModuleDiff } from "./verdict.ts";

/** A module of a program: what runs, and what its file says now. */
export interface ModuleEdit {
  readonly file: string;
  readonly running: string;
  /** Equal to the running text if the file has not been edited. */
  readonly edited: string;
  /** @defaultValue whether the running text exports `response` or `accept` */
  readonly isService?: boolean;
}

/** How texts are compared. */
export interface DiffOptions {
  /** Says which module a specifier means; without it relative ones are looked up among the files. */
  readonly resolve?: Resolve;
  /** What modules do with members that are not among the edits. @defaultValue there are no others */
  readonly others?: MemberUses;
  /** Takes texts apart. @defaultValue each is taken apart anew */
  readonly read?: ReadText;
}

/**
 * Whether a text gives all that a patch gave, seen together with the patches that came after it: to put the patch in changes
 * nothing then.
 *
 * @throws {ERR_SYNTAX} or {ERR_PATCH} if the text and the patches can't be put together.
 */
export function contains(
  text: string,
  [patch, ...later]: readonly [string, ...string[]],
  file: string,
  options: { readonly isService: boolean },
): boolean {
  const without = fold(text, later, file, options);
  const whole = fold(text, [patch, ...later], file, options);
  return without === whole || diff(without, whole, file).verdict === "same";
}

/**
 * Compares one module with its edited text; what other modules made of it is not looked at.
 *
 * @throws {ERR_SYNTAX} if the edited text is not valid.
 */
export function diff(
  running: string,
  edited: string,
  file: string,
  options: DiffOptions = {},
): ModuleDiff {
  const [found] = diffProgram([{ file, running, edited }], options);
  return found ?? { file, verdict: "same", changes: [], patch: undefined };
}

/**
 * Compares the modules of a program with their edited texts.
 *
 * @param edits - all modules of the program, those without an edit included: a value that was
 * computed there from what changes is a note.
 * @returns one entry for each module, in the same order.
 * @throws {ERR_SYNTAX} if an edited text is not valid.
 */
export function diffProgram(
  edits: readonly ModuleEdit[],
  { resolve, others, read = readModuleText }: DiffOptions = {},
): ModuleDiff[] {
  if (edits.every(({ running, edited }) => running === edited)) {
    return edits.map(({ file }) => ({ file, verdict: "same", changes: [], patch: undefined }));
  }
  const modules = new Map(edits.map((edit) => [edit, readRunning(edit, read)]));
  const known = [...modules.values()].filter((module) => module !== undefined);
  const uses = joinUses(readUses(known), others);
  const program = new ProgramText(known, resolve);
  const scenes = new Map<ModuleEdit, EditScene>();
  for (const [edit, was] of modules) {
    if (was !== undefined) scenes.set(edit, createScene(edit, was, { uses, read, program }));
  }
  for (const scene of scenes.values()) if (scene.now !== scene.was) compareModule(scene);
  noteConsequences(program, [...scenes.values()]);
  return edits.map((edit) => {
    const scene = scenes.get(edit);
    return scene === undefined ? unreadable(edit) : finish(edit, scene);
  });
}

/** What needs the project's compiler can't be taken apart. */
function readRunning(
  { file, running, isService }: ModuleEdit,
  read: ReadText,
): ModuleText | undefined {
  if (file.endsWith(".json")) return undefined;
  try {
    return read(running, file, isService === undefined ? {} : { isService });
  } catch (error) {
    if (codeOf(error) === "ERR_SYNTAX") return undefined;
    throw error;
  }
}

function createScene(
  { file, running, edited }: ModuleEdit,
  was: ModuleText,
  {
    uses,
    read,
    program,
  }: { readonly uses: MemberUses; readonly read: ReadText; readonly program: ProgramText },
): EditScene {
  const { isService } = was;
  const now = running === edited ? was : read(edited, file, { isService });
  const writer = new DiffWriter(edited);
  return { was, now, writer, uses, program, changed: new Map(), settled: new Set() };
}

function unreadable({ file, running, edited }: ModuleEdit): ModuleDiff {
  if (running === edited) return { file, verdict: "same", changes: [], patch: undefined };
  const why = file.endsWith(".json")
    ? "data that modules have read when they began"
    : "the compiler of the project makes its code: what changes can't be told from the text";
  const change = { verdict: "reload", what: file, why, line: undefined } as const;
  return { file, verdict: "reload", changes: [change], patch: undefined };
}

function compareModule(scene: EditScene): void {
  diffDirectives(scene);
  diffEnums(scene);
  diffImports(scene);
  diffExports(scene);
  diffDeclarations(scene);
  diffStatements(scene);
  const { was, now, writer } = scene;
  for (const type of now.types) {
    if (type.kind !== "type" && type.kind !== "import") continue;
    if (!was.types.some(({ words }) => words === type.words)) writer.keepLater(type);
  }
}

/** Values that keep what was computed from what changes. */
function noteConsequences(program: ProgramText, scenes: readonly EditScene[]): void {
  const changed = new Map(scenes.flatMap((scene) => [...scene.changed]));
  const edited = new Set(scenes.filter(({ was, now }) => was !== now).map(({ was }) => was));
  const consequences = new Consequences(program, (module) => edited.has(module));
  const causes = consequences.follow(changed);
  for (const scene of scenes) giveComputed(scene, causes);
  const byModule = new Map(scenes.map((scene) => [scene.was, scene]));
  for (const derived of consequences.listDerived(causes)) {
    const scene = byModule.get(derived.module);
    if (scene !== undefined) noteDerived(scene, derived);
  }
}

/** A constant that is computed from one that changes is given again. */
function giveComputed(scene: EditScene, causes: ReadonlyMap<string, string>): void {
  const { was, now, writer, settled } = scene;
  for (const piece of now.pieces) {
    const before = was.byName.get(piece.name);
    if (piece.kind !== "literal" || before?.kind !== "literal" || settled.has(piece.name)) continue;
    const cause = causes.get(nameKey(was, piece.name));
    if (cause === undefined) continue;
    keepPiece(scene, piece);
    writer.say("applied", shownName(piece), `constant, computed from ${cause}`, piece.start);
  }
}

function noteDerived(scene: EditScene, { node, kind, what, cause }: Derived): void {
  const { was, now, writer, settled } = scene;
  if (kind === "value") {
    const piece = now.byName.get(what);
    if (settled.has(what) || piece === undefined) return;
    const why = `was made with ${cause}, and keeps what came of that`;
    writer.say("note", shownName(piece), why, piece.start);
    return;
  }
  if (kind === "init") {
    const piece = now.byName.get(what);
    // One that has changed has its own note.
    if (piece === undefined || !isSameTree(piece.declaration, node)) return;
    writer.say("note", what, `ran with the old ${cause} when the service began`, piece.start);
    return;
  }
  if (kind === "timer") {
    const name = shownText(was, node);
    writer.say("note", name, `a timer that was armed with ${cause} keeps the old time`);
    return;
  }
  const same = now.loose.find((each) => isSameTree(each.node, node));
  if (same === undefined) return;
  const why = `ran with the old ${cause} when the module began`;
  writer.say("note", shownText(was, node), why, same.start);
}

/** What stays in the running text, such as an old init, may use a name that the edited one has no more. */
function keepUsed({ file }: ModuleEdit, { was, writer }: EditScene): void {
  while (writer.deletedNames.length > 0) {
    const { text } = merge(was.text, writer.finish(), file, { isService: was.isService });
    const free = listFreeNames(text, file);
    const used = writer.deletedNames.filter((name) => free.has(name));
    if (used.length === 0) return;
    for (const name of used) {
      writer.keepName(name, "taken out of the file: it stays, for what still uses it");
    }
  }
}

function finish(edit: ModuleEdit, scene: EditScene): ModuleDiff {
  keepUsed(edit, scene);
  const { file } = edit;
  const { writer } = scene;
  const changes = writer.changes.toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity));
  const verdict = worstOf(changes);
  return { file, verdict, changes, patch: writer.isEmpty ? undefined : writer.finish() };
}
