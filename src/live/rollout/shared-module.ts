/**
 * `snax.hotfixshared`: a patch for a `"use shared"` module, of which a thread has one instance.
 *
 * It goes in in one synchronous step for all services at once: they hold the module's functions
 * through forwarders and its classes by identity, and hear of its changed variables. `hotfix()` of
 * the patch, if it has one, must be synchronous: no service can be held while it waits. The patch
 * stays only if every thread has taken it; the main thread leads.
 */

import { codeOf, SnaxError } from "../../base/error.ts";
import { findModuleFile } from "../../loader/resolve/module-file.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import { Program } from "../../loader/run/program.ts";
import type { Context } from "../../service/context.ts";
import { isThenable } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { HotfixSharedResult } from "../../snax/types.ts";
import { evaluateImports } from "../text/patch-import.ts";
import { keepsOldOf, summarise, summaryOf } from "../apply/patch-summary.ts";
import type { PatchSummary } from "../apply/patch-summary.ts";
import { ServicePatch } from "../apply/application.ts";
import { compileParts, hashOfPatch } from "../text/compile.ts";
import { scopeIn } from "../text/patched-module.ts";
import type { PatchPart } from "../text/compile.ts";
import type { LiveThread } from "./live-thread.ts";
import type { PatchKind, PatchOrder, ThreadPart } from "./rollout.ts";
import { given, rollOut } from "./rollout.ts";
import type { OrderState } from "./thread-order.ts";
import { beginOrder } from "./thread-order.ts";
import type { StepKept, StepTried, TransactionStep } from "./transaction.ts";

/** What a program asks of hotfixshared. */
export interface SharedCall {
  /** Absolute path of the module. */
  readonly file: string;
  readonly text: string;
  /** The handle of the service that asks. */
  readonly caller: number;
  /** The patches that it takes back, by number. */
  readonly takesBack: readonly number[] | undefined;
  /** The texts of these. */
  readonly undoes: readonly string[] | undefined;
  /** It is not kept for the next start. */
  readonly isOnce: boolean;
}

/** One call of hotfixshared, with its number. */
export interface SharedOrder extends PatchOrder, Pick<SharedCall, "file" | "text"> {
  /** The texts of the patches that it takes back. @defaultValue none */
  readonly undoes?: readonly string[] | undefined;
}

/** A patch for a shared module. */
export const SHARED_MODULE: PatchKind<SharedCall, SharedOrder, readonly string[], void> = {
  name: "shared",
  // Order: of two patches for a module every thread has the same one last.
  run: (live, context, call) => live.inTurn([call.file], () => runForModule(live, context, call)),
  prepare: (live, _context, order) => SharedPart.compile(live, order),
  // What was not compiled here comes with the word about patches that were kept.
  keepLate: async () => {},
};

async function runForModule(
  live: LiveThread,
  context: Context,
  { file, text, caller, takesBack, undoes, isOnce }: SharedCall,
): Promise<SharedDone> {
  const { runtime } = context;
  const id = live.ledger.next();
  const order: SharedOrder = { id, file, text, undoes };
  const texts = new Map([[file, text]]);
  const hash = hashOfPatch(texts);
  const enter = (said: string, result: { ok: boolean; code?: string }, done?: PatchSummary): void =>
    live.ledger.enter({
      ...{ id, hash, target: file, said, texts, ...keepsOldOf(done) },
      ...{ results: [{ handle: 0, ...result }], by: caller, takesBack },
    });
  let summary: PatchSummary | undefined;
  let threads: number;
  let kept: readonly string[];
  const sticky = isOnce ? undefined : live.sticky;
  try {
    sticky?.prepareShared({ ...order, takesBack }, hash);
    const done = await rollOut(live, context, {
      kind: SHARED_MODULE,
      order,
      homes: runtime.threads?.hosts ?? [undefined],
      stays: ({ stuck }) => {
        for (const error of stuck.values()) throw error;
        return true;
      },
      // A thread that loads the module later gets it then, one that takes another one's place too.
      onKeep: ({ values }) => {
        if (given(values).length === 0) return;
        const isSticky = sticky?.keep(id, { applied: 1, failed: 0 }) === true;
        if (!isSticky) live.latePatches.spread({ ...order, isSticky });
        if (isOnce) live.sticky?.logOnce({ id, type: file });
      },
    });
    ({ summary } = done);
    threads = given(done.tried.values).length;
    kept = given(done.tried.values).flat();
  } catch (error) {
    sticky?.refuse(id, messageOf(error));
    const code = codeOf(error) ?? "ERR_PATCH_FAILED";
    enter(`refused: ${messageOf(error)}`, { ok: false, code });
    throw error;
  }
  // Nothing was patched, so there is nothing to enter.
  if (summary === undefined) {
    const error = unusedError(runtime, file);
    sticky?.refuse(id, error.message);
    throw error;
  }
  enter(`applied: ${summary.said}`, { ok: true }, summary);
  return { id, threads, ...(undoes !== undefined && { kept }), ...keepsOldOf(summary) };
}

/** What came of a patch. */
export interface SharedDone extends HotfixSharedResult {
  /** Variables that it was to give back, and has not; with a rollback only. */
  readonly kept?: readonly string[];
}

/** The error for a module that is not shared. */
export function unusedError({ cache }: Runtime, file: string): SnaxError {
  const image = cache.images.get(findModuleFile(file) ?? file);
  const why =
    image === undefined || image.data.isShared
      ? `no service uses a shared module ${file}`
      : `${file} is not shared: each service that imports it has its own; ${HOW_OWN}`;
  return new SnaxError("ERR_PATCH_NAME", why);
}

/** How a module is patched of which each service has its own. */
const HOW_OWN =
  "give its text to the services, snax.hotfixall(type, { path: text }), or `hotfix TYPE path=FILE` in the console";

/** A patch compiled for one instance of a shared module. */
interface SharedTarget extends SharedPlace {
  readonly parts: readonly PatchPart[];
}

/**
 * A patch of a shared module on its way into a thread, for each instance of the module that
 * a service runs.
 */
export class SharedPart implements ThreadPart<readonly string[], void> {
  readonly summary: PatchSummary;
  readonly #live: LiveThread;
  readonly #id: number;
  readonly #undoes: readonly string[];
  /** See ServicePatch.kept. */
  kept: readonly string[] = [];
  readonly #targets: readonly SharedTarget[];
  /** Those that are in, and not kept yet. */
  readonly #patches: { readonly target: SharedTarget; readonly patch: ServicePatch }[] = [];

  private constructor(
    live: LiveThread,
    { id, undoes = [] }: SharedOrder,
    targets: readonly SharedTarget[],
  ) {
    this.#live = live;
    this.#id = id;
    this.#undoes = undoes;
    this.#targets = targets;
    const [first] = targets;
    this.summary = summarise(first?.parts ?? [], first?.program.sharedInstance);
  }

  /** @returns undefined if no service of this thread uses the module. */
  static async compile(live: LiveThread, order: SharedOrder): Promise<SharedPart | undefined> {
    const { runtime } = live;
    const places = findSharedPlaces(runtime, order.file);
    if (places.length === 0) return undefined;
    const targets: SharedTarget[] = [];
    for (const place of places) targets.push(await compileAt(runtime, place, order));
    return new SharedPart(live, order, targets);
  }

  /**
   * Puts it in everywhere and runs its `hotfix()`; where that fails, this one instance is as
   * before.
   */
  async try(state: OrderState | undefined): Promise<readonly string[] | undefined> {
    // The leader takes a thread that was given up for one that has failed.
    if (!beginOrder(state)) return undefined;
    for (const target of this.#targets) {
      const patch = commitShared(this.#live.runtime, target);
      runNow(patch);
      this.#patches.push({ target, patch });
      const { shared } = target.node;
      if (shared !== undefined && this.#undoes.length > 0) patch.restore([shared], this.#undoes);
      this.kept = [...new Set([...this.kept, ...patch.kept])];
      if (shared !== undefined) this.#live.latePatches.note(shared, this.#id);
    }
    return this.kept;
  }

  keep(): void {
    for (const { patch } of this.#patches) patch.keep();
    // A service that was cut off and rests may have been so for the code that is another now.
    this.#live.runtime.kernel.endRest();
  }

  /** What went in last is taken back first. */
  undo(): void {
    for (const { target, patch } of this.#patches.toReversed()) {
      patch.undo(new SnaxError("ERR_PATCH_FAILED", "another instance or thread failed"));
      const { shared } = target.node;
      if (shared !== undefined) this.#live.latePatches.strike(shared, this.#id);
    }
  }
}

/**
 * What a text from before the cache was cleared refuses says so: it is not the one that the
 * operator has at hand.
 */
async function compileAt(
  { cache }: Runtime,
  place: SharedPlace,
  order: Pick<SharedOrder, "file" | "text">,
): Promise<SharedTarget> {
  const { node, program } = place;
  try {
    return { node, program, parts: await compileShared(place, order) };
  } catch (error) {
    const isFormer = cache.shared.nodes.get(node.image.file) !== node;
    if (!isFormer || !(error instanceof SnaxError)) throw error;
    const why = `${error.message} (so it is in the text that services from before the cache was cleared run)`;
    throw new SnaxError(error.code, why, { cause: error });
  }
}

/** Compiles a patch of a shared module as the module is. */
export async function compileShared(
  { node, program }: SharedPlace,
  { file, text }: Pick<SharedOrder, "file" | "text">,
): Promise<readonly PatchPart[]> {
  const instance = program.sharedInstance;
  const parts = await compileParts(new Map([[file, text]]), {
    program,
    scopeOf: (each) => scopeIn(instance, each),
    hasMethods: false,
    apiNames: new Set(),
    find: () => node,
  });
  await evaluateImports(parts, instance);
  return parts;
}

/** Puts it in; its `hotfix()` does not run yet. */
export function commitShared(
  runtime: Runtime,
  { node, program, parts }: SharedTarget,
): ServicePatch {
  Program.expectWrites(node, instancesOf(runtime));
  return ServicePatch.commit(program.sharedInstance, undefined, parts);
}

function* instancesOf(runtime: Runtime): Generator<Instance> {
  for (const { code } of runtime.contexts()) if (code !== undefined) yield code;
}

function runNow(patch: ServicePatch): void {
  let result: unknown;
  try {
    result = patch.run([]);
  } catch (error) {
    throw patch.undo(error);
  }
  if (isThenable(result)) {
    // No code waits for it; its failure must not become a stray rejection.
    result.then(undefined, () => {});
    throw patch.undo(
      new SnaxError("ERR_PATCH", "hotfix() of a shared module's patch must not be async"),
    );
  }
}

/**
 * Finds a shared module of a thread by its absolute path; undefined if no service has needed it
 * yet.
 */
export function findSharedNode(program: Program, path: string): ModuleNode | undefined {
  const node = program.nodes.get(path) ?? program.nodes.get(findModuleFile(path) ?? path);
  return node?.shared === undefined ? undefined : node;
}

/** A shared module, and the program of shared modules that it belongs to. */
export interface SharedPlace {
  readonly node: ModuleNode;
  readonly program: Program;
}

/**
 * Finds every instance of a shared module that a service of a thread runs, by its absolute path:
 * that of services yet to be born first, then those that services hold on to from before the cache
 * was cleared.
 */
export function findSharedPlaces(runtime: Runtime, path: string): SharedPlace[] {
  const file = findModuleFile(path) ?? path;
  const found = new Map<ModuleNode, Program>();
  const add = (node: ModuleNode, program: Program): void => {
    const isMeant = node.isShared && (node.image.file === path || node.image.file === file);
    if (isMeant && node.shared !== undefined && !found.has(node)) found.set(node, program);
  };
  const programs = new Set<Program>([runtime.cache.shared]);
  for (const { code } of runtime.contexts()) {
    const program = code?.program;
    if (program === undefined || programs.has(program)) continue;
    programs.add(program);
    programs.add(program.shared);
  }
  for (const program of programs) for (const node of program.modules()) add(node, program.shared);
  return [...found].map(([node, program]) => ({ node, program }));
}

/** The patch among those that go in all together: a step of a transaction, on one thread. */
export class SharedStep implements TransactionStep {
  readonly #live: LiveThread;
  readonly #order: SharedOrder;
  #part: SharedPart | undefined;

  private constructor(live: LiveThread, order: SharedOrder, part: SharedPart | undefined) {
    this.#live = live;
    this.#order = order;
    this.#part = part;
  }

  /** @throws what the module can't take. */
  static async compile(live: LiveThread, order: SharedOrder): Promise<SharedStep> {
    return new SharedStep(live, order, await SharedPart.compile(live, order));
  }

  get summary(): PatchSummary {
    return this.#part?.summary ?? summaryOf("");
  }

  /** Race: a service may have loaded it since; none does so from here on. */
  async ready(): Promise<void> {
    this.#part = await SharedPart.compile(this.#live, this.#order);
  }

  async try(): Promise<StepTried> {
    const part = this.#part;
    await part?.try(undefined);
    return { failed: [], pending: part === undefined ? 0 : 1, isUsed: part !== undefined };
  }

  async keep(): Promise<StepKept> {
    this.#part?.keep();
    const names = this.#part?.kept ?? [];
    const kept = names.length > 0 ? [{ handle: 0, names }] : [];
    return { applied: [], skipped: [], retired: [], kept };
  }

  giveUp(): void {}

  async undo(): Promise<void> {
    this.#part?.undo();
  }

  end(): void {}
}
