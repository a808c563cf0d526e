/**
 * Puts a compiled patch into one service, inside a turn of that service.
 *
 *     applyPatch -> [job of the service] -> commit (service-patch.ts) -> hotfix(...args) (hold.ts)
 *                                        -> kept or undone
 *                   or wait for another patch, or for a module that awaits -> once more
 *
 * The job passes whatever waits in the mailbox, except what the same sender posted before. Nothing
 * holds it back, so a service in queue mode that is stuck in an await can be repaired. A service
 * that is still in its `init` gets the patch right after that, before its first message.
 */

import { SnaxError } from "../../base/error.ts";
import { deadError } from "../../kernel/refusal.ts";
import { HOLD } from "../../kernel/service.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Context } from "../../service/context.ts";
import { runInside } from "../../service/job.ts";
import { SnaxHost } from "../../snax/snax-host.ts";
import { scopeIn } from "../text/name-scope.ts";
import type { PatchPart } from "../text/patch-code.ts";
import type { Applied, Settle } from "./hold.ts";
import { runHotfix } from "./hold.ts";
import { evaluateImports } from "./import-values.ts";
import { failedError, ServicePatch } from "./service-patch.ts";
import { UndoLog } from "./undo-log.ts";

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
  /** Who asks, by handle: what it sent before is handled before. */
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
   * @defaultValue nothing stands in the way
   */
  readonly enter?: (() => void) | undefined;
  /**
   * Makes what `hotfix()` returned fit for whoever asked: inside the service, for that may run code
   * of it, and while it can still be cut off. Must not throw. @defaultValue nobody wants it
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

/** The same for whoever patches very many, and needs no promise for each. */
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
      const evaluating = evaluateImports(this.#request.parts, instance);
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

  /** The patch is for many, who have to agree. */
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
  return node.isShared || program.nodes.get(node.image.file) === node;
}

/** The modules that a service does not share. */
export function ownModules(instance: Instance): ModuleInstance[] {
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
