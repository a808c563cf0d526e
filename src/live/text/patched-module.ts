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

/** What one more patch did to the names. */
interface Step {
  readonly fresh: ReadonlyMap<string, SeenName>;
  readonly removed: ReadonlySet<string>;
  readonly before: Step | undefined;
}

/** The texts of the patches that added names, or took some away; the last one first. */
interface Past {
  readonly text: string;
  readonly before: Past | undefined;
}

/**
 * The names of a module at some point of its life. It holds no scope that was before: none is needed that all modules have
 * left, with the codes that it knows.
 */
export class NameScope {
  /** The text that the module was made from. */
  readonly image: Image;
  readonly #steps: Step | undefined;
  readonly #past: Past | undefined;
  readonly #codes = new Map<string, PatchCode>();
  /** Codes that lead to another scope live as long as a service runs them: else each scope would hold all that come. */
  readonly #ways = new Map<string, WeakRef<PatchCode>>();

  /**
   * @param steps - what patches did to the names of the text.
   * @param past - those patches, and others that are in the text already.
   */
  constructor(image: Image, steps?: Step, past?: Past) {
    this.image = image;
    this.#steps = steps;
    this.#past = past;
  }

  /** Returns the scope of modules that have got another patch, too. */
  extend(
    text: string,
    fresh: ReadonlyMap<string, SeenName>,
    removed: ReadonlySet<string> = NONE,
  ): NameScope {
    if (fresh.size + removed.size === 0) return this;
    const last = { fresh, removed, before: this.#steps };
    const past = { text, before: this.#past };
    const next = new NameScope(this.image, last, past);
    // Names that come and go leave no step behind each.
    const isGone = [...removed].some((name) => isAddedIn(this.#steps, name));
    return isGone ? new NameScope(this.image, next.#inOneStep(), past) : next;
  }

  #inOneStep(): Step {
    const names = this.image.names.keys();
    const removed = new Set([...names].filter((name) => this.get(name) === undefined));
    return { fresh: new Map(this.added()), removed, before: undefined };
  }

  /** Returns what is known of a name. */
  get(name: string): SeenName | undefined {
    for (const { fresh, removed } of lineage(this.#steps)) {
      const seen = fresh.get(name);
      if (seen !== undefined) return seen;
      if (removed.has(name)) return undefined;
    }
    return this.image.names.get(name);
  }

  /** All names. */
  names(): Set<string> {
    const names = new Set<string>();
    for (const name of this.image.names.keys()) if (this.get(name) !== undefined) names.add(name);
    for (const [name] of this.added()) names.add(name);
    return names;
  }

  /** The names that patches added. */
  *added(): Generator<[string, SeenName]> {
    const done = new Set<string>();
    for (const { fresh, removed } of lineage(this.#steps)) {
      for (const [name, seen] of fresh) if (!done.has(name)) yield [name, seen];
      for (const names of [fresh.keys(), removed]) for (const name of names) done.add(name);
    }
  }

  /** Says whether a patch of that text led here. */
  hasHad(text: string): boolean {
    for (const each of lineage(this.#past)) if (each.text === text) return true;
    return false;
  }

  /** The patches that added names, or took some away. */
  get history(): Set<string> {
    return new Set(Array.from(lineage(this.#past), ({ text }) => text));
  }

  /** Returns the code of a patch text for modules of this scope, compiling it at most once. */
  code(text: string, compile: () => PatchCode): PatchCode {
    const known = this.#codes.get(text) ?? this.#ways.get(text)?.deref();
    if (known !== undefined) return known;
    const code = compile();
    if (code.scopeAfter === this) {
      forgetOldest(this.#codes);
      this.#codes.set(text, code);
    } else {
      forgetOldest(this.#ways);
      this.#ways.set(text, new WeakRef(code));
    }
    return code;
  }
}

/** One link, and those before it, the newest first. */
function* lineage<T extends { readonly before: T | undefined }>(last: T | undefined): Generator<T> {
  for (let each = last; each !== undefined; each = each.before) yield each;
}

function isAddedIn(steps: Step | undefined, name: string): boolean {
  for (const { fresh } of lineage(steps)) if (fresh.has(name)) return true;
  return false;
}

function forgetOldest(known: Map<string, unknown>): void {
  for (const oldest of known.keys()) {
    if (known.size < PATCH_CACHE_MAX) break;
    known.delete(oldest);
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
  let past: Past | undefined;
  for (const text of had) past = { text, before: past };
  rootScopes.set(image, new NameScope(image, undefined, past));
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
