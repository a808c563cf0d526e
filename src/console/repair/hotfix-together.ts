/**
 * `hotfix` for several types and shared modules at once, all of them or none:
 *
 *     hotfix TYPE [module=]FILE ... --and SHARED-MODULE FILE --and TYPE FILE ... --atomic
 *     hotfix TYPE ... --from-source --atomic
 *
 * From the files the shared modules go along that have been edited.
 */

import { addKept } from "./outcome-rows.ts";
import { SnaxError } from "../../base/error.ts";
import { renewFiles } from "../../live/rollout/fresh-program.ts";
import type { TogetherPart } from "../../live/rollout/together.ts";
import { applyTogether } from "../../live/rollout/together.ts";
import type { EditedTexts } from "../../live/text/compile.ts";
import { readPatch } from "../../live/text/compile.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import { resolve } from "node:path";
import { formatAddress } from "../../kernel/service.ts";
import type { CommandResult } from "../operator/command.ts";
import { markInOrder } from "../operator/page.ts";
import type { Operator } from "../operator/operator.ts";
import { partsOf, patchFromSource } from "./from-source.ts";
import type { HotfixTarget } from "./hotfix-words.ts";
import { inOperatorsWords, ownWords, readRepair, readTarget, readWords } from "./hotfix-words.ts";
import type { ScriptFile } from "../operator/script-file.ts";
import { printChanges } from "./source-texts.ts";
import type { CheckOptions } from "./type-check.ts";
import { checkBefore, takeCheckOptions } from "./type-check.ts";

const AND = "--and";
const FROM_SOURCE = "--from-source";

/** The options that stand for all targets. */
const OPTIONS: ReadonlySet<string> = new Set(["--atomic", "--once", "--yes", FROM_SOURCE]);

/** Whether a line of `hotfix` means several targets, or a type with its shared modules. */
export function isTogether(operator: Operator, args: readonly string[]): boolean {
  const own = ownWords(args);
  // A dry run is of one service, and its probes are words of their own.
  if (own.includes("--dry-run")) return false;
  if (own.includes(AND)) return true;
  if (!own.includes(FROM_SOURCE)) return false;
  const targets = own.filter((word) => !word.startsWith("--"));
  if (targets.length > 1) return true;
  return own.includes("--atomic") && readTarget(operator, targets[0]).kind === "type";
}

/** What is sent, and what the operator is told before. */
interface Plan {
  readonly parts: readonly TogetherPart[];
  readonly files: readonly ScriptFile[];
  readonly shown: Map<string, unknown>;
  /** Whether there are notes. */
  readonly isNoted: boolean;
  /** The files that new services are to be born from. */
  readonly changed: readonly string[];
}

/** Patches all that the words name, or none of it. */
export async function hotfixTogether(
  operator: Operator,
  caller: SnaxCaller,
  args: readonly string[],
): Promise<CommandResult> {
  const { rest, options } = takeCheckOptions(args);
  const own = ownWords(rest);
  refuseOptions(own);
  const isSource = own.includes(FROM_SOURCE);
  const words = [...own.filter((word) => !OPTIONS.has(word)), ...rest.slice(own.length)];
  const plan = isSource
    ? await planFromSource(operator, words, options)
    : await planFromFiles(operator, words, options);
  const { parts, files, shown, isNoted, changed } = plan;
  if (isNoted && !own.includes("--yes")) {
    shown.set("nothing was sent", "a note says what a patch would not do: --yes takes it");
    return markInOrder(shown);
  }
  if (parts.length === 0 && changed.length === 0) return "nothing to do";
  const { live } = operator.thread;
  if (parts.length === 0) shown.set("failed", 0);
  else {
    const repair = readRepair(own);
    const result = await applyTogether(live, { ...caller, repair }, parts).catch(
      (error: unknown) => {
        throw inOperatorsWords(error, files);
      },
    );
    const { id, applied, skipped, held, keepsOld } = result;
    const counts = { id, applied: applied.length, failed: 0, skipped: skipped.length };
    for (const [key, value] of Object.entries(counts)) shown.set(key, value);
    shown.set("held", `${Math.round(held)} ms`);
    for (const { handle, reason } of skipped) shown.set(formatAddress(handle), reason);
    addKept(shown, keepsOld);
  }
  const { runtime } = operator;
  const types = parts.flatMap((part) =>
    part.kind === "type" ? [runtime.paths.find(part.type)] : [],
  );
  await renewFiles(runtime, changed, types);
  return markInOrder(shown);
}

function refuseOptions(own: readonly string[]): void {
  const known = new Set([...OPTIONS, AND]);
  const unknown = own.find((word) => word.startsWith("--") && !known.has(word));
  if (unknown !== undefined) {
    const why = `${unknown} can't be in a patch of several targets; words behind -- are handed to hotfix()`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  if (own.includes("--yes") && !own.includes(FROM_SOURCE)) {
    throw new SnaxError(
      "ERR_ARGUMENT",
      "--yes takes the notes of --from-source, which is not there",
    );
  }
  if (own.includes("--atomic")) return;
  throw new SnaxError(
    "ERR_ARGUMENT",
    "patches of several targets go in all or none: add --atomic, or patch one after the other",
  );
}

async function planFromFiles(
  operator: Operator,
  words: readonly string[],
  options: CheckOptions,
): Promise<Plan> {
  const parts: TogetherPart[] = [];
  const files: ScriptFile[] = [];
  const types: string[] = [];
  for (const [word, ...rest] of split(words)) {
    const target = readTarget(operator, word);
    const given = readWords(operator, rest);
    parts.push(partOf(operator, target, { patch: given.patch, args: given.args }));
    files.push(...given.files);
    const said = await checkBefore(operator, target, { parts: given.parts, ...options });
    if (said !== undefined) types.push(said);
  }
  const shown = new Map<string, unknown>(types.length === 0 ? [] : [["types", types.join("\n")]]);
  return { parts, files, shown, isNoted: false, changed: [] };
}

async function planFromSource(
  operator: Operator,
  words: readonly string[],
  options: CheckOptions,
): Promise<Plan> {
  const parts: TogetherPart[] = [];
  const files: ScriptFile[] = [];
  const shared = new Map<string, string>();
  const shown = new Map<string, unknown>();
  const changed: string[] = [];
  const types: string[] = [];
  let isNoted = false;
  for (const word of words.filter((each) => each !== AND)) {
    const target = readTarget(operator, word);
    requireMany(target);
    const found = await patchFromSource(operator, target, true);
    isNoted ||= found.isNoted;
    changed.push(...found.changed);
    for (const [path, { verdict, changes }] of found.rows) {
      shown.set(path, [verdict, ...printChanges(changes)].join("\n"));
    }
    if (Object.keys(found.patch).length > 0) {
      const { patch, edited } = found;
      parts.push(partOf(operator, target, { patch, edited, args: [] }));
    }
    for (const [file, text] of Object.entries(found.shared)) {
      if ((shared.get(file) ?? text) !== text) {
        throw new SnaxError(
          "ERR_PATCH",
          `the types run different texts of ${file}: patch it alone`,
        );
      }
      shared.set(file, text);
    }
    files.push(...found.files);
    if (found.changed.length === 0) continue;
    const said = await checkBefore(operator, target, { parts: partsOf(found), ...options });
    if (said !== undefined) types.push(said);
  }
  if (types.length > 0) shown.set("types", types.join("\n"));
  // A module that imports a shared one finds its new names.
  const first = [...shared].map(([file, text]): TogetherPart => ({ kind: "shared", file, text }));
  return { parts: [...first, ...parts], files, shown, isNoted, changed: [...new Set(changed)] };
}

/** The words of each target. */
function split(words: readonly string[]): string[][] {
  const end = words.indexOf("--");
  const targets: string[][] = [[]];
  for (const [index, word] of words.entries()) {
    if (word === AND && (end < 0 || index < end)) targets.push([]);
    else targets.at(-1)?.push(word);
  }
  return targets;
}

function requireMany(target: HotfixTarget): void {
  if (target.kind !== "service") return;
  const why = "several targets are types and shared modules, not a service by its address";
  throw new SnaxError("ERR_ARGUMENT", why);
}

function partOf(
  { runtime }: Operator,
  target: HotfixTarget,
  {
    patch,
    edited,
    args,
  }: {
    readonly patch: string | Readonly<Record<string, string>>;
    readonly edited?: EditedTexts;
    readonly args: readonly string[];
  },
): TogetherPart {
  requireMany(target);
  if (target.kind === "type")
    return { kind: "type", type: target.type, texts: readPatch(patch), edited, args };
  const path = target.kind === "shared" ? target.path : "";
  if (typeof patch !== "string" || args.length > 0) {
    const why = `${path} is a module itself: give one file, and no arguments`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  return { kind: "shared", file: resolve(runtime.paths.root, path), text: patch };
}
