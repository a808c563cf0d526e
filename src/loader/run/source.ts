/**
 * Where the value of an import comes from, once re-exports are resolved.
 *
 * A source belongs to a program; which value it has is a question to an instance. The variable of
 * another module's instance, its namespace, something of a package or of Node, or something that
 * the surroundings supply.
 */

import { isBuiltin } from "node:module";
import type { Instance } from "./instance.ts";
import type { ModuleNode } from "./module-node.ts";

/** The answer of a source whose variable has no value yet: modules that import each other. */
export const kUnset: unique symbol = Symbol("snax.unset");

/** Where a value comes from. */
export interface Source {
  /** Returns the value in an instance, or {@link kUnset}. */
  read(instance: Instance): unknown;
}

/** A variable of a module. */
export class CellSource implements Source {
  readonly node: ModuleNode;
  readonly cell: number;

  constructor(node: ModuleNode, cell: number) {
    this.node = node;
    this.cell = cell;
  }

  read(instance: Instance): unknown {
    const module = instance.find(this.node);
    return module === undefined ? kUnset : module.peek(this.cell);
  }
}

/** The namespace of a module. */
export class NamespaceSource implements Source {
  readonly node: ModuleNode;

  constructor(node: ModuleNode) {
    this.node = node;
  }

  read(instance: Instance): unknown {
    return instance.namespaceOf(this.node);
  }
}

/**
 * An export of a package, or its namespace. Packages are shared, so every instance has the same
 * value.
 */
export class PackageSource implements Source {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  read(_instance?: Instance): unknown {
    return this.#value;
  }
}

/**
 * An export of a module of Node, or its namespace, in whose place the surroundings may have one of
 * the service's own.
 */
export class BuiltinSource extends PackageSource {
  readonly #specifier: string;
  readonly #name: string;

  constructor(specifier: string, name: string, value: unknown) {
    super(value);
    this.#specifier = specifier;
    this.#name = name;
  }

  override read(instance?: Instance): unknown {
    const own = instance?.surroundings.builtin?.(this.#specifier);
    if (own === undefined) return super.read();
    return this.#name === "*" ? own : own[this.#name];
  }
}

/** Returns the source of an export of a package or of a module of Node, or of its namespace, `*`. */
export function packageSource(specifier: string, name: string, value: unknown): PackageSource {
  return isBuiltin(specifier)
    ? new BuiltinSource(specifier, name, value)
    : new PackageSource(value);
}

/** A name that the surroundings of the instance supply, or all of them. */
export class ApiSource implements Source {
  readonly name: string;
  /** Makes the error for a name that the surroundings do not supply. */
  readonly #refuse: (name: string) => Error;

  constructor(name: string, refuse: (name: string) => Error) {
    this.name = name;
    this.#refuse = refuse;
  }

  read(instance: Instance): unknown {
    const { api } = instance.surroundings;
    if (this.name === "*") return api;
    const value = api[this.name];
    if (value === undefined && !(this.name in api)) throw this.#refuse(this.name);
    return value;
  }
}
