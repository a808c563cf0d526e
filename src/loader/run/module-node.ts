/**
 * A module's place in a program: its image, what its imports resolve to, and who imports from it.
 *
 * These tables exist once per program (once per thread for a shared module), so that an instance of
 * a module needs none of its own.
 */

import type { Image } from "../weave/image.ts";
import type { Instance } from "./instance.ts";
import type { ModuleInstance } from "./module-instance.ts";
import type { Source } from "./source.ts";

/** What the specifier of an import stands for. */
export type Target =
  | { readonly kind: "module"; readonly node: ModuleNode }
  | { readonly kind: "package"; readonly specifier: string; namespace: object }
  | { readonly kind: "api" };

/** An import variable and the source of its value. */
export interface Link {
  /** Cell of the variable. */
  readonly cell: number;
  readonly source: Source;
}

/** Who must hear of a new value: a module's import variable, or a property of its namespace. */
export interface Watcher {
  readonly node: ModuleNode;
  /** Cell of the variable, or name of the property. */
  readonly target: number | string;
}

/** A module's place in a program. */
export class ModuleNode {
  readonly image: Image;
  /** Number of the module in its program; -1 for a shared module. */
  readonly index: number;
  /** By request of the image. */
  targets: readonly Target[] = [];
  /** Filled by the linker. */
  links: readonly Link[] = [];
  /** By cell; who imports it. A shared module lists only shared ones here. */
  readonly watchers: (Watcher[] | undefined)[] = [];
  /** By cell; 1 if the module or some importer takes the function as a value. */
  readonly isForwardWanted: Uint8Array;
  /**
   * Whether it belongs to modules that import each other, so that some may hold its variables
   * before it runs.
   */
  isInCycle = false;
  /** What the exported names resolve to, as far as asked. */
  readonly exportSources: Map<string, Source | undefined> = new Map();
  /** Whether its namespace hears of new values. */
  watchesNamespace = false;
  /** Whether an exported variable is assigned after its declaration, by the text or by a patch. */
  isAssigned: boolean;
  /** Services that import variables of a shared module which it assigns. */
  importers: WeakRef<Instance>[] = [];
  /** Length of that list at which the dead are dropped. */
  sweepSize = 64;
  /** The one instance of a shared module, once it has begun. */
  shared: ModuleInstance | undefined;

  constructor(image: Image, index: number) {
    this.image = image;
    this.index = index;
    // A shared module does not know its importers, so whatever they hold must follow a replacement.
    this.isForwardWanted = new Uint8Array(image.data.cells.length).fill(index < 0 ? 1 : 0);
    for (const cell of image.data.forwarded) this.isForwardWanted[cell] = 1;
    this.isAssigned = image.data.assigned.size > 0;
  }

  /** Whether there is one instance per thread. */
  get isShared(): boolean {
    return this.index < 0;
  }

  /** Returns the cell of a variable, or undefined if the runtime reaches it by name only. */
  cellOf(name: string): number | undefined {
    return this.image.cellOf(name);
  }
}
