/**
 * What a part of a text may evaluate: the names, members and constructors that its code can lead to.
 *
 * Types are not known, so members go by their names, on any object. A function that is only put somewhere, into an
 * object for example, is not evaluated: code that calls it later follows a patch. What such functions use is told apart, for a
 * call of something that has no name of the program may be a call of any of them.
 */

import type { AnyNode, CallExpression, Class, MemberExpression, NewExpression } from "acorn";
import type { Reference } from "../loader/read/analysis.ts";
import { keyOf } from "../loader/read/analysis.ts";
import { wayText } from "../loader/read/member-key.ts";
import { isAnyFunction, isPlainData, visitChildren } from "../loader/read/children.ts";
import { isFunction } from "../loader/read/names.ts";
import { isCopier } from "../loader/read/keeping.ts";
import { Conversions } from "./conversion.ts";
import type { ConstantNames } from "./conversion.ts";
import type { ModuleText } from "./module-text.ts";

/** A call of something unknown. */
export const ANYTHING = "()";

/** A call of a member whose name only shows when it runs. */
export const ANY_MEMBER = ".*";

/** What loops and spreads call by themselves. */
export const ITERATION = "[]";

/** What makes a number or a text of an object that has a method for both. */
export const CONVERSION = ".[Symbol.toPrimitive]";

/** What calls a method by itself whose name is a symbol of the language. */
const BY_SYMBOL: ReadonlyMap<string, string> = new Map([
  ["Symbol.iterator", ITERATION],
  ["Symbol.asyncIterator", ITERATION],
  ["Symbol.toPrimitive", CONVERSION],
]);

/** Names what calls a method under `[Symbol.iterator]` and the like; undefined for other brackets. */
export function symbolKey(inBrackets: string): string | undefined {
  return BY_SYMBOL.get(inBrackets);
}

/** Names a member, whatever object has it. */
export function memberKey(name: string): string {
  return `.${name}`;
}

/** Names a member of which the value is only put somewhere. */
export function takenKey(name: string): string {
  return `=.${name}`;
}

/** Names what a call of the value of a variable evaluates: of one that a call has given. */
export function calledKey(key: string): string {
  return `${key}()`;
}

/** Names what the functions use that a call of something puts somewhere, or returns. */
export function keptKey(key: string): string {
  return `${key}~`;
}

/** An export that is read off a namespace. */
export interface NamespaceMember {
  readonly key: string;
  /** Whether it is the same one after a patch. */
  readonly isFollowing: boolean;
}

/** Says what a name of a module stands for, in the graph of the whole program. */
export interface NameKeys extends ConstantNames {
  /** The key of a variable; undefined for what comes from a package. */
  name(module: ModuleText, name: string): string | undefined;
  /** The key of what `new` of it evaluates. */
  construction(module: ModuleText, name: string): string | undefined;
  /** An export that is read off a namespace; undefined if the name is not such an export. */
  namespaceMember(module: ModuleText, name: string, member: string): NamespaceMember | undefined;
  /** The key of a member of an enum; undefined if the name stands for none. */
  enumMember(module: ModuleText, name: string, member: string): string | undefined;
  /** Whether calling a name calls a function of that name, and nothing that it happens to hold. */
  isFunction(module: ModuleText, name: string): boolean;
  /** Whether a name stands for a function, a class or an object, which is the same one after a patch. */
  isFollowing(module: ModuleText, name: string): boolean;
  /** Whether a name stands for a list, a Set or a Map that its text writes out. */
  isList(module: ModuleText, name: string): boolean;
  /** Whether a call only puts one of its arguments somewhere: all functions that it may call do so. */
  isKept(module: ModuleText, call: CallExpression | NewExpression, index: number): boolean;
}

/** What a part evaluates, and what the functions use that it only puts somewhere. */
export interface Evaluated {
  readonly uses: ReadonlySet<string>;
  readonly kept: ReadonlySet<string>;
}

/** Collects what parts of one module evaluate. */
export class Evaluation {
  readonly #module: ModuleText;
  readonly #keys: NameKeys;
  readonly #references: ReadonlyMap<number, Reference>;
  readonly #globals: ReadonlySet<number>;
  readonly #conversions: Conversions;

  constructor(module: ModuleText, keys: NameKeys) {
    const { references, freeReferences } = module.analysis;
    const enums = new Set(
      module.types.filter(({ kind }) => kind === "enum").map(({ name }) => name),
    );
    const own = freeReferences.filter(({ name }) => enums.has(name));
    this.#module = module;
    this.#keys = keys;
    this.#references = new Map([...references, ...own].map((each) => [each.start, each]));
    this.#globals = new Set(
      freeReferences.filter((each) => !own.includes(each)).map(({ start }) => start),
    );
    this.#conversions = new Conversions(module, keys, {
      isOwn: (start) => this.#references.has(start),
      isGlobal: (start) => this.#globals.has(start),
    });
  }

  /** Lists what a part evaluates where it stands. */
  of(node: AnyNode): Evaluated {
    const found = { uses: new Set<string>(), kept: new Set<string>(), locals: NONE };
    this.#visit(node, { ...found, isLater: false, isData: true });
    return found;
  }

  /** Lists what a call of a function evaluates; of anything else, what it evaluates where it stands. */
  ofCall(node: AnyNode): Evaluated {
    if (!isAnyFunction(node)) return this.of(node);
    const found = { uses: new Set<string>(), kept: new Set<string>(), locals: NONE };
    this.#enter(node, { ...found, isLater: false, isData: true });
    return found;
  }

  /** What a call of a function evaluates. */
  #enter(node: AnyNode, above: Visit): void {
    const at = { ...above, locals: new Set([...above.locals, ...listLocal(node)]) };
    const isArrow = node.type === "ArrowFunctionExpression" && node.expression;
    visitChildren(node, (child) => {
      // What an arrow function gives is the caller's.
      const isData = isArrow && child === (node as { body?: AnyNode }).body;
      this.#visit(child, { ...at, isLater: false, isData });
    });
  }

  #visit(node: AnyNode, at: Visit): void {
    if (isPlainData(node)) return;
    const visit = (child: AnyNode, isData = false): void => this.#visit(child, { ...at, isData });
    switch (node.type) {
      case "Identifier":
        this.#useName(node.name, node.start, at);
        break;
      case "CallExpression":
        this.#call(node, at);
        break;
      case "NewExpression":
        if (node.callee.type === "Identifier") this.#construct(node.callee, at);
        else visit(node.callee);
        this.#give(node, at);
        break;
      case "MemberExpression":
        this.#readMember(node, at);
        break;
      case "Property":
        if (node.computed) visit(node.key);
        // A function goes by the name of the member that holds it.
        if (at.isLater || keyOf(node) === undefined || !isAnyFunction(node.value)) {
          visit(node.value, true);
        }
        break;
      case "ObjectPattern":
        for (const property of node.properties) {
          const key = property.type === "Property" ? keyOf(property) : undefined;
          if (key !== undefined) this.#take(key, at);
          visit(property);
        }
        break;
      case "ArrayExpression":
      case "ObjectExpression":
      case "VariableDeclaration":
      case "ConditionalExpression":
      case "LogicalExpression":
      case "ReturnStatement":
      case "ParenthesizedExpression":
        visitChildren(node, (child) => visit(child, true));
        break;
      case "ClassDeclaration":
      case "ClassExpression":
        this.#visitClass(node, at);
        break;
      default:
        this.#visitOther(node, at);
    }
  }

  #visitOther(node: AnyNode, at: Visit): void {
    const visit = (child: AnyNode, isData = false): void => this.#visit(child, { ...at, isData });
    switch (node.type) {
      case "SpreadElement":
        // Texts and lists that are written out go through by the language itself.
        if (
          !this.#conversions.isPrimitive(node.argument) &&
          node.argument.type !== "ArrayExpression"
        ) {
          at.uses.add(ITERATION);
        }
        visit(node.argument);
        break;
      case "ForOfStatement":
        at.uses.add(ITERATION);
        visitChildren(node, (child) => visit(child));
        break;
      case "TemplateLiteral":
      case "BinaryExpression":
      case "UnaryExpression":
        // What comes of it is no function.
        for (const key of this.#conversions.of(node)) at.uses.add(key);
        visitChildren(node, (child) =>
          this.#visit(child, { ...at, isData: false, isLater: false }),
        );
        break;
      case "AssignmentExpression": {
        const { left, right } = node;
        visit(left, true);
        const isMember = left.type === "MemberExpression" && !left.computed;
        if (!(isMember && isAnyFunction(right))) visit(right, true);
        break;
      }
      case "FunctionDeclaration":
        this.#enter(node, at);
        break;
      case "VariableDeclarator":
        // A function inside a function is called there.
        if (node.init && isAnyFunction(node.init)) this.#enter(node.init, at);
        else visitChildren(node, (child) => visit(child, true));
        break;
      default:
        if (isAnyFunction(node)) this.#function(node, at);
        else visitChildren(node, (child) => visit(child));
    }
  }

  /** A function that is made here: one that may be called is looked into, what the others use is kept apart. */
  #function(node: AnyNode, at: Visit): void {
    if (at.isLater) this.#enter(node, at);
    else this.#enter(node, { ...at, uses: at.kept });
  }

  #useName(name: string, start: number, { uses, kept, isData, isLater }: Visit): void {
    if (!this.#references.has(start)) return;
    const isHeld = isData && !isLater && this.#keys.isFollowing(this.#module, name);
    // What holds it may call it.
    const found = isHeld ? kept : uses;
    this.#add(found, this.#keys.name(this.#module, name));
    this.#add(found, this.#keys.construction(this.#module, name));
  }

  #call(node: CallExpression, at: Visit): void {
    const { callee } = node;
    if (callee.type === "Identifier") {
      const isOwn = this.#references.has(callee.start);
      if (isOwn) this.#add(at.uses, this.#keys.name(this.#module, callee.name));
      const isKnown = isOwn && this.#keys.isFunction(this.#module, callee.name);
      const key = isOwn ? this.#keys.name(this.#module, callee.name) : undefined;
      if (!isKnown && key !== undefined) at.uses.add(calledKey(key));
      else if (!isKnown && !this.#isNoValue(callee, at)) at.uses.add(ANYTHING);
    } else if (isFunction(callee)) this.#enter(callee, at);
    else if (callee.type === "MemberExpression") {
      if (callee.computed && this.#callSymbol(callee, at)) {
        this.#give(node, at);
        return;
      }
      if (callee.computed) at.uses.add(ANYTHING);
      // The members of an object with a name are known.
      if (callee.computed && !this.#isName(callee.object)) at.uses.add(ANY_MEMBER);
      const isBound = callee.property.type === "Identifier" && callee.property.name === "bind";
      // A bound function is the same one, called later.
      if (isBound && !callee.computed) this.#visit(callee.object, { ...at, isData: true });
      else this.#visit(callee, { ...at, isData: false, isLater: true });
    } else {
      if (callee.type !== "Super" && callee.type !== "ImportExpression") at.uses.add(ANYTHING);
      this.#visit(callee, { ...at, isData: false });
    }
    this.#give(node, at);
  }

  /** Whether a call is one as `list[Symbol.iterator]()`. */
  #callSymbol({ object, property }: MemberExpression, at: Visit): boolean {
    const key = symbolKey(wayText(property) ?? "");
    if (key === undefined) return false;
    at.uses.add(key);
    this.#visit(object, { ...at, isData: false, isLater: false });
    return true;
  }

  /** What a call is given it may call before it returns, unless it is one that only puts it somewhere. */
  #give(node: CallExpression | NewExpression, at: Visit): void {
    const isCopying = isCopier(node, (start) => this.#globals.has(start));
    const isConverting = this.#conversions.isConverter(node.callee);
    for (const [index, argument] of node.arguments.entries()) {
      if (isConverting && argument.type !== "SpreadElement") {
        if (!this.#conversions.isPrimitive(argument)) at.uses.add(memberKey("toString"));
        this.#visit(argument, { ...at, isData: false, isLater: false });
      } else if (isCopying) {
        // The members of a function are copied, and it is not called.
        const isCode = this.#isName(argument) && this.#keys.isFunction(this.#module, argument.name);
        this.#visit(argument, { ...at, isData: isCode });
      } else if (this.#keys.isKept(this.#module, node, index)) {
        this.#visit(argument, { ...at, isData: true });
      } else if (isFunction(argument)) this.#enter(argument, at);
      else this.#visit(argument, { ...at, isData: false, isLater: true });
    }
  }

  #construct(callee: AnyNode & { type: "Identifier" }, at: Visit): void {
    const { name, start } = callee;
    const isOwn = this.#references.has(start);
    if (isOwn) this.#add(at.uses, this.#keys.construction(this.#module, name));
    else if (!this.#isNoValue(callee, at)) at.uses.add(ANYTHING);
  }

  /** Whether a name stands for something of the language, or for a function that is declared around. */
  #isNoValue({ name, start }: { name: string; start: number }, { locals }: Visit): boolean {
    return this.#globals.has(start) || locals.has(name);
  }

  #readMember(node: AnyNode & { type: "MemberExpression" }, at: Visit): void {
    const { object, property, computed } = node;
    if (computed) {
      this.#visit(object, { ...at, isData: false });
      this.#visit(property, { ...at, isData: false });
      return;
    }
    if (property.type !== "Identifier") {
      this.#visit(object, { ...at, isData: false });
      return;
    }
    const { name } = property;
    if (this.#isName(object)) {
      const own = this.#keys.namespaceMember(this.#module, object.name, name);
      const isHeld = at.isData && !at.isLater && own?.isFollowing === true;
      const key = own?.key ?? this.#keys.enumMember(this.#module, object.name, name);
      if (key !== undefined) {
        (isHeld ? at.kept : at.uses).add(key);
        return;
      }
    }
    // What the language and Node have is not the program's.
    if (this.#conversions.isOfPlatform(object)) return;
    if (at.isData && !at.isLater) this.#take(name, at);
    else at.uses.add(memberKey(name));
    if (at.isLater && name !== "length") at.uses.add(calledKey(memberKey(name)));
    // All that is asked of a list is asked of what is in it.
    if (this.#isName(object) && this.#keys.isList(this.#module, object.name)) {
      this.#add(at.uses, this.#keys.name(this.#module, object.name));
    }
    // Of an object only the member is read.
    this.#visit(object, { ...at, isData: true, isLater: false });
  }

  /** What a call of a member evaluates that holds such a value; undefined if that can't be told. */
  heldBy(value: AnyNode): string[] | undefined {
    if (value.type !== "MemberExpression" || value.computed) return undefined;
    const { object, property } = value;
    if (property.type !== "Identifier") return undefined;
    const own = this.#isName(object)
      ? this.#keys.namespaceMember(this.#module, object.name, property.name)
      : undefined;
    const key = own?.key ?? memberKey(property.name);
    return [key, calledKey(key)];
  }

  #isName(node: AnyNode): node is AnyNode & { type: "Identifier" } {
    return node.type === "Identifier" && this.#references.has(node.start);
  }

  /** What takes a method may call it later. */
  #take(name: string, { uses, kept }: Visit): void {
    uses.add(takenKey(name));
    kept.add(memberKey(name)).add(calledKey(memberKey(name)));
  }

  #visitClass({ superClass, body }: Class, at: Visit): void {
    const visit = (child: AnyNode): void => this.#visit(child, { ...at, isData: false });
    if (superClass) this.#visit(superClass, { ...at, isData: true });
    for (const member of body.body) {
      if (at.isLater || member.type === "StaticBlock") {
        visitChildren(member, visit);
        continue;
      }
      if (member.computed) visit(member.key);
      if (member.type === "PropertyDefinition" && member.static && member.value) {
        this.#visit(member.value, { ...at, isData: true });
      }
    }
  }

  #add(found: Set<string>, key: string | undefined): void {
    if (key !== undefined) found.add(key);
  }
}

const NONE: ReadonlySet<string> = new Set();

/** The names of the functions that a function declares, those of functions inside it left out. */
function listLocal(outer: AnyNode): string[] {
  const names: string[] = [];
  const visit = (node: AnyNode): void => {
    const isFunctionName =
      node.type === "FunctionDeclaration" ||
      (node.type === "VariableDeclarator" && node.init && isAnyFunction(node.init));
    if (isFunctionName && "id" in node && node.id?.type === "Identifier") names.push(node.id.name);
    if (node !== outer && isAnyFunction(node)) return;
    visitChildren(node, visit);
  };
  visitChildren(outer, visit);
  return names;
}

interface Visit {
  readonly uses: Set<string>;
  readonly kept: Set<string>;
  /** The names of the functions that are declared in the functions around. */
  readonly locals: ReadonlySet<string>;
  /** Whether functions that are given here may be called at once. */
  readonly isLater: boolean;
  /** Whether the value is only put somewhere. */
  readonly isData: boolean;
}
