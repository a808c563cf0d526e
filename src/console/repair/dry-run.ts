/**
 * `hotfix ... --dry-run [--probe 'method args']...`: what the patch would do, tried on a copy.
 */

import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { dryRun, dryRunType, readDry } from "../../live/operate/dry-run.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { Patch } from "../../snax/types.ts";
import type { DryAnswer, DryDifference, DryOptions, DryReport } from "../../snax/types-dry.ts";
import type { HotfixTarget } from "./hotfix-words.ts";
import { ownWords } from "./hotfix-words.ts";

/** The words of a line without those of a dry run. */
interface TakenWords {
  readonly words: readonly string[];
  /** Undefined if none is asked for. */
  readonly dry: DryOptions | undefined;
}

/** A probe in quotes, or one that the shell's command has encoded: words of a line have no blanks. */
const PROBE = /\s--probe(?:\s+|=)(?:'([^']*)'|(\S+))/g;

/**
 * Takes the options of a dry run out of a line.
 *
 * @throws {ERR_ARGUMENT} if a probe is not valid, or is given without `--dry-run`.
 */
export function takeDryWords(line: string, words: readonly string[]): TakenWords {
  const { allow, rest } = takeAllow(words);
  const taken = takeProbes(line, rest);
  if (allow.length === 0) return taken;
  if (taken.dry !== undefined) {
    const { probes = [] } = taken.dry;
    return { ...taken, words: takeAllow(taken.words).rest, dry: readDry({ probes, allow }) };
  }
  throw new SnaxError("ERR_ARGUMENT", "--allow is for the copies of a --dry-run");
}

/** `--allow stock.left`, before `--`. */
function takeAllow(words: readonly string[]): { allow: string[]; rest: string[] } {
  const allow: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "--") return { allow, rest: [...rest, ...words.slice(at)] };
    if (word === "--allow") allow.push(words[(at += 1)] ?? "");
    else rest.push(word);
  }
  return { allow, rest };
}

function takeProbes(line: string, words: readonly string[]): TakenWords {
  const own = ownWords(words);
  const isDry = own.includes("--dry-run");
  if (!own.some((word) => /^--probe\b/.test(word))) {
    return {
      words: isDry
        ? [...own.filter((word) => word !== "--dry-run"), ...words.slice(own.length)]
        : words,
      dry: isDry ? {} : undefined,
    };
  }
  if (!isDry) throw new SnaxError("ERR_ARGUMENT", "--probe asks the copies of a --dry-run");
  const probes: string[] = [];
  const at = line.search(/\s--(?:\s|$)/);
  const front = at < 0 ? line : line.slice(0, at);
  const rest = front.replace(PROBE, (_all, quoted?: string, word?: string) => {
    probes.push(quoted ?? decode(word ?? ""));
    return " ";
  });
  const left = rest.trim().split(/\s+/).slice(2);
  return {
    words: [...left.filter((word) => word !== "--dry-run"), ...words.slice(own.length)],
    dry: readDry({ probes }),
  };
}

function decode(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

/** What is tried, and for whom. */
interface DryWords {
  readonly patch: Patch;
  readonly args: readonly unknown[];
}

/** Tries a patch; returns its rows. */
export async function tryPatch(
  caller: SnaxCaller,
  target: HotfixTarget,
  { patch, args }: DryWords,
  dry: DryOptions,
): Promise<Map<string, unknown>> {
  if (target.kind === "shared") {
    const why = `${target.path} is a shared module: a dry run is of a service, or of a type`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  const given = [patch, ...args] as const;
  const report =
    target.kind === "service"
      ? await dryRun(caller, dry, target.handle, given)
      : await dryRunType(caller, dry, target.type, given);
  return listRows(report);
}

function listRows(report: DryReport): Map<string, unknown> {
  const { handle, type, inFlight, missing, hotfix, atOnce, probes, afterProbes, notes } = report;
  const rows = new Map<string, unknown>();
  const middle =
    inFlight === 0
      ? ""
      : `, of which ${inFlight} handlers are in flight: its state may be in the middle of what they do`;
  rows.set("dry run of", `${formatAddress(handle)} ${type}${middle}`);
  if (missing.length > 0) rows.set("not in the copy", missing.join("\n"));
  if (hotfix !== undefined) rows.set("hotfix()", withEffects(hotfix));
  rows.set("at once", printDifferences(atOnce));
  for (const { probe, before, after } of probes) {
    let key = probe;
    for (let count = 2; rows.has(key); count += 1) key = `${probe} (${count})`;
    const answers = `${answerText(before)}  ->  ${withEffects(after)}`;
    const isSame = before.would.join("\n") === after.would.join("\n");
    const old = before.would.length === 0 ? ["nothing"] : before.would;
    const without = isSame ? [] : old.map((each) => `would, without the patch: ${each}`);
    rows.set(key, [answers, ...without].join("\n"));
  }
  if (probes.length > 0) rows.set("after the probes", printDifferences(afterProbes));
  for (const note of notes) rows.set(`note: ${note}`, "");
  rows.set("nothing has changed", `the service stood still for ${report.held.toFixed(1)} ms`);
  return rows;
}

function answerText({ text, error }: DryAnswer): string {
  return error === undefined ? text : `error ${text}`;
}

function withEffects(answer: DryAnswer): string {
  return [answerText(answer), ...answer.would.map((each) => `would: ${each}`)].join("\n");
}

function printDifferences(differences: readonly DryDifference[]): string {
  if (differences.length === 0) return "no difference";
  return differences
    .map(({ path, before, after }) => `${path}: ${before ?? "nothing"} -> ${after ?? "nothing"}`)
    .join("\n");
}
