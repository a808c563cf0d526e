/**
 * `snax.rollback`: takes patches back, also out of order.
 *
 *     ledger    which services the patches were for, and their texts
 *     threads   what these services run, and what they would run without the patches
 *     diff      the patch that leads from the one to the other; what it can't do is refused
 *     hotfix    that patch goes in as any other: births and the ledger on disk included
 *
 * So later patches keep what they gave, and a name that one of them needs refuses the rollback.
 */

import { SnaxError } from "../../base/error.ts";
import type { Context } from "../../service/context.ts";
import { deadError } from "../../kernel/refusal.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import type { PatchRecord, RollbackResult } from "../../snax/types.ts";
import { diffProgram } from "../../texts/diff.ts";
import type { ModuleDiff } from "../../texts/verdict.ts";
import { listFreeNames } from "../../texts/free-name.ts";
import { hotfixall } from "../rollout/all-of-type.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { hotfix } from "../rollout/one-service.ts";
import type { Target } from "./patch-target.ts";
import { readTarget } from "./patch-target.ts";
import { hasHotfix } from "../text/patch-text.ts";
import { askPatchTexts } from "./patch-texts.ts";
import type { KeptState, PatchCaller } from "../rollout/rollout.ts";
import type { RunningGroup, RunningModule, TextQuestion } from "./running-texts.ts";
import { gatherRunning, nameServices, resolveAmong } from "./running-texts.ts";
import type { TogetherPart } from "../rollout/together.ts";
import { applyTogether } from "../rollout/together.ts";
import { hotfixshared } from "./shared-call.ts";

/** The patch that takes others back. */
interface Reverse {
  /** By real path; empty if later patches have replaced everything. */
  readonly patch: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** Takes patches back; see `SnaxApi.rollback`. */
export async function rollback(
  live: LiveThread,
  caller: SnaxCaller,
  ids: unknown,
): Promise<RollbackResult> {
  const records = readIds(ids).map((id) => findRecord(live, id));
  const plans = await planAll(live, caller.context, records);
  const takesBack = records.map(({ id }) => id);
  const undoes = [...new Set(plans.flatMap((plan) => plan.texts))];
  const backer = { ...caller, takesBack, undoes };
  const notes = [...new Set(plans.flatMap((plan) => plan.notes))];
  const [first] = plans;
  const name = records[0]?.target ?? "";
  const result =
    plans.length > 1 || first === undefined
      ? await sendTogether(live, backer, plans)
      : await send(live, backer, { ...first, name });
  return { ...result, notes };
}

/** What takes patches back. */
interface RollbackPlan extends Reverse {
  readonly target: Target;
  /** The texts of the patches that are taken back. */
  readonly texts: readonly string[];
  /** Whether one of them has assigned variables that can be given back. */
  readonly hasState: boolean;
}

/** Makes the patch that takes others of one type back. @throws as `SnaxApi.rollback` */
export async function planRollback(
  live: LiveThread,
  context: Context,
  ids: readonly number[],
): Promise<RollbackPlan & { readonly records: readonly PatchRecord[] }> {
  const records = ids.map((id) => findRecord(live, id));
  const [plan, other] = await planAll(live, context, records);
  if (plan !== undefined && other === undefined) return { ...plan, records };
  const why = "they are for several types and modules";
  throw new SnaxError("ERR_ARGUMENT", `patch ${ids.join(", ")} can't be taken back here: ${why}`);
}

/** Makes the patches that take others back, one for each type, service or module. */
async function planAll(
  live: LiveThread,
  context: Context,
  records: readonly PatchRecord[],
): Promise<readonly RollbackPlan[]> {
  const targets = targetsOf(records);
  const texts = new Set<string>();
  let hasSteps = false;
  for (const record of records) {
    for (const text of (await askPatchTexts(live, context, record)).values()) {
      texts.add(text);
      hasSteps ||= hasHotfix(text);
    }
  }
  const plans: RollbackPlan[] = [];
  for (const target of targets) {
    const groups = await gatherRunning(context, questionOf(target), [...texts]);
    const { patch, notes } = reverseOf(groups, target, records);
    const said = hasSteps ? [...notes, STEPS_NOTE] : notes;
    const hasState = groups.some((group) => group.hasState);
    plans.push({ target, patch, notes: said, texts: [...texts], hasState });
  }
  return plans;
}

const STEPS_NOTE =
  "what hotfix() did besides assigning variables stays: the contents of objects, what it sent and wrote";

export function readIds(given: unknown): number[] {
  const ids: unknown[] = Array.isArray(given) ? given : [given];
  const isGood = ids.length > 0 && ids.every((id) => Number.isInteger(id) && (id as number) > 0);
  if (isGood) return ids as number[];
  throw new SnaxError(
    "ERR_ARGUMENT",
    "snax.rollback needs the number of a patch, or a list of them",
  );
}

function findRecord({ ledger }: LiveThread, id: number): PatchRecord {
  const record = ledger.find(id);
  if (record === undefined) {
    throw new SnaxError("ERR_ARGUMENT", `the ledger has no patch ${id}: \`patches\` lists them`);
  }
  if (record.applied > 0 || record.failed === 0) return record;
  throw new SnaxError("ERR_ARGUMENT", `patch ${id} was refused: there is nothing to take back`);
}

/** Patches that are taken back together were for the same. */
function targetsOf(records: readonly PatchRecord[]): readonly Target[] {
  const [first] = records;
  const target = first?.target ?? "";
  const other = records.find((record) => record.target !== target);
  if (other !== undefined) {
    const why = `patch ${first?.id} is for ${target}, patch ${other.id} for ${other.target}`;
    throw new SnaxError("ERR_ARGUMENT", `${why}: take them back one after the other`);
  }
  if (target.startsWith("reload ")) {
    const why = `${first?.id} is a reload: undo the edit in the file and reload again`;
    throw new SnaxError("ERR_ARGUMENT", why);
  }
  return (first?.targets ?? [target]).map(readTarget);
}

function questionOf(target: Target): TextQuestion {
  if (target.kind === "service") return { handle: target.handle };
  return target.kind === "type" ? { type: target.type } : "plain too";
}

/** Makes the patch for all groups; they have to agree, for births get one. */
function reverseOf(
  groups: readonly RunningGroup[],
  target: Target,
  records: readonly PatchRecord[],
): Reverse {
  const what = records.map(({ id }) => `patch ${id}`).join(", ");
  const isMeant = ({ modules }: RunningGroup): boolean =>
    target.kind !== "shared" || modules.some(({ file }) => file === target.file);
  const meant = groups.filter(isMeant).map((group) => narrow(group, target));
  if (target.kind === "service" && meant.length === 0) throw deadError(target.handle);
  if (meant.length === 0) throw nobodyError(what);
  const has = ({ modules }: RunningGroup): boolean =>
    modules.some(({ without, refusal }) => without !== undefined || refusal !== undefined);
  const having = meant.filter(has);
  // Who was born from the edited file, once that was patched in, runs the same without the patch.
  const isAlike = (group: RunningGroup): boolean => having.some((each) => isSame(each, group));
  const lacking = meant.filter((group) => !has(group) && !isAlike(group));
  if (lacking.length > 0) {
    const whose = lacking.map(({ handles }) => nameServices(handles)).join(", ");
    throw new SnaxError("ERR_PATCH", `${what} can't be taken back: it is not in ${whose}`);
  }
  const reverses = having.map((group) => reverseGroup(group, what));
  const [first] = reverses;
  const text = JSON.stringify(first?.patch);
  const isOne = reverses.every(({ patch }) => JSON.stringify(patch) === text);
  if (first !== undefined && isOne) {
    // Those who import a shared module have made something else of it each.
    return { patch: first.patch, notes: [...new Set(reverses.flatMap(({ notes }) => notes))] };
  }
  const whose = meant.map(({ handles }) => nameServices(handles)).join(" | ");
  throw new SnaxError(
    "ERR_PATCH",
    `${what} can't be taken back: services run different texts (${whose})`,
  );
}

/** Patches of what a type shares with others are taken back by themselves, and the other way round. */
function narrow(group: RunningGroup, target: Target): RunningGroup {
  const isOurs = ({ file, isShared }: RunningModule): boolean =>
    target.kind === "shared" ? file === target.file : !isShared;
  const modules = group.modules.map((module) =>
    isOurs(module) ? module : { ...module, without: undefined, refusal: undefined },
  );
  return { ...group, modules };
}

function nobodyError(what: string): SnaxError {
  const why = "nobody runs it now: start a service, then take the patch back";
  return new SnaxError("ERR_PATCH", `${what} can't be taken back: ${why}`);
}

/** Whether two groups do the same, however their texts are laid out. */
function isSame(one: RunningGroup, other: RunningGroup): boolean {
  const texts = new Map(other.modules.map(({ file, text }) => [file, text]));
  if (texts.size !== one.modules.length) return false;
  const edits = one.modules.flatMap(({ file, text, isService }) => {
    const edited = texts.get(file);
    return text === undefined || edited === undefined
      ? []
      : [{ file, running: text, edited, isService }];
  });
  if (edits.length !== texts.size) return false;
  return diffProgram(edits).every(({ verdict }) => verdict === "same");
}

function reverseGroup({ modules, type }: RunningGroup, what: string): Reverse {
  const edits = modules.flatMap(({ file, text, without, refusal, isService }) => {
    if (refusal !== undefined) {
      throw new SnaxError("ERR_PATCH", `${what} can't be taken back: ${refusal}`);
    }
    return text === undefined ? [] : [{ file, running: text, edited: without ?? text, isService }];
  });
  for (const { file, running, edited } of edits) {
    if (running !== edited) refuseNeeded({ file, running, edited }, what);
  }
  const diffs = diffProgram(edits, { resolve: resolveAmong(modules) });
  refuseBeyond(diffs, `${what} of ${type}`);
  const patch: Record<string, string> = {};
  for (const { file, patch: text } of diffs) if (text !== undefined) patch[file] = text;
  const notes = diffs.flatMap(({ changes }) =>
    changes.flatMap(({ verdict, what: name, why }) =>
      verdict === "note" ? `${name}: ${why}` : [],
    ),
  );
  return { patch, notes };
}

/** What later patches, or the file, use of what the patches added. */
function refuseNeeded(
  { file, running, edited }: { file: string; running: string; edited: string },
  what: string,
): void {
  const before = listFreeNames(running, file);
  const needed = [...listFreeNames(edited, file).keys()].filter((name) => !before.has(name));
  if (needed.length === 0) return;
  const why = `${needed.join(", ")} is still needed by what later patches gave in ${file}`;
  throw new SnaxError(
    "ERR_PATCH_NAME",
    `${what} can't be taken back: ${why}; take those back, too`,
  );
}

function refuseBeyond(diffs: readonly ModuleDiff[], what: string): void {
  const lines = diffs.flatMap(({ changes }) =>
    changes.flatMap(({ verdict, what: name, why }) =>
      verdict === "reload" || verdict === "refused" ? `${name}: ${why}` : [],
    ),
  );
  if (lines.length === 0) return;
  throw new SnaxError("ERR_PATCH", `${what} can't be taken back by a patch: ${lines.join("; ")}`);
}

type Sent = Omit<RollbackResult, "notes">;

/** All of them, or none. */
async function sendTogether(
  live: LiveThread,
  caller: PatchCaller,
  plans: readonly RollbackPlan[],
): Promise<Sent> {
  const parts = plans.flatMap(({ target, patch, hasState }): TogetherPart[] => {
    const texts = new Map(Object.entries(patch));
    if (texts.size === 0 && hasState) texts.set("", "");
    if (texts.size === 0 || target.kind === "service") return [];
    if (target.kind === "type") return [{ kind: "type", type: target.type, texts, args: [] }];
    return [{ kind: "shared", file: target.file, text: patch[target.file] ?? "" }];
  });
  if (parts.length === 0) return { id: undefined, applied: [], failed: [], skipped: [], kept: [] };
  const { id, applied, skipped, kept } = await applyTogether(live, caller, parts);
  return { id, applied, failed: [], skipped, kept };
}

interface SendOrder extends RollbackPlan {
  /** The target as the ledger says it. */
  readonly name: string;
}

async function send(
  live: LiveThread,
  caller: PatchCaller,
  { target, name, patch: given, hasState }: SendOrder,
): Promise<Sent> {
  const nothing = { applied: [], failed: [], skipped: [], kept: [] };
  const isEmpty = Object.keys(given).length === 0;
  if (isEmpty && !hasState) return { id: undefined, ...nothing };
  // A patch that does nothing but give variables back what they had.
  const patch = isEmpty ? "" : given;
  switch (target.kind) {
    case "type": {
      const done = await hotfixall(live, caller, target.type, [patch]);
      const { id, applied, failed, skipped, kept = [] } = done;
      return { id, applied, failed, skipped, kept };
    }
    case "service": {
      const names = (await hotfix(live, caller, target.handle, [patch])) as readonly string[];
      // Its entry came before the answer.
      const id = live.ledger.lastOf(name)?.id;
      const kept = keptBy(target.handle, names);
      return { ...nothing, id, applied: [target.handle], kept };
    }
    case "shared": {
      const text = given[target.file] ?? "";
      const { id, kept = [] } = await hotfixshared(live, caller, target.file, text);
      return { ...nothing, id, kept: keptBy(0, kept) };
    }
  }
}

function keptBy(handle: number, names: readonly string[]): KeptState[] {
  return names.length === 0 ? [] : [{ handle, names: [...new Set(names)] }];
}
