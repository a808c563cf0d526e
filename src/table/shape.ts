// Hot path (bench: table).
/**
 * Rows: objects that look plain, and whose properties read shared memory.
 *
 * A shape is a list of keys. Its rows have an own enumerable accessor for each key and nothing else
 * that can be seen; the place of a row is in private fields, which no code outside the class can
 * reach or change. The class is written to measure, one for each shape: V8 then sees one kind of
 * object in each accessor. Shapes past COMPILED_MAX share their code.
 *
 * A row reads its slot itself if the thread shows its version and a number or a text is there; all
 * else is the table's business (`Rows`).
 */

import { inspect } from "node:util";
import { kPort, kPortKind } from "../base/portable.ts";
import { KIND, TAG, TAG_MASK } from "./format.ts";
import type { Step } from "./format.ts";
import type { Memory } from "./memory.ts";

/** What holds a row, a list or a dictionary: another row, or a container. */
export type Owner = object;

/** What the accessors of a row leave to its table. */
export interface Rows {
  /** How rows travel to another thread; undefined: by copy. */
  readonly portKind: string | undefined;
  /** Reads a field the long way. */
  read(ops: RowOps, row: object, index: number): unknown;
  /** Throws: rows can't be written. */
  refuse(ops: RowOps, row: object, index: number): never;
  /** Says what the receiver of a message gets. */
  port(ops: RowOps, row: object): unknown;
  /** Makes what is printed. */
  show(ops: RowOps, row: object): unknown;
}

/** The way to the private fields of the rows of one class. */
export interface RowOps {
  readonly shape: Shape;
  create(memory: Memory, at: number, owner: Owner, step: Step): object;
  /** The version that the row was read from last; it may have been released. */
  memory(row: object): Memory;
  /** The position of the first field. */
  at(row: object): number;
  owner(row: object): Owner;
  setOwner(row: object, owner: Owner): void;
  step(row: object): Step;
  /**
   * What was read from the row, by place: objects and lists by field, behind them the containers of
   * some of them.
   */
  child(row: object, place: number): unknown;
  setChild(row: object, place: number, child: unknown): void;
  hasChildren(row: object): boolean;
  bind(row: object, memory: Memory, at: number): void;
}

/** Most classes that are written to measure, on one thread. */
const COMPILED_MAX = 512;

/** Rows by their port, the one thing that they show and that can't be forged. */
const opsByPort = new WeakMap<object, RowOps>();

/** The name under which rows travel between threads. */
export const PORT_KIND = "snax.table";

/** A list of keys, and how objects with these keys are made. */
export class Shape {
  readonly keys: readonly string[];
  readonly #places: ReadonlyMap<string, number>;
  #ops: RowOps | undefined = undefined;

  constructor(keys: readonly string[]) {
    this.keys = keys;
    this.#places = new Map(keys.map((key, index) => [key, index]));
  }

  /** The place of a key; -1 if there is no such key. */
  indexOf(key: string): number {
    return this.#places.get(key) ?? -1;
  }

  /** Makes a row. */
  create(memory: Memory, at: number, owner: Owner, step: Step): object {
    this.#ops ??= createOps(this);
    return this.#ops.create(memory, at, owner, step);
  }
}

const shapes = new Map<string, WeakRef<Shape>>();
const unused = new FinalizationRegistry((name: string) => {
  if (shapes.get(name)?.deref() === undefined) shapes.delete(name);
});

/** Returns the shape of a list of keys: on one thread there is one. */
export function findShape(keys: readonly string[]): Shape {
  const name = JSON.stringify(keys);
  let shape = shapes.get(name)?.deref();
  if (shape === undefined) {
    shape = new Shape(keys);
    shapes.set(name, new WeakRef(shape));
    unused.register(shape, name);
  }
  return shape;
}

/** Returns the way to a row's fields; undefined for anything that is no row. */
export function opsOf(value: unknown): RowOps | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const port: unknown = (value as { [kPort]?: unknown })[kPort];
  return typeof port === "function" ? opsByPort.get(port) : undefined;
}

/** What the text of a class is given. */
interface Parts {
  readonly read: (row: object, memory: Memory, index: number) => unknown;
  readonly refuse: (row: object, memory: Memory, index: number) => never;
  /** Own properties that do not show: how a row travels, and how it is printed. */
  readonly hidden: PropertyDescriptorMap;
}

type ClassMaker = (
  Bare: typeof BareRow,
  parts: Parts,
  keys: readonly string[],
) => Omit<RowOps, "shape">;

let compiledCount = 0;
const compiledEnds = new FinalizationRegistry(() => compiledCount--);
let sharedMaker: ClassMaker | undefined;

function createOps(shape: Shape): RowOps {
  // What a row does beyond its accessors hangs on its class, which is not there yet.
  const self: { ops?: RowOps } = {};
  const ops = (): RowOps => self.ops as RowOps;
  const rows = (memory: Memory): Rows => memory.table.rows;
  const port = function (this: object): unknown {
    return rows(ops().memory(this)).port(ops(), this);
  };
  const show = function (this: object, _depth: number, options: object): unknown {
    const shown = rows(ops().memory(this)).show(ops(), this);
    return typeof shown === "string" ? shown : inspect(shown, options);
  };
  const parts: Parts = {
    read: (row, memory, index) => rows(memory).read(ops(), row, index),
    refuse: (row, memory, index) => rows(memory).refuse(ops(), row, index),
    hidden: {
      [kPort]: { get: () => port },
      [kPortKind]: {
        get(this: object) {
          return rows(ops().memory(this)).portKind;
        },
      },
      [inspect.custom]: { get: () => show },
    },
  };
  const made = { ...makerOf(shape)(BareRow, parts, shape.keys), shape };
  self.ops = made;
  opsByPort.set(port, made);
  return made;
}

/** Lets a class put its private fields on a plain object. */
const BareRow = function (row: object): object {
  return row;
} as unknown as new (row: object) => object;

function makerOf(shape: Shape): ClassMaker {
  if (compiledCount < COMPILED_MAX) {
    compiledCount++;
    compiledEnds.register(shape, undefined);
    return compile(
      shape.keys.map((key, index) => accessorText(JSON.stringify(key), String(index))),
    );
  }
  return (sharedMaker ??= compile(undefined));
}

function accessorText(name: string, index: string): string {
  return `get ${name}() {
      const memory = this.#memory;
      if (memory.isLive) {
        const at = this.#at + ${index};
        const high = memory.words[at * 2 + 1];
        if ((high & ${TAG_MASK}) !== ${TAG}) return memory.doubles[at];
        if (high === ${TAG | KIND.text}) return memory.text(memory.words[at * 2]);
        if (this.#place === ${index}) return this.#child;
        const children = this.#children;
        if (children !== undefined && children[${index}] !== undefined) return children[${index}];
      }
      return parts.read(this, memory, ${index});
    },
    set ${name}(value) { parts.refuse(this, this.#memory, ${index}); }`;
}

/**
 * Writes the class of a shape.
 *
 * @param accessors - one for each key; undefined for a class whose accessors are made from the keys
 * when it is evaluated.
 */
function compile(accessors: readonly string[] | undefined): ClassMaker {
  const fields =
    accessors === undefined
      ? `Object.assign(Object.create(null), Object.fromEntries(keys.map((key, index) => [
        key, Object.getOwnPropertyDescriptor({ ${accessorText("field", "index")} }, "field")])))`
      : `Object.getOwnPropertyDescriptors({ ${accessors.join(",\n    ")} })`;
  const text = `"use strict";
return (Bare, parts, keys) => {
  let properties;
  class Row extends Bare {
    #memory; #at; #owner; #step;
    // The first child has fields of its own: most rows have one or none.
    #place = -1; #child; #children;
    constructor(memory, at, owner, step) {
      super({});
      this.#memory = memory;
      this.#at = at;
      this.#owner = owner;
      this.#step = step;
    }
    static {
      properties = Object.assign(Object.create(null), ${fields}, parts.hidden);
      for (const key of keys) {
        properties[key] = { get: properties[key].get, set: properties[key].set, enumerable: true };
      }
    }
    static memory(row) { return row.#memory; }
    static at(row) { return row.#at; }
    static owner(row) { return row.#owner; }
    static setOwner(row, owner) { row.#owner = owner; }
    static step(row) { return row.#step; }
    static child(row, place) { return row.#place === place ? row.#child : row.#children?.[place]; }
    static setChild(row, place, child) {
      if (row.#place === place || (row.#place < 0 && row.#children?.[place] === undefined)) {
        row.#place = child === undefined ? -1 : place;
        row.#child = child;
      } else (row.#children ??= [])[place] = child;
    }
    static hasChildren(row) { return row.#place >= 0 || row.#children !== undefined; }
    static bind(row, memory, at) { row.#memory = memory; row.#at = at; }
  }
  const { memory, at, owner, setOwner, step, child, setChild, hasChildren, bind } = Row;
  const create = (memory, at, owner, step) =>
    Object.preventExtensions(Object.defineProperties(new Row(memory, at, owner, step), properties));
  return { create, memory, at, owner, setOwner, step, child, setChild, hasChildren, bind };
};`;
  return new Function(text)() as ClassMaker;
}
