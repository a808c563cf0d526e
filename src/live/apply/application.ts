/**
 * Puts a compiled patch into one service, inside a turn of that service: all of its parts or nothing.
 *
 *     applyPatch -> [job of the service] -> bind every part (changes nothing) -> commit every part
 *                                           -> methods -> new state, in one synchronous step
 *                                        -> hotfix(...args): at once, or over time with the service's
 *                                           requests, posts and timers held -> kept or undone
 *                   or wait for another patch, or for a module that awaits -> once more
 *     fail       -> at any of these: all that was done is taken back, last first, then rollback() runs
 *
 * The job runs before everything that waits in the mailbox, except what the same sender posted before.
 * No hold stops it, so a service in queue mode that is stuck in an await can be repaired. A service
 * that is still in its `init` gets the patch right after that, before its first message.
 *
 * Race: a reply that a handler awaits is delivered while `hotfix()` waits, so the handler may write
 * variables meanwhile; test/integration/hotfix covers what is undone then.
 */

import { SnaxError } from "../../base/error.ts";
import type { Message } from "../../kernel/message.ts";
import { deadError } from "../../kernel/refusal.ts";
import { HOLD } from "../../kernel/service.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Context } from "../../service/context.ts";
import { isThenable, runInside } from "../../service/context.ts";
import { messageOf } from "../../service/error-text.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import type { Method } from "../../snax/snax-host.ts";
import { scopeIn } from "../text/patched-module.ts";
import type { PatchPart } from "../text/compile.ts";
import { evaluateImports } from "../text/patch-import.ts";
import { PatchRun } from "./patch-run.ts";
import { UndoLog } from "./undo-log.ts";
import type { GivenMethod } from "./method-swap.ts";
import { listMethods, swapMethods } from "./method-swap.ts";
import { restoreWritten } from "./written-state.ts";

/** Returns the code of a living service. */
export function codeOfService(context: Context): Instance {
  if (!context.service.isAlive) throw deadError(context.handle);
  if (context.code !== undefined) return context.code;
  throw new SnaxError("ERR_PATCH", `${context.service.title} has no code that could be patched`);
}

/** What goes into a service. */
export interface PatchRequest {
  readonly parts: readonly PatchPart[];
  /** Arguments of `hotfix()`, the service's own. */
  readonly args: readonly unknown[];
  /** The handle of the service that asks: what it sent before is handled before. */
  readonly caller: number;
  /**
   * The texts of the patches that it takes back: what they have assigned is given back, too.
   *
   * @defaultValue none
   */
  readonly undoes?: readonly string[] | undefined;
  /**
   * Runs just before anything changes; what it throws refuses the patch.
   *
   * @defaultValue nothing is in the way
   */
  readonly enter?: (() => void) | undefined;
  /**
   * Makes what `hotfix()` returned fit for the caller: inside the service, for that may run code
   * of it, and while it can still be cut off. Must not throw. @defaultValue it is not wanted
   */
  readonly receive?: ((value: unknown) => unknown) | undefined;
  /**
   * Takes the patch that is in, to keep it or take it back later: others have to agree first.
   * The service is held for a vote by then; see HOLD.voting. @defaultValue it is kept at once
   */
  readonly keep?: ((patch: ServicePatch) => void) | undefined;
}

/**
 * Applies a patch as soon as the service can take one. The patch is in, with its `hotfix()`
 * settled, or it is undone.
 *
 * @returns undefined if another patch has added names meanwhile: this one must be compiled again.
 * @throws {ERR_SERVICE_DEAD} if the service ends first.
 * @throws {ERR_PATCH_FAILED} or {ERR_PATCH_TIMEOUT} if it was undone.
 * @throws {ERR_PATCH} or its kin if the service can't take it.
 */
export function applyPatch(context: Context, request: PatchRequest): Promise<Applied | undefined> {
  return new Promise((resolve, reject) => {
    beginPatch(context, request, { resolve, reject });
  });
}

/** The same for a caller that patches very many services, and needs no promise for each. */
export function beginPatch(
  context: Context,
  request: PatchRequest,
  end: Settle<Applied | undefined>,
): void {
  new Application(context, request, end).start();
}

/**
 * A patch on its way into one service. It says how it ends instead of returning, for where its code is
 * cut off nothing returns.
 */
class Application implements Settle<Applied | undefined> {
  readonly #context: Context;
  readonly #request: PatchRequest;
  readonly #end: Settle<Applied | undefined>;
  #unwatch: (() => void) | undefined = undefined;

  constructor(context: Context, request: PatchRequest, end: Settle<Applied | undefined>) {
    this.#context = context;
    this.#request = request;
    this.#end = end;
  }

  /** Watches the service's life, and tries as soon as its code may run. */
  start(): void {
    const context = this.#context;
    const { handle, runtime } = context;
    this.#unwatch = runtime.kernel.watch(handle, () => this.reject(deadError(handle)));
    if (this.#unwatch === undefined) this.reject(deadError(handle));
    else if (context.isListening) runInside(context, () => this.#try(), this.#request.caller);
    else (context.whenReady ??= []).push(() => this.#try());
  }

  /** The patch is in; undefined if it is stale. */
  resolve(applied: Applied | undefined): void {
    this.#endWatch();
    this.#end.resolve(applied);
  }

  /** The service is as it was, or has ended. */
  reject(error: unknown): void {
    this.#endWatch();
    this.#end.reject(error);
  }

  #endWatch(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /**
   * The job: applies the patch now, or waits for another patch or a module that awaits, and is
   * tried again.
   */
  #try(): void {
    const context = this.#context;
    const again = (): void => runInside(context, () => this.#try());
    if (context.patching !== undefined) {
      void context.patching.then(again);
      return;
    }
    // What the patch sends from here on is kept back.
    if (this.#isUndecided) context.runtime.kernel.hold(context.service, HOLD.patching);
    try {
      const instance = codeOfService(context);
      if (this.#request.parts.some(({ node }) => !isOf(instance, node))) {
        this.#letGo();
        this.resolve(undefined);
        return;
      }
      const importing = this.#request.parts.filter(({ imports }) => imports.length > 0);
      const evaluating = importing.length > 0 ? evaluateImports(importing, instance) : undefined;
      if (evaluating === undefined) this.#commit(instance);
      else evaluating.then(again, (error: unknown) => this.#refuse(error));
    } catch (error) {
      this.#refuse(error);
    }
  }

  #commit(instance: Instance): void {
    const { parts, args, enter, receive, keep, undoes } = this.#request;
    if (parts.some(({ node, scope }) => scopeIn(instance, node) !== scope)) {
      this.#letGo();
      this.resolve(undefined);
      return;
    }
    enter?.();
    const { state, service, runtime } = this.#context;
    const host = state instanceof SnaxHost ? state : undefined;
    const log = new UndoLog();
    const endCommitment = runtime.commitments.add(runtime.kernel.origin, service, (error) => {
      log.undo();
      this.#refuse(error);
    });
    let patch: ServicePatch;
    try {
      patch = ServicePatch.commit(instance, host, parts, log);
      if (undoes !== undefined) patch.restore(ownModules(instance), undoes);
    } finally {
      endCommitment();
    }
    // From here on runHotfix says how it ends, and watches the service if it has to wait.
    this.#endWatch();
    runHotfix(this.#context, patch, { args, receive, keep }, this);
  }

  /** The patch is for many services, which have to agree. */
  get #isUndecided(): boolean {
    return this.#request.keep !== undefined;
  }

  #letGo(): void {
    const { service, runtime } = this.#context;
    if (this.#isUndecided) runtime.kernel.release(service, HOLD.patching);
  }

  /** What the patch's own code throws, or a module that it imports, leaves nothing behind. */
  #refuse(error: unknown): void {
    const { runtime, service } = this.#context;
    // To read what was thrown may run code of the service, which may be cut off as well.
    const endCommitment = runtime.commitments.add(runtime.kernel.origin, service, (cut) => {
      this.#letGo();
      this.reject(failedError(cut));
    });
    const isOwn = isSnaxError(error) && error.code !== "ERR_INTERRUPTED";
    const failure = isOwn ? error : failedError(error);
    endCommitment();
    this.#letGo();
    this.reject(failure);
  }
}

/** Whether a module belongs to an instance's program: a reload gives a service another one. */
function isOf({ program }: Instance, node: ModuleNode): boolean {
  return node.isShared || node.program === program;
}

/** The modules that a service does not share. */
function ownModules(instance: Instance): ModuleInstance[] {
  return [...instance.program.modules()].flatMap((node) =>
    node.isShared ? [] : (instance.find(node) ?? []),
  );
}

/**
 * Tells an error of the runtime from anything that may be thrown, a proxy whose traps throw too.
 */
function isSnaxError(thrown: unknown): thrown is SnaxError {
  try {
    return thrown instanceof SnaxError;
  } catch {
    return false;
  }
}

/** A patch that is in. */
export interface Applied {
  /** What {@link HotfixCall.receive} made of what `hotfix()` returned. */
  readonly received: unknown;
  /** Variables that keep what others have written since; see ServicePatch.restore. */
  readonly kept: readonly string[];
}

/** What settles a promise. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** How `hotfix()` is called; see PatchRequest. */
export interface HotfixCall {
  readonly args: readonly unknown[];
  readonly receive: ((value: unknown) => unknown) | undefined;
  /** Takes the patch when `hotfix()` has ended. @defaultValue it is kept */
  readonly keep: ((patch: ServicePatch) => void) | undefined;
}

/** A `hotfix()`, or a `reload()`, that waits for something. */
interface PendingHotfix {
  /** Its name, for people. @defaultValue hotfix() */
  readonly title?: string;
  /** The job in which it runs; see Kernel.origin. */
  readonly origin: Message | undefined;
  /** Others have to agree to its patch: no service of the type goes on before that. */
  readonly isUndecided: boolean;
}

const pendings = new WeakMap<Context, PendingHotfix>();

/** Returns the `hotfix()` of a service that waits for something; undefined if none does. */
export function pendingHotfix(context: Context): PendingHotfix | undefined {
  return pendings.get(context);
}

/** Notes that the new code of a service waits for something before it counts; returns what ends that. */
export function notePendingReload(context: Context): () => void {
  const pending = { title: "reload()", origin: context.runtime.kernel.origin, isUndecided: false };
  pendings.set(context, pending);
  return () => pendings.delete(context);
}

/**
 * Runs the patch's `hotfix()` inside the service and keeps or undoes the patch.
 *
 * It settles a promise instead of returning one: where the code is cut off, nothing returns.
 */
export function runHotfix(
  context: Context,
  patch: ServicePatch,
  { args, receive, keep: given }: HotfixCall,
  end: Settle<Applied>,
): void {
  const { kernel, commitments } = context.runtime;
  const settle = given ?? ((done: ServicePatch) => keep(context, done));
  const fail = (error: unknown): void =>
    takeBack(context, undoing(patch, error), (failure) => {
      kernel.release(context.service, HOLD.patching);
      end.reject(failure);
    });
  const endCommitment = commitments.add(kernel.origin, context.service, fail);
  // Held from the first moment on: what hotfix() begins before its first await is its own already.
  kernel.hold(context.service, HOLD.patching);
  let result: unknown;
  let isPending: boolean;
  let received: unknown;
  try {
    result = patch.run(args);
    isPending = isThenable(result);
    if (!isPending) received = receive?.(result);
    endCommitment();
  } catch (error) {
    endCommitment();
    fail(error);
    return;
  }
  if (!isPending) {
    settle(patch);
    kernel.release(context.service, HOLD.patching);
    end.resolve({ received, kept: patch.kept });
    return;
  }
  pendings.set(context, { origin: kernel.origin, isUndecided: given !== undefined });
  const pending = { result: result as PromiseLike<unknown>, receive, keep: settle };
  waitFor(context, patch, pending, end);
}

/** How a patch is taken back, and what is said of it. */
interface Undoing<T> {
  readonly run: () => T;
  /** Says it if that was cut off. */
  readonly cut: (error: unknown) => T;
}

function undoing(patch: ServicePatch, reason: unknown): Undoing<SnaxError> {
  return { run: () => patch.undo(reason), cut: failedError };
}

/**
 * Takes a patch back. Its own code runs then, and may be cut off as well: the caller is told even
 * then.
 */
export function takeBack<T>(
  { runtime, service }: Context,
  { run, cut }: Undoing<T>,
  tell: (outcome: T) => void,
): void {
  const { kernel, commitments } = runtime;
  const endCommitment = commitments.add(kernel.origin, service, (error) => tell(cut(error)));
  const outcome = run();
  endCommitment();
  tell(outcome);
}

/** A service that was cut off, and rests, runs other code now. */
export function keep({ runtime, service }: Context, patch: ServicePatch): void {
  patch.keep();
  runtime.kernel.endRest(service);
}

/** A `hotfix()` that has not ended. */
interface Pending {
  readonly result: PromiseLike<unknown>;
  readonly receive: HotfixCall["receive"];
  readonly keep: (patch: ServicePatch) => void;
}

function waitFor(
  context: Context,
  patch: ServicePatch,
  { result, receive, keep: conclude }: Pending,
  end: Settle<Applied>,
): void {
  const { service, runtime } = context;
  const { kernel, commitments } = runtime;
  const ms = runtime.environment.hotfixMs;
  let isOver = false;
  let release = (): void => {};
  context.patching = new Promise((resolve) => {
    release = resolve;
  });
  const settle = (finish: () => void): void => {
    if (isOver) return;
    isOver = true;
    stopDeadline();
    endCommitment();
    unwatch?.();
    context.patching = undefined;
    pendings.delete(context);
    release();
    finish();
    if (service.isAlive) kernel.release(service, HOLD.patching);
  };
  const fail = (reason: unknown): void => {
    if (isOver) return;
    takeBack(context, undoing(patch, reason), (failure) => settle(() => end.reject(failure)));
  };
  // The service's own timers are held with its requests: the deadline is kept outside.
  const stopDeadline = runtime.after(ms, () => runInside(context, () => fail(timeoutError(ms))));
  const unwatch = kernel.watch(context.handle, () =>
    settle(() =>
      end.reject(new SnaxError("ERR_SERVICE_DEAD", "the service ended while it was patched")),
    ),
  );
  const endCommitment = commitments.add(kernel.origin, service, fail);
  result.then((value) => {
    if (isOver) return;
    const received = receive?.(value);
    settle(() => {
      conclude(patch);
      end.resolve({ received, kept: patch.kept });
    });
  }, fail);
}

function timeoutError(ms: number): SnaxError {
  return new SnaxError("ERR_PATCH_TIMEOUT", `hotfix() did not settle within ${ms} ms`);
}

/** What could not be taken back. */
export interface Remains {
  /** Variables that other code has written since. */
  readonly kept: readonly string[];
  readonly failures: readonly unknown[];
}

/** A patch that has been committed and may still be taken back. */
export class ServicePatch {
  readonly #runs: readonly PatchRun[];
  /** The methods that it gave. */
  readonly methods: readonly GivenMethod[];
  /** What others have written since, of the variables that it was to give back; see restore(). */
  kept: readonly string[] = [];
  readonly #log: UndoLog;

  private constructor(runs: readonly PatchRun[], methods: readonly GivenMethod[], log: UndoLog) {
    this.#runs = runs;
    this.methods = methods;
    this.#log = log;
  }

  /**
   * Puts a patch into a service's modules and methods, all of it or nothing.
   *
   * @param host - the service's methods; undefined for a plain service, and for one that has not
   * begun.
   * @param log - takes back what was done so far, if an interrupt cuts this off.
   * @throws {ERR_PATCH_FAILED} if the patch's own text throws while it is put in.
   * @throws {ERR_PATCH} or its kin if the service can't take it.
   */
  static commit(
    instance: Instance,
    host: SnaxHost | undefined,
    parts: readonly PatchPart[],
    log: UndoLog = new UndoLog(),
  ): ServicePatch {
    try {
      const runs: PatchRun[] = [];
      for (const part of parts) runs.push(createRun(part, instance, [...runs]));
      for (const run of runs) run.bind();
      const methods = listMethods(runs);
      for (const run of runs) run.commit(log);
      if (methods.length > 0) swapMethods(instance.entry, host, methods, log);
      if (host !== undefined) addExit(instance.entry, host, parts, log);
      for (const run of runs) run.initialise(log);
      return new ServicePatch(runs, methods, log);
    } catch (error) {
      log.undo();
      throw isRefusal(error) ? error : failedError(error);
    }
  }

  /**
   * Runs `hotfix(...args)` of the patch's parts in order; returns what the last one returns,
   * perhaps a promise.
   */
  run(args: readonly unknown[]): unknown {
    let result: unknown;
    for (const run of this.#runs) {
      const hotfix = run.step("hotfix");
      if (hotfix === undefined) continue;
      result = isThenable(result) ? result.then(() => hotfix(...args)) : hotfix(...args);
    }
    return result;
  }

  /**
   * Gives variables back what they had before other patches assigned them, until this one is taken
   * back itself.
   *
   * @param texts - of the other patches
   */
  restore(modules: readonly ModuleInstance[], texts: readonly string[]): void {
    this.kept = modules.flatMap((module) => restoreWritten(module, texts, this.#log));
  }

  /** Says that the patch stays. */
  keep(): void {
    for (const run of this.#runs) run.settle();
  }

  /**
   * Takes the patch back, and returns the error for the caller.
   *
   * @param reason - why.
   */
  undo(reason: unknown): SnaxError {
    const { kept, failures } = this.takeBack();
    return failedError(reason, kept, failures);
  }

  /** Takes the patch back. @returns what of it could not be */
  takeBack(): Remains {
    const kept = this.#runs.flatMap((run) => run.restoreVariables());
    const failures = this.#log.undo();
    for (const run of this.#runs) {
      try {
        run.step("rollback")?.();
      } catch (error) {
        failures.push(error);
      }
    }
    return { kept, failures };
  }
}

/** Tells an error of live/ from what the patch's own text threw. */
function isRefusal(thrown: unknown): thrown is SnaxError {
  return isSnaxError(thrown) && /^ERR_(PATCH|BUG)/.test(thrown.code);
}

function createRun(part: PatchPart, instance: Instance, siblings: readonly PatchRun[]): PatchRun {
  const module = instance.find(part.node);
  if (module !== undefined) return new PatchRun(module, part, siblings);
  throw new SnaxError("ERR_PATCH_NAME", `the service has not imported ${part.node.image.file}`);
}

/**
 * A service without `exit` of its own gets the patch's; one that has it keeps its export, which the
 * patch replaces.
 */
function addExit(
  entry: ModuleInstance,
  host: SnaxHost,
  parts: readonly PatchPart[],
  log: UndoLog,
): void {
  const own = parts.find(({ node }) => node === entry.node);
  if (own?.code.fresh.get("exit")?.isExported !== true) return;
  const before = host.addedExit;
  log.note(() => {
    host.addedExit = before;
  });
  host.addedExit = entry.forward("exit") as Method;
}

/** Returns the error of a patch that was undone. */
function failedError(
  reason: unknown,
  kept: readonly string[] = [],
  failures: readonly unknown[] = [],
): SnaxError {
  const notes = [`the patch was undone: ${messageOf(reason)}`];
  if (kept.length > 0) notes.push(`kept what others have written since: ${kept.join(", ")}`);
  for (const failure of failures) {
    notes.push(`not undone: ${messageOf(failure)}`);
  }
  const isTimeout = isRefusal(reason) && reason.code === "ERR_PATCH_TIMEOUT";
  const code = isTimeout ? "ERR_PATCH_TIMEOUT" : "ERR_PATCH_FAILED";
  return new SnaxError(code, notes.join("; "), {
    cause: reason,
    ...(kept.length > 0 && { data: { kept } }),
  });
}
