/**
 * `hotfix`: patches from files, for one service, for all of a type, or for a shared module.
 *
 * A patch that is refused is told of under the name of the operator's file, with line and column.
 */

import { codeOf, SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/address.ts";
import { hotfix } from "../../live/rollout/hotfix.ts";
import { hotfixall } from "../../live/rollout/hotfix-all.ts";
import { hotfixshared } from "../../live/rollout/hotfix-shared.ts";
import { messageOf } from "../../service/error-text.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { CommandCall, CommandResult, CommandTable, Route } from "../operator/command.ts";
import { toResult } from "../operator/command.ts";
import type { HotfixWords } from "./hotfix-words.ts";
import { nameFiles, readTarget, readWords } from "./hotfix-words.ts";
import type { Operator } from "../operator/operator.ts";

/** Failures that `hotfix` of a whole type lists. */
const FAILURES_SHOWN_MAX = 100;

/** A type, or a shared module, is patched on all threads or on none. */
const toPatched: Route = ({ operator, args }) => {
  const target = readTarget(operator, args[0]);
  return target.kind === "service" ? operator.runtime.threads?.threadOf(target.handle) : "all";
};

async function runHotfix({ operator, args: [word, ...rest] }: CommandCall): Promise<CommandResult> {
  const target = readTarget(operator, word);
  const words = readWords(operator, rest);
  try {
    switch (target.kind) {
      case "service": {
        const { live } = operator.thread;
        const patch = [words.patch, ...words.args] as const;
        return toResult(await hotfix(live, callerOf(operator), target.handle, patch));
      }
      case "type":
        return await patchType(operator, target.type, words);
      case "shared":
        return await patchShared(operator, target.path, words);
    }
  } catch (error) {
    throw inOperatorsWords(error, words);
  }
}

function callerOf({ thread, context, skynet }: Operator): SnaxCaller {
  return { snax: thread.live.node, context, deadlineMs: 0, make: () => skynet };
}

async function patchType(
  operator: Operator,
  type: string,
  words: HotfixWords,
): Promise<CommandResult> {
  const { patch, args, files } = words;
  const { live } = operator.thread;
  const result = await hotfixall(live, callerOf(operator), type, [patch, ...args]);
  const { id, applied, failed, skipped } = result;
  const counts = { applied: applied.length, failed: failed.length, skipped: skipped.length };
  const rows = new Map<string, unknown>(Object.entries({ id, ...counts }));
  if (applied.length + failed.length + skipped.length === 0) {
    rows.set("note", `no ${type} lives: those to come have the patch`);
  }
  for (const { handle, code, message } of failed.slice(0, FAILURES_SHOWN_MAX)) {
    rows.set(formatAddress(handle), { code, message: nameFiles(message, files) });
  }
  return rows;
}

async function patchShared(
  operator: Operator,
  path: string,
  { patch, args }: HotfixWords,
): Promise<CommandResult> {
  if (typeof patch !== "string") {
    const why = `${path} is a module itself: give one file, \`hotfix ${path} FILE\``;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  if (args.length > 0) {
    const why = "hotfix() of a shared module's patch gets no arguments";
    throw new SnaxError("ERR_ARGUMENT", `${why}; what shall ${args.join(" ")} be?`);
  }
  const result = await hotfixshared(operator.thread.live, callerOf(operator), path, patch);
  return new Map(Object.entries(result));
}

/** The operator knows his file, and not the hash by which the node knows the text. */
function inOperatorsWords(error: unknown, { files }: HotfixWords): unknown {
  const message = messageOf(error);
  const named = nameFiles(message, files);
  const code = codeOf(error);
  if (named === message || code === undefined) return error;
  return new SnaxError(code, named, { cause: error });
}

/** The commands by name. */
export const hotfixCommands: CommandTable = {
  hotfix: {
    help: "hotfix address|type|shared-module [module=]file ... [args ...] : patch what runs",
    isChange: true,
    needs: toPatched,
    run: runHotfix,
  },
};
