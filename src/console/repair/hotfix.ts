/**
 * `hotfix`: patches from files, for one service, for all of a type, or for a shared module.
 *
 * A patch that is refused is told of under the name of the operator's file, with line and column.
 */

import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { hotfix } from "../../live/rollout/one-service.ts";
import { renewFiles } from "../../live/rollout/fresh-program.ts";
import { hotfixall } from "../../live/rollout/all-of-type.ts";
import type { EditedTexts } from "../../live/text/compile.ts";
import { readIds, rollback } from "../../live/operate/rollback.ts";
import { hotfixshared } from "../../live/rollout/shared-call.ts";
import type { FleetOptions, PatchRecord } from "../../snax/types.ts";
import type { DryOptions } from "../../snax/types-dry.ts";
import type {
  CommandCall,
  CommandResult,
  CommandTable,
  Route,
  Table,
} from "../operator/command.ts";
import { toResult } from "../operator/command.ts";
import { isInOrder, markInOrder } from "../operator/page.ts";
import { patchFleet, rollBackFleet, takeFleetOptions } from "./fleet.ts";
import { takeDryWords, tryPatch } from "./dry-run.ts";
import type { SourceOptions, SourcePatch } from "./from-source.ts";
import { partsOf, patchFromSource, readSourceOptions } from "./from-source.ts";
import { hotfixTogether, isTogether } from "./hotfix-together.ts";
import type { HotfixTarget, HotfixWords } from "./hotfix-words.ts";
import { inOperatorsWords, readTarget, readWords } from "./hotfix-words.ts";
import { addFailures, addKept, addMore, countRows, SERVICES_SHOWN_MAX } from "./outcome-rows.ts";
import type { Operator } from "../operator/operator.ts";
import { printChanges } from "./source-texts.ts";
import type { CheckOptions } from "./type-check.ts";
import { checkBefore, takeCheckOptions } from "./type-check.ts";

/** A type, or a shared module, is patched on all threads or on none. */
const toPatched: Route = ({ operator, args }) => {
  if (isTogether(operator, args)) return "all";
  const target = readTarget(operator, args[0]);
  return target.kind === "service" ? operator.runtime.threads?.threadOf(target.handle) : "all";
};

async function runHotfix({ operator, line, args }: CommandCall): Promise<CommandResult> {
  if (isTogether(operator, args)) return await hotfixTogether(operator, operator.caller, args);
  const [word, ...given] = args;
  const target = readTarget(operator, word);
  const { words: all, dry } = takeDryWords(line, given);
  const { rest: own, fleet } = takeFleetOptions(all);
  if (dry !== undefined && fleet !== undefined) {
    throw new SnaxError("ERR_ARGUMENT", "a dry run is of one service: --fleet does not go with it");
  }
  const { rest, options } = takeCheckOptions(own);
  const source = readSourceOptions(rest);
  if (source !== undefined) {
    return await hotfixFromSource(operator, target, { ...source, ...options, fleet, dry });
  }
  const words = { ...readWords(operator, rest), fleet };
  const types = await checkBefore(operator, target, { parts: words.parts, ...options });
  if (dry !== undefined) return withTypes(types, await applyDry(operator, target, words, dry));
  return withTypes(types, await apply(operator, target, words));
}

/** The entry of the last patch of a service. */
function recordOf({ thread }: Operator, handle: number): PatchRecord | undefined {
  const name = `${formatAddress(handle)} `;
  return thread.live.ledger.list().findLast((record) => record.target.startsWith(name));
}

/** What goes on with the old is behind what `hotfix()` returned. */
function withKept(result: CommandResult, keepsOld: readonly string[] | undefined): CommandResult {
  if (keepsOld === undefined) return result;
  const shown = new Map<string, unknown>();
  if (result instanceof Map) for (const [key, value] of result) shown.set(String(key), value);
  else if (result !== undefined) shown.set("result", result);
  addKept(shown, keepsOld);
  return markInOrder(shown);
}

/** Words, and whether they are for all nodes. */
type FleetWords = HotfixWords & { readonly fleet: FleetOptions | undefined };

async function apply(
  operator: Operator,
  target: HotfixTarget,
  words: FleetWords,
): Promise<CommandResult> {
  try {
    if (words.fleet !== undefined) {
      return await patchFleet(operator.caller, words.fleet, target, words);
    }
    switch (target.kind) {
      case "service": {
        const { live } = operator.thread;
        const patch = [words.patch, ...words.args] as const;
        const result = await hotfix(live, operator.caller, target.handle, patch);
        return withKept(toResult(result), recordOf(operator, target.handle)?.keepsOld);
      }
      case "type":
        return await patchType(operator, target.type, words);
      case "shared":
        return await patchShared(operator, target.path, words);
    }
  } catch (error) {
    throw inOperatorsWords(error, words.files);
  }
}

async function applyDry(
  operator: Operator,
  target: HotfixTarget,
  words: HotfixWords,
  dry: DryOptions,
): Promise<Map<string, unknown>> {
  try {
    return markInOrder(await tryPatch(operator.caller, target, words, dry));
  } catch (error) {
    throw inOperatorsWords(error, words.files);
  }
}

/** What was found of the types comes first. */
function withTypes(types: string | undefined, result: CommandResult): CommandResult {
  if (types === undefined) return result;
  const shown = new Map<string, unknown>([["types", types]]);
  if (result instanceof Map) {
    const keys = [...result.keys()].map(String);
    for (const key of isInOrder(result) ? keys : keys.toSorted()) shown.set(key, result.get(key));
  } else if (result !== undefined) shown.set("result", result);
  return markInOrder(shown);
}

/** The patch is what the files would change; see from-source.ts. */
async function hotfixFromSource(
  operator: Operator,
  target: HotfixTarget,
  {
    isYes,
    repair,
    fleet,
    dry,
    ...options
  }: SourceOptions &
    CheckOptions & {
      readonly fleet: FleetOptions | undefined;
      readonly dry: DryOptions | undefined;
    },
): Promise<CommandResult> {
  const found = await patchFromSource(operator, target);
  const { rows, patch, files, isNoted, changed } = found;
  if (changed.length === 0) return "nothing to do";
  const shown = new Map<string, unknown>();
  for (const [path, { verdict, changes }] of rows) {
    shown.set(path, [verdict, ...printChanges(changes)].join("\n"));
  }
  if (isNoted && !isYes && dry === undefined) {
    shown.set("nothing was sent", "a note says what a patch would not do: --yes takes it");
    return markInOrder(shown);
  }
  const parts = partsOf(found);
  const types = await checkBefore(operator, target, { parts, ...options });
  if (types !== undefined) shown.set("types", types);
  const { edited } = found;
  const words = { patch, parts, args: [], files, repair, fleet, edited };
  if (dry !== undefined) {
    const tried = await applyDry(operator, target, words, dry);
    return markInOrder(new Map([...shown, ...tried]));
  }
  const result = await sendSource(operator, target, words);
  for (const [key, value] of result) shown.set(key, value);
  // On the other nodes the files are as they were: births go by the patch.
  if (fleet === undefined && target.kind === "type" && result.get("failed") === 0) {
    await renewFiles(operator.runtime, changed, [operator.runtime.paths.find(target.type)]);
  }
  return markInOrder(shown);
}

async function sendSource(
  operator: Operator,
  target: HotfixTarget,
  words: FleetWords & Pick<SourcePatch, "edited">,
): Promise<Map<string, unknown>> {
  if (Object.keys(words.patch).length === 0) return new Map([["failed", 0]]);
  try {
    if (words.fleet !== undefined) {
      return new Map(await patchFleet(operator.caller, words.fleet, target, words));
    }
    if (target.kind === "type") {
      const rows = await patchType(operator, target.type, words, words.edited);
      return new Map(rows as Table);
    }
    if (target.kind === "service") {
      const { live } = operator.thread;
      await hotfix(live, operator.caller, target.handle, [words.patch]);
      const { id, keepsOld } = recordOf(operator, target.handle) ?? {};
      const rows = new Map(Object.entries<unknown>({ id, applied: 1, failed: 0, skipped: 0 }));
      addKept(rows, keepsOld);
      return rows;
    }
    return new Map<string, unknown>([["failed", 0]]);
  } catch (error) {
    throw inOperatorsWords(error, words.files);
  }
}

async function patchType(
  operator: Operator,
  type: string,
  words: HotfixWords,
  edited?: EditedTexts,
): Promise<CommandResult> {
  const { patch, args, files, repair } = words;
  const { live } = operator.thread;
  const caller = { ...operator.caller, repair, ...(edited !== undefined && { edited }) };
  const result = await hotfixall(live, caller, type, [patch, ...args]);
  const { id, applied, failed, skipped, held, keepsOld } = result;
  const counts = countRows({ applied, failed, skipped });
  const rows = new Map<string, unknown>([["id", id], ...counts]);
  if (held !== undefined) rows.set("held", `${Math.round(held)} ms`);
  if (applied.length + failed.length + skipped.length === 0) {
    rows.set("note", `no ${type} lives: new ones have the patch`);
  }
  addFailures(rows, failed, { files });
  addKept(rows, keepsOld);
  return markInOrder(rows);
}

async function patchShared(
  operator: Operator,
  path: string,
  { patch, args, repair }: HotfixWords,
): Promise<CommandResult> {
  if (typeof patch !== "string") {
    const why = `${path} is a module itself: give one file, \`hotfix ${path} FILE\``;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  if (args.length > 0) {
    const why = "hotfix() of a shared module's patch gets no arguments";
    throw new SnaxError("ERR_ARGUMENT", `${why}; what shall ${args.join(" ")} be?`);
  }
  const caller = { ...operator.caller, repair };
  const { id, threads, keepsOld } = await hotfixshared(operator.thread.live, caller, path, patch);
  const rows = new Map<string, unknown>(Object.entries({ id, threads }));
  addKept(rows, keepsOld);
  return markInOrder(rows);
}

async function runRollback({ operator, args }: CommandCall): Promise<CommandResult> {
  const { rest, fleet } = takeFleetOptions(args);
  const ids = rest.map((word) => {
    if (/^\d{1,10}$/.test(word)) return Number(word);
    throw new SnaxError("ERR_ARGUMENT", `${word} is no number of a patch: \`patches\` lists them`);
  });
  if (fleet !== undefined) return await rollBackFleet(operator.caller, fleet, readIds(ids));
  const result = await rollback(operator.thread.live, operator.caller, ids);
  const { id, applied, failed, skipped, kept, notes } = result;
  const counts = countRows({ applied, failed, skipped });
  const rows = new Map<string, unknown>(
    id === undefined
      ? [["nothing to do", "it has been taken back before"]]
      : [["id", id], ...counts],
  );
  addFailures(rows, failed);
  for (const { handle, names } of kept.slice(0, SERVICES_SHOWN_MAX)) {
    const whose = handle === 0 ? "the module" : formatAddress(handle);
    rows.set(`kept in ${whose}`, `${names.join(", ")}: written since`);
  }
  addMore(rows, kept.length - SERVICES_SHOWN_MAX, "kept");
  for (const note of notes) rows.set(`note: ${note}`, "");
  return markInOrder(rows);
}

/** The commands by name. */
export const hotfixCommands: CommandTable = {
  hotfix: {
    help: "hotfix address|type|shared-module [module=]file ... [args ...] | --from-source [--yes] ; --atomic: all of the type or none, with `--and target file ...` of several types and shared modules; --once: not over the next start; --fleet: on all nodes or none [--allow-missing]; --dry-run [--probe 'method args'] [--allow stock.left] ...: only tried, on a copy; --check: not with type errors, --force: with them : patch what runs",
    isChange: true,
    hasJson: true,
    needs: toPatched,
    run: runHotfix,
  },
  rollback: {
    help: "rollback id ... : take patches back, also out of order; --fleet: by their numbers in the fleet, on all nodes or none",
    isChange: true,
    hasJson: true,
    needs: () => "all",
    run: runRollback,
  },
};
