/**
 * `sharetable`: what the shared tables are, what is in them, and loading them again.
 *
 *     sharetable                       every version in use
 *     sharetable load name [file]      loads a table anew, with the arguments of the last time; without a file from
 *                                      where it came last, or by its name
 *     sharetable get name key...       a value
 *     sharetable diff name [file]      what the last load changed, or what loading the file would change
 */

import { inspect } from "node:util";
import { SnaxError } from "../../base/error.ts";
import { copyPlain } from "../../table/plain-copy.ts";
import type { Changes, TableFile } from "../../table/sharetable-api.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { toResult } from "../operator/command.ts";
import { showAt, showChange } from "./table-change.ts";
import type { Operator } from "../operator/operator.ts";

/** Most keys that `diff` and `get` list. */
const ROWS_SHOWN_MAX = 1000;

/** How deep `get` shows what is below a key. */
const SHOWN_DEPTH = 3;

type Verb = (
  operator: Operator,
  words: readonly string[],
) => CommandResult | Promise<CommandResult>;

const verbs: ReadonlyMap<string | undefined, Verb> = new Map<string | undefined, Verb>([
  [undefined, list],
  ["load", load],
  ["get", get],
  ["diff", diff],
]);

function run({ operator, args }: CommandCall): CommandResult | Promise<CommandResult> {
  const [word, ...words] = args;
  const verb = verbs.get(word);
  if (verb === undefined) {
    throw new SnaxError("ERR_ARGUMENT", `sharetable ${word}: use load, get or diff, or no word`);
  }
  return verb(operator, words);
}

/** The versions in use: the newest under the table's name, older ones with their number. */
function list({ thread: own }: Operator): CommandResult {
  const { thread } = own.tables;
  const rows = new Map<string, unknown>();
  for (const { name, version, sizeBytes, pins, isCurrent } of thread.versions()) {
    const facts = { version, kb: (sizeBytes / 1024).toFixed(2), pins };
    const source = thread.sourceOf(name);
    const key = isCurrent ? name : `${name} version ${version}`;
    rows.set(key, isCurrent && source !== undefined ? { ...facts, file: source.file } : facts);
  }
  return rows;
}

async function load(operator: Operator, words: readonly string[]): Promise<CommandResult> {
  const name = requireWord(words[0], "load");
  const { loader, thread } = operator.thread.tables;
  await loader.loadFile(operator.runtime, fileOf(operator, name, words[1]), argsOf(operator, name));
  const changes = thread.lastChanges(name);
  const version = thread.versionOf(name);
  if (changes === undefined) return new Map([["version", version]]);
  const { added, changed, removed } = changes;
  const counts = { added: added.length, changed: changed.length, removed: removed.length };
  return new Map(Object.entries({ ...counts, version }));
}

/** The file that is named, else (or by the table's own name) the one from which it came, else what its name leads to. */
function fileOf({ thread }: Operator, name: string, file: string | undefined): string | TableFile {
  const isNamed = file !== undefined && file !== name;
  const known = isNamed ? file : thread.tables.thread.sourceOf(name)?.file;
  return known === undefined ? name : { name, file: known };
}

/** What the function of the table's file was given last. */
function argsOf({ thread }: Operator, name: string): readonly unknown[] {
  const source = thread.tables.thread.sourceOf(name);
  if (source === undefined) return [];
  if (source.args !== undefined) return source.args;
  const why = `${name} was loaded with arguments that only its loader knows`;
  throw new SnaxError("ERR_ARGUMENT", why);
}

function get({ thread }: Operator, words: readonly string[]): CommandResult {
  const [name, ...keys] = words;
  const view = thread.tables.thread.get(requireWord(name, "get"));
  let value: unknown = view.view;
  const passed = [name];
  for (const key of keys) {
    const isThere = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    if (!isThere) throw new SnaxError("ERR_ARGUMENT", `there is no ${key} in ${passed.join(" ")}`);
    value = (value as Record<string, unknown>)[key];
    passed.push(key);
  }
  if (typeof value !== "object" || value === null || value instanceof Date) return show(value);
  const rows = new Map<string, unknown>();
  const all = Object.keys(value);
  for (const key of all.slice(0, ROWS_SHOWN_MAX)) {
    rows.set(key, show((value as Record<string, unknown>)[key]));
  }
  if (all.length > ROWS_SHOWN_MAX) rows.set("...", `${all.length - ROWS_SHOWN_MAX} more`);
  return rows;
}

function show(value: unknown): string | number | boolean | undefined {
  const isScalar = value === null || typeof value !== "object";
  if (isScalar && typeof value !== "bigint") return toResult(value) as string | undefined;
  return inspect(copyPlain(value), { depth: SHOWN_DEPTH, breakLength: Infinity });
}

async function diff(operator: Operator, words: readonly string[]): Promise<CommandResult> {
  const name = requireWord(words[0], "diff");
  const { loader, thread } = operator.thread.tables;
  const { view } = thread.get(name);
  const file = words[1];
  if (file === undefined) {
    const changes = thread.lastChanges(name);
    if (changes === undefined) return `version ${thread.versionOf(name)} had none before it`;
    return listChanges(changes);
  }
  const found = fileOf(operator, name, file);
  const { changes, data } = await loader.compare(operator.runtime, found, argsOf(operator, name));
  return listChanges(changes, [view, data]);
}

/** @param roots - of the version before and behind, where both are there. */
function listChanges(
  { added, changed, removed }: Changes,
  [before, after]: readonly unknown[] = [],
): CommandResult {
  const entries = [
    ...added.map((key) => [key, `added${showAt(after, key)}`] as const),
    ...changed.map((key) => [key, `changed${showChange(before, after, key)}`] as const),
    ...removed.map((key) => [key, `removed${showAt(before, key)}`] as const),
  ];
  if (entries.length === 0) return "no difference";
  const rows = new Map<string, unknown>(entries.slice(0, ROWS_SHOWN_MAX));
  if (entries.length > ROWS_SHOWN_MAX) rows.set("...", `${entries.length - ROWS_SHOWN_MAX} more`);
  return rows;
}

function requireWord(word: string | undefined, verb: string): string {
  if (word !== undefined) return word;
  throw new SnaxError("ERR_ARGUMENT", `sharetable ${verb} needs the name of a table`);
}

/** The commands by name. */
export const tableCommands: CommandTable = {
  sharetable: {
    help: "sharetable [load name [file] | get name key... | diff name [file]] : shared tables",
    // To compare a table with a file runs the file's code.
    isChange: ([verb, ...words]) => verb === "load" || (verb === "diff" && words.length > 1),
    isOrdered: true,
    run,
  },
};
