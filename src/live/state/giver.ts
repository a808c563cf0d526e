/**
 * Who has given a value that is not the service's own: the platform, a package, or the API.
 */

import type { StateNames } from "./names.ts";

/** Where a function or an object comes from: a package that some module imports, or the API by its names. */
export function giverOf(
  names: StateNames,
  value: unknown,
): "package" | readonly string[] | undefined {
  for (const module of names.modules.values()) {
    for (const target of module.node.targets) {
      if (target.kind !== "package") continue;
      const namespace = target.namespace as Record<string, unknown>;
      if (value === namespace || holds(namespace, value)) return "package";
    }
    for (const [local, { kind, origin }] of module.image.names) {
      if (kind !== "import" || origin?.specifier !== "snax") continue;
      let api: unknown;
      try {
        api = module.read(local);
      } catch {
        continue;
      }
      const name = origin.name === "*" ? [] : [origin.name];
      if (api === value) return name;
      if (typeof value !== "function" || typeof api !== "object" || api === null) continue;
      for (const key of Object.keys(api)) {
        if (Object.getOwnPropertyDescriptor(api, key)?.value === value) return [...name, key];
      }
    }
  }
  return undefined;
}

function holds(namespace: Record<string, unknown>, value: unknown): boolean {
  for (const key of Object.keys(namespace)) {
    if (Object.getOwnPropertyDescriptor(namespace, key)?.value === value) return true;
  }
  return false;
}

let globals: Map<unknown, readonly string[]> | undefined;

/** Finds a function of the platform; a program may have put others there since the first look. */
export function globalPathOf(value: Function): readonly string[] | undefined {
  if (!Function.prototype.toString.call(value).endsWith("{ [native code] }")) return undefined;
  if (globals === undefined) {
    globals = new Map();
    for (const name of Object.getOwnPropertyNames(globalThis)) {
      const holder: unknown = Object.getOwnPropertyDescriptor(globalThis, name)?.value;
      addGlobal(globals, [name], holder);
      if (typeof holder !== "function" && (typeof holder !== "object" || holder === null)) continue;
      for (const key of Object.getOwnPropertyNames(holder)) {
        addGlobal(globals, [name, key], Object.getOwnPropertyDescriptor(holder, key)?.value);
      }
    }
  }
  return globals.get(value);
}

function addGlobal(all: Map<unknown, readonly string[]>, path: string[], value: unknown): void {
  if (typeof value === "function" && !all.has(value)) all.set(value, path);
}
