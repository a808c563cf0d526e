/**
 * The services that import variables of shared modules.
 *
 * A shared module outlives services and does not keep them alive. Only if one of its exported
 * variables is assigned after its declaration, by its text or by a patch, must it know the running
 * services, and it knows them weakly.
 */

import type { Instance } from "./instance.ts";
import type { ModuleNode, Watcher, CellSource } from "./module-node.ts";

/** The imports of shared variables in one program. */
export class SharedImporters {
  readonly #watchers = new Map<ModuleNode, (Watcher[] | undefined)[]>();

  /** Takes down that a module of the program imports a shared variable. */
  watch(source: CellSource, watcher: Watcher): void {
    const { node, cell } = source;
    let byCell = this.#watchers.get(node);
    if (byCell === undefined) this.#watchers.set(node, (byCell = []));
    (byCell[cell] ??= []).push(watcher);
  }

  /** Returns who imports a variable. */
  watchersOf(node: ModuleNode, cell: number): readonly Watcher[] {
    return this.#watchers.get(node)?.[cell] ?? [];
  }

  /** Makes an instance known to the shared modules whose variables change. */
  add(instance: Instance): void {
    for (const node of this.#watchers.keys()) if (node.isAssigned) addImporter(node, instance);
  }

  /** Makes an instance known to a shared module, if it imports from it. */
  addTo(node: ModuleNode, instance: Instance): void {
    if (this.#watchers.has(node)) addImporter(node, instance);
  }
}

function addImporter(node: ModuleNode, instance: Instance): void {
  node.importers.push(new WeakRef(instance));
  if (node.importers.length >= node.sweepSize) sweep(node);
}

/** Drops the dead; half of a list at least is alive or new between two sweeps. */
function sweep(node: ModuleNode): void {
  node.importers = node.importers.filter((reference) => reference.deref() !== undefined);
  node.sweepSize = Math.max(64, 2 * node.importers.length);
}
