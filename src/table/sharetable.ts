/**
 * Puts the API objects `sharetable` and `tables` together.
 *
 * What waits is settled in a turn of the service that waits; listeners, checks and pins end with
 * the service that has them.
 */

import { LET_GO } from "../kernel/service.ts";
import { SnaxError } from "../base/error.ts";
import type { Context } from "../service/context.ts";
import { markEnder } from "../service/ender.ts";
import { deadPromise, definePart, requireAlive } from "../service/context.ts";
import { isInTopLevel } from "../service/top-level.ts";
import { defineApi } from "../service/lazy-api.ts";
import type { ApiTable } from "../service/lazy-api.ts";
import { requireCheck } from "./check.ts";
import { copyPlain } from "./plain-copy.ts";
import type {
  Changes,
  Check,
  LoadOptions,
  SharetableApi,
  TableFile,
  TablesObject,
  VersionInfo,
} from "./sharetable-api.ts";
import { requireName, TableLoader } from "./table-loader.ts";
import type { TableThread } from "./table-thread.ts";
import { TablesMaker } from "./tables-object.ts";

/** The makers of what a service imports. The thread follows publications once one is used. */
export interface TableApi {
  readonly thread: TableThread;
  readonly loader: TableLoader;
  readonly sharetable: (context: Context) => SharetableApi;
  readonly tables: (context: Context) => TablesObject;
}

/** A pin of a service. */
interface Pin {
  readonly context: Context;
  readonly release: () => void;
}

/** Makes the makers for the services of one thread. */
export function createTableApi(thread: TableThread): TableApi {
  const loader = new TableLoader(thread);
  const maker = new TablesMaker(thread);
  const make = defineApi<Context>({ ...loadFunctions(loader), ...readFunctions(thread) });
  return {
    get thread() {
      thread.follow();
      return thread;
    },
    loader,
    sharetable: (context) => {
      thread.follow();
      return make(context) as SharetableApi;
    },
    tables: () => {
      thread.follow();
      return maker.create() as TablesObject;
    },
  };
}

function loadFunctions(loader: TableLoader): ApiTable<Context> {
  return {
    loadfile: (context, name: string | TableFile, ...args: unknown[]) =>
      settleIn(context, () => loader.loadFile(context.runtime, name, args)),
    loadstring: (context, name: string, text: string, ...args: unknown[]) =>
      settleIn(context, () => loader.loadText(context.runtime, { name, text }, args)),
    loadtable: (context, name: string, data: unknown, options?: LoadOptions) =>
      settleIn(context, () => loader.loadOne(name, data, options?.check)),
    publish: (context, tables: Readonly<Record<string, unknown>>, options?: LoadOptions) =>
      settleIn(context, () => loader.loadValues(tables, options?.check)),
    check: (context, name: string, check: Check | undefined): void => {
      requireAlive(context);
      requireName(name);
      if (check !== undefined) requireCheck(name, check);
      const own = checks.of(context);
      own.get(name)?.end();
      own.delete(name);
      const set = (): (() => void) => loader.setCheck(name, check);
      const forget = set();
      if (check === undefined) return;
      const unwatch = context.runtime.kernel.watch(context.handle, forget, LET_GO);
      const end = (): void => {
        unwatch?.();
        forget();
      };
      own.set(name, { end, returns: set, isOfTopLevel: isInTopLevel(context) });
    },
  };
}

function readFunctions(thread: TableThread): ApiTable<Context> {
  const pins = new WeakMap<object, Pin>();
  return {
    query: (context, name: string) => settleIn(context, async () => thread.find(name)?.view),
    queryall: (context, names?: readonly string[]) =>
      settleIn(context, async () => queryAll(thread, names)),
    update: (context, ...names: string[]) => settleIn(context, () => update(thread, names)),
    pin: (context, name: string) => {
      requireAlive(context);
      const ends = pinEnds.of(context);
      const { view, release } = thread.pin(name, () => ends.delete(release));
      ends.add(release, name);
      const root = view.shown;
      pins.set(root, { context, release });
      return root;
    },
    unpin: (context, root: unknown) => {
      const pin = typeof root === "object" && root !== null ? pins.get(root) : undefined;
      if (pin?.context !== context) return false;
      pins.delete(root as object);
      pin.release();
      return true;
    },
    info: (_context, name?: string): VersionInfo[] =>
      thread
        .versions()
        .filter((version) => name === undefined || version.name === thread.fullName(name)),
    onupdate: (context, name: string, listener: unknown) => listen(thread, context, name, listener),
  };
}

/** Of what something ends. */
interface Ended {
  /** Of the table. */
  readonly name: string;
  readonly isOfTopLevel: boolean;
}

/** What ends with a service; it is watched as long as there is something. */
class Ends {
  readonly #context: Context;
  readonly #ends = new Map<() => void, Ended>();
  #unwatch: (() => void) | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** How much there is. */
  get size(): number {
    return this.#ends.size;
  }

  /** What there is that these others have nothing of the same table for. */
  lostIn(others: Ends | undefined): Ended[] {
    const those = others === undefined ? [] : [...others.#ends.values()];
    const names = new Set(those.map(({ name }) => name));
    return [...this.#ends.values()].filter(({ name }) => !names.has(name));
  }

  has(end: () => void): boolean {
    return this.#ends.has(end);
  }

  add(end: () => void, name: string): void {
    this.#ends.set(end, { name, isOfTopLevel: isInTopLevel(this.#context) });
    const { runtime, handle } = this.#context;
    this.#unwatch ??= runtime.kernel.watch(
      handle,
      () => {
        for (const each of [...this.#ends.keys()]) each();
      },
      LET_GO,
    );
  }

  /** Ends all. */
  end(): void {
    for (const each of [...this.#ends.keys()]) {
      each();
      this.delete(each);
    }
  }

  delete(end: () => void): void {
    if (!this.#ends.delete(end) || this.#ends.size > 0) return;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }
}

/** A check that a service has set. */
interface OwnCheck {
  readonly end: () => void;
  /** Sets it again. */
  readonly returns: () => void;
  readonly isOfTopLevel: boolean;
}

/** How to end the pins of a service. */
const pinEnds = definePart((context) => new Ends(context), {
  ties: ({ size }) =>
    size > 0 ? "its thread has something of it: a pinned version of a shared table" : undefined,
});

/** How to end its listeners. They run the code of the service; other code has its own. */
const listenerEnds = definePart((context) => new Ends(context), {
  isOfCode: true,
  ends: (all) => all.end(),
  lacks: (before, after) => {
    const lost = before.lostIn(after).find(({ isOfTopLevel }) => !isOfTopLevel);
    if (lost === undefined) return undefined;
    return `nothing listens to updates of ${lost.name} with new code: call sharetable.onupdate at top level or in reload()`;
  },
  leaves: (before, after) => [
    ...new Set(before.lostIn(after).map(({ name }) => `sharetable.onupdate ${name}`)),
  ],
  ties: ({ size }) =>
    size > 0 ? "its thread has something of it: a listener of sharetable.onupdate" : undefined,
});

/** The checks of tables that it has set, for its thread, by name. */
const checks = definePart(() => new Map<string, OwnCheck>(), {
  isOfCode: true,
  ends: (own) => {
    for (const each of own.values()) each.end();
  },
  returns: (own) => {
    for (const each of own.values()) each.returns();
  },
  lacks: (before, after) => {
    const lost = [...before].find(
      ([name, { isOfTopLevel }]) => !isOfTopLevel && after?.has(name) !== true,
    );
    if (lost === undefined) return undefined;
    return `nothing checks ${lost[0]} with new code: call sharetable.check at top level or in reload()`;
  },
  leaves: (before, after) =>
    [...before.keys()].flatMap((name) => (after?.has(name) ? [] : `sharetable.check ${name}`)),
  ties: ({ size }) =>
    size > 0 ? "its thread has something of it: a check of a shared table" : undefined,
});

function queryAll(thread: TableThread, names?: readonly string[]): Record<string, object> {
  const found = Object.create(null) as Record<string, object>;
  for (const name of names ?? thread.names) {
    const view = thread.find(name)?.view;
    if (view !== undefined) found[name] = view;
  }
  return found;
}

async function update(thread: TableThread, names: readonly string[]): Promise<void> {
  await new Promise<void>((resolve) => thread.whenShown(thread.latest(), resolve));
  for (const name of names) thread.get(name);
}

function listen(
  thread: TableThread,
  context: Context,
  name: string,
  listener: unknown,
): () => void {
  requireAlive(context);
  requireName(name);
  if (typeof listener !== "function") {
    throw new SnaxError("ERR_ARGUMENT", "sharetable.onupdate takes a function");
  }
  const { kernel } = context.runtime;
  const ends = listenerEnds.of(context);
  const end = thread.onUpdate(name, (changes, version) => {
    // Every service gets lists of its own.
    const own = copyPlain(changes) as Changes;
    kernel.soon(context.service, () => {
      // Other code may have come meanwhile.
      if (ends.has(end)) void listener(own, version);
    });
  });
  ends.add(end, thread.fullName(name));
  return markEnder(() => {
    ends.delete(end);
    end();
  });
}

/**
 * Settles a promise in a turn of the service that holds it, so that it is known whose code runs on.
 */
function settleIn<T>(context: Context, run: () => Promise<T>): Promise<T> {
  const dead = deadPromise(context);
  if (dead !== undefined) return dead;
  return new Promise((resolve, reject) => {
    const { kernel } = context.runtime;
    context.held?.add(reject);
    const here = (settle: () => void): void => {
      context.held?.delete(reject);
      if (context.service.isAlive) kernel.soon(context.service, settle);
      else settle();
    };
    run().then(
      (value) => here(() => resolve(value)),
      (error: unknown) => here(() => reject(error as Error)),
    );
  });
}
