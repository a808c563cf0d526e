/**
 * How objects that stand for something travel to another thread.
 *
 * On one thread a portable object says what the receiver gets (base/portable.ts), and may keep what it stands for in
 * reach. Between threads only values travel, so a class that wants to arrive as itself has a kind: a name, values to
 * send, and a way to make the object from them. A portable object without a kind arrives as what it gives for an unknown
 * receiver. Every thread of a process fills its table with the same kinds.
 */

import { types } from "node:util";
import { SnaxError } from "../base/error.ts";
import { kPortKind } from "../base/portable.ts";

/** How the instances of one class travel. */
export interface PortableKind<T extends object = object, P = unknown> {
  /** What both threads call the kind. */
  readonly name: string;
  /** Says what is sent for an object; the codec sends it as it would any value. */
  readonly pack: (value: T) => P;
  /**
   * Makes what the receiver gets.
   *
   * @param packed - a copy of what `pack` returned.
   * @param receiver - the service that receives the message, as the kernel knows it; undefined outside any.
   */
  readonly unpack: (packed: P, receiver: object | undefined) => unknown;
  /** Knows an object of the kind that is a proxy, without running code of that. @defaultValue none is */
  readonly owns?: (value: object) => boolean;
}

/** The kinds that one thread knows. */
export class PortableTable {
  readonly #byPrototype = new Map<object, PortableKind>();
  readonly #byName = new Map<string, PortableKind>();

  /**
   * Adds the kind of a class; instances of its subclasses have it too, unless they have their own.
   *
   * @throws {ERR_ARGUMENT} if the name is taken.
   */
  define<T extends object, P>(
    constructor: abstract new (...args: never[]) => T,
    kind: PortableKind<T, P>,
  ): void {
    // What is packed by a kind is unpacked by the same kind, and found by the class it was defined for.
    const anyKind = kind as unknown as PortableKind;
    this.#add(anyKind);
    this.#byPrototype.set(constructor.prototype as object, anyKind);
  }

  /**
   * Adds a kind for objects that name it themselves, by {@link kPortKind}: those that look plain and have no class.
   *
   * @throws {ERR_ARGUMENT} if the name is taken.
   */
  defineNamed<P>(kind: PortableKind<object, P>): void {
    this.#add(kind as unknown as PortableKind);
  }

  #add(kind: PortableKind): void {
    if (this.#byName.has(kind.name)) {
      throw new SnaxError("ERR_ARGUMENT", `there is a portable kind of the name ${kind.name}`);
    }
    this.#byName.set(kind.name, kind);
  }

  /** Finds the kind of an object. */
  kindOf(value: object): PortableKind | undefined {
    const name = (value as { readonly [kPortKind]?: string })[kPortKind];
    if (name !== undefined) return this.#byName.get(name);
    for (let at: object | null = value; at !== null; at = Object.getPrototypeOf(at)) {
      const kind = this.#byPrototype.get(at);
      if (kind !== undefined) return kind;
    }
    return undefined;
  }

  /** Finds the kind of an object that names it itself; no code of a proxy runs. */
  namedKindOf(value: object): PortableKind | undefined {
    if (types.isProxy(value)) {
      for (const kind of this.#byName.values()) if (kind.owns?.(value) === true) return kind;
      return undefined;
    }
    const name = (value as { readonly [kPortKind]?: string })[kPortKind];
    return name === undefined ? undefined : this.#byName.get(name);
  }

  /** Finds a kind by its name. */
  get(name: string): PortableKind | undefined {
    return this.#byName.get(name);
  }
}
