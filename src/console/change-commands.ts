/**
 * Commands that change what runs: the code that new services get, and that of running ones.
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { PATCH_LENGTH_MAX } from "../base/limits.ts";
import { SnaxError } from "../base/error.ts";
import { formatAddress } from "../kernel/address.ts";
import { deadError } from "../kernel/refusal.ts";
import { hotfix } from "../live/hotfix.ts";
import { hotfixall } from "../live/hotfix-all.ts";
import { inject } from "../live/inject.ts";
import { clearCache } from "../service/cache.ts";
import type { SnaxCaller } from "../snax/snax-functions.ts";
import type { PatchRecord } from "../snax/types.ts";
import { readAddress, readService } from "./address.ts";
import type { CommandCall, CommandResult, CommandTable, Route } from "./command.ts";
import { toResult } from "./command.ts";
import type { Operator } from "./operator.ts";
import { toService } from "./thread-route.ts";

/** Failures that `hotfix` of a whole type lists. */
const FAILURES_SHOWN_MAX = 100;

/**
 * Reads a script or patch that lies on this machine.
 *
 * @param name - relative to the configuration's folder.
 * @throws {ERR_ARGUMENT} if there is no such file, or it is longer than a patch may be.
 */
function readScript({ runtime }: Operator, name: string | undefined): Script {
  if (name === undefined) throw new SnaxError("ERR_ARGUMENT", "need a file");
  const path = resolve(runtime.paths.root, name);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) throw new SnaxError("ERR_ARGUMENT", `Can't open ${name}`);
  if (stat.size > PATCH_LENGTH_MAX) {
    const why = `${name} has ${stat.size} bytes; at most ${PATCH_LENGTH_MAX} are read`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  return { file: path, text: readFileSync(path, "utf8") };
}

/** A file and what stands in it. */
interface Script {
  readonly file: string;
  readonly text: string;
}

/** Runs a script inside a service. What it printed is the result; before an error stands what it printed until then. */
async function runInject({ operator, args }: CommandCall): Promise<CommandResult> {
  const [word, name, ...rest] = args;
  const context = readService(operator, word);
  const script = readScript(operator, name);
  const { ok, output, error } = await inject(operator.node.live, context, script, rest);
  if (ok) return output;
  throw new Error([output, error].filter((text) => text !== undefined && text !== "").join("\n"));
}

/** Whom a patch is for: an address, or all services of a type. */
function readTarget(operator: Operator, word: string | undefined): number | string {
  if (word === undefined) throw new SnaxError("ERR_ARGUMENT", "Need an address or a type");
  if (/^[:.]/.test(word)) return readAddress(operator, word);
  // The name of a type may look like a number; it is one only if a service lives there.
  const isNumber = /^[0-9a-fA-F]{1,8}$/.test(word);
  const handle = isNumber ? readAddress(operator, word) : 0;
  const { kernel, paths } = operator.runtime;
  if (kernel.lives(handle)) return handle;
  if (isNumber && !paths.has(word)) throw deadError(handle);
  return word;
}

/** A type is patched on all threads or on none. */
const toPatched: Route = ({ operator, args }) => {
  const target = readTarget(operator, args[0]);
  return typeof target === "number" ? operator.runtime.threads?.threadOf(target) : "all";
};

async function runHotfix({ operator, args }: CommandCall): Promise<CommandResult> {
  const [word, file, ...rest] = args;
  const target = readTarget(operator, word);
  const { text } = readScript(operator, file);
  const { live } = operator.node;
  const { context } = operator;
  const caller: SnaxCaller = {
    node: live.node,
    context,
    deadlineMs: 0,
    make: () => operator.skynet,
  };
  if (typeof target === "number") {
    return toResult(await hotfix(live, caller, target, [text, ...rest]));
  }
  const { id, applied, failed, skipped } = await hotfixall(live, caller, target, [text, ...rest]);
  const counts = { applied: applied.length, failed: failed.length, skipped: skipped.length };
  const rows = new Map<string, unknown>(Object.entries({ id, ...counts }));
  for (const { handle, code, message } of failed.slice(0, FAILURES_SHOWN_MAX)) {
    rows.set(formatAddress(handle), { code, message });
  }
  return rows;
}

/** Forgets the code of all files, or of the one that is named. */
function clear({ operator, args: [name] }: CommandCall): CommandResult {
  const { paths, cache } = operator.runtime;
  const path = name === undefined ? undefined : resolve(paths.root, name);
  // A file that is gone may still be in the cache; what is in neither place is a slip of the hand.
  if (path !== undefined && !existsSync(path) && !cache.images.has(path)) {
    throw new SnaxError("ERR_ARGUMENT", `Can't open ${name}`);
  }
  clearCache(operator.runtime, path);
  return undefined;
}

function patches({ operator }: CommandCall): CommandResult {
  const records = operator.node.live.ledger.records();
  return new Map(records.map((record) => [String(record.id), record]));
}

/** The commands by name. */
export const changeCommands: CommandTable = {
  clearcache: { help: "clear lua code cache", isChange: true, run: clear },
  inject: {
    help: "inject address luascript.lua",
    isChange: true,
    route: toService,
    run: runInject,
  },
  hotfix: {
    help: "hotfix address|type file args... : patch one service, or all of a type",
    isChange: true,
    needs: toPatched,
    run: runHotfix,
  },
  patches: {
    help: "List the patches of this node",
    run: patches,
    isOrdered: true,
    print: (row) => {
      const { target, hash, time, applied, failed } = row as PatchRecord;
      const at = new Date(time).toISOString();
      return `applied:${applied}\tfailed:${failed}\thash:${hash}\ttarget:${target}\ttime:${at}`;
    },
  },
};
