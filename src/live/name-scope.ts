/**
 * The names that a patch can see in a module: those of its text, and those that earlier patches added.
 *
 * Like V8's hidden classes: modules that had the same patches share one scope, and a patch that adds names leads to
 * another. So a patch text is compiled once for all services that are alike, however many there are.
 */

import { PATCH_CACHE_MAX } from "../base/limits.ts";
import type { Image } from "../loader/image.ts";
import type { ModuleInstance } from "../loader/module-instance.ts";
import type { Name } from "../loader/names.ts";
import type { PatchCode } from "./patch-code.ts";

/** A name as a patch sees it. */
export type SeenName = Pick<Name, "kind" | "facts" | "length" | "origin"> & {
  /** Added by a patch, with `export` in front: other patches may import it. */
  readonly isExported?: boolean;
};

/** The names of a module at some point of its life. */
export class NameScope {
  /** The text that the module was made from. */
  readonly image: Image;
  /** Names that patches added, the latest of each name. */
  readonly added: ReadonlyMap<string, SeenName>;
  readonly #codes = new Map<string, PatchCode>();

  constructor(image: Image, added: ReadonlyMap<string, SeenName>) {
    this.image = image;
    this.added = added;
  }

  /** Returns what is known of a name. */
  get(name: string): SeenName | undefined {
    return this.added.get(name) ?? this.image.names.get(name);
  }

  /** All names. */
  names(): Set<string> {
    return new Set([...this.image.names.keys(), ...this.added.keys()]);
  }

  /** Returns the code of a patch text for modules of this scope, compiling it at most once. */
  code(text: string, compile: () => PatchCode): PatchCode {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = compile();
    for (const oldest of this.#codes.keys()) {
      if (this.#codes.size < PATCH_CACHE_MAX) break;
      this.#codes.delete(oldest);
    }
    this.#codes.set(text, code);
    return code;
  }
}

const roots = new WeakMap<Image, NameScope>();
const patched = new WeakMap<ModuleInstance, NameScope>();

/** Returns the scope of modules of an image that no patch has added names to. */
export function rootScope(image: Image): NameScope {
  let scope = roots.get(image);
  if (scope === undefined) {
    scope = new NameScope(image, new Map());
    roots.set(image, scope);
  }
  return scope;
}

/** Returns the scope in which a module is now. */
export function scopeOf(module: ModuleInstance): NameScope {
  return patched.get(module) ?? rootScope(module.image);
}

/** Moves a module to another scope. */
export function setScope(module: ModuleInstance, scope: NameScope): void {
  patched.set(module, scope);
}
