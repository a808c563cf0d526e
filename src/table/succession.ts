/**
 * What becomes of the views of a table when their places are read in another version.
 *
 *     a record with the same keys, a dictionary, a list    the view goes over to it, with what was read from it
 *     a record with other keys, or a record that grew      a new view takes the place, and takes over what was read from the
 *     into a dictionary, or the other way round            old one: a row whose own keys did not change stays the same object
 *     anything else                                        the place is made anew
 *
 * A row stands for its place. An object that is at several places is the row of the first of
 * them.
 */

import { Container } from "./container.ts";
import { KIND } from "./format.ts";
import type { Step } from "./format.ts";
import type { Memory, Target } from "./memory.ts";
import { opsOf } from "./shape.ts";
import type { Owner, RowOps } from "./shape.ts";
import type { TableView } from "./table-view.ts";

/** Where an object is in a version. */
interface Spot {
  readonly memory: Memory;
  readonly target: Target;
}

/** The succession of the views of one table. */
export class Succession {
  readonly #table: TableView;

  constructor(table: TableView) {
    this.#table = table;
  }

  /**
   * Returns the view of a place.
   *
   * @param old - what was there in the version that was read last; undefined if nothing was read.
   * @param owner - undefined for the root.
   */
  succeed(old: unknown, { memory, target }: Spot, owner: Owner | undefined, step: Step): Owner {
    if (old !== undefined && this.#rebind(old, memory, target)) return old as Owner;
    const made = this.#make(memory, target, owner, step);
    if (old !== undefined) this.#inherit(old as Owner, made, memory);
    return made;
  }

  #make(memory: Memory, target: Target, owner: Owner | undefined, step: Step): Owner {
    if (target.kind === KIND.record) {
      const shape = memory.shapeOf(target.position);
      return shape.create(memory, target.position + 1, owner ?? this.#table, step);
    }
    return new Container(memory, target, owner, step);
  }

  /**
   * Lets a view go over to what is at its place in another version; false if that is something
   * else.
   */
  #rebind(node: unknown, memory: Memory, target: Target): boolean {
    if (target.link > 0) return false;
    if (node instanceof Container) {
      if (target.kind !== node.kind) return false;
      if (node.memory === memory) return node.position === target.position;
      node.bind(memory, target.kind, target.position);
      return true;
    }
    const ops = opsOf(node);
    if (ops === undefined || target.kind !== KIND.record) return false;
    const row = node as object;
    if (ops.memory(row) === memory) return ops.at(row) === target.position + 1;
    if (memory.shapeOf(target.position) !== ops.shape) return false;
    // Order: the children first. A service that is terminated in between must leave no row that is
    // half old.
    this.#rebindChildren(ops, row, { memory, at: target.position + 1 });
    ops.bind(row, memory, target.position + 1);
    return true;
  }

  /** What was read from a row goes over with it; lists are made anew. */
  #rebindChildren(
    ops: RowOps,
    row: object,
    { memory, at }: { readonly memory: Memory; readonly at: number },
  ): void {
    if (!ops.hasChildren(row)) return;
    const { keys } = ops.shape;
    for (let index = 0; index < keys.length; index++) {
      const value = ops.child(row, index);
      const container = ops.child(row, keys.length + index);
      if (value === undefined && container === undefined) continue;
      const spot = spotOf(memory, at + index);
      const old = ownChild(ops, row, index);
      const now =
        spot === undefined || old === undefined
          ? undefined
          : this.succeed(old, spot, row, keys[index] as string);
      const isContainer = now instanceof Container;
      ops.setChild(row, index, isContainer ? undefined : now);
      if (container !== undefined || isContainer) {
        ops.setChild(row, keys.length + index, isContainer ? now : undefined);
      }
    }
  }

  /** Hands what was read from a view over to the one that takes its place. */
  #inherit(old: Owner, made: Owner, memory: Memory): void {
    if (isList(old) || isList(made) || memoryOf(old) === memory) return;
    for (const [step, child] of childrenOf(old)) {
      const slot = slotOf(made, step);
      const spot = slot === undefined ? undefined : spotOf(memory, slot);
      if (spot === undefined) continue;
      const now = this.succeed(child, spot, made, step);
      if (now instanceof Container) now.owner = made;
      else opsOf(now)?.setOwner(now, made);
      keep(made, step, now);
    }
  }
}

/** The object at a slot that is there first; undefined if there is none. */
function spotOf(memory: Memory, slot: number): Spot | undefined {
  if (memory.isScalar(slot)) return undefined;
  const target = memory.target(slot);
  return target.link > 0 ? undefined : { memory, target };
}

function memoryOf(view: Owner): Memory | undefined {
  return view instanceof Container ? view.memory : opsOf(view)?.memory(view);
}

function isList(view: Owner): boolean {
  return view instanceof Container && view.kind === KIND.list;
}

/**
 * What was read from a field of a row, and belongs to it: a row, or the container behind a list or
 * a dictionary.
 */
function ownChild(ops: RowOps, row: object, index: number): Owner | undefined {
  const container = ops.child(row, ops.shape.keys.length + index);
  if (container !== undefined) return container as Owner;
  const child = ops.child(row, index);
  return opsOf(child)?.owner(child as object) === row ? (child as Owner) : undefined;
}

function* childrenOf(view: Owner): Generator<readonly [Step, Owner]> {
  if (view instanceof Container) {
    yield* view.children();
    return;
  }
  const ops = opsOf(view);
  if (ops === undefined || !ops.hasChildren(view)) return;
  for (const [index, key] of ops.shape.keys.entries()) {
    const child = ownChild(ops, view, index);
    if (child !== undefined) yield [key, child];
  }
}

/** Where the slot of a step of a record or a dictionary is; undefined if it has no such step. */
function slotOf(view: Owner, step: Step): number | undefined {
  if (view instanceof Container) {
    const ordinal = view.ordinalOf(step);
    return ordinal < 0 ? undefined : view.slotOf(ordinal);
  }
  const ops = opsOf(view);
  const index = ops?.shape.indexOf(String(step)) ?? -1;
  return ops === undefined || index < 0 ? undefined : ops.at(view) + index;
}

function keep(view: Owner, step: Step, child: Owner): void {
  if (view instanceof Container) return view.keep(view.ordinalOf(step), child);
  const ops = opsOf(view);
  if (ops === undefined) return;
  const index = ops.shape.indexOf(String(step));
  ops.setChild(view, child instanceof Container ? ops.shape.keys.length + index : index, child);
}
