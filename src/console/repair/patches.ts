/**
 * `patches`: the ledger, and all that is known of one patch.
 */

import { addKept } from "./outcome-rows.ts";
import { SnaxError } from "../../base/error.ts";
import { formatAddress } from "../../kernel/service.ts";
import { leaderOf, readTarget } from "../../live/operate/patch-target.ts";
import { askPatchTexts } from "../../live/operate/patch-texts.ts";
import { messageOf } from "../../service/error-text.ts";
import type { PatchRecord } from "../../snax/types.ts";
import type {
  CommandCall,
  CommandResult,
  CommandTable,
  Route,
  Table,
} from "../operator/command.ts";
import type { Operator } from "../operator/operator.ts";
import { formatValue } from "../print/print.ts";

/** A text of a patch. */
interface TextRow {
  readonly hash: string;
  readonly text: string;
}

function readRecord({ thread }: Operator, word: string): PatchRecord {
  const record = /^\d{1,10}$/.test(word) ? thread.live.ledger.find(Number(word)) : undefined;
  if (record !== undefined) return record;
  throw new SnaxError("ERR_ARGUMENT", `the ledger has no patch ${word}: \`patches\` lists them`);
}

async function patches({ operator, args: [word] }: CommandCall): Promise<CommandResult> {
  if (word !== undefined) return await showPatch(operator, readRecord(operator, word));
  const records = operator.thread.live.ledger.records();
  return new Map(records.map((record) => [String(record.id), record]));
}

async function showPatch(operator: Operator, record: PatchRecord): Promise<Table> {
  const { target, time, by, applied, failed, results, takesBack, keepsOld } = record;
  const rows = new Map<string, unknown>([
    ["state", stateOf(record)],
    ["target", target],
    ["time", new Date(time).toISOString()],
    ["by", by === 0 ? "an earlier start" : nameOf(operator, by)],
    ["applied", applied],
    ["failed", failed],
  ]);
  if (takesBack !== undefined) rows.set("takes back", takesBack.join(", "));
  addKept(rows, keepsOld);
  for (const { handle, ok, code } of results) {
    if (handle !== 0) rows.set(formatAddress(handle), ok ? "applied" : (code ?? "failed"));
  }
  for (const [key, row] of await listTexts(operator, record)) rows.set(key, row);
  return rows;
}

/** What has become of a patch, from what is known last. */
function stateOf({ applied, failed, results, rolledBackBy, retired }: PatchRecord): string {
  const isRefused = applied === 0 && failed > 0;
  if (isRefused) return `refused: ${results[0]?.code ?? "no service has taken it"}`;
  if (rolledBackBy !== undefined) return `rolled back by patch ${rolledBackBy}`;
  return retired === undefined ? "in" : `retired: ${retired}`;
}

function nameOf({ runtime }: Operator, handle: number): string {
  const { service } = runtime.contextOf(handle) ?? {};
  const address = formatAddress(handle);
  return service === undefined ? address : `${address} ${service.title}`;
}

async function listTexts(operator: Operator, record: PatchRecord): Promise<Table> {
  const { live } = operator.thread;
  try {
    const texts = await askPatchTexts(live, operator.context, record);
    return new Map(
      [...texts].map(([module, text]) => {
        const row: TextRow = { hash: record.texts[module] ?? "", text };
        return [module === "" ? "text" : `text of ${module}`, row];
      }),
    );
  } catch (error) {
    return new Map([["text", `not known: ${messageOf(error)}`]]);
  }
}

/** The thread that has the texts of the patch. */
const toLeader: Route = ({ operator, args: [word] }) => {
  if (word === undefined) return undefined;
  try {
    return leaderOf(operator.runtime, readTarget(readRecord(operator, word).target));
  } catch {
    // It has none, or is for a service that has ended: the command says so.
    return undefined;
  }
};

function print(row: unknown): string {
  if (typeof row !== "object" || row === null) return formatValue(row);
  if ("text" in row) {
    const { hash, text } = row as TextRow;
    return `${hash}\n${text.replace(/^/gm, "\t")}`;
  }
  const { target, hash, time, applied, failed } = row as PatchRecord;
  const at = new Date(time).toISOString();
  return `applied:${applied}\tfailed:${failed}\thash:${hash}\ttarget:${target}\ttime:${at}`;
}

/** The commands by name. */
export const patchCommands: CommandTable = {
  patches: {
    help: "patches [id] [--json] : list the patches of this node, or show one with its texts",
    isOrdered: true,
    hasJson: true,
    words: { options: [], most: 1 },
    needs: toLeader,
    run: patches,
    print,
  },
};
