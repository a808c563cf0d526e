/**
 * The view of a root that may be kept, and of a dictionary inside a table: a Proxy, so that it can
 * gain and lose keys.
 *
 * It costs some hundred nanoseconds a read. Every read begins with the version that the thread
 * shows; every way of writing throws.
 */

import { inspect } from "node:util";
import { SnaxError } from "../base/error.ts";
import { kPort, kPortKind } from "../base/portable.ts";
import { Container } from "./container.ts";
import { formatPath, KIND } from "./format.ts";
import type { Step } from "./format.ts";
import { noteAddress } from "./row-address.ts";
import { opsOf } from "./shape.ts";
import type { Owner } from "./shape.ts";
import type { TableView } from "./table-view.ts";

/** What a live view stands for, unless it is the root of its table. */
export interface LivePlace {
  /** A dictionary; the view of it is read in one step while its version lives. */
  readonly container?: Container;
  /** Where it is. */
  readonly path: () => readonly Step[];
  /** Finds what is there now. */
  readonly find: () => Owner | undefined;
}

/**
 * Makes a live view.
 *
 * @param place - undefined for the root of the table, whatever it is.
 * @param isList - `Array.isArray` says yes.
 */
export function createLiveView(
  table: TableView,
  place: LivePlace | undefined,
  isList = false,
): object {
  const handler = new LiveView(table, place);
  const target: object = isList ? [] : {};
  const view = new Proxy(target, handler);
  // What the target has of its own is what Node asks past the traps.
  const hidden = (key: symbol, value: unknown): void => {
    Object.defineProperty(target, key, { value, configurable: true });
  };
  hidden(inspect.custom, (_depth: number, options: object) => inspect(handler.copy(), options));
  hidden(kPort, () => table.port(view));
  hidden(kPortKind, table.rows.portKind);
  noteAddress(view, () => ({ table: table.name, path: handler.path }));
  return view;
}

class LiveView implements ProxyHandler<object> {
  readonly table: TableView;
  readonly #place: LivePlace | undefined;

  constructor(table: TableView, place: LivePlace | undefined) {
    this.table = table;
    this.#place = place;
  }

  /** What is at the path now: a row or a container. */
  #now(): Owner {
    const { table } = this;
    if (this.#place === undefined) return table.currentRoot();
    const now = this.#place.find();
    const isList = now instanceof Container && now.kind === KIND.list;
    if (now === undefined || isList) throw table.rows.gone(this.path, isList);
    return now;
  }

  /** The steps from the root. */
  get path(): readonly Step[] {
    return this.#place?.path() ?? [];
  }

  get(target: object, key: string | symbol): unknown {
    if (typeof key === "symbol") return Reflect.get(target, key) as unknown;
    const { table } = this;
    const container = this.#place?.container;
    const now = container?.memory.isLive === true ? container : this.#now();
    if (now instanceof Container) {
      if (this.#place === undefined) table.noteRead(now);
      const ordinal = now.ordinalOf(key);
      if (ordinal >= 0) return now.sureRowAt(ordinal) ?? table.rows.entry(now, ordinal);
      if (now.kind === KIND.list && key === "length") return now.count;
    } else {
      const ops = opsOf(now);
      const index = ops?.shape.indexOf(key) ?? -1;
      if (ops !== undefined && index >= 0) return this.table.rows.read(ops, now, index);
    }
    return Reflect.get(target, key) as unknown;
  }

  has(target: object, key: string | symbol): boolean {
    if (typeof key === "symbol") return Reflect.has(target, key);
    return this.#hasOwn(key) || Reflect.has(target, key);
  }

  #hasOwn(key: string): boolean {
    const now = this.#now();
    if (now instanceof Container) return now.ordinalOf(key) >= 0;
    return (opsOf(now)?.shape.indexOf(key) ?? -1) >= 0;
  }

  ownKeys(target: object): string[] {
    const keys = this.keys();
    if (Array.isArray(target)) keys.push("length");
    return keys;
  }

  /** The keys in their order. */
  keys(): string[] {
    const now = this.#now();
    if (!(now instanceof Container)) return [...(opsOf(now)?.shape.keys ?? [])];
    return Array.from({ length: now.count }, (_, ordinal) => String(now.stepOf(ordinal)));
  }

  getOwnPropertyDescriptor(target: object, key: string | symbol): PropertyDescriptor | undefined {
    if (typeof key === "symbol") return undefined;
    if (Array.isArray(target) && key === "length") {
      const value = this.get(target, key);
      return { value, writable: true, enumerable: false, configurable: false };
    }
    if (!this.#hasOwn(key)) return undefined;
    // A Proxy must not claim that a property which its target lacks is there for good.
    const value = this.get(target, key);
    return { value, writable: false, enumerable: true, configurable: true };
  }

  /** A plain object of the entries. */
  copy(): unknown {
    try {
      const now = this.#now();
      const entries = this.keys().map((key) => [key, this.get({}, key)] as const);
      const isList = now instanceof Container && now.kind === KIND.list;
      return isList ? entries.map(([, value]) => value) : Object.fromEntries(entries);
    } catch (error) {
      return `[${error instanceof SnaxError ? error.message : String(error)}]`;
    }
  }

  set(_target: object, key: string | symbol): never {
    throw this.#refuse(key);
  }

  defineProperty(_target: object, key: string | symbol): never {
    throw this.#refuse(key);
  }

  deleteProperty(_target: object, key: string | symbol): never {
    throw this.#refuse(key);
  }

  setPrototypeOf(): never {
    throw this.table.rows.readOnly(this.path);
  }

  preventExtensions(): never {
    throw this.table.rows.readOnly(this.path);
  }

  #refuse(key: string | symbol): SnaxError {
    if (typeof key === "string") return this.table.rows.readOnly([...this.path, key]);
    const what = formatPath(this.table.name, this.path);
    return new SnaxError("ERR_READ_ONLY", `${what} can't be written: the table is shared`);
  }
}
