/**
 * The words of `hotfix`: for whom, which texts for which modules, and what `hotfix()` of the patch is given.
 *
 *     hotfix TARGET [module=]FILE ... [argument ...]
 *     hotfix TARGET [module=]FILE ... -- argument ...
 *
 * A target is an address, a type of services, or the path of a shared module. Behind the first text a word belongs to the
 * patch if it can be read as `module=FILE`; what could be meant as a text and can't be one is refused, so that no half of
 * a patch is applied. Behind `--` every word is an argument. `--atomic` and `--once` may be anywhere before it.
 */

import { codeOf, SnaxError } from "../../base/error.ts";
import { suggest } from "../../base/suggestion.ts";
import { deadError } from "../../kernel/refusal.ts";
import { hashOf } from "../../live/text/compile.ts";
import type { Patch, RepairOptions } from "../../snax/types.ts";
import { messageOf } from "../../service/error-text.ts";
import { readAddress } from "../operator/address.ts";
import type { Operator } from "../operator/operator.ts";
import type { ScriptFile } from "../operator/script-file.ts";
import { isFile, looksLikeScript, readScript } from "../operator/script-file.ts";

/**
 * The options of a patch: into all services of the type or into none; not over the next start.
 */
export const REPAIR_WORDS: ReadonlySet<string> = new Set(["--atomic", "--once"]);

/** Reads these options. */
export function readRepair(words: readonly string[]): RepairOptions {
  return { atomic: words.includes("--atomic"), once: words.includes("--once") };
}

/** Whom a patch is for. */
export type HotfixTarget =
  | { readonly kind: "service"; readonly handle: number }
  | { readonly kind: "type"; readonly type: string }
  | { readonly kind: "shared"; readonly path: string };

/** What a line of `hotfix` says. */
export interface HotfixWords {
  readonly patch: Patch;
  /** The texts by the modules that they are for; "" is the service's own file. */
  readonly parts: ReadonlyMap<string, ScriptFile>;
  readonly files: readonly ScriptFile[];
  /** What `hotfix()` is given. */
  readonly args: readonly string[];
  readonly repair: RepairOptions;
}

/**
 * Says whom a patch is for.
 *
 * @throws {ERR_ARGUMENT} if the word means no service.
 * @throws {ERR_SERVICE_DEAD} if no service lives at the address.
 */
export function readTarget(operator: Operator, word: string | undefined): HotfixTarget {
  if (word === undefined) throw new SnaxError("ERR_ARGUMENT", "Need an address or a type");
  if (/^[:.][^/]*$/.test(word)) return { kind: "service", handle: readAddress(operator, word) };
  // The name of a type may look like a number; it is one only if a service lives there.
  const isNumber = /^[0-9a-fA-F]{1,8}$/.test(word);
  const handle = isNumber ? readAddress(operator, word) : 0;
  const { kernel, paths } = operator.runtime;
  if (kernel.lives(handle)) return { kind: "service", handle };
  const isType = paths.has(word);
  if (isNumber && !isType) throw deadError(handle);
  if (!isType && looksLikeScript(word)) return { kind: "shared", path: word };
  return { kind: "type", type: word };
}

/**
 * Reads the words behind the target.
 *
 * @throws {ERR_ARGUMENT} if a file can't be opened, or a word could mean two things.
 */
export function readWords(operator: Operator, given: readonly string[]): HotfixWords {
  const { words, repair } = readOptions(given);
  const texts = new Map<string, ScriptFile>();
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "--") break;
    const part = readPart(operator, word, at === 0);
    if (part === undefined) break;
    if (texts.has(part.module)) throw secondText(part.module, part.name);
    texts.set(part.module, readScript(operator, part.name));
  }
  const files = [...texts.values()];
  if (files.length === 0) throw new SnaxError("ERR_ARGUMENT", "need a file, or --from-source");
  const args = words.slice(words[at] === "--" ? at + 1 : at);
  const [own] = files;
  const isOwn = files.length === 1 && texts.has("");
  const patch =
    isOwn && own !== undefined
      ? own.text
      : Object.fromEntries([...texts].map(([module, { text }]) => [module, text]));
  return { patch, parts: texts, files, args, repair };
}

/** A text of a patch: a module ("" for the service's own file) and the file. */
interface Part {
  readonly module: string;
  readonly name: string;
}

function readPart(operator: Operator, word: string, isFirst: boolean): Part | undefined {
  const equals = word.indexOf("=");
  const isPlain = equals <= 0 || isFile(operator, word);
  const part = { module: word.slice(0, equals), name: word.slice(equals + 1) };
  if (isFirst) return isPlain ? { module: "", name: word } : part;
  if (isPlain) {
    if (looksLikeScript(word) && isFile(operator, word)) throw secondText("", word);
    return undefined;
  }
  const isText =
    looksLikeScript(part.name) || looksLikeScript(part.module) || isFile(operator, part.name);
  return isText ? part : undefined;
}

function secondText(module: string, name: string): SnaxError {
  const whose = module === "" ? "the service's own file" : module;
  const advice = `write MODULE=${name} if it is for another module, or -- ${name} to hand the word to hotfix()`;
  return new SnaxError("ERR_ARGUMENT", `${name} is a second text for ${whose}: ${advice}`);
}

/** An unknown option must not be handed to `hotfix()` in silence. */
function readOptions(given: readonly string[]): {
  readonly words: readonly string[];
  readonly repair: RepairOptions;
} {
  const end = given.indexOf("--");
  const own = given.slice(0, end < 0 ? undefined : end);
  const unknown = own.find((word) => word.startsWith("--") && !REPAIR_WORDS.has(word));
  if (unknown !== undefined) {
    throw optionError(unknown);
  }
  const words = [...own.filter((word) => !REPAIR_WORDS.has(word)), ...given.slice(own.length)];
  return { words, repair: readRepair(own) };
}

/** All options of `hotfix`, for an operator who has mistyped one. */
const OPTIONS: readonly string[] = [
  ...["--from-source", "--yes", "--atomic", "--once", "--check", "--force", "--fleet"],
  ...["--allow-missing", "--and", "--dry-run", "--probe", "--allow", "--json"],
];

/** The error of an option that is unknown, or has no place here. */
export function optionError(word: string): SnaxError {
  const meant = OPTIONS.includes(word) ? " in this place" : suggest(word, OPTIONS);
  const why = `hotfix has no option ${word}${meant}; words behind -- are handed to hotfix()`;
  return new SnaxError("ERR_ARGUMENT", why);
}

/** The operator knows the file, and not the hash by which the node knows the text. */
export function inOperatorsWords(error: unknown, files: readonly ScriptFile[]): unknown {
  const message = messageOf(error);
  const named = nameFiles(message, files);
  const code = codeOf(error);
  if (named === message || code === undefined) return error;
  return new SnaxError(code, named, { cause: error });
}

/** Puts the operator's own files into a text that names a patch by its hash, as messages and stacks do. */
export function nameFiles(text: string, files: readonly ScriptFile[]): string {
  let named = text;
  for (const { text: patch, shown } of files) {
    const label = new RegExp(`snax-patch:${hashOf(patch)}/[^\\s:()]*(?=:\\d)`, "g");
    named = named.replace(label, () => shown);
  }
  return named;
}

/** The words that are the command's: those behind `--` are handed to `hotfix()`. */
export function ownWords(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return words.slice(0, end < 0 ? undefined : end);
}
