/** `hotfix --fleet` and `rollback --fleet`: patches of all nodes of the cluster, and what each of them says came of it. */

import { addFailures } from "./outcome-rows.ts";
import { SnaxError } from "../../base/error.ts";
import { fleetHotfixall, fleetRollback } from "../../live/operate/fleet-call.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { FleetOptions, FleetResult } from "../../snax/types.ts";
import type { Table } from "../operator/command.ts";
import { markInOrder } from "../operator/page.ts";
import type { HotfixTarget, HotfixWords } from "./hotfix-words.ts";
import { ownWords } from "./hotfix-words.ts";
import type { ScriptFile } from "../operator/script-file.ts";

/** Failures of one node that are listed. */
const FAILURES_SHOWN_MAX = 20;

/** Patches all services of a type on all nodes. @throws {ERR_ARGUMENT} if the target is no type */
export async function patchFleet(
  caller: SnaxCaller,
  options: FleetOptions,
  target: HotfixTarget,
  { patch, args, files }: Pick<HotfixWords, "patch" | "args" | "files">,
): Promise<Table> {
  if (target.kind !== "type") {
    const what = target.kind === "service" ? "an address" : "a shared module";
    throw new SnaxError("ERR_ARGUMENT", `--fleet is for a type of services, not for ${what}`);
  }
  const result = await fleetHotfixall(caller, options, target.type, [patch, ...args]);
  return rowsOf(result, files);
}

/** Takes patches of the fleet back. */
export async function rollBackFleet(
  caller: SnaxCaller,
  options: FleetOptions,
  ids: readonly number[],
): Promise<Table> {
  return rowsOf(await fleetRollback(caller, options, ids), []);
}

/** Takes the options of the fleet out of the words; undefined if it is not meant. */
export function takeFleetOptions(words: readonly string[]): {
  readonly rest: readonly string[];
  readonly fleet: FleetOptions | undefined;
} {
  const own = ownWords(words);
  const rest = [...own.filter((word) => !FLEET_WORDS.has(word)), ...words.slice(own.length)];
  const allowMissing = own.includes("--allow-missing");
  if (own.includes("--fleet")) {
    if (own.includes("--once")) {
      throw new SnaxError(
        "ERR_ARGUMENT",
        "--once does not go with --fleet: a patch of the fleet is for later nodes, too",
      );
    }
    return { rest, fleet: { fleet: true, allowMissing } };
  }
  if (allowMissing)
    throw new SnaxError("ERR_ARGUMENT", "--allow-missing is for the fleet: add --fleet");
  return { rest, fleet: undefined };
}

const FLEET_WORDS: ReadonlySet<string> = new Set(["--fleet", "--allow-missing"]);

function rowsOf({ id, nodes }: FleetResult, files: readonly ScriptFile[]): Table {
  const rows = new Map<string, unknown>([["id", id]]);
  const total = { applied: 0, failed: 0, skipped: 0 };
  const entries = Object.entries(nodes);
  for (const [, { counts, failed }] of entries) {
    total.applied += counts.applied;
    total.failed += failed.some(isLeftOut) ? 0 : counts.failed;
    total.skipped += counts.skipped;
  }
  for (const [name, count] of Object.entries(total)) rows.set(name, count);
  for (const [node, { counts, failed }] of entries) {
    const out = failed.find(isLeftOut);
    rows.set(`node ${node}`, out === undefined ? counts : out.message);
    const prefix = `node ${node} `;
    if (out === undefined)
      addFailures(rows, failed, { files, prefix, shownMax: FAILURES_SHOWN_MAX });
  }
  return markInOrder(rows);
}

function isLeftOut({ handle, code }: { handle: number; code: string }): boolean {
  return handle === 0 && code === "ERR_NODE_DOWN";
}
