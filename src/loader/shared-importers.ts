/**
 * Who imports the variables of shared modules.
 *
 * A shared module outlives services and does not keep them alive. Only if one of its exported variables is assigned after
 * its declaration must it know the running services, and it knows them weakly; all other changes come from patches, which
 * bring the list of the services along.
 */

import type { Instance } from "./instance.ts";
import type { ModuleNode, Watcher } from "./module-node.ts";
import type { CellSource } from "./source.ts";

/** The imports of shared variables in one program. */
export class SharedImporters {
  readonly #watchers = new Map<ModuleNode, (Watcher[] | undefined)[]>();
  readonly #assigned = new Set<ModuleNode>();

  /** Takes down that a module of the program imports a shared variable. */
  watch(source: CellSource, watcher: Watcher): void {
    const { node, cell } = source;
    let byCell = this.#watchers.get(node);
    if (byCell === undefined) this.#watchers.set(node, (byCell = []));
    (byCell[cell] ??= []).push(watcher);
    if (node.image.data.assigned.size > 0) this.#assigned.add(node);
  }

  /** Returns who imports a variable. */
  watchersOf(node: ModuleNode, cell: number): readonly Watcher[] {
    return this.#watchers.get(node)?.[cell] ?? [];
  }

  /** Makes an instance known to the shared modules whose variables change. */
  add(instance: Instance): void {
    for (const node of this.#assigned) {
      node.importers.push(new WeakRef(instance));
      if (node.importers.length >= node.sweepSize) sweep(node);
    }
  }
}

/** Drops the dead; half of a list at least is alive or new between two sweeps. */
function sweep(node: ModuleNode): void {
  node.importers = node.importers.filter((reference) => reference.deref() !== undefined);
  node.sweepSize = Math.max(64, 2 * node.importers.length);
}
