/**
 * What an edit does to the parts of a module that are no declarations: directives, imports, exports, enums,
 * and statements that ran when the module began.
 */

import type { AnyNode } from "acorn";
import type { EditScene } from "./edit-scene.ts";
import { changeEnum, shownText } from "./edit-scene.ts";
import type { ImportPiece, LoosePiece, ModuleText } from "./module-text.ts";
import { readMembers } from "../loader/typescript/enum-text.ts";
import type { EnumMembers } from "../loader/typescript/enum-text.ts";
import { registrationOf, startedBy } from "./registration.ts";
import type { Registration } from "./registration.ts";
import { isSameTree } from "./same-tree.ts";
import { isEnum } from "./type-text.ts";
import type { TypePiece } from "./type-text.ts";
import type { Verdict } from "./verdict.ts";

/** Compares directives: a module can't become shared, or cease to be, while it runs. */
export function diffDirectives({ was, now, writer }: EditScene): void {
  const [before, after] = [was, now].map((module) => new Map(listDirectives(module)));
  const all = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
  for (const name of all) {
    if (before?.has(name) === after?.has(name)) continue;
    const why = after?.has(name)
      ? "new: only a restart has it"
      : "taken out: only a restart has it";
    writer.say("refused", `"${name}"`, why, after?.get(name));
  }
}

function listDirectives({ loose }: ModuleText): [name: string, at: number][] {
  return loose.flatMap(({ kind, node, start }) =>
    kind === "directive" && "directive" in node ? [[String(node.directive), start]] : [],
  );
}

/** Compares the enums and namespaces of two texts. */
export function diffEnums(scene: EditScene): void {
  const { was, now, writer } = scene;
  const listOf = ({ types }: ModuleText): TypePiece[] =>
    types.filter(({ kind }) => kind === "enum");
  const [before, after] = [listOf(was), listOf(now)];
  for (const type of after) {
    if (before.some(({ words }) => words === type.words)) continue;
    const old = before.find(({ name }) => name === type.name);
    const [verdict, why] = isEnum(type)
      ? diffEnum(was.text, now.text, old, type)
      : (["reload", "a namespace can't be in a patch"] as const);
    writer.say(verdict, type.name, why, type.start);
    if (verdict !== "applied" && verdict !== "note") continue;
    writer.keep(type);
    const values = old && membersOf(was.text, old);
    const next = membersOf(now.text, type);
    const others = [...(next ?? [])].filter(([key, value]) => values?.get(key) !== value);
    if (old !== undefined)
      changeEnum(
        scene,
        type.name,
        others.map(([key]) => key),
      );
    const left = membersOf(now.text, type);
    for (const key of (old && membersOf(was.text, old)?.keys()) ?? []) {
      if (!left?.has(key)) writer.delete(`${type.name}.${key}`, `${type.name}.${key}`);
    }
  }
  const gone = before.filter(({ name }) => !after.some((type) => type.name === name));
  if (gone.length > 0) {
    writer.say("note", "enum", "an enum or namespace was taken out: the running module keeps it");
  }
}

// oxlint-disable-next-line max-params -- two texts, and an enum in each
function diffEnum(
  was: string,
  now: string,
  old: TypePiece | undefined,
  type: TypePiece,
): [Verdict, string] {
  const members = membersOf(now, type);
  if (members === undefined) return ["reload", "its members are computed when the module runs"];
  if (old === undefined) return ["applied", "new"];
  const known = isEnum(old) ? membersOf(was, old) : undefined;
  if (known === undefined) return ["reload", "it was none, or computed when the module ran"];
  const changed = [...known].flatMap(([key, value]) =>
    members.has(key) && members.get(key) !== value ? [key] : [],
  );
  if (changed.length === 0) return ["applied", "members"];
  return /\bconst enum\b/.test(old.words)
    ? [
        "reload",
        `${changed.join()}: the value of a const enum is copied into the functions that use it`,
      ]
    : [
        "note",
        `${changed.join()}: state that has the old value keeps it, and may mean another member now`,
      ];
}

function membersOf(text: string, { name, start, end }: TypePiece): EnumMembers | undefined {
  return readMembers(text.slice(start, end).replace(/^export\s+/, ""), name);
}

/** Compares imports. */
export function diffImports(scene: EditScene): void {
  const { was, now, writer } = scene;
  const fresh = new Map<AnyNode, ImportPiece[]>();
  for (const each of now.imports) {
    const known = was.imports.find(({ local }) => local === each.local);
    if (known !== undefined && isSameOrigin(known, each)) {
      // An import that was not used may have been left out of what runs, as a type.
      if (each.isUsed && !known.isUsed) add(fresh, each);
      continue;
    }
    if (!each.isUsed && known?.isUsed !== true && !was.byName.has(each.local)) {
      // A type, as far as the code tells; the planner of patches knows the project's options.
      if (known === undefined) add(fresh, each);
      continue;
    }
    if (known !== undefined || was.byName.has(each.local)) {
      const before =
        known === undefined ? "a declaration" : `${known.imported} of ${known.specifier}`;
      const why = `it was ${before}: import it under another name, or reload`;
      writer.say("reload", `import ${each.local}`, why, each.start);
      continue;
    }
    writer.say("applied", `import ${each.local}`, `new, from ${each.specifier}`, each.start);
    add(fresh, each);
  }
  keepImports(scene, fresh);
  for (const { local, isUsed } of was.imports) {
    const isThere = now.byName.has(local) || now.imports.some((each) => each.local === local);
    if (isUsed && !isThere) writer.say("same", `import ${local}`, "not used any more");
  }
}

function add(fresh: Map<AnyNode, ImportPiece[]>, each: ImportPiece): void {
  fresh.set(each.node, [...(fresh.get(each.node) ?? []), each]);
}

function isSameOrigin(a: ImportPiece, b: ImportPiece): boolean {
  return a.specifier === b.specifier && a.imported === b.imported;
}

function keepImports(
  { was, now, writer }: EditScene,
  fresh: ReadonlyMap<AnyNode, readonly ImportPiece[]>,
): void {
  for (const node of now.syntax.ast.body) {
    if (node.type !== "ImportDeclaration") continue;
    const own = fresh.get(node) ?? [];
    if (node.specifiers.length === 0) {
      const isKnown = was.requests.some(({ specifier }) => specifier === node.source.value);
      if (isKnown) continue;
      writer.say("applied", `import ${node.source.raw ?? ""}`, "new, for its effects", node.start);
      writer.keepLater(node);
    } else if (own.length === node.specifiers.length) writer.keepLater(node);
    else if (own.length > 0) writer.keepLater(node, someImports(now, own));
  }
}

/** The new names of an import whose others the module has already. */
function someImports({ syntax }: ModuleText, own: readonly ImportPiece[]): string {
  const [first] = own;
  const source = first?.node.source.raw ?? "";
  const braced = own.filter(({ node, start }) => isNamed(node, start));
  const plain = own.filter((each) => !braced.includes(each));
  const textOf = ({ start, end }: ImportPiece): string => syntax.text.slice(start, end);
  const parts = plain.map((each) => `import ${textOf(each)} from ${source};`);
  if (braced.length > 0) {
    parts.push(`import { ${braced.map(textOf).join(", ")} } from ${source};`);
  }
  return parts.join(" ");
}

function isNamed({ specifiers }: ImportPiece["node"], start: number): boolean {
  return specifiers.find((each) => each.start === start)?.type === "ImportSpecifier";
}

/** Compares what a module exports; a new declaration brings its own export along. */
export function diffExports({ was, now, writer }: EditScene): void {
  const namesOf = ({ exports, requests }: ModuleText): Map<string, string> =>
    new Map(
      exports.map(({ name, local, request, imported }) => {
        const from = requests[request ?? -1]?.specifier ?? "";
        const key = name === "*" ? `* of ${from}` : name;
        return [key, local ?? `${imported ?? ""} of ${from}`];
      }),
    );
  const [before, after] = [namesOf(was), namesOf(now)];
  for (const [name, target] of after) {
    const old = before.get(name);
    if (old === target) continue;
    const isBroughtAlong = old === undefined && !was.byName.has(target) && now.byName.has(target);
    const piece = now.byName.get(target);
    // No module imports from a service's own file.
    if (isBroughtAlong || (old === undefined && was.isService)) continue;
    const why =
      old === undefined
        ? "exported now: modules that import it need a reload"
        : "another value is exported under this name: only a reload has it";
    writer.say("reload", `export ${name}`, why, piece?.start ?? 0);
  }
  for (const [name, target] of before) {
    if (after.has(name) || !now.byName.has(target)) continue;
    writer.say("same", `export ${name}`, "not exported any more: modules that import it keep it");
  }
}

/** Compares the statements that ran when the module began. */
export function diffStatements({ was, now, writer }: EditScene): void {
  const left = was.loose.filter(({ kind }) => kind === "statement");
  const fresh: LoosePiece[] = [];
  for (const piece of now.loose) {
    if (piece.kind !== "statement") continue;
    const index = left.findIndex(({ node }) => isSameTree(node, piece.node));
    if (index >= 0) left.splice(index, 1);
    else fresh.push(piece);
  }
  for (const piece of fresh) {
    const index = left.findIndex(({ node }) => changedHandlers(node, piece.node) !== undefined);
    const old = left[index]?.node;
    if (old !== undefined) {
      left.splice(index, 1);
      for (const { protocol, node } of changedHandlers(old, piece.node) ?? []) {
        writer.step(now.text.slice(node.start, node.end));
        const why = "registered again in hotfix()";
        writer.say("applied", `dispatch ${protocol}`, why, node.start);
      }
      continue;
    }
    const why = "new, or changed: it does not run now; put into hotfix() what of it should";
    writer.say("note", shownText(now, piece.node), why, piece.start);
  }
  for (const { node } of left) {
    const why = "taken out, or changed: what it has begun goes on (a timer, a subscription)";
    writer.say("note", shownText(was, node), why);
  }
}

/**
 * The handlers that two texts of a statement register otherwise: `skynet.dispatch("lua", handle)`, or such statements in the
 * function of `skynet.start`.
 *
 * @returns undefined if anything else has changed, or what it registers uses variables of the start function.
 */
function changedHandlers(was: AnyNode, now: AnyNode): Registration[] | undefined {
  const own = registrationOf(now);
  if (own !== undefined) {
    return registrationOf(was)?.protocol === own.protocol ? [own] : undefined;
  }
  const [before, after] = [startedBy(was), startedBy(now)];
  if (before === undefined || after === undefined || before.length !== after.length) {
    return undefined;
  }
  if (!after.every(({ type }) => type === "ExpressionStatement")) return undefined;
  const changed: Registration[] = [];
  for (const [at, next] of after.entries()) {
    const old = before[at] ?? next;
    if (isSameTree(next, old)) continue;
    const found = registrationOf(next);
    if (found === undefined || registrationOf(old)?.protocol !== found.protocol) return undefined;
    changed.push(found);
  }
  return changed.length > 0 ? changed : undefined;
}
