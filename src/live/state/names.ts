/**
 * What goes by a name in an instance: functions, classes, groups of methods and tables of functions at the top level of
 * its own modules, and the variables that hold state.
 */

import { types } from "node:util";
import type { AnyNode } from "acorn";
import { isClassKind, isFunction } from "../../loader/read/names.ts";
import { isWrittenOut } from "../../loader/read/written.ts";
import type { ClassFacts, NameKind } from "../../loader/read/names.ts";
import { keyOf } from "../../loader/read/analysis.ts";
import { DEFAULT_NAME } from "../../loader/read/record.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { Program } from "../../loader/run/program.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { ModuleText, Piece } from "../../texts/module-text.ts";
import { readModuleText } from "../../texts/module-text.ts";
import { ByText } from "../../texts/by-text.ts";
import type { EffectiveText } from "../../texts/effective-text.ts";
import type { NameScope, SeenName } from "../text/patched-module.ts";
import { scopeOf, rootOf, textOf } from "../text/patched-module.ts";
import type { HiddenField } from "./class-members.ts";
import { isReplaced, NO_TEXT, OWN_KEYS, readClass, statedFunctions } from "./class-members.ts";
import type { NameRef, Put } from "./state.ts";
import type { TopGifts } from "./top-gifts.ts";
import { isTopGift, topGifts } from "./top-gifts.ts";
import { wovenFunctions } from "./woven-functions.ts";
import { HANDLER, proxyParts } from "./proxies.ts";
import type { Member } from "./table-functions.ts";
import { TableFunctions } from "./table-functions.ts";

/** A class of the instance's own modules. */
export interface OwnClass {
  readonly ref: NameRef;
  readonly facts: ClassFacts | undefined;
}

/** A variable that holds state, and how it is reached. */
export interface RootPlace {
  readonly file: string;
  readonly name: string;
  readonly path?: readonly string[];
  readonly field?: string;
  readonly isAdded?: true;
  /** The compiler of the project has made it: it is in no text. */
  readonly isMade?: true;
  /** For what is on a function, a class or a prototype: says whether the top level of the text has put a value there. */
  readonly isGift?: (value: unknown) => boolean;
  readonly line: number;
  readonly isConst: boolean;
  /** What the text that runs gives it; undefined if it can't be told. */
  readonly node: AnyNode | undefined;
  /** Tells the functions of the text from those that a program has put in their places; nothing for what has no text. */
  readonly functions?: TableFunctions | undefined;
  read(): unknown;
  write(value: unknown): void;
}

const MAKER_KEYS: ReadonlySet<string> = new Set(["constructor"]);

/** What a text says that reaches the prototype of a function. */
const PROTOTYPES = /prototype|__proto__/i;

/** The kinds of names that hold no state: what the text says of them is what they are. */
const FIXED_KINDS: ReadonlySet<NameKind> = new Set(["literal", "import"]);

/** The names of an instance as they are now. */
export class StateNames {
  readonly instance: Instance;
  /** Functions, classes, their prototypes and methods, groups, and unique symbols. */
  readonly byValue: Map<unknown, NameRef> = new Map();
  /** Own classes by their prototypes. */
  readonly classes: Map<object, OwnClass> = new Map();
  readonly roots: RootPlace[] = [];
  readonly hidden: HiddenField[] = [];
  /** What is on functions and prototypes and is no field. */
  readonly put: Put[] = [];
  readonly #modules = new Map<string, ModuleInstance>();
  /** Functions that a program has put in the place of those that the text writes into a table. */
  readonly #put = new Set<Function>();
  #hasMakers: boolean | undefined;

  /** @param isService - whether the entry is the own file of a snax service. */
  constructor(instance: Instance, isService: boolean) {
    this.instance = instance;
    for (const node of instance.program.nodes.values()) {
      const module = instance.find(node);
      if (module === undefined || !module.hasBegun) continue;
      this.#modules.set(node.image.file, module);
      this.#addModule(module, isService && node === instance.program.entry);
    }
  }

  /** The modules, by the real path of their files. */
  get modules(): ReadonlyMap<string, ModuleInstance> {
    return this.#modules;
  }

  /** Returns what is under a name now; undefined if nothing does. */
  resolve({ file, name, path = [] }: NameRef): unknown {
    const module = this.#modules.get(file);
    if (module === undefined || scopeOf(module).get(name) === undefined) return undefined;
    let value = readOf(module, name);
    for (const key of path) {
      if (value === null || (typeof value !== "object" && typeof value !== "function"))
        return undefined;
      if (types.isProxy(value)) value = key === HANDLER ? proxyParts(value)?.handler : undefined;
      else value = Object.getOwnPropertyDescriptor(value, key)?.value;
    }
    return value;
  }

  /** Counts the functions that an edited text writes into its tables as members by name. */
  addTables(text: ModuleText): void {
    const module = this.#modules.get(text.file);
    if (module === undefined) return;
    for (const { name, value } of text.pieces) {
      if (value?.type !== "ObjectExpression" || scopeOf(module).get(name) === undefined) continue;
      const line = module.image.names.get(name)?.line ?? 1;
      const table = { file: text.file, name, line };
      this.#addTable(table, { way: [name], node: value }, readOf(module, name));
    }
  }

  /** Whether some text of the program reaches the prototypes of functions. */
  #namesPrototypes(): boolean {
    this.#hasMakers ??= [...this.instance.program.nodes.values()].some(({ image }) =>
      PROTOTYPES.test(image.text),
    );
    return this.#hasMakers;
  }

  #addModule(module: ModuleInstance, isService: boolean): void {
    const { file } = module.image;
    // A file of data is what it says: nothing of it is state.
    const isData = file.endsWith(".json");
    const scope = scopeOf(module);
    const effective = textOf(module, isService);
    const text = readEffective(effective);
    const isOuter = (source: string): boolean =>
      wovenFunctions(module.image.data).outer.has(source);
    const gifts = text && { ...topGifts(text), isOuter };
    const functions = new TableFunctions(module, text, effective.patches.length > 0);
    const later: (() => void)[] = [];
    for (const { name, seen, read } of readersOf(module, scope)) {
      let value: unknown;
      try {
        value = read();
      } catch {
        // Its declaration has not run.
        continue;
      }
      const ref = { file, name };
      const line = module.image.names.get(name)?.line ?? 1;
      const piece = text?.byName.get(name);
      if (seen.kind === "function" || seen.kind === "const-function") {
        this.byValue.set(value, ref);
        this.byValue.set(module.getImplementation(name), ref);
        this.#addFields({ ref, line, holder: value, gifts });
        // To ask for the prototype of a function makes one.
        if (this.#namesPrototypes()) this.#addMaker(ref, { line, maker: value, gifts });
      } else if (isClassKind(seen.kind) && typeof value === "function") {
        this.#addClass(ref, { line, facts: seen.facts, value, node: piece?.value, gifts });
      } else if (!FIXED_KINDS.has(seen.kind) && !isTransformedEnum(module, name)) {
        if (typeof value === "symbol" && piece?.isConst === true) this.byValue.set(value, ref);
        const isMade = text !== undefined && piece === undefined && name !== DEFAULT_NAME;
        const node = piece?.names.length === 1 ? piece.value : undefined;
        if (node !== undefined) {
          const table = { file, name, line, gifts, functions };
          later.push(() => this.#addTable(table, { way: [name], node }, value));
        }
        this.roots.push({
          ...{ file, name, line, node, functions },
          ...(isMade && { isMade }),
          isConst: isData || seen.kind === "const" || piece?.isConst === true,
          read,
          write: (next) => module.write(name, next),
        });
      }
    }
    // A function that has a name of its own goes by that.
    for (const add of later) add();
  }

  /** A function that makes objects, as classes do: what a program has put on its prototype. */
  #addMaker(
    ref: NameRef,
    { line, maker, gifts }: { line: number; maker: unknown; gifts: TopGifts | undefined },
  ): void {
    const prototype: unknown = Object.getOwnPropertyDescriptor(maker, "prototype")?.value;
    if (!isOpenObject(prototype) || this.byValue.has(prototype)) return;
    const made: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    const known = this.byValue.get(made);
    if (known?.name !== ref.name || known.file !== ref.file || known.path !== undefined) return;
    const own = { ...ref, path: ["prototype"] };
    this.byValue.set(prototype, own);
    for (const key of Object.getOwnPropertyNames(prototype)) {
      const method: unknown = Object.getOwnPropertyDescriptor(prototype, key)?.value;
      if (typeof method !== "function" || this.byValue.has(method)) continue;
      this.byValue.set(method, { ...ref, path: ["prototype", key] });
    }
    this.#addFields({ ref: own, line, holder: prototype, gifts, written: MAKER_KEYS });
  }

  #addClass(
    ref: NameRef,
    {
      line,
      facts,
      value,
      node,
      gifts,
    }: {
      line: number;
      facts: ClassFacts | undefined;
      value: Function;
      node: AnyNode | undefined;
      gifts: TopGifts | undefined;
    },
  ): void {
    this.byValue.set(value, ref);
    const isClass = node?.type === "ClassDeclaration" || node?.type === "ClassExpression";
    const stated = isClass ? statedFunctions(node, value) : new Set<string>();
    const { prototype } = value as { prototype: object };
    this.byValue.set(prototype, { ...ref, path: ["prototype"] });
    this.classes.set(prototype, { ref, facts });
    for (const [path, holder] of [[[], value] as const, [["prototype"], prototype] as const]) {
      for (const key of Object.getOwnPropertyNames(holder)) {
        const own = { ...ref, path: [...path, key] };
        const { value: method, get, set } = Object.getOwnPropertyDescriptor(holder, key) ?? {};
        this.#addOfAccessor(get, { ...own, line, member: "get" });
        this.#addOfAccessor(set, { ...own, line, member: "set" });
        if (typeof method !== "function" || this.byValue.has(method)) continue;
        this.byValue.set(method, own);
        this.#addFields({ ref: own, line, holder: method, gifts });
      }
    }
    const { statics, isPlain, hidden, prototype: members } = isClass ? readClass(node) : NO_TEXT;
    this.#addFields({ ref, line, holder: value, gifts, written: statics, stated, isOpen: isPlain });
    const { file, name } = ref;
    for (const each of hidden) this.hidden.push({ name: `${name}.#${each}`, file, line });
    // Symbols and computed names are not told apart from what the text says.
    if (members !== undefined) {
      const own = { ...ref, path: ["prototype"] };
      this.#addFields({ ref: own, line, holder: prototype, gifts, written: members });
    }
  }

  /** What a program has put on the function of a getter or setter: no name leads to it. */
  #addOfAccessor(
    run: Function | undefined,
    { member, ...place }: NameRef & { readonly line: number; readonly member: "get" | "set" },
  ): void {
    if (run === undefined) return;
    for (const key of Object.getOwnPropertyNames(run)) {
      if (OWN_KEYS.has(key)) continue;
      this.put.push({ ...place, key, isSymbol: false, accessor: member });
    }
  }

  /** What a program has put on a function: static fields, a cache, a counter. */
  #addFields(each: Holder): void {
    const { ref, line, holder, gifts, written = new Set(), stated } = each;
    const isPrototype = typeof holder === "object" && holder !== null;
    if (typeof holder !== "function" && !isPrototype) return;
    const { isOpen = true } = each;
    for (const symbol of isOpen ? Object.getOwnPropertySymbols(holder) : []) {
      this.put.push({ ...ref, key: symbol.description ?? "", isSymbol: true, line });
    }
    for (const key of Object.getOwnPropertyNames(holder)) {
      if (!isPrototype && OWN_KEYS.has(key)) continue;
      const property = Object.getOwnPropertyDescriptor(holder, key);
      if (property === undefined) continue;
      if (!("value" in property)) {
        if (isOpen && !written.has(key)) this.put.push({ ...ref, key, isSymbol: false, line });
        continue;
      }
      if (isPrototype && written.has(key) && !isReplaced(key, property.value)) continue;
      const isStated = stated?.has(key) === true;
      if (!isPrototype && !isStated && this.byValue.has(property.value)) continue;
      const way = [ref.name, ...(ref.path ?? []), key];
      const isGift = (value: unknown): boolean =>
        gifts !== undefined && isTopGift(gifts, way, value, (each) => this.byValue.get(each));
      if (!isPrototype && typeof property.value === "function" && isGift(property.value)) {
        if (!this.byValue.has(property.value)) {
          this.byValue.set(property.value, { ...ref, path: [...(ref.path ?? []), key] });
        }
        continue;
      }
      this.roots.push({
        ...{ ...ref, field: key, line, node: undefined, isGift },
        ...(written.has(key) ? {} : { isAdded: true as const }),
        isConst: property.writable !== true,
        read: () => Reflect.get(holder, key) as unknown,
        write: (next) => void Reflect.defineProperty(holder, key, { ...property, value: next }),
      });
    }
  }

  #addTable(table: Table, { way, node }: Member, value: unknown): void {
    const { file, name, line, gifts, functions } = table;
    const written = node.type === "Property" ? node.value : node;
    if (isFunction(written) && typeof value === "function" && way.length > 1) {
      if (this.byValue.has(value)) return;
      const ref = { file, name, path: way.slice(1) };
      if (functions === undefined) {
        if (this.#put.has(value)) return;
      } else if (!functions.isWritten({ way, node }, value)) {
        this.#put.add(value);
        return;
      }
      this.byValue.set(value, ref);
      this.#addFields({ ref, line, holder: value, gifts });
      return;
    }
    if (types.isProxy(value)) return this.#addTraps(table, { way, node: written }, value);
    const object = literalOf(written);
    if (object === undefined || !isOpenObject(value)) return;
    for (const property of object.properties) {
      const key = property.type === "Property" ? keyOf(property) : undefined;
      if (property.type !== "Property" || key === undefined || property.kind !== "init") continue;
      const member: unknown = Object.getOwnPropertyDescriptor(value, key)?.value;
      this.#addTable(table, { way: [...way, key], node: property }, member);
    }
  }

  /** The traps that a text writes for a proxy go by its name, unless a program has put others there. */
  #addTraps(table: Table, { way, node }: Member, value: unknown): void {
    const traps = node.type === "NewExpression" ? node.arguments[1] : undefined;
    if (traps?.type !== "ObjectExpression" || table.functions === undefined) return;
    const handler = proxyParts(value as object)?.handler;
    if (!isOpenObject(handler) || this.byValue.has(handler)) return;
    const own = [...way, HANDLER];
    this.#addTable(table, { way: own, node: traps }, handler);
    const isWhole = Object.values(Object.getOwnPropertyDescriptors(handler)).every(
      ({ value: trap }) => typeof trap !== "function" || this.byValue.has(trap),
    );
    if (!isWhole) return;
    const { file, name } = table;
    this.byValue.set(handler, { file, name, path: own.slice(1) });
  }
}

/** A table of the top level. */
interface Table {
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly gifts?: TopGifts | undefined;
  /** The functions of its text; nothing for a text that is to come. */
  readonly functions?: TableFunctions;
}

/** Something that may have fields which are no variables. */
interface Holder {
  readonly ref: NameRef;
  readonly line: number;
  readonly holder: unknown;
  readonly gifts: TopGifts | undefined;
  /** Whether all that the text puts there is known by name. @defaultValue true */
  readonly isOpen?: boolean;
  /** The fields that the text of the class has. */
  readonly written?: ReadonlySet<string>;
  /** The fields of a class whose functions the program has put there. */
  readonly stated?: ReadonlySet<string>;
}

/** The object that an expression writes out, `Object.freeze` around it or not. */
export function literalOf(node: AnyNode): (AnyNode & { type: "ObjectExpression" }) | undefined {
  if (node.type === "ObjectExpression") return node;
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression") return undefined;
  const { object, property } = node.callee;
  const isFreeze =
    object.type === "Identifier" &&
    object.name === "Object" &&
    property.type === "Identifier" &&
    (property.name === "freeze" || property.name === "seal");
  const [given] = node.arguments;
  return isFreeze && given?.type === "ObjectExpression" ? given : undefined;
}

/** An object as a literal makes it; a proxy would run code of the service. */
export function isOpenObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || types.isProxy(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Says what an expression of a text is to code that compares it with a value. */
export function formOf(node: AnyNode): "function" | "data" | "name" | "other" {
  if (isFunction(node)) return "function";
  if (isWrittenOut(node)) return "data";
  return node.type === "Identifier" ? "name" : "other";
}

/** A name of a module, and what reads its variable in one instance. */
interface Reader {
  readonly name: string;
  readonly seen: SeenName;
  readonly read: () => unknown;
}

/** The names of a scope that are not imported, and the text that makes what reads them. */
interface Reading {
  readonly names: readonly Omit<Reader, "read">[];
  readonly code: string;
}

const readings = new WeakMap<NameScope, Reading>();

function readingOf(scope: NameScope): Reading {
  let known = readings.get(scope);
  if (known === undefined) {
    const names = [...scope.names()].flatMap((name) => {
      const seen = scope.get(name);
      return seen === undefined || seen.kind === "import" ? [] : [{ name, seen }];
    });
    known = { names, code: `[${names.map(({ name }) => `()=>${name}`).join()}]` };
    readings.set(scope, known);
  }
  return known;
}

/** Evaluates in one go what reads the variables: each text that is evaluated costs more than many reads. */
function readersOf(module: ModuleInstance, scope: NameScope): Reader[] {
  const { names, code } = readingOf(scope);
  let made: (() => unknown)[] = [];
  try {
    made = module.evaluate(code) as typeof made;
  } catch {
    // One of them is no name in its text: each is read by itself.
  }
  return names.map(({ name, seen }, index) => {
    const read = module.node.cellOf(name) === undefined ? made[index] : undefined;
    return { name, seen, read: read ?? (() => module.read(name)) };
  });
}

function readOf(module: ModuleInstance, name: string): unknown {
  try {
    return module.read(name);
  } catch {
    return undefined;
  }
}

/** The compiler of the project makes a variable of an enum or a namespace; what is in it is in the text. */
function isTransformedEnum({ image }: ModuleInstance, name: string): boolean {
  if (!image.data.isTransformed) return false;
  const escaped = name.replaceAll("$", String.raw`\$`);
  return new RegExp(`\\b(?:enum|namespace|module)\\s+${escaped}\\b`).test(image.text);
}

const texts = new ByText<ModuleText | undefined>();

/** Takes the texts of a program apart before a patch waits for it. */
export function readProgram({ nodes, entry }: Program, isService: boolean): void {
  for (const node of nodes.values()) readEffective(rootOf(node.image, isService && node === entry));
}

/** Takes the texts that an instance runs apart before a patch waits for it. */
export function readRunning(instance: Instance, isService: boolean): void {
  const { nodes, entry } = instance.program;
  for (const node of nodes.values()) {
    const module = instance.find(node);
    if (module !== undefined) readEffective(textOf(module, isService && node === entry));
  }
}

/** The declarations of a text that runs; undefined if they can't be told. */
function readEffective(effective: EffectiveText): ModuleText | undefined {
  return texts.get(effective, () => {
    try {
      const { file, isService } = effective.home;
      return file.endsWith(".json")
        ? undefined
        : readModuleText(effective.text, file, { isService });
    } catch {
      return undefined;
    }
  });
}

/** The declaration of a name, for code that compares two texts. */
export function pieceOf(effective: EffectiveText, name: string): Piece | undefined {
  return readEffective(effective)?.byName.get(name);
}
