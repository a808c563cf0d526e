/**
 * A patch as it is given, a text for the service's own file or texts for several of its modules -> what goes into services.
 *
 *     texts -> compileParts: one part for each module, in an order in which a part may import what another one adds
 *              compilePatch: text -> parsePatch -> planPatch (what may it do?) -> weavePatch (how?) -> PatchCode
 *
 * The code of one text belongs to the names of a module (patched-module.ts): for modules with other names the same text is
 * compiled again.
 */

import { createHash } from "node:crypto";
import { SnaxError } from "../../base/error.ts";
import { PATCH_CACHE_MAX, PATCH_LENGTH_MAX } from "../../base/limits.ts";
import type { ModuleNode, Source } from "../../loader/run/module-node.ts";
import type { Program } from "../../loader/run/program.ts";
import { INJECTED_NAMES } from "../../service/surroundings.ts";
import type { Patch } from "../../snax/types.ts";
import type { Place } from "../../loader/text/position.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import { findNode, tellHome, tellOrigin } from "./module-search.ts";
import type { NameScope, SeenName } from "./patched-module.ts";
import { moduleOf, resolveImports } from "./patch-import.ts";
import type { Image } from "../../loader/weave/image.ts";
import type { CheckableMethod } from "../../loader/weave/method-check.ts";
import type { ImportEntry, ModuleRequest } from "../../loader/read/record.ts";
import { forgetStacks, mapStacks } from "../../loader/text/stack.ts";
import type { ClassChange } from "./class-change.ts";
import { listGifts, outlinePatch } from "./patch-outline.ts";
import type { PatchOutline } from "./patch-outline.ts";
import type { PatchPlan, PatchTarget } from "./patch-plan.ts";
import { planPatch } from "./patch-plan.ts";
import { parsePatch } from "./patch-text.ts";
import type { WovenPatch } from "./patch-weave.ts";
import { weavePatch } from "./patch-weave.ts";
import type { Removals } from "./removal.ts";
import type { TableGift } from "./table-text.ts";

/** Names that each module has besides its own. */
export const INJECTED: ReadonlySet<string> = new Set(INJECTED_NAMES);

/** The texts of a patch, by module path; "" is the service's own file. */
export type PatchTexts = ReadonlyMap<string, string>;

/**
 * The texts that a patch is to lead to, by the paths of their modules and as {@link hashOf} names them: the patch was made from files.
 * What begins from such a file has the edit already, and gets no patch.
 */
export type EditedTexts = Readonly<Record<string, string>>;

/**
 * Reads what a program gave as a patch.
 *
 * @throws {ERR_ARGUMENT} if it is neither a text nor a record of texts.
 * @throws {ERR_PATCH_SIZE} if its texts together are longer than PATCH_LENGTH_MAX.
 */
export function readPatch(patch: Patch): PatchTexts {
  if (typeof patch === "string") return checkSize(new Map([["", patch]]));
  const isRecord = typeof patch === "object" && patch !== null && !Array.isArray(patch);
  const texts = isRecord ? Object.values(patch) : [];
  const isGood = texts.length > 0 && texts.every((text) => typeof text === "string");
  if (!isGood || Object.prototype.toString.call(patch) !== "[object Object]") {
    throw new SnaxError("ERR_ARGUMENT", "a patch is a text, or a record from module path to text");
  }
  return checkSize(new Map(Object.entries(patch)));
}

function checkSize(texts: PatchTexts): PatchTexts {
  let length = 0;
  for (const text of texts.values()) length += text.length;
  if (length <= PATCH_LENGTH_MAX) return texts;
  throw new SnaxError(
    "ERR_PATCH_SIZE",
    `a patch of ${length} characters exceeds the limit of ${PATCH_LENGTH_MAX}`,
  );
}

/**
 * Returns the hash by which the ledger knows a patch: that of its text, or of all its texts with
 * their paths.
 */
export function hashOfPatch(texts: PatchTexts): string {
  const own = texts.get("");
  if (own !== undefined && texts.size === 1) return hashOf(own);
  return hashOf([...texts].flat().join("\0"));
}

/** What a patch is compiled for. */
export interface CompileTarget {
  readonly program: Program;
  /** Tells which names each module has. */
  scopeOf(node: ModuleNode): NameScope;
  /** Whether the service is a snax service. */
  readonly hasMethods: boolean;
  /** What a patch may import from "snax". */
  readonly apiNames: ReadonlySet<string>;
  /** Finds the module of a path. @defaultValue {@link findNode} */
  readonly find?: (path: string) => ModuleNode;
}

/**
 * Compiles a patch for a program and resolves what it imports.
 *
 * @throws {ERR_PATCH_NAME} if a module or an imported name does not exist, and the error of
 * any other rule that the texts break.
 */
export async function compileParts(texts: PatchTexts, target: CompileTarget): Promise<PatchPart[]> {
  const { program, scopeOf } = target;
  const find = target.find ?? ((path: string) => findNode(program, path));
  const codes = new Map<ModuleNode, PatchCode>();
  for (const [path, text] of texts) {
    const node = path === "" ? program.entry : find(path);
    if (codes.has(node)) throw new SnaxError("ERR_PATCH", `the patch has two texts for ${path}`);
    const hasMethods = target.hasMethods && !node.isShared && node === program.entry;
    const elsewhere = (name: string): string => tellWhere(target, node, name);
    const { image } = node;
    const module = { image, scope: scopeOf(node), injected: INJECTED, hasMethods, elsewhere };
    codes.set(node, compilePatch(text, module));
  }
  const imported = new Set([...codes.values()].flatMap(namesImported));
  for (const [node, code] of codes) {
    if (code.added.size === 0) continue;
    checkExports(code, (name) => tellOrigin(program, node, name));
    checkHome(code, imported, (name) => tellWhere(target, node, name));
  }
  const parts: PatchPart[] = [];
  for (const [node, code] of codes) {
    const isImporting = code.requests.length > 0;
    const imports = isImporting ? await resolveImports(node, code, { ...target, codes }) : [];
    parts.push({ node, scope: scopeOf(node), code, imports });
  }
  return parts.length === 1 ? parts : inOrder(parts);
}

function namesImported({ imports }: PatchCode): string[] {
  return imports.map(({ name }) => name);
}

/**
 * Says where a name is that a module does not declare: what it imports or exports under the name
 * counts first.
 */
function tellWhere({ program, scopeOf }: CompileTarget, node: ModuleNode, name: string): string {
  return tellOrigin(program, node, name) || tellHome(program, { node, scopeOf }, name);
}

/**
 * A module that exports another one's name gives that to all importers, whatever a patch adds
 * beside it.
 */
function checkExports({ fresh, added }: PatchCode, origin: (name: string) => string): void {
  for (const [name, { place }] of added) {
    const home = fresh.get(name)?.isExported === true ? origin(name) : "";
    if (home === "") continue;
    const why = `the module has an export named ${name} already, which is not declared under that name here${home}`;
    throw createPlacedError("ERR_PATCH_NAME", place, why);
  }
}

/**
 * What a patch adds, and nothing of it uses, while another module of the service has one of that
 * name, was meant for that one: here it would do nothing, and that would go unnoticed.
 */
function checkHome(
  { added }: PatchCode,
  imported: ReadonlySet<string>,
  elsewhere: (name: string) => string,
): void {
  for (const [name, { place, isUsed }] of added) {
    if (isUsed || imported.has(name)) continue;
    if (name === "init") {
      const why = "a patch has no init of its own, and nothing uses this one; use hotfix()";
      throw createPlacedError("ERR_PATCH", place, why);
    }
    const home = elsewhere(name);
    if (home === "") continue;
    const why = `${name} would be new to this module, and nothing uses it${home}`;
    throw createPlacedError("ERR_PATCH_NAME", place, why);
  }
}

/** Parts whose additions others import go first; what imports each other stays as it was given. */
function inOrder(parts: readonly PatchPart[]): PatchPart[] {
  const byNode = new Map(parts.map((part) => [part.node, part]));
  const sorted = new Set<PatchPart>();
  const begun = new Set<PatchPart>();
  // Without recursion: a patch may be for as many modules as a program has.
  const rest = parts.toReversed();
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (begun.has(part)) {
      sorted.add(part);
      continue;
    }
    begun.add(part);
    rest.push(part);
    for (const { source } of part.imports.toReversed()) {
      const node = moduleOf(source);
      const below = node === undefined ? undefined : byNode.get(node);
      if (below !== undefined && !begun.has(below)) rest.push(below);
    }
  }
  return [...sorted];
}

/** What a patch can give in the place of a name of the module. */
export type ReplacedKind =
  | "function"
  | "literal"
  | "computed"
  | "class"
  | "table"
  | "enum"
  | "const enum";

/** A name that a patch declares and the module did not have. */
export interface AddedName {
  readonly place: Place;
  /** Whether the patch refers to it. */
  readonly isUsed: boolean;
}

/** A compiled patch. */
export interface PatchCode {
  /** The text as it was given. */
  readonly text: string;
  /** Whether it was compiled for the own file of a snax service. */
  readonly hasMethods: boolean;
  /** Evaluated in the module's scope it gives a function of a {@link PatchRun}. */
  readonly code: string;
  /** What stacks call the patch. */
  readonly url: string;
  /** What it does, for the log. */
  readonly outline: PatchOutline;
  /** The functions, constants and classes of the module that it replaces. */
  readonly replaced: ReadonlyMap<string, ReplacedKind>;
  /** The members that it gives to objects and lists of the module. */
  readonly tables: ReadonlyMap<string, TableGift>;
  /** What it changes of the classes that it replaces, besides their methods. */
  readonly classes: ReadonlyMap<string, ClassChange>;
  /** Names that it adds. */
  readonly fresh: ReadonlyMap<string, SeenName>;
  /** Those of them that are no imports, by where the text declares them. */
  readonly added: ReadonlyMap<string, AddedName>;
  /** Functions that it takes as values: they need a forwarder first. */
  readonly values: readonly string[];
  /** The modules that it imports, also for nothing but their effects. */
  readonly requests: readonly ModuleRequest[];
  readonly imports: readonly ImportEntry[];
  /** Variables of the module that `hotfix()`, or what it calls of the patch, assigns. */
  readonly tracked: readonly string[];
  /** Methods by the export that holds them, as far as the text tells. */
  readonly methods: ReadonlyMap<string, readonly string[]>;
  /** Methods of the module that it gives and that code may hold as values. */
  readonly held: readonly CheckableMethod[];
  /** What it takes away; undefined if nothing. */
  readonly removals: Removals | undefined;
  /** Names of members, of any object, that it reads without calling them. */
  readonly taken: ReadonlySet<string>;
  /** See {@link PatchGifts}. */
  readonly gifts: ReadonlySet<string>;
  readonly orders: ReadonlyMap<string, string>;
  readonly needs: ReadonlySet<string>;
  readonly isReplaceable: boolean;
  /** The scope of modules that have the patch. */
  readonly scopeAfter: NameScope;
}

/** A module that a patch imports. */
export interface PatchImport {
  readonly source: Source;
}

/** One module's share of a patch. */
export interface PatchPart {
  readonly node: ModuleNode;
  /** The scope that it was compiled for. */
  readonly scope: NameScope;
  readonly code: PatchCode;
  /** The modules that it imports, by number of the request. */
  readonly imports: readonly PatchImport[];
}

/** The ending tells the stripper the language. */
const FILE_ENDING = ".ts";

/** Compiles a patch text for modules of one scope, at most once. */
export function compilePatch(text: string, target: PatchTarget): PatchCode {
  return target.scope.code(`${target.hasMethods ? "+" : "-"}${text}`, () => compile(text, target));
}

function compile(text: string, target: PatchTarget): PatchCode {
  const file = urlOfPatch(text, target.image);
  const { plan, woven } = planAndWeave(text, target, file);
  const { replaced, tables, classes, fresh, values, tracked, methods } = plan;
  const code: PatchCode = {
    text,
    hasMethods: target.hasMethods,
    code: `${woven.code}\n//# sourceURL=${file}`,
    url: file,
    outline: outlinePatch(plan, target),
    replaced,
    tables,
    classes,
    fresh,
    added: plan.added,
    values,
    requests: plan.requests,
    imports: plan.imports,
    tracked,
    methods,
    held: plan.held,
    removals: plan.removals,
    taken: plan.analysis.taken,
    ...listGifts(plan.items, plan, fresh.size > 0),
    scopeAfter: target.scope.extend(text, fresh, plan.removals?.names),
  };
  mapStacks(file, { shifts: woven.shifts, map: undefined });
  gone.register(code, file);
  return code;
}

function planAndWeave(
  text: string,
  target: PatchTarget,
  file: string,
): { plan: PatchPlan; woven: WovenPatch } {
  try {
    const plan = planPatch(parsePatch(text, file), target);
    return { plan, woven: weavePatch(plan, target) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const place = { file, line: 1, column: 1 };
    throw createPlacedError("ERR_PATCH", place, "the patch is nested too deeply", error);
  }
}

/** Positions are counted back as long as the patch may still be applied or undone. */
const gone = new FinalizationRegistry<string>((file) => forgetStacks(file));

/** Hashes of the last texts: a patch that goes to many services one by one is hashed once. */
const hashes = new Map<string, string>();

/** Returns the hash by which logs and the ledger know a text. */
export function hashOf(text: string): string {
  let hash = hashes.get(text);
  if (hash !== undefined) return hash;
  hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  if (hashes.size >= PATCH_CACHE_MAX) hashes.clear();
  hashes.set(text, hash);
  return hash;
}

/** Returns what stacks call a patch of a module. */
export function urlOfPatch(text: string, image: Image): string {
  return `snax-patch:${hashOf(text)}/${nameOf(image)}`;
}

function nameOf(image: Image): string {
  const base = image.file.slice(image.file.lastIndexOf("/") + 1);
  return base.endsWith(FILE_ENDING) ? base : `${base}${FILE_ENDING}`;
}
