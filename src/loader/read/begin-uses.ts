/**
 * What a module's top level makes of its names when it begins: a patch that replaces one later can say what keeps the old.
 *
 * Names are followed as the text writes them, with the members behind them: `LIMITS.max`. A function or an object that is
 * only put somewhere is the same one afterwards, and no use. Through functions of the module that are called, only what
 * these read is followed.
 */

import type {
  AnyNode,
  CallExpression,
  Class,
  Expression,
  NewExpression,
  Program,
  SpreadElement,
  Super,
} from "acorn";
import type { Analysis } from "./analysis.ts";
import { keyOf } from "./analysis.ts";
import { isAnyFunction, visitChildren } from "./children.ts";
import { hasOpenLoop, listEscaping } from "./escaping.ts";
import { isPutting, keepsParameter } from "./keeping.ts";
import { isFunction } from "./names.ts";
import { DEFAULT_NAME } from "./record.ts";
import { visitBoundNames } from "./scope.ts";

/** How something is used: read, called or constructed, copied with all its members, or asked for their names. */
export type UseRole = "read" | "call" | "copy" | "keys";

/** One use. */
export interface BeginUse {
  readonly role: UseRole;
  /** A name of the module, and the members that lead from there; {@link ANY_MEMBER} for a computed one. */
  readonly path: readonly string[];
}

/** What was made when the module began, what copies objects whenever it runs, or the `init` of a service. */
export interface Beginning {
  readonly kind: "value" | "statement" | "copier" | "init";
  /** The names of a declaration, the text of a statement. */
  readonly what: string;
  readonly uses: readonly BeginUse[];
}

/** What the top level of a module does. */
export interface BeginUses {
  readonly beginnings: readonly Beginning[];
  /**
   * What the functions use that are called then, and the classes of which instances are made, by name; those that they
   * call are in it, too.
   */
  readonly called: ReadonlyMap<string, readonly BeginUse[]>;
  /**
   * The functions that leave something behind which goes on with their text, by their paths with dots; methods of
   * instances as `Class.prototype.name`.
   */
  readonly makers: ReadonlyMap<string, "closures" | "loop">;
}

/** A member whose name only shows when it runs. */
export const ANY_MEMBER = "*";

/** What runs when a service has begun. */
const INIT = "init";

/** What is shown of a statement. */
const SHOWN_MAX = 40;

const COPY = /\.\.\.|\bassign\b/g;

/** Functions of the language that make a copy of what they are given. */
const COPIERS: ReadonlySet<string> = new Set([
  ...["Object.assign", "Object.entries", "Object.values", "Object.fromEntries", "Array.from"],
  ...["structuredClone", "JSON.stringify"],
]);

/** Functions of the language that give the names of the members of what they are given. */
const NAMERS: ReadonlySet<string> = new Set(["Object.keys", "Reflect.ownKeys"]);

/** Reads it off a module's tree; `code` is its text. */
export function readBeginUses(ast: Program, analysis: Analysis, code: string): BeginUses {
  return new Reader(analysis, code).read(ast);
}

class Reader {
  readonly #references: ReadonlySet<number>;
  readonly #code: string;
  readonly #beginnings: Beginning[] = [];
  readonly #makers = new Map<string, "closures" | "loop">();
  /** The functions and classes by name. */
  readonly #functions: Map<string, AnyNode> = new Map();
  /** The classes of which variables hold instances. */
  readonly #instances = new Map<string, string>();

  /** Where functions are made inside functions, and where something may be copied. */
  readonly #inner: Marks;
  readonly #copies: Marks;

  constructor({ references, inner }: Analysis, code: string) {
    this.#references = new Set(references.map(({ start }) => start));
    this.#code = code;
    this.#inner = new Marks(inner);
    this.#copies = new Marks([...code.matchAll(COPY)].map(({ index }) => index));
  }

  read({ body }: Program): BeginUses {
    const declarations = body.flatMap((statement): AnyNode[] => {
      if (statement.type === "ImportDeclaration") return [];
      const node = "declaration" in statement ? statement.declaration : statement;
      return node ? [node as AnyNode] : [];
    });
    for (const node of declarations) this.#declare(node);
    for (const node of declarations) this.#begin(node);
    const called = this.#listCalled();
    return { beginnings: this.#beginnings, called, makers: this.#makers };
  }

  #declare(node: AnyNode): void {
    if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") {
      this.#functions.set(node.id?.name ?? DEFAULT_NAME, node);
    } else if (node.type === "VariableDeclaration") {
      for (const { id, init } of node.declarations) {
        const isCode = init && (isFunction(init) || init.type === "ClassExpression");
        if (isCode && id.type === "Identifier") this.#functions.set(id.name, init);
        const made = init ? this.#classOf(init) : undefined;
        if (made !== undefined && id.type === "Identifier") this.#instances.set(id.name, made);
      }
    }
  }

  #begin(node: AnyNode): void {
    if (node.type === "VariableDeclaration") {
      for (const { id, init } of node.declarations) {
        const names: string[] = [];
        visitBoundNames(id, (name) => names.push(name));
        if (init && isFunction(init) && names[0] === INIT) this.#addInit();
        if (init) this.#value(names.join(), init, id);
      }
    } else if (isAnyFunction(node) || node.type === "ClassDeclaration") {
      const named = node as { id?: { name: string } | null };
      if (named.id?.name === INIT && isAnyFunction(node)) this.#addInit();
      this.#value(named.id?.name ?? DEFAULT_NAME, node);
    } else if (/(?:Statement|Directive)$/.test(node.type)) {
      const text = this.#code.slice(node.start, node.end).replace(/\s+/g, " ").replace(/;$/, "");
      const what = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
      const uses = new Uses();
      this.#visit(node, uses, false);
      this.#add("statement", what, uses);
    } else this.#value(DEFAULT_NAME, node);
  }

  #value(what: string, value: AnyNode, id?: AnyNode): void {
    this.#findMakers(what, value);
    const uses = new Uses();
    if (id?.type === "ObjectPattern") {
      const path = this.#pathOf(value);
      if (path !== undefined) for (const use of usesOfPattern(id, path)) uses.add(use);
    }
    if (!isAnyFunction(value)) this.#visit(value, uses, false);
    this.#add("value", what, uses);
    const copied = new Uses();
    this.#visitCopies(value, copied);
    if (uses.all.every(({ role }) => role !== "copy")) this.#add("copier", what, copied);
  }

  #addInit(): void {
    this.#beginnings.push({ kind: "init", what: INIT, uses: [{ role: "call", path: [INIT] }] });
  }

  #add(kind: Beginning["kind"], what: string, { all }: Uses): void {
    if (all.length > 0) this.#beginnings.push({ kind, what, uses: all });
  }

  #findMakers(path: string, node: AnyNode): void {
    if (isAnyFunction(node)) {
      // That a generator goes on as it began is so with every function.
      if ("generator" in node && node.generator === true) return;
      const isLoop = "async" in node && node.async === true && hasOpenLoop(node);
      if (isLoop) this.#makers.set(path, "loop");
      else if (this.#inner.isIn(node) && listEscaping(node).length > 0) {
        this.#makers.set(path, "closures");
      }
    } else if (node.type === "ClassDeclaration" || node.type === "ClassExpression") {
      for (const member of node.body.body) {
        if (member.type !== "MethodDefinition" || member.kind === "constructor") continue;
        const key = keyOf(member);
        const owner = member.static ? path : `${path}.prototype`;
        if (key !== undefined) this.#findMakers(`${owner}.${key}`, member.value);
      }
    } else if (node.type === "ObjectExpression") {
      for (const property of node.properties) {
        const key = property.type === "Property" ? keyOf(property) : undefined;
        if (property.type === "Property" && key !== undefined) {
          this.#findMakers(`${path}.${key}`, property.value);
        }
      }
    }
  }

  /** What code copies, whenever it runs. */
  #visitCopies(node: AnyNode, uses: Uses): void {
    const parts =
      node.type === "ObjectExpression"
        ? node.properties.flatMap(copiedIn)
        : node.type === "CallExpression" && nameOfCallee(node.callee) === "Object.assign"
          ? copiedIn(node)
          : [];
    for (const part of parts) this.#use(part, "copy", uses);
    visitChildren(node, (child) => {
      if (this.#copies.isIn(child)) this.#visitCopies(child, uses);
    });
  }

  /** @param isLater - whether what only runs when it is called counts. */
  #visit(node: AnyNode, uses: Uses, isLater: boolean): void {
    const visit = (each: AnyNode): void => this.#visit(each, uses, isLater);
    // What is called on the spot, or by what it is given to.
    const enter = (each: AnyNode): void => {
      if (isFunction(each)) visitChildren(each, visit);
      else visit(each);
    };
    for (const part of copiedIn(node)) this.#use(part, "copy", uses);
    if (node.type === "ForOfStatement") this.#use(node.right, "copy", uses);
    if (node.type === "ForInStatement") this.#use(node.right, "keys", uses);
    if (node.type === "Identifier") this.#use(node, "read", uses);
    else if (node.type === "MemberExpression") {
      if (!this.#use(node, "read", uses)) visit(node.object);
      if (node.computed) visit(node.property);
    } else if (node.type === "CallExpression" || node.type === "NewExpression") {
      const { callee } = node;
      const isKnown = this.#use(callee, "call", uses);
      if (NAMERS.has(nameOfCallee(callee))) {
        for (const part of node.arguments) this.#use(part, "keys", uses);
      }
      if (callee.type === "MemberExpression") {
        if (!isKnown) visit(callee.object);
      } else if (callee.type !== "Identifier") enter(callee);
      for (const [index, part] of node.arguments.entries()) {
        const isKept = !isLater && isFunction(part) && this.#isKept(node, index);
        if (!isKept) enter(part);
      }
    } else if (isAnyFunction(node)) {
      if (isLater) visitChildren(node, visit);
    } else if (node.type === "ClassDeclaration" || node.type === "ClassExpression") {
      this.#visitClass(node, visit);
    } else if (node.type === "Property") {
      if (node.computed) visit(node.key);
      visit(node.value);
    } else visitChildren(node, visit);
  }

  /** Whether a call only puts a function somewhere that it is given. */
  #isKept(node: CallExpression | NewExpression, index: number): boolean {
    const own =
      node.callee.type === "Identifier" ? this.#functions.get(node.callee.name) : undefined;
    const called = own !== undefined && isClass(own) ? constructorOf(own) : own;
    return called === undefined ? isPutting(node) : keepsParameter(called, index, isPutting);
  }

  /** Static fields and blocks, computed names and the parent are evaluated when the class is. */
  #visitClass({ superClass, body }: Class, visit: (node: AnyNode) => void): void {
    if (superClass) visit(superClass);
    for (const member of body.body) {
      if (member.type === "StaticBlock") visitChildren(member, visit);
      else {
        if (member.computed) visit(member.key);
        if (member.type === "PropertyDefinition" && member.static && member.value) {
          visit(member.value);
        }
      }
    }
  }

  #listCalled(): Map<string, readonly BeginUse[]> {
    const called = new Map<string, readonly BeginUse[]>();
    const next = this.#beginnings.flatMap(({ uses }) => [...uses]);
    for (let use = next.pop(); use !== undefined; use = next.pop()) {
      const [name = ""] = use.path;
      if (use.role !== "call" || use.path.length > 1 || called.has(name)) continue;
      const node = this.#functions.get(name);
      const uses = node === undefined ? [] : this.#usesOf(node);
      if (node !== undefined) called.set(name, uses);
      next.push(...uses);
    }
    return called;
  }

  /** What a function uses when it is called, a class when an instance is made. */
  #usesOf(node: AnyNode): readonly BeginUse[] {
    const uses = new Uses();
    if (node.type !== "ClassDeclaration" && node.type !== "ClassExpression") {
      visitChildren(node, (child) => this.#visit(child, uses, true));
      return uses.all;
    }
    const { superClass, body } = node;
    if (superClass) this.#use(superClass, "call", uses);
    for (const member of body.body) {
      if (member.type === "MethodDefinition" && member.kind === "constructor") {
        visitChildren(member.value, (child) => this.#visit(child, uses, true));
      }
      const isField = member.type === "PropertyDefinition" && !member.static;
      if (isField && member.value) this.#visit(member.value, uses, false);
    }
    return uses.all;
  }

  /** Notes a use of what a name of the module leads to; false if it leads to something else. */
  #use(node: AnyNode, role: UseRole, uses: Uses): boolean {
    const path = this.#pathOf(node);
    if (path !== undefined) uses.add({ role, path });
    return path !== undefined;
  }

  /** The class of which `new Room()` makes an instance, as far as it is no class of the language. */
  #classOf(node: AnyNode): string | undefined {
    if (node.type !== "NewExpression" || node.callee.type !== "Identifier") return undefined;
    return this.#references.has(node.callee.start) ? node.callee.name : undefined;
  }

  /** `LIMITS.max` as a way from a name of the module; undefined for anything else. */
  #pathOf(node: AnyNode | Expression | Super | SpreadElement): string[] | undefined {
    if (node.type === "Identifier") {
      return this.#references.has(node.start) ? [node.name] : undefined;
    }
    const own = this.#classOf(node);
    if (own !== undefined) return [own, "prototype"];
    if (node.type === "ChainExpression") return this.#pathOf(node.expression);
    if (node.type !== "MemberExpression") return undefined;
    const { object } = node;
    const made = object.type === "Identifier" ? this.#instances.get(object.name) : undefined;
    const isInstance = made !== undefined && this.#references.has(object.start);
    const before = isInstance ? [made, "prototype"] : this.#pathOf(object);
    if (before === undefined) return undefined;
    const { property, computed } = node;
    if (!computed && property.type === "Identifier") return [...before, property.name];
    const isWritten = computed && property.type === "Literal";
    return [...before, isWritten ? String(property.value) : ANY_MEMBER];
  }
}

function isClass(node: AnyNode): node is AnyNode & Class {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

function constructorOf({ body }: Class): AnyNode | undefined {
  const own = body.body.find(
    (each) => each.type === "MethodDefinition" && each.kind === "constructor",
  );
  return own?.type === "MethodDefinition" ? own.value : undefined;
}

/** Offsets of a text, so that most of it need not be walked through again. */
class Marks {
  readonly #offsets: Float64Array;

  constructor(offsets: readonly number[]) {
    this.#offsets = Float64Array.from(offsets).sort();
  }

  /** Whether one is inside a node, behind its beginning. */
  isIn({ start, end }: { readonly start: number; readonly end: number }): boolean {
    let low = 0;
    let high = this.#offsets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#offsets[middle] ?? 0) > start) high = middle;
      else low = middle + 1;
    }
    return (this.#offsets[low] ?? Infinity) < end;
  }
}

/** The uses of one beginning, each once. */
class Uses {
  readonly all: BeginUse[] = [];
  readonly #known = new Set<string>();

  add(use: BeginUse): void {
    const key = `${use.role} ${use.path.join("\0")}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.all.push(use);
  }
}

/** The parts of a node that it makes a copy of. */
function copiedIn(node: AnyNode): readonly AnyNode[] {
  if (node.type === "SpreadElement") return [node.argument];
  if (node.type === "NewExpression") {
    const isIt = node.callee.type === "Identifier" && /^(?:Map|Set)$/.test(node.callee.name);
    return isIt ? node.arguments : [];
  }
  if (node.type !== "CallExpression") return [];
  const name = nameOfCallee(node.callee);
  if (!COPIERS.has(name)) return [];
  return name === "Object.assign" ? node.arguments.slice(1) : node.arguments;
}

function nameOfCallee(callee: AnyNode): string {
  if (callee.type === "Identifier") return callee.name;
  if (callee.type !== "MemberExpression" || callee.object.type !== "Identifier") return "";
  return callee.property.type === "Identifier"
    ? `${callee.object.name}.${callee.property.name}`
    : "";
}

/** What a pattern reads from an object. */
function usesOfPattern(
  pattern: AnyNode & { type: "ObjectPattern" },
  path: readonly string[],
): BeginUse[] {
  return pattern.properties.flatMap((property): BeginUse[] => {
    if (property.type === "RestElement") return [{ role: "copy", path }];
    const key = keyOf(property);
    if (key === undefined) return [];
    const { value } = property;
    const target = value.type === "AssignmentPattern" ? value.left : value;
    const way = [...path, key];
    if (target.type === "ObjectPattern") return usesOfPattern(target, way);
    return [{ role: "read", path: way }];
  });
}
