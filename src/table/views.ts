/**
 * What services see of a table on one thread: rows, lists and dictionaries, made when they are
 * first read.
 *
 * A view stands for a path. It reads the version that it was bound to as long as that one lives;
 * after an update it finds its way again, from the root down:
 *
 *     read of a stale row -> its owner, found in the same way -> the value at its step there: see succession.ts
 *
 * A row whose keys changed asks the one that took its place, by name; where there is no object any
 * more it says so.
 */

import { SnaxError } from "../base/error.ts";
import { Container } from "./container.ts";
import { formatPath, KIND, LIST_FLAG, ROOT_AT } from "./format.ts";
import type { Step } from "./format.ts";
import { createLiveView } from "./live-view.ts";
import type { Memory, Target } from "./memory.ts";
import { opsOf, PORT_KIND } from "./shape.ts";
import type { Owner, RowOps, Rows } from "./shape.ts";
import { Succession } from "./succession.ts";
import type { TableView } from "./table-view.ts";

/** The views of one table, or of one pin. */
export class Views implements Rows {
  readonly portKind: string | undefined;
  readonly #table: TableView;
  readonly #succession: Succession;

  constructor(table: TableView) {
    this.#table = table;
    this.#succession = new Succession(table);
    this.portKind = table.isPin ? undefined : PORT_KIND;
  }

  /** The object at the root: a row, or a container. */
  root(memory: Memory): Owner {
    const table = this.#table;
    const spot = { memory, target: memory.target(ROOT_AT) };
    return (table.root = this.#succession.succeed(table.root, spot, undefined, ""));
  }

  read(ops: RowOps, row: object, index: number): unknown {
    if (!ops.memory(row).isLive) {
      const now = this.#current(row);
      if (now !== row) return this.#readElsewhere(ops, row, now, ops.shape.keys[index] as string);
    }
    return this.#field(ops, row, index);
  }

  /** Reads a field of a row that is bound to a live version. */
  #field(ops: RowOps, row: object, index: number): unknown {
    const memory = ops.memory(row);
    const slot = ops.at(row) + index;
    if (memory.isScalar(slot)) return memory.scalar(slot);
    const known = ops.child(row, index);
    if (known !== undefined) return known;
    const step = ops.shape.keys[index] as string;
    const node = this.#node(memory, slot, row, step);
    if (!(node instanceof Container)) {
      ops.setChild(row, index, node);
      return node;
    }
    if (node.owner === row) ops.setChild(row, ops.shape.keys.length + index, node);
    const value = this.valueOf(node);
    if (isLasting(node)) ops.setChild(row, index, value);
    return value;
  }

  /** Reads an entry of a container that is bound to a live version. */
  entry(container: Container, ordinal: number): unknown {
    const sure = container.sureRowAt(ordinal);
    if (sure !== undefined) return sure;
    const { memory } = container;
    if (container.isPacked) return memory.integer(container.position, ordinal);
    const slot = container.slotOf(ordinal);
    if (memory.isScalar(slot)) return memory.scalar(slot);
    const node = this.#entryNode(container, ordinal);
    return node instanceof Container ? this.valueOf(node) : node;
  }

  /**
   * The same for an entry that may be given to all; undefined if it is, or holds, a date of its
   * own.
   */
  lastingEntry(container: Container, ordinal: number): { readonly value: unknown } | undefined {
    if (!container.isPacked && !container.memory.isScalar(container.slotOf(ordinal))) {
      const node = this.#entryNode(container, ordinal);
      if (!(node instanceof Container)) return { value: node };
      return isLasting(node) ? { value: this.valueOf(node) } : undefined;
    }
    const value = this.entry(container, ordinal);
    return value instanceof Date ? undefined : { value };
  }

  #entryNode(container: Container, ordinal: number): Owner {
    const sure = container.sureRowAt(ordinal);
    if (sure !== undefined) return sure;
    const { memory } = container;
    const target = memory.target(container.slotOf(ordinal));
    const old = container.rowAt(ordinal) ?? container.inner.get(ordinal);
    if (target.link > 0) return this.#follow(memory, target);
    const step = container.stepOf(ordinal);
    const node = this.#succession.succeed(old, { memory, target }, container, step);
    if (node !== old || !(node instanceof Container)) container.keep(ordinal, node);
    return node;
  }

  /** What a service gets for a container: a live view of a dictionary, a frozen array of a list. */
  valueOf(container: Container): object {
    if (container.kind === KIND.dictionary) {
      return (container.proxy ??= createLiveView(this.#table, {
        container,
        path: () => this.pathOf(container),
        find: () => this.#current(container),
      }));
    }
    if (container.array !== undefined) return container.array;
    const { memory, position, count } = container;
    const list = container.isPacked
      ? memory.integers(position)
      : Array.from({ length: count }, (_, ordinal) => this.entry(container, ordinal));
    const array = Object.freeze(list);
    // A date can be changed, so no reader must get the list that another one has.
    if (isLasting(container)) container.array = array;
    return array;
  }

  /** Finds or makes what a slot of a row leads to. */
  #node(memory: Memory, slot: number, owner: Owner, step: Step): Owner {
    const target = memory.target(slot);
    if (target.link > 0) return this.#follow(memory, target);
    const ops = opsOf(owner);
    const index = ops?.shape.indexOf(String(step)) ?? 0;
    const old = ops?.child(owner, ops.shape.keys.length + index);
    return this.#succession.succeed(old, { memory, target }, owner, step);
  }

  /**
   * Finds an object that several others hold where it was met first, so that it is one object for
   * all of them.
   */
  #follow(memory: Memory, target: Target): Owner {
    let node: Owner | undefined = this.#table.rootOf(memory);
    for (const step of memory.linkSteps(target.link)) {
      node = node === undefined ? undefined : this.child(node, step);
    }
    if (node === undefined) throw new SnaxError("ERR_BUG", "a link of a table leads nowhere");
    return node;
  }

  /**
   * Finds what is at the path of a view in the version that the thread shows.
   *
   * @returns the view itself if it could go over; undefined if no object is there.
   */
  #current(view: Owner): Owner | undefined {
    const isContainer = view instanceof Container;
    const ops = isContainer ? undefined : opsOf(view);
    if ((isContainer ? view.memory : ops?.memory(view))?.isLive === true) return view;
    const owner = isContainer ? view.owner : ops?.owner(view);
    if (owner === undefined || owner === this.#table) return this.#table.currentRoot();
    const now = this.#current(owner);
    const step = (isContainer ? view.step : ops?.step(view)) as Step;
    return now === undefined ? undefined : this.child(now, step);
  }

  /** Returns the row or container at a step of a live view; undefined if there is none. */
  child(node: Owner, step: Step): Owner | undefined {
    if (node instanceof Container) {
      const ordinal = node.ordinalOf(step);
      if (ordinal < 0 || node.isPacked || node.memory.isScalar(node.slotOf(ordinal))) {
        return undefined;
      }
      return this.#entryNode(node, ordinal);
    }
    const ops = opsOf(node);
    const index = ops?.shape.indexOf(String(step)) ?? -1;
    if (ops === undefined || index < 0) return undefined;
    const memory = ops.memory(node);
    if (memory.isScalar(ops.at(node) + index)) return undefined;
    const value = this.#field(ops, node, index);
    if (opsOf(value) !== undefined) return value as object;
    return this.#node(memory, ops.at(node) + index, node, step);
  }

  /** Reads a key of what has the place of a row. */
  #readElsewhere(ops: RowOps, row: object, now: Owner | undefined, key: string): unknown {
    const other = now === undefined ? undefined : opsOf(now);
    if (now !== undefined && other !== undefined) {
      const index = other.shape.indexOf(key);
      return index < 0 ? undefined : this.#field(other, now, index);
    }
    if (now instanceof Container && now.kind === KIND.dictionary) {
      const ordinal = now.ordinalOf(key);
      return ordinal < 0 ? undefined : this.entry(now, ordinal);
    }
    throw this.gone(this.pathOf(row), now instanceof Container);
  }

  /** The error for a view whose path leads nowhere. */
  gone(path: readonly Step[], isList = false): SnaxError {
    const { name } = this.#table;
    const what = formatPath(name, path);
    const version = this.#table.describeVersion();
    const why = isList ? `is a list in ${version}` : `is gone: there is none in ${version}`;
    return new SnaxError("ERR_ROW_GONE", `${what} ${why}`, {
      data: { table: name, path: [...path] },
    });
  }

  /** The steps from the root to a view. */
  pathOf(view: Owner): Step[] {
    const steps: Step[] = [];
    for (let at: Owner | undefined = view; at !== undefined;) {
      const isContainer: boolean = at instanceof Container;
      const ops: RowOps | undefined = isContainer ? undefined : opsOf(at);
      const owner: Owner | undefined = isContainer ? (at as Container).owner : ops?.owner(at);
      if (owner === undefined || owner === this.#table) break;
      steps.push(isContainer ? (at as Container).step : (ops?.step(at) as Step));
      at = owner;
    }
    return steps.reverse();
  }

  /**
   * The view at a path; if nothing is there, one that says so, and shows what will be there later.
   */
  find(steps: readonly Step[]): object {
    if (steps.length === 0) return this.#table.view;
    const find = (): Owner | undefined => {
      let node: Owner | undefined = this.#table.currentRoot();
      for (const step of steps) node = node === undefined ? undefined : this.child(node, step);
      return node;
    };
    const now = this.#table.memory === undefined ? undefined : find();
    if (now === undefined) return createLiveView(this.#table, { path: () => steps, find });
    return now instanceof Container ? this.valueOf(now) : now;
  }

  refuse(ops: RowOps, row: object, index: number): never {
    throw this.readOnly([...this.pathOf(row), ops.shape.keys[index] as string]);
  }

  /** The error for a writer. */
  readOnly(path: readonly Step[]): SnaxError {
    const what = formatPath(this.#table.name, path);
    return new SnaxError(
      "ERR_READ_ONLY",
      `${what} can't be written: the table is shared by all services`,
    );
  }

  port(_ops: RowOps, row: object): unknown {
    return this.#table.port(row);
  }

  show(_ops: RowOps, row: object): unknown {
    try {
      return { ...row };
    } catch {
      // It is gone; what is printed says so, and does not throw.
      return `[${formatPath(this.#table.name, this.pathOf(row))} is gone]`;
    }
  }
}

/** Whether what was made for a container can be given to the next one who asks. */
function isLasting({ kind, memory, position }: Container): boolean {
  return kind !== KIND.list || (memory.high(position) & LIST_FLAG.hasDates) === 0;
}
