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
import type { Withdrawal } from "./withdrawal.ts";
import { standWithout, UseTable } from "./withdrawal.ts";
import type { TogetherPart } from "../rollout/together.ts";
import { applyTogether } from "../rollout/together.ts";
import { hotfixshared } from "../rollout/shared-call.ts";

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
  const { plans, isDone } = await planAll(live, caller.context, records);
  if (isDone && plans.every(isNothing)) return { id: undefined, ...NOTHING, kept: [], notes: [] };
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
  const { plans } = await planAll(live, context, records);
  const [plan, other] = plans;
  if (plan !== undefined && other === undefined) return { ...plan, records };
  const why = "they are for several types and modules";
  throw new SnaxError("ERR_ARGUMENT", `patch ${ids.join(", ")} can't be taken back here: ${why}`);
}

/** Makes the patches that take others back, one for each type, service or module. */
async function planAll(
  live: LiveThread,
  context: Context,
  records: readonly PatchRecord[],
): Promise<{
  readonly plans: readonly RollbackPlan[];
  /** Whether all had been taken back before. */
  readonly isDone: boolean;
}> {
  const targets = targetsOf(records);
  const texts = new Set<string>();
  let hasSteps = false;
  for (const record of records) {
    for (const text of (await askPatchTexts(live, context, record)).values()) {
      texts.add(text);
      hasSteps ||= hasHotfix(text);
    }
  }
  const { out, isDone, later, replaced } = standWithout(live, records);
  const uses = new UseTable(live, context);
  const stays = isDone ? [] : await uses.listKept(records, later);
  const withdrawal: Withdrawal = { texts: [...texts], out };
  const plans: RollbackPlan[] = [];
  for (const target of targets) {
    const groups = await gatherRunning(context, questionOf(target), { without: withdrawal });
    const needed = listNeeded(groups, target);
    if (needed.length > 0)
      throw neededError(records, needed, await uses.listNeeding(needed, later));
    const { patch, notes } = reverseOf(groups, target, records);
    const present = new Set(groups.flatMap(listPatches));
    const isGone = ({ texts: hashes }: PatchRecord): boolean =>
      !Object.values(hashes).some((hash) => present.has(hash));
    const lost = isDone ? [] : await uses.listLost(records, replaced.filter(isGone));
    const said = [...stays, ...lost, ...notes, ...(hasSteps ? [STEPS_NOTE] : [])];
    const hasState = groups.some((group) => group.hasState);
    plans.push({ target, patch, notes: said, texts: [...texts], hasState });
  }
  return { plans, isDone };
}

/** There is neither code nor state to take back. */
function isNothing({ patch, hasState }: RollbackPlan): boolean {
  return Object.keys(patch).length === 0 && !hasState;
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
  // A service born from the edited file, once that was patched in, runs the same without the patch.
  const isAlike = (group: RunningGroup): boolean => having.some((each) => isSame(each, group));
  const lacking = meant.filter((group) => !has(group) && !isAlike(group));
  if (lacking.length > 0) {
    const whose = lacking.map(({ handles }) => nameServices(handles)).join(", ");
    throw new SnaxError("ERR_PATCH", `${what} can't be taken back: it is not in ${whose}`);
  }
  // A service born when later patches had replaced earlier ones lacks these, and runs the same.
  const fullest = having.toSorted((a, b) => listPatches(b).length - listPatches(a).length)[0];
  const first = fullest && reverseGroup(fullest, what);
  const reverses = [...(first === undefined ? [] : [first])];
  const text = JSON.stringify(first?.patch);
  const isOne = having.every((group) => {
    if (fullest === undefined || group === fullest || isSame(fullest, group)) return true;
    const reverse = reverseGroup(group, what);
    reverses.push(reverse);
    return JSON.stringify(reverse.patch) === text;
  });
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

/** The hashes of the patches that services have. */
function listPatches({ modules }: RunningGroup): string[] {
  return modules.flatMap(({ patches }) => patches);
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
  const why = "no service runs it now: start a service, then take the patch back";
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

/** The names that later patches, or the file, use of what the patches added. */
function listNeeded(groups: readonly RunningGroup[], target: Target): string[] {
  const needed = new Set<string>();
  for (const { modules } of groups.map((group) => narrow(group, target))) {
    for (const { file, text: running, without: edited } of modules) {
      if (running === undefined || edited === undefined || running === edited) continue;
      const before = listFreeNames(running, file);
      for (const name of listFreeNames(edited, file).keys()) {
        if (!before.has(name)) needed.add(name);
      }
    }
  }
  return [...needed];
}

/** @param needing - the patches that use them; the file may as well */
function neededError(
  records: readonly PatchRecord[],
  needed: readonly string[],
  needing: readonly string[],
): SnaxError {
  const ids = records.map(({ id }) => id).join(", ");
  const why =
    needing.length === 0
      ? `${needed.join(", ")} is still needed`
      : `${needing.join("; ")}; take those back, too`;
  return new SnaxError("ERR_PATCH_NAME", `patch ${ids} can't be taken back: ${why}`);
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

const NOTHING = { applied: [], failed: [], skipped: [] };

/** All of them, or none. */
async function sendTogether(
  live: LiveThread,
  caller: PatchCaller,
  plans: readonly RollbackPlan[],
): Promise<Sent> {
  const parts = plans.flatMap(({ target, patch }): TogetherPart[] => {
    const texts = new Map(Object.entries(patch));
    if (texts.size === 0) texts.set("", "");
    if (target.kind === "service") return [];
    if (target.kind === "type") return [{ kind: "type", type: target.type, texts, args: [] }];
    return [{ kind: "shared", file: target.file, text: patch[target.file] ?? "" }];
  });
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
  { target, name, patch: given }: SendOrder,
): Promise<Sent> {
  // A patch that gives nothing but variables what they had, if that: the ledger says what is out.
  const patch = Object.keys(given).length === 0 ? "" : given;
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
      return { ...NOTHING, id, applied: [target.handle], kept };
    }
    case "shared": {
      const text = given[target.file] ?? "";
      const { id, kept = [] } = await hotfixshared(live, caller, target.file, text);
      return { ...NOTHING, id, kept: keptBy(0, kept) };
    }
  }
}

function keptBy(handle: number, names: readonly string[]): KeptState[] {
  return names.length === 0 ? [] : [{ handle, names: [...new Set(names)] }];
}
