/**
 * One save: what runs becomes what the saved files say, where that can be done.
 *
 *     plan.ts -> patches, all or none -> reloads with the state -> new services begin with the files
 *             -> what runs counts as the files (live/operate/fold.ts) -> report.ts
 *
 * Notes are taken and shown: a developer who saves a file wants it to run. What did not go in is tried again with the next save.
 */

import { codeOf } from "../../base/error.ts";
import { statSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { TOGETHER_MAX } from "../../base/limits.ts";
import type { Operator } from "../../console/operator/operator.ts";
import { formatAddress } from "../../kernel/service.ts";
import { readAhead } from "../../live/operate/read-ahead.ts";
import { foldTexts } from "../../live/operate/fold.ts";
import { reload } from "../../live/rollout/reload.ts";
import { KnownModules } from "../../live/operate/known-modules.ts";
import type { RunningGroup } from "../../live/operate/running-texts.ts";
import { gatherRunning } from "../../live/operate/running-texts.ts";
import type { TogetherPart } from "../../live/rollout/together.ts";
import { applyTogether } from "../../live/rollout/together.ts";
import { clearCache } from "../../service/cache.ts";
import { messageOf } from "../../service/error-text.ts";
import type { SnaxCaller } from "../../snax/snax-functions.ts";
import { ConcernedModules } from "./concerned.ts";
import type { Plan } from "./plan.ts";
import { planSave } from "./plan.ts";
import { reachesOneOf } from "./reach.ts";
import type { Outcome } from "./report.ts";
import { reportSave } from "./report.ts";
import { SharedNames } from "./shared-names.ts";
import { loadTables } from "./tables.ts";
import { SaveTypes } from "./types.ts";
import { QUIET_MS } from "./watch.ts";

/** Services of a type whose failures are told one by one. */
const FAILURES_MAX = 4;

/** How often the save waits for an editor that goes on writing. */
const SETTLE_LOOKS_MAX = 100;

/** What to do with a service that runs on with old code. */
const ADVICE = "kill it and start it again, or restart snax dev";

/** The same if its file, or what that imports, can't be loaded: no service of it begins either. */
const LOAD_ADVICE =
  "a service that is started now fails in the same way; the save that mends it tries again";

/** Applies saves to the services of a node, one after the other. */
export class Saver {
  readonly #operator: Operator;
  readonly #caller: SnaxCaller;
  readonly #tell: (line: string) => void;
  readonly #names = new SharedNames();
  readonly #concerned = new ConcernedModules();
  readonly #types: SaveTypes;
  readonly #known = new KnownModules();
  #saves = 0;
  /** What was saved and did not go in. */
  #pending: ReadonlySet<string> = new Set();

  /** @param tell - gets the lines that people are to read. */
  constructor(operator: Operator, tell: (line: string) => void) {
    const { thread, context } = operator;
    this.#operator = operator;
    this.#caller = operator.caller;
    this.#tell = tell;
    this.#types = new SaveTypes(operator, tell);
    // Its own lines tell it.
    thread.live.ledger.quiet = context.handle;
  }

  /**
   * @param files - absolute paths of the files that were written, or are gone.
   * @param told - those of which something is said already, and nothing more unless a service runs them.
   */
  async save(files: ReadonlySet<string>, told: ReadonlySet<string>): Promise<void> {
    const began = performance.now();
    this.#saves += 1;
    const { context, runtime, thread } = this.#operator;
    const groups = await gatherRunning(context, "plain too", { known: this.#known });
    const saved = new Set([...files, ...this.#pendingWith(files, groups)]);
    await settle(saved);
    const plan = planSave(groups, saved, this.#concerned);
    const { outcome, done } = await this.#apply(plan, groups);
    await loadTables(this.#operator, saved, outcome);
    const modules = groups.flatMap((group) => group.modules);
    const shared = new Set(modules.filter(({ isShared }) => isShared).map(({ file }) => file));
    this.#names.note(groups, outcome.shared);
    const kept = this.#names.filesInUse(groups, plan.texts);
    for (const file of saved) {
      // A shared module stays the one that it is, for new services, too.
      if (!shared.has(file) && !kept.has(file) && !plan.broken.has(file)) clearCache(runtime, file);
    }
    if (plan.texts.size > 0) {
      const now = textsOf(plan, outcome, shared);
      await foldTexts(thread.live, context, { texts: now, types: done, by: context.handle });
    }
    const isAll = outcome.failures.length === 0;
    const left = [...this.#pending].filter((file) => !saved.has(file));
    this.#pending = new Set([...left, ...plan.broken.keys(), ...(isAll ? [] : plan.texts.keys())]);
    const running = new Set(modules.map(({ file }) => file));
    const ms = performance.now() - began;
    const news = new Set([...files].filter((file) => running.has(file) || !told.has(file)));
    const facts = { plan, outcome, saved: news, running, ms, root: runtime.paths.root };
    for (const line of reportSave(facts)) this.#tell(line);
    this.#types.check(groups, plan.texts.keys());
    void this.#prepareBirths(groups, plan.texts);
  }

  /** New services begin with a program that is read anew: now, while no save waits for it, and not in the next save. */
  async #prepareBirths(
    groups: readonly RunningGroup[],
    texts: ReadonlyMap<string, string>,
  ): Promise<void> {
    const saves = this.#saves;
    const isTouched = ({ modules }: RunningGroup): boolean =>
      modules.some(({ file }) => texts.has(file));
    for (const type of new Set(groups.filter(isTouched).map((group) => group.type))) {
      // What was saved runs first.
      await sleep(QUIET_MS, undefined, { ref: false });
      if (saves !== this.#saves) return;
      await readAhead(this.#operator.context, type);
    }
  }

  /** What did not go in may do so with what is saved now, if one service runs both, or imports it and so comes to. */
  #pendingWith(files: ReadonlySet<string>, groups: readonly RunningGroup[]): Iterable<string> {
    if (this.#pending.size === 0) return [];
    const all = groups.map(({ modules }) => new Set(modules.map(({ file }) => file)));
    const isNew = [...files].some((file) => all.every((each) => !each.has(file)));
    if (isNew) return this.#pending;
    const concerned = all.filter((each) => [...files].some((file) => each.has(file)));
    return [...this.#pending].filter(
      (file) => concerned.some((each) => each.has(file)) || reachesOneOf(file, files),
    );
  }

  /** @returns also the types whose modules run the saved texts now without having been made anew. */
  async #apply(
    plan: Plan,
    groups: readonly RunningGroup[],
  ): Promise<{ readonly outcome: Outcome; readonly done: ReadonlySet<string> }> {
    const outcome: Outcome = {
      ...{ patched: new Map(), shared: [], reloaded: new Map() },
      ...{ tables: [], failures: [], left: [] },
    };
    const types = new Map(
      groups.flatMap(({ handles, type }) => handles.map((each) => [each, type])),
    );
    const parts = partsOf(plan);
    const reloads = new Set(plan.reloads);
    const done = new Set(plan.same);
    const patch = async (some: readonly TogetherPart[]): Promise<void> => {
      try {
        const { live } = this.#operator.thread;
        const { applied } = await applyTogether(live, this.#caller, some);
        for (const handle of applied) {
          const type = types.get(handle);
          if (type === undefined) continue;
          outcome.patched.set(type, (outcome.patched.get(type) ?? 0) + 1);
        }
        for (const part of some) {
          if (part.kind === "type") done.add(part.type);
          else outcome.shared.push(part.file);
        }
      } catch (error) {
        const [part] = some;
        // All or none has become none: each by itself shows which of them can't be patched.
        if (some.length > 1) for (const each of some) await patch([each]);
        else if (part?.kind === "type") reloads.add(part.type);
        else if (part !== undefined) {
          const why = "a shared module can't be reloaded: restart snax dev to have it";
          outcome.failures.push(`${part.file}: ${messageOf(error)}; ${why}`);
        }
      }
    };
    for (let at = 0; at < parts.length; at += TOGETHER_MAX) {
      await patch(parts.slice(at, at + TOGETHER_MAX));
    }
    for (const type of reloads) await this.#reload(type, outcome);
    return { outcome, done };
  }

  async #reload(type: string, { reloaded: counts, failures, left }: Outcome): Promise<void> {
    try {
      const { live } = this.#operator.thread;
      const { reloaded, failed, leftBehind } = await reload(live, this.#caller, type);
      if (reloaded.length > 0) counts.set(type, reloaded.length);
      if (leftBehind.length > 0) left.push(`by ${type}: ${leftBehind.join(", ")}`);
      for (const { handle, message } of failed.slice(0, FAILURES_MAX)) {
        const whose = `${formatAddress(handle)} ${type} runs on with its old code`;
        failures.push(`${whose}: ${message}; ${ADVICE}`);
      }
      const more = failed.length - FAILURES_MAX;
      if (more > 0) failures.push(`${more} more ${type} run on with their old code`);
    } catch (error) {
      const advice = codeOf((error as Error).cause) === "ERR_MODULE" ? LOAD_ADVICE : ADVICE;
      failures.push(`all ${type} run on with their old code: ${messageOf(error)}; ${advice}`);
    }
  }
}

/** Waits until the files are no longer written: what is in one meanwhile may be valid, and half of it. */
async function settle(files: ReadonlySet<string>): Promise<void> {
  const isFresh = (file: string): boolean => {
    const written = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    const age = written === undefined ? Infinity : Date.now() - written;
    // The clock of another machine may be ahead.
    return age >= 0 && age < QUIET_MS;
  };
  for (let looks = 0; looks < SETTLE_LOOKS_MAX && [...files].some(isFresh); looks += 1) {
    await sleep(QUIET_MS / 2);
  }
}

/** Modules that import a shared one find its new names. */
function partsOf({ patches, shared }: Plan): TogetherPart[] {
  const first = [...shared].map(([file, text]): TogetherPart => ({ kind: "shared", file, text }));
  const types = [...patches].map(([type, texts]): TogetherPart => {
    return { kind: "type", type, texts: new Map(Object.entries(texts)), args: [] };
  });
  return [...first, ...types];
}

/** The texts that run: a shared module that could not be patched runs the old one. */
function textsOf(
  { texts, shared }: Plan,
  outcome: Outcome,
  all: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const isIn = (file: string): boolean =>
    !all.has(file) || !shared.has(file) || outcome.shared.includes(file);
  return new Map([...texts].filter(([file]) => isIn(file)));
}
