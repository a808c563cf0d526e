/**
 * A compiled patch of one module: what it changes, and the text that does it.
 *
 *     text -> parsePatch -> planPatch (what may it do?) -> weavePatch (how?) -> PatchCode
 *
 * It belongs to a {@link NameScope}: for modules with other names the same text is compiled again.
 */

import { createHash } from "node:crypto";
import { PATCH_CACHE_MAX } from "../../base/limits.ts";
import type { Image } from "../../loader/weave/image.ts";
import type { CheckableMethod } from "../../loader/weave/method-check.ts";
import type { ModuleNode, Source } from "../../loader/run/module-node.ts";
import type { Place } from "../../loader/text/position.ts";
import { createPlacedError } from "../../loader/text/position.ts";
import type { ImportEntry, ModuleRequest } from "../../loader/read/record.ts";
import { forgetStacks, mapStacks } from "../../loader/text/stack.ts";
import type { ClassChange } from "./class-change.ts";
import type { NameScope, SeenName } from "./name-scope.ts";
import { listGifts, outlinePatch } from "./patch-outline.ts";
import type { PatchOutline } from "./patch-outline.ts";
import type { PatchPlan, PatchTarget } from "./patch-plan.ts";
import { planPatch } from "./patch-plan.ts";
import { parsePatch } from "./patch-text.ts";
import type { WovenPatch } from "./patch-weave.ts";
import { weavePatch } from "./patch-weave.ts";
import type { Removals } from "./removal.ts";
import type { TableGift } from "./table-text.ts";

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
  /** Methods of the module that it gives and that somebody may hold. */
  readonly held: readonly CheckableMethod[];
  /** What it takes away. */
  readonly removals: Removals;
  /** Names of members, of whatever object, that it reads without calling them. */
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
    scopeAfter: target.scope.extend(text, fresh, plan.removals.names),
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

/** Positions are counted back as long as somebody may still apply the patch or undo it. */
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
