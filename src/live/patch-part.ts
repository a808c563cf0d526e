/**
 * One module's share of a compiled patch.
 */

import type { ModuleNode } from "../loader/module-node.ts";
import type { Source } from "../loader/source.ts";
import type { NameScope, PatchCode } from "./name-scope.ts";

/** A module that a patch imports. */
export interface PatchImport {
  readonly source: Source;
}

/** One module's share of a patch. */
export interface PatchPart {
  readonly node: ModuleNode;
  /** The scope that it was compiled for. */
  readonly scope: NameScope;
  readonly code: PatchCode;
  /** The modules that it imports, by number of the request. */
  readonly imports: readonly PatchImport[];
}
