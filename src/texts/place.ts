/**
 * Where a new declaration of a patch is in the merged text.
 *
 * A service that is born from the merged text evaluates it from top to bottom. So a new declaration stands
 * as early as what it evaluates allows: behind the imports, or behind the last declaration whose value it
 * needs at once. Functions that are declared are there from the start, and are at the end.
 */

import type { ModuleText, Piece } from "./module-text.ts";
import { keepImmediate, listDeferred } from "./moment.ts";

/** The places of what a patch adds to a module. */
export class Places {
  /** Behind the imports and the directives of the module. */
  readonly head: number;
  readonly #module: ModuleText;
  readonly #patch: ModuleText;
  /** Where the new declarations of the patch are that have been placed. */
  readonly #placed = new Map<string, number>();

  constructor(module: ModuleText, patch: ModuleText) {
    this.#module = module;
    this.#patch = patch;
    this.head = headOf(module);
  }

  /** Returns the offset in the module's text at which a new declaration is inserted. */
  placeOf(piece: Piece): number {
    const at = this.#find(piece);
    for (const name of piece.names) this.#placed.set(name, at);
    return at;
  }

  #find(piece: Piece): number {
    if (piece.declaration.type === "FunctionDeclaration") return this.#module.text.length;
    const seen = new Set<string>();
    let at = this.head;
    const need = (source: ModuleText, names: readonly string[]): void => {
      for (const name of names) {
        const own = this.#patch.byName.get(name) ?? source.byName.get(name);
        if (seen.has(name) || own === undefined) continue;
        seen.add(name);
        const text = this.#patch.byName.has(name) ? this.#patch : this.#module;
        if (own.kind === "function") need(this.#module, allNames(own, text));
        const old = this.#module.byName.get(name);
        const isHoisted = old?.declaration.type === "FunctionDeclaration";
        if (old !== undefined && !isHoisted) at = Math.max(at, old.statement.end);
        at = Math.max(at, this.#placed.get(name) ?? 0);
      }
    };
    need(this.#module, immediateNames(piece, this.#patch));
    return at;
  }
}

function headOf({ text, syntax, loose }: ModuleText): number {
  let at = 0;
  const first = syntax.ast.body[0];
  if (text.startsWith("#!")) at = /^[^\n\r]*/.exec(text)?.[0].length ?? 0;
  for (const { kind, end } of loose) if (kind === "directive") at = Math.max(at, end);
  for (const node of syntax.ast.body) {
    if (node.type === "ImportDeclaration") at = Math.max(at, node.end);
  }
  return first === undefined ? text.length : at;
}

/** The names of the module that a declaration evaluates when it is met. */
export function immediateNames({ declaration }: Piece, { analysis }: ModuleText): string[] {
  const deferred = listDeferred(declaration);
  return keepImmediate(analysis.references, declaration, deferred).map(({ name }) => name);
}

/** All names of the module in a declaration. */
export function allNames({ declaration }: Piece, { analysis }: ModuleText): string[] {
  const { start, end } = declaration;
  return analysis.references
    .filter((each) => each.start >= start && each.start < end)
    .map(({ name }) => name);
}
