/**
 * Patches of `"use shared"` modules for threads that load the module later: the same text must not
 * mean something else on them.
 *
 *     hotfixshared, kept -> main thread: remembers it, tells every thread
 *                           -> a thread that has the patch ignores that, another one remembers it
 *     module evaluated   -> its patches go in, in their order, before the service that imports it is
 *                           evaluated
 *
 * `hotfix()` does not run then: there is no old state to repair. The main thread keeps them for
 * threads yet to be started, and forgets them with the code that they are for; but those that are
 * sticky stay until it says otherwise (sticky.ts), for a service that loads the module anew.
 */

import { LEVEL } from "../../base/log-level.ts";
import { findModuleFile } from "../../loader/resolve/module-file.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Program } from "../../loader/run/program.ts";
import { describeError } from "../../service/runtime.ts";
import type { SharedOrder } from "./shared-module.ts";
import { commitShared, compileShared, findSharedNode } from "./shared-module.ts";
import type { LiveThread } from "./live-thread.ts";

/** The word about a patch that was kept: to the main thread, and from there to all. */
const KEPT_WORD = "sharedpatch";

/** The word with which the main thread says which patches are left, by number. */
const LEFT_WORD = "sharedpatches";

/** A patch of a shared module for the services that load it. */
export interface LateOrder extends SharedOrder {
  /** It outlives the text that was loaded when it came. */
  readonly isSticky: boolean;
}

/** The patches of shared modules that one thread may still have to put in. */
export class LatePatches {
  readonly #live: LiveThread;
  /**
   * In the order in which they were kept; the main thread has all, the others those that they did
   * not have at once.
   */
  #orders: LateOrder[] = [];
  /** Which patches a module has, by number. */
  readonly #done = new WeakMap<ModuleInstance, Set<number>>();
  /** How many orders have come, and how many of them a module has been compared with. */
  #count = 0;
  readonly #seen = new WeakMap<ModuleInstance, number>();
  /** Ends when all that is due is in; undefined if nothing is due. */
  #running: Promise<void> | undefined;

  constructor(live: LiveThread) {
    this.#live = live;
    const { words } = live.runtime;
    words.set(KEPT_WORD, (order) => this.#hear(order as LateOrder));
    words.set(LEFT_WORD, (left) => this.#leave(left as readonly number[]));
  }

  /** The patches, for a thread yet to be started. */
  get orders(): readonly LateOrder[] {
    return this.#orders;
  }

  /** The texts that a module gets when this thread loads it, in their order. @param file - its absolute path */
  textsOf(file: string): readonly string[] {
    const isOf = (order: LateOrder): boolean =>
      order.file === file || findModuleFile(order.file) === file;
    return this.#orders.filter(isOf).map(({ text }) => text);
  }

  /** Tells every thread of a patch that was kept. */
  spread(order: LateOrder): void {
    const { threads } = this.#live.runtime;
    // With one thread the module may have been forgotten with a cleared cache, and be loaded once
    // more.
    if (threads === undefined) this.remember(order);
    else if (threads.own === 0) this.#hear(order);
    else threads.tell(0, KEPT_WORD, order);
  }

  /** Notes that a module has a patch, as soon as it is in, kept or not. */
  note(module: ModuleInstance, id: number): void {
    const done = this.#done.get(module);
    if (done === undefined) this.#done.set(module, new Set([id]));
    else done.add(id);
  }

  /** Notes that a patch has been taken back from a module. */
  strike(module: ModuleInstance, id: number): void {
    this.#done.get(module)?.delete(id);
  }

  /** Puts a patch into its module when this thread loads it; for threads that host services. */
  remember(order: LateOrder): void {
    const { cache } = this.#live.runtime;
    const { shared } = cache;
    const node = findSharedNode(shared, order.file);
    const isNeedless = !order.isSticky && this.#has(node, order);
    if (isNeedless || !this.#add(order)) return;
    this.#count += 1;
    cache.onShared = (program, nodes) => this.#catchUp(program, nodes);
    // Race: the module was loaded after this thread had said that no service uses it.
    if (node !== undefined) void this.#catchUp(shared, [node]);
  }

  /**
   * Forgets patches on every thread, but for those that are sticky.
   *
   * @param isLeft - says whether the text is still there that a patch is for
   */
  forget(isLeft: (order: SharedOrder) => boolean): void {
    this.#leaveEverywhere((order) => order.isSticky || isLeft(order));
  }

  /** Forgets patches on every thread, sticky ones too; a module that has one keeps it. */
  drop(ids: readonly number[]): void {
    this.#leaveEverywhere(({ id }) => !ids.includes(id));
  }

  #leaveEverywhere(isLeft: (order: LateOrder) => boolean): void {
    const left = this.#orders.filter(isLeft).map(({ id }) => id);
    if (left.length === this.#orders.length) return;
    this.#leave(left);
    this.#live.runtime.threads?.tellAll(LEFT_WORD, left);
  }

  #hear(order: LateOrder): void {
    const { threads } = this.#live.runtime;
    if (threads?.own !== 0) return this.remember(order);
    if (this.#add(order)) threads.tellAll(KEPT_WORD, order);
  }

  /** @returns false if it is known */
  #add(order: LateOrder): boolean {
    if (this.#orders.some(({ id }) => id === order.id)) return false;
    this.#orders.push(order);
    this.#orders.sort((a, b) => a.id - b.id);
    return true;
  }

  #leave(left: readonly number[]): void {
    this.#orders = this.#orders.filter(({ id }) => left.includes(id));
  }

  #has(node: ModuleNode | undefined, { id }: SharedOrder): boolean {
    const module = node?.shared;
    return module !== undefined && this.#done.get(module)?.has(id) === true;
  }

  /** Puts into modules what they have missed. @returns a promise if that is not done at once */
  #catchUp(program: Program, nodes: readonly ModuleNode[]): Promise<void> | undefined {
    if (this.#orders.length === 0) return this.#running;
    // At most births no module is new.
    const isNew = ({ shared }: ModuleNode): boolean =>
      shared !== undefined && this.#seen.get(shared) !== this.#count;
    if (!nodes.some(isNew)) return this.#running;
    for (const { shared } of nodes) if (shared !== undefined) this.#seen.set(shared, this.#count);
    for (const order of this.#orders) {
      const node = findSharedNode(program, order.file);
      if (node?.shared === undefined || !nodes.includes(node) || this.#has(node, order)) continue;
      this.note(node.shared, order.id);
      const putIn = (): Promise<void> => this.#putIn(program, node, order);
      const running = (this.#running ?? Promise.resolve()).then(putIn);
      this.#running = running;
      void running.then(() => {
        if (this.#running === running) this.#running = undefined;
      });
    }
    return this.#running;
  }

  /** A module that can't take the patch stays as its text says. */
  async #putIn(program: Program, node: ModuleNode, order: SharedOrder): Promise<void> {
    const { runtime } = this.#live.snax;
    try {
      const parts = await compileShared({ node, program }, order);
      commitShared(runtime, { node, program, parts }).keep();
    } catch (error) {
      const what = `the shared module ${order.file} is loaded without patch ${order.id}`;
      runtime.log(0, `${what}: ${describeError(error)}`, LEVEL.error);
    }
  }
}
