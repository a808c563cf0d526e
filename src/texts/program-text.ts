/**
 * The texts of a program's modules together: what the names of one mean in another.
 */

import { posix } from "node:path";
import type { AnyNode, CallExpression, Class, NewExpression } from "acorn";
import { keyOf } from "../loader/read/analysis.ts";
import { isAnyFunction, isPlainData, visitChildren } from "../loader/read/children.ts";
import type { NameKeys, NamespaceMember } from "./evaluation.ts";
import { isPutting, keepsParameter } from "../loader/read/keeping.ts";
import type { ModuleText } from "./module-text.ts";

/** Says which module a specifier of another one means; undefined for what is no module of the program. */
export type Resolve = (specifier: string, from: string) => string | undefined;

/** The variable behind an import. */
export interface Origin {
  readonly module: ModuleText;
  /** Its name there; "*" for the namespace. */
  readonly name: string;
}

/** A function of the program, and the module that has it. */
interface Target {
  readonly home: ModuleText;
  readonly node: AnyNode;
}

const OBJECTS: ReadonlySet<string> = new Set([
  "ObjectExpression",
  "ArrayExpression",
  "NewExpression",
]);

/** How deep names may be passed on from module to module. */
const PASSED_ON_MAX = 100;

/** The modules of a program by their files. */
export class ProgramText implements NameKeys {
  readonly modules: ReadonlyMap<string, ModuleText>;
  readonly #resolve: Resolve;
  /** By call and argument. */
  readonly #kept = new Map<AnyNode, boolean[]>();
  #methods: Map<string, Target[]> | undefined = undefined;

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

  namespaceMember(module: ModuleText, name: string, member: string): NamespaceMember | undefined {
    const origin = this.originOf(module, name);
    if (origin?.name !== "*") return undefined;
    const found = this.#findExport(origin.module, member);
    if (found === undefined) return undefined;
    return { key: nameKey(found.module, found.name), isFollowing: isFollowing(found) };
  }

  isPrimitive(module: ModuleText, name: string): boolean {
    const origin = this.originOf(module, name);
    const { kind, value } = origin?.module.byName.get(origin.name) ?? {};
    return kind === "literal" && value?.type === "Literal" && !("regex" in value);
  }

  isFunction(module: ModuleText, name: string): boolean {
    const origin = this.originOf(module, name);
    // What a package gives calls what it is given, and that is looked at.
    if (origin === undefined) return true;
    return isCode(origin);
  }

  isFollowing(module: ModuleText, name: string): boolean {
    const origin = this.originOf(module, name);
    return origin === undefined || isFollowing(origin);
  }

  enumMember(module: ModuleText, name: string, member: string): string | undefined {
    const origin = this.originOf(module, name);
    return origin !== undefined && isEnumName(origin)
      ? enumKey(origin.module, origin.name, member)
      : undefined;
  }

  isList(module: ModuleText, name: string): boolean {
    const origin = this.originOf(module, name);
    const type = origin?.module.byName.get(origin.name)?.value?.type ?? "";
    return type === "ArrayExpression" || type === "NewExpression";
  }

  isKept(module: ModuleText, call: CallExpression | NewExpression, index: number): boolean {
    const known = this.#kept.get(call) ?? [];
    const found = known[index];
    if (found !== undefined) return found;
    // Functions may call each other.
    known[index] = false;
    this.#kept.set(call, known);
    const targets = this.#targetsOf(module, call);
    const isInner = (inner: CallExpression | NewExpression, at: number): boolean =>
      this.isKept(module, inner, at);
    const isKept =
      targets.length === 0
        ? isPutting(call)
        : targets.every(({ home, node }) =>
            keepsParameter(node, index, home === module ? isInner : isPutting),
          );
    known[index] = isKept;
    return isKept;
  }

  /** The functions that a call may call, as far as the program has them. */
  #targetsOf(module: ModuleText, { type, callee }: CallExpression | NewExpression): Target[] {
    if (callee.type === "Identifier") {
      const origin = this.originOf(module, callee.name);
      const value = origin?.module.byName.get(origin.name)?.value;
      if (origin === undefined || value === undefined) return [];
      const home = origin.module;
      if (type === "CallExpression") return isAnyFunction(value) ? [{ home, node: value }] : [];
      const node = this.#constructorOf(home, value);
      return node === undefined ? [] : [{ home, node }];
    }
    if (callee.type !== "MemberExpression" || callee.computed) return [];
    if (callee.property.type !== "Identifier") return [];
    this.#methods ??= this.#listMethods();
    return this.#methods.get(callee.property.name) ?? [];
  }

  #constructorOf(module: ModuleText, value: AnyNode, depth = 0): AnyNode | undefined {
    if (!value.type.startsWith("Class") || depth > PASSED_ON_MAX) return undefined;
    const { superClass, body } = value as Class;
    const own = body.body.find(
      (each) => each.type === "MethodDefinition" && each.kind === "constructor",
    );
    if (own?.type === "MethodDefinition") return own.value;
    if (superClass?.type !== "Identifier") return undefined;
    const origin = this.originOf(module, superClass.name);
    const parent = origin?.module.byName.get(origin.name)?.value;
    if (origin === undefined || parent === undefined) return undefined;
    return this.#constructorOf(origin.module, parent, depth + 1);
  }

  #listMethods(): Map<string, Target[]> {
    const found = new Map<string, Target[]>();
    for (const home of this.modules.values()) {
      const visit = (node: AnyNode): void => {
        if (isPlainData(node)) return;
        const isMember = node.type === "MethodDefinition" || node.type === "PropertyDefinition";
        if (isMember || node.type === "Property") {
          const name = keyOf(node);
          const target = node.value ? this.#functionOf(home, node.value) : undefined;
          if (name !== undefined && target !== undefined) {
            found.set(name, [...(found.get(name) ?? []), target]);
          }
        }
        visitChildren(node, visit);
      };
      visit(home.syntax.ast);
    }
    return found;
  }

  /** The function that a member has, written out or by its name. */
  #functionOf(module: ModuleText, node: AnyNode): Target | undefined {
    if (isAnyFunction(node)) return { home: module, node };
    if (node.type !== "Identifier") return undefined;
    const origin = this.originOf(module, node.name);
    const value = origin?.module.byName.get(origin.name)?.value;
    if (origin === undefined || value === undefined || !isAnyFunction(value)) return undefined;
    return { home: origin.module, node: value };
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
    // An enum is no variable of the text that is run.
    const isEnumOfIt = module.types.some(
      (type) => type.kind === "enum" && type.name === name && type.words.startsWith("export "),
    );
    if (isEnumOfIt) return { module, name };
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

function isCode({ module, name }: Origin): boolean {
  const kind = module.byName.get(name)?.kind;
  return kind === "function" || kind === "class";
}

/** Whether what has taken the value of a name has the new one after a patch. */
function isFollowing(origin: Origin): boolean {
  if (isCode(origin) || origin.name === "*" || isEnumName(origin)) return true;
  const { value, isConst, kind } = origin.module.byName.get(origin.name) ?? {};
  // An object is changed in place; a frozen one is replaced.
  return kind === "group" || (isConst === true && OBJECTS.has(value?.type ?? ""));
}

function isEnumName({ module, name }: Origin): boolean {
  return module.types.some((type) => type.kind === "enum" && type.name === name);
}

/** The key of a member of an enum. */
export function enumKey(module: ModuleText, name: string, member: string): string {
  return `${nameKey(module, name)}.${member}`;
}

/** The key of a variable of a module. */
export function nameKey({ file }: ModuleText, name: string): string {
  return `${file}\0${name}`;
}

/** The key of what `new` of a class evaluates. */
export function constructionKey({ file }: ModuleText, name: string): string {
  return `new ${file}\0${name}`;
}
