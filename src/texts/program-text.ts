/**
 * The texts of a program's modules together: what the names of one mean in another.
 */

import { posix } from "node:path";
import type { NameKeys } from "./evaluation.ts";
import type { ModuleText } from "./module-text.ts";

/** Says which module a specifier of another one means; undefined for what is no module of the program. */
export type Resolve = (specifier: string, from: string) => string | undefined;

/** The variable behind an import. */
export interface Origin {
  readonly module: ModuleText;
  /** Its name there; "*" for the namespace. */
  readonly name: string;
}

/** How deep names may be passed on from module to module. */
const PASSED_ON_MAX = 100;

/** The modules of a program by their files. */
export class ProgramText implements NameKeys {
  readonly modules: ReadonlyMap<string, ModuleText>;
  readonly #resolve: Resolve;

  /** @param resolve - without it relative specifiers are looked up among the files. */
  constructor(modules: Iterable<ModuleText>, resolve?: Resolve) {
    this.modules = new Map([...modules].map((module) => [module.file, module]));
    this.#resolve = resolve ?? ((specifier, from) => this.#findRelative(specifier, from));
  }

  name(module: ModuleText, name: string): string | undefined {
    const origin = this.originOf(module, name);
    return origin === undefined ? undefined : nameKey(origin.module, origin.name);
  }

  construction(module: ModuleText, name: string): string | undefined {
    const origin = this.originOf(module, name);
    const kind = origin?.module.byName.get(origin.name)?.kind;
    if (origin === undefined || kind !== "class") return undefined;
    return constructionKey(origin.module, origin.name);
  }

  namespaceMember(module: ModuleText, name: string, member: string): string | undefined {
    const origin = this.originOf(module, name);
    if (origin?.name !== "*") return undefined;
    const found = this.#findExport(origin.module, member);
    return found === undefined ? undefined : nameKey(found.module, found.name);
  }

  isFunction(module: ModuleText, name: string): boolean {
    const origin = this.originOf(module, name);
    // What a package gives calls what it is given, and that is looked at.
    if (origin === undefined) return true;
    const kind = origin.module.byName.get(origin.name)?.kind;
    return kind === "function" || kind === "class";
  }

  isFollowing(module: ModuleText, name: string): boolean {
    const origin = this.originOf(module, name);
    return origin === undefined || this.isFunction(module, name) || origin.name === "*";
  }

  /** Returns the variable that a name of a module stands for; undefined if a package has it. */
  originOf(module: ModuleText, name: string): Origin | undefined {
    const entry = module.imports.find(({ local }) => local === name);
    if (entry === undefined) return { module, name };
    const other = this.#moduleOf(entry.specifier, module.file);
    if (other === undefined) return undefined;
    return entry.imported === "*"
      ? { module: other, name: "*" }
      : this.#findExport(other, entry.imported);
  }

  #moduleOf(specifier: string, from: string): ModuleText | undefined {
    const file = this.#resolve(specifier, from);
    return file === undefined ? undefined : this.modules.get(file);
  }

  #findExport(module: ModuleText, name: string, depth = 0): Origin | undefined {
    if (depth > PASSED_ON_MAX) return undefined;
    for (const entry of module.exports) {
      if (entry.name !== name && entry.name !== "*") continue;
      if (entry.local !== undefined) return { module, name: entry.local };
      const specifier = module.requests[entry.request ?? -1]?.specifier ?? "";
      const other = this.#moduleOf(specifier, module.file);
      if (other === undefined) continue;
      const imported = entry.name === "*" ? name : (entry.imported ?? name);
      if (imported === "*") return { module: other, name: "*" };
      const found = this.#findExport(other, imported, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #findRelative(specifier: string, from: string): string | undefined {
    if (!specifier.startsWith(".")) return undefined;
    const path = posix.join(posix.dirname(from), specifier);
    const stem = path.replace(/\.[cm]?[jt]s$/, "");
    const ways = [path, `${stem}.ts`, `${stem}.mts`, `${stem}.js`, `${stem}/index.ts`];
    return ways.find((way) => this.modules.has(way));
  }
}

/** The key of a variable of a module. */
export function nameKey({ file }: ModuleText, name: string): string {
  return `${file}\0${name}`;
}

/** The key of what `new` of a class evaluates. */
export function constructionKey({ file }: ModuleText, name: string): string {
  return `new ${file}\0${name}`;
}
