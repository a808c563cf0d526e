/**
 * What a thread has told of its services, for a caller that asks again and again: each module once.
 *
 *     caller       what is known, by number ---> thread
 *                  <--- groups of numbers, and the modules that are not known
 *
 * A save under `snax dev` changes one module of hundreds, and the texts of all of them are megabytes.
 */

import { threadId } from "node:worker_threads";
import type { RunningGroup, RunningModule } from "./running-texts.ts";

/** The modules of a thread that the caller knows. */
export interface Known {
  /** The thread by the number that Node gives it: another one in its place counts anew. */
  readonly teller: number;
  readonly numbers: Int32Array;
}

/** The services of a thread, for a caller that knows some of the modules. */
export interface Told {
  readonly teller: number;
  readonly groups: readonly (Omit<RunningGroup, "modules"> & { readonly modules: Int32Array })[];
  readonly news: ReadonlyMap<number, RunningModule>;
}

const numbers = new WeakMap<object, number>();
let last = 0;

/** The number of an object of this thread: what is the same object has the same. */
export function identify(one: object): number {
  let number = numbers.get(one);
  if (number === undefined) numbers.set(one, (number = last += 1));
  return number;
}

/** Tells what services of this thread run, without what is known. */
export function tellGroups(groups: readonly RunningGroup[], known: Known): Told {
  const have = new Set(known.teller === threadId ? known.numbers : []);
  const news = new Map<number, RunningModule>();
  const told = groups.map((group) => {
    const modules = Int32Array.from(group.modules, identify);
    for (const [index, number] of modules.entries()) {
      const module = group.modules[index];
      if (module !== undefined && !have.has(number)) news.set(number, module);
    }
    return { ...group, modules };
  });
  return { teller: threadId, groups: told, news };
}

/** What the caller knows of the modules of each thread. */
export class KnownModules {
  readonly #threads = new Map<number, { teller: number; modules: Map<number, RunningModule> }>();

  /** Returns what to ask a thread with. */
  of(thread: number): Known {
    const known = this.#threads.get(thread);
    return { teller: known?.teller ?? -1, numbers: Int32Array.from(known?.modules.keys() ?? []) };
  }

  /** Takes what a thread has told, and forgets what none of its services runs any more. */
  take(thread: number, { teller, groups, news }: Told): RunningGroup[] {
    const before = this.#threads.get(thread)?.modules;
    const modules = new Map<number, RunningModule>();
    const found = groups.map((group): RunningGroup => {
      const own = Array.from(group.modules, (number) => {
        const module = news.get(number) ?? before?.get(number);
        if (module === undefined) throw new Error(`thread ${thread} told no module ${number}`);
        modules.set(number, module);
        return module;
      });
      return { ...group, modules: own };
    });
    this.#threads.set(thread, { teller, modules });
    return found;
  }
}
