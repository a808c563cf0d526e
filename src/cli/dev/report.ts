/**
 * What `snax dev` says of a save: one line that tells what changed, in how many services and how long it took, and
 * below it what the save did not do.
 *
 *     services/shop.ts: price, TAX; patched 2 shop, 15 ms
 *       note services/shop.ts:4 sold: starts as 1 now; what it holds is kept
 */

import { showPath } from "../../console/repair/source-texts.ts";
import { showControls } from "../../base/log-line.ts";
import type { FileChange, Plan } from "./plan.ts";

/** Names that a line has; of more it tells the number. */
const NAMES_MAX = 4;

/** Lines below the first one; of more it tells the number. */
const LINES_MAX = 20;

/** What was done, and what was not. */
export interface Outcome {
  /** How many services of each type were patched. */
  readonly patched: Map<string, number>;
  /** Shared modules that were patched, by file. */
  readonly shared: string[];
  /** How many services of each type were reloaded. */
  readonly reloaded: Map<string, number>;
  /** Tables that were loaded again. */
  readonly tables: string[];
  /** What did not go in: why, and what to do. */
  readonly failures: string[];
  /** State that a reload has left behind, by type. */
  readonly left: string[];
}

/** What a save was about. */
export interface SaveFacts {
  readonly plan: Plan;
  readonly outcome: Outcome;
  readonly saved: ReadonlySet<string>;
  /** The files that a service runs. */
  readonly running: ReadonlySet<string>;
  readonly ms: number;
  /** The folder that paths are shown from. */
  readonly root: string;
}

/** Says what came of a save, line by line. */
export function reportSave(facts: SaveFacts): string[] {
  const { plan, outcome, ms, root } = facts;
  const name = (text: string): string => text.replaceAll(`${root}/`, "");
  const lines: string[] = [];
  for (const message of plan.broken.values()) {
    lines.push(`${name(message)}  (nothing changed; the server runs on)`);
  }
  const first = headOf(facts);
  if (first !== undefined) lines.push(`${first}, ${Math.ceil(ms)} ms`);
  const below: string[] = [];
  for (const { file, line, what, why } of notesOf(facts)) {
    below.push(`note ${placeOf(root, file, line)} ${what}: ${name(why)}`);
  }
  for (const { file, line, what, why } of plan.refused) {
    const place = placeOf(root, file, line);
    below.push(`not done ${place} ${what}: ${name(why)}; restart snax dev to have it`);
  }
  for (const each of outcome.left) below.push(`left behind ${name(each)}`);
  for (const each of outcome.failures) below.push(`not done ${name(each)}`);
  for (const file of plan.gone) {
    below.push(`${showPath(root, file)} is gone; what runs of it runs on`);
  }
  // Below no line there is nothing to move to the right.
  const margin = lines.length > 0 ? "  " : "";
  lines.push(...shorten(below, LINES_MAX, "lines").map((line) => `${margin}${line}`));
  return lines.map(showControls);
}

/** What a patch has not done, each statement once. Where nothing went in there is nothing to say of it. */
function notesOf({ plan, outcome, root }: SaveFacts): FileChange[] {
  if (outcome.failures.length > 0 && doneOf(outcome, root).length === 0) return [];
  const notes = new Map<string, FileChange>();
  for (const change of plan.changes) {
    if (change.verdict !== "note" || isUntrue(change, outcome)) continue;
    const key = `${change.file}\0${change.what}`;
    const other = notes.get(key);
    if (other === undefined) notes.set(key, change);
    else if (other.why !== change.why) notes.set(key, { ...other, why: EDITED });
  }
  return [...notes.values()];
}

/** Whether a note says what a patch does not do, and all that run the file were reloaded, which does it. */
function isUntrue({ types = [], why }: FileChange, { reloaded }: Outcome): boolean {
  return types.length > 0 && types.every((type) => reloaded.has(type)) && !OF_STATE.test(why);
}

/** What a reload keeps as a patch does: values, and the fields that instances have. */
const OF_STATE = /keeps its value|\binstances\b/;

/** Of a statement of the top level that is there in another form. */
const EDITED = "it does not run again, and what it has begun goes on; restart snax dev to have it";

function headOf({ plan, outcome, saved, running, root }: SaveFacts): string | undefined {
  const show = (files: Iterable<string>): string =>
    shorten([...files].map((file) => showPath(root, file)).toSorted(), NAMES_MAX, "files").join(
      ", ",
    );
  const done = doneOf(outcome, root);
  if (plan.texts.size > 0) {
    const told = plan.changes.filter(({ verdict }) => verdict !== "same");
    const names = shorten(
      [...new Set(told.map(({ what }) => what.replace(/;+$/, "")))],
      NAMES_MAX,
      "changes",
    );
    if (names.length === 0 && done.length === 0) {
      return `${show(plan.texts.keys())}: nothing that runs changes`;
    }
    const what = names.length === 0 ? "" : ` ${names.join(", ")};`;
    const rest = done.length === 0 ? "nothing is done" : done.join(", ");
    return `${show(plan.texts.keys())}:${what} ${rest}`;
  }
  if (done.length > 0) return `${show(saved)}: ${done.join(", ")}`;
  if (plan.broken.size > 0 || plan.gone.length > 0 || saved.size === 0) return undefined;
  if (outcome.failures.length > 0) return `${show(saved)}: nothing is done`;
  const unknown = [...saved].filter((file) => !running.has(file));
  if (unknown.length === 0) return `${show(saved)}: no difference to what runs`;
  return `${show(unknown)}: no service runs it; new services begin with it`;
}

function doneOf({ patched, shared, reloaded, tables }: Outcome, root: string): string[] {
  const done: string[] = [];
  if (patched.size > 0) done.push(`patched ${countTypes(patched)}`);
  if (shared.length > 0) {
    const names = shorten(
      shared.map((file) => showPath(root, file)),
      NAMES_MAX,
      "modules",
    );
    done.push(`patched shared ${names.join(", ")}`);
  }
  if (reloaded.size > 0) done.push(`reloaded ${countTypes(reloaded)} with state`);
  if (tables.length > 0)
    done.push(`loaded table ${shorten(tables, NAMES_MAX, "tables").join(", ")}`);
  return done;
}

function countTypes(types: ReadonlyMap<string, number>): string {
  const shown = [...types].map(([type, count]) => `${count} ${type}`);
  return shorten(shown, NAMES_MAX, "types").join(", ");
}

function placeOf(root: string, file: string, line: number | undefined): string {
  return `${showPath(root, file)}${line === undefined ? "" : `:${line}`}`;
}

/** Of very many the first ones, and how many more there are. */
export function shorten(all: readonly string[], most: number, what: string): string[] {
  if (all.length <= most) return [...all];
  return [...all.slice(0, most), `${all.length - most} more ${what}`];
}
