/**
 * `tables` as one service holds it: an accessor for each table.
 *
 * Each service has an object of its own, so nothing that one does to it is seen by another. Behind
 * it is a Proxy that answers for names which are no table: assignments are refused, and reading
 * says which tables there are.
 */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import type { TableThread } from "./table-thread.ts";

/** Makes the `tables` objects of one thread. */
export class TablesMaker {
  readonly #thread: TableThread;
  readonly #made = new Set<WeakRef<object>>();
  readonly #gone = new FinalizationRegistry((reference: WeakRef<object>) => {
    this.#made.delete(reference);
  });
  readonly #accessors = new Map<string, PropertyDescriptor>();
  readonly #fallback: object;

  constructor(thread: TableThread) {
    this.#thread = thread;
    this.#fallback = createFallback(thread);
    thread.onName((name) => {
      for (const reference of this.#made) {
        const tables = reference.deref();
        // A service that has put something else there has only itself to blame.
        if (tables !== undefined) Reflect.defineProperty(tables, name, this.#accessor(name));
      }
    });
  }

  /** Makes the object of one service. */
  create(): object {
    const tables = Object.create(this.#fallback) as object;
    for (const name of this.#thread.names) {
      Object.defineProperty(tables, name, this.#accessor(name));
    }
    const reference = new WeakRef(tables);
    this.#made.add(reference);
    this.#gone.register(tables, reference);
    return tables;
  }

  #accessor(name: string): PropertyDescriptor {
    let accessor = this.#accessors.get(name);
    if (accessor === undefined) {
      // A short name may come to stand for another table.
      const thread = this.#thread;
      const view = thread.fullName(name) === name ? thread.get(name) : undefined;
      accessor = {
        enumerable: true,
        get: () => (view ?? thread.get(name)).shown,
        set: () => {
          throw readOnly(name);
        },
      };
      this.#accessors.set(name, accessor);
    }
    return accessor;
  }
}

function createFallback(thread: TableThread): object {
  const inherited = Object.create(null) as object;
  Object.defineProperty(inherited, inspect.custom, {
    value(this: object, _depth: number, options: object): string {
      return inspect({ ...this }, options);
    },
  });
  return new Proxy(Object.freeze(inherited), {
    get: (target, name) => {
      if (typeof name === "symbol") return Reflect.get(target, name) as unknown;
      const view = thread.find(name);
      if (view !== undefined) return view.shown;
      // What asks whether it is a promise, or what every object has, asks for no table.
      if (name === "then" || name === "toJSON") return undefined;
      if (name in Object.prototype) return Reflect.get(Object.prototype, name) as unknown;
      return thread.get(name);
    },
    has: () => false,
    set: (_target, name) => {
      throw readOnly(String(name));
    },
  });
}

function readOnly(name: string): SnaxError {
  return new SnaxError(
    "ERR_READ_ONLY",
    `tables.${name} can't be assigned: load the table with sharetable.loadtable`,
  );
}
