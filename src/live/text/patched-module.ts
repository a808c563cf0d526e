/**
 * What patches have made of a module: the names that the next patch sees in it, and the text that it runs.
 *
 * Both are known by one reference. Modules that have had the same patches share one {@link NameScope}, like V8's hidden
 * classes, and a patch that adds names leads to another; so a patch text is compiled once for all services that are alike,
 * however many there are. They also share one {@link EffectiveText}. A module without patches has neither: it has those of
 * its image.
 */

import type { Image } from "../../loader/weave/image.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Name } from "../../loader/read/names.ts";
import type { PatchCode } from "./compile.ts";
import type { RunningClass } from "./running-class.ts";
import { EffectiveText } from "../../texts/effective-text.ts";
import { PATCH_CACHE_MAX } from "../../base/limits.ts";

/** A name as a patch sees it. */
export type SeenName = Pick<Name, "kind" | "facts" | "length" | "origin" | "isLet"> & {
  /** Added by a patch, with `export` in front: other patches may import it. */
  readonly isExported?: boolean;
  /** Added by a patch, as an enum. */
  readonly isEnum?: true;
  /** For a class that a patch has added. */
  readonly running?: RunningClass;
};

const NONE: ReadonlySet<string> = new Set();

/**
 * The names of a module at some point of its life: those of the scope before, and what one more
 * patch added.
 */
export class NameScope {
  /** The text that the module was made from. */
  readonly image: Image;
  readonly #before: NameScope | undefined;
  /** The patch that led here, and the names that it added. */
  readonly #text: string | undefined;
  readonly #fresh: ReadonlyMap<string, SeenName>;
  /** The names that it took away. */
  readonly #removed: ReadonlySet<string>;
  readonly #codes = new Map<string, PatchCode>();
  /** The patches that made the text of the image, and added names to it. */
  readonly #had: ReadonlySet<string>;

  /**
   * @param had - the patches that added names to the text of the image, and stand in it.
   * @param step - the scope before, and what a patch added to it; without, the names are those of
   * the text.
   */
  constructor(
    image: Image,
    step?: {
      before: NameScope;
      text: string;
      fresh: ReadonlyMap<string, SeenName>;
      removed: ReadonlySet<string>;
    },
    had: ReadonlySet<string> = NONE,
  ) {
    this.image = image;
    this.#had = had;
    this.#before = step?.before;
    this.#text = step?.text;
    this.#fresh = step?.fresh ?? new Map();
    this.#removed = step?.removed ?? new Set();
  }

  /** Returns the scope of modules that have got another patch, too. */
  extend(
    text: string,
    fresh: ReadonlyMap<string, SeenName>,
    removed: ReadonlySet<string> = new Set(),
  ): NameScope {
    if (fresh.size + removed.size === 0) return this;
    return new NameScope(this.image, { before: this, text, fresh, removed });
  }

  /** Returns what is known of a name. */
  get(name: string): SeenName | undefined {
    for (const scope of this.#lineage()) {
      const seen = scope.#fresh.get(name);
      if (seen !== undefined) return seen;
      if (scope.#removed.has(name)) return undefined;
    }
    return this.image.names.get(name);
  }

  /** All names. */
  names(): Set<string> {
    const names = new Set(this.image.names.keys());
    for (const [name] of this.added()) names.add(name);
    for (const name of [...names]) if (this.get(name) === undefined) names.delete(name);
    return names;
  }

  /** The names that patches added. */
  *added(): Generator<[string, SeenName]> {
    for (const scope of this.#lineage()) yield* scope.#fresh;
  }

  /** Says whether a patch of that text led here. */
  hasHad(text: string): boolean {
    for (const scope of this.#lineage()) {
      if (scope.#text === text || scope.#had.has(text)) return true;
    }
    return false;
  }

  /** The patches that added names, or took some away. */
  get history(): Set<string> {
    const texts = new Set(this.#had);
    for (const scope of this.#lineage()) if (scope.#text !== undefined) texts.add(scope.#text);
    return texts;
  }

  /** This scope and those before it, newest first. */
  *#lineage(): Generator<NameScope> {
    yield this;
    for (let scope = this.#before; scope !== undefined; scope = scope.#before) yield scope;
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

const rootScopes = new WeakMap<Image, NameScope>();
const scopes = new WeakMap<ModuleInstance, NameScope>();

/** Returns the scope of modules of an image that no patch has added names to. */
export function rootScope(image: Image): NameScope {
  let scope = rootScopes.get(image);
  if (scope === undefined) {
    scope = new NameScope(image);
    rootScopes.set(image, scope);
  }
  return scope;
}

/**
 * Says that patches made the text of an image.
 *
 * @param had - those that added names to it.
 */
export function setRootScope(image: Image, had: ReadonlySet<string>): void {
  rootScopes.set(image, new NameScope(image, undefined, had));
}

/** Returns the scope in which a module is now. */
export function scopeOf(module: ModuleInstance): NameScope {
  return scopes.get(module) ?? rootScope(module.image);
}

/** Returns the scope in which a module of a running service is. */
export function scopeIn(instance: Instance, node: ModuleNode): NameScope {
  const module = instance.find(node);
  return module === undefined ? rootScope(node.image) : scopeOf(module);
}

/** Moves a module to another scope. */
export function setScope(module: ModuleInstance, scope: NameScope): void {
  scopes.set(module, scope);
}

const rootTexts = new WeakMap<Image, Map<boolean, EffectiveText>>();
const texts = new WeakMap<ModuleInstance, EffectiveText>();

/** Notes that a module has got a patch and keeps it. */
export function noteText(module: ModuleInstance, { text, hasMethods }: PatchCode): void {
  texts.set(module, textOf(module, hasMethods).with(text));
}

/** Says that a module runs this text, and forgets how it came to that. */
export function setText(module: ModuleInstance, text: EffectiveText): void {
  texts.set(module, text);
}

/**
 * Returns the text that a module runs.
 *
 * @param isService - whether it is the own file of a snax service.
 */
export function textOf(module: ModuleInstance, isService: boolean): EffectiveText {
  return texts.get(module) ?? rootOf(module.image, isService);
}

/** Returns the text that a module runs, if it is another one than its image was made of. */
export function changedTextOf(module: ModuleInstance): EffectiveText | undefined {
  return texts.get(module);
}

/** Says that an image is of a text that patches made. */
export function setRoot(image: Image, text: EffectiveText): void {
  rootTexts.set(image, new Map([[text.home.isService, text]]));
}

/** Returns the text that an image is of. */
export function rootOf(image: Image, isService: boolean): EffectiveText {
  let known = rootTexts.get(image);
  if (known === undefined) rootTexts.set(image, (known = new Map()));
  let text = known.get(isService);
  if (text === undefined) {
    text = EffectiveText.of(image.text, { file: image.file, isService });
    known.set(isService, text);
  }
  return text;
}
