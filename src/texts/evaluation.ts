/**
 * What a part of a text may evaluate: the names, members and constructors that its code can lead to.
 *
 * Types are not known, so members go by their names, whatever object has them, and a call of something that
 * has no name of the module may be a call of anything. What is only put somewhere, a function in an object
 * for example, is not evaluated: code that calls it later follows a patch.
 */

import type { AnyNode, CallExpression, Class } from "acorn";
import type { Reference } from "../loader/read/analysis.ts";
import { keyOf } from "../loader/read/analysis.ts";
import { isKeeper } from "../loader/read/begin-uses.ts";
import { isFunction } from "../loader/read/names.ts";
import type { ModuleText } from "./module-text.ts";
import { isAnyFunction, visitChildren } from "../loader/read/children.ts";

/** A call of something unknown. */
export const ANYTHING = "()";

/** Names a member, whatever object has it. */
export function memberKey(name: string): string {
  return `.${name}`;
}

/** Says what a name of a module stands for, in the graph of the whole program. */
export interface NameKeys {
  /** The key of a variable; undefined for what comes from a package. */
  name(module: ModuleText, name: string): string | undefined;
  /** The key of what `new` of it evaluates. */
  construction(module: ModuleText, name: string): string | undefined;
  /** The key of an export that is read off a namespace; undefined if the name is not such an export. */
  namespaceMember(module: ModuleText, name: string, member: string): string | undefined;
  /** Whether calling a name calls a function of that name, and nothing that it happens to hold. */
  isFunction(module: ModuleText, name: string): boolean;
  /** Whether a name stands for a function or a class, which is the same one after a patch. */
  isFollowing(module: ModuleText, name: string): boolean;
}

/** Collects what parts of one module evaluate. */
export class Evaluation {
  readonly #module: ModuleText;
  readonly #keys: NameKeys;
  readonly #references: ReadonlyMap<number, Reference>;
  readonly #globals: ReadonlySet<number>;

  constructor(module: ModuleText, keys: NameKeys) {
    const { references, freeReferences } = module.analysis;
    this.#module = module;
    this.#keys = keys;
    this.#references = new Map(references.map((each) => [each.start, each]));
    this.#globals = new Set(freeReferences.map(({ start }) => start));
  }

  /**
   * Lists what a part may evaluate.
   *
   * @param isLater - whether code counts that only runs when it is called.
   */
  of(node: AnyNode, isLater: boolean): Set<string> {
    const found = new Set<string>();
    this.#visit(node, { found, isLater, isData: true });
    return found;
  }

  #visit(node: AnyNode, at: Visit): void {
    const visit = (child: AnyNode, isData = false): void => this.#visit(child, { ...at, isData });
    switch (node.type) {
      case "Identifier":
        this.#useName(node.name, node.start, at);
        break;
      case "CallExpression":
        this.#call(node, at);
        break;
      case "NewExpression":
        if (node.callee.type === "Identifier") this.#construct(node.callee, at.found);
        else visit(node.callee);
        for (const each of node.arguments)
          this.#visit(each, { ...at, isData: false, isLater: true });
        break;
      case "MemberExpression":
        this.#readMember(node, at);
        break;
      case "Property":
        if (node.computed) visit(node.key);
        visit(node.value, true);
        break;
      case "ObjectPattern":
        for (const property of node.properties) {
          const key = property.type === "Property" ? keyOf(property) : undefined;
          if (key !== undefined) at.found.add(memberKey(key));
          visit(property);
        }
        break;
      case "ArrayExpression":
      case "ObjectExpression":
      case "VariableDeclaration":
      case "VariableDeclarator":
      case "AssignmentExpression":
      case "ConditionalExpression":
        visitChildren(node, (child) => visit(child, true));
        break;
      case "ClassDeclaration":
      case "ClassExpression":
        this.#visitClass(node, at);
        break;
      default:
        if (isAnyFunction(node)) {
          if (at.isLater) visitChildren(node, (child) => visit(child));
        } else visitChildren(node, (child) => visit(child));
    }
  }

  #useName(name: string, start: number, { found, isData, isLater }: Visit): void {
    if (!this.#references.has(start)) return;
    if (isData && !isLater && this.#keys.isFollowing(this.#module, name)) return;
    this.#add(found, this.#keys.name(this.#module, name));
    this.#add(found, this.#keys.construction(this.#module, name));
  }

  #call({ callee, arguments: given }: CallExpression, at: Visit): void {
    if (callee.type === "Identifier") {
      const isOwn = this.#references.has(callee.start);
      if (isOwn) this.#add(at.found, this.#keys.name(this.#module, callee.name));
      const isKnown = isOwn && this.#keys.isFunction(this.#module, callee.name);
      if (!isKnown && !this.#globals.has(callee.start)) at.found.add(ANYTHING);
    } else if (isFunction(callee)) {
      visitChildren(callee, (child) => this.#visit(child, { ...at, isData: false }));
    } else {
      if (callee.type === "MemberExpression" && callee.computed) at.found.add(ANYTHING);
      this.#visit(callee, { ...at, isData: false });
    }
    const isKept = isKeeper(callee);
    // A callback may be called before the call returns.
    const isLater = at.isLater || !isKept;
    for (const argument of given) this.#visit(argument, { ...at, isData: isKept, isLater });
  }

  #construct(
    { name, start }: { readonly name: string; readonly start: number },
    found: Set<string>,
  ): void {
    if (this.#references.has(start)) this.#add(found, this.#keys.construction(this.#module, name));
    else if (!this.#globals.has(start)) found.add(ANYTHING);
  }

  #readMember(node: AnyNode & { type: "MemberExpression" }, at: Visit): void {
    const { object, property, computed } = node;
    const visit = (child: AnyNode): void => this.#visit(child, { ...at, isData: false });
    if (computed) {
      visit(object);
      visit(property);
      return;
    }
    if (property.type === "Identifier") {
      at.found.add(memberKey(property.name));
      const isName = object.type === "Identifier" && this.#references.has(object.start);
      const key = isName
        ? this.#keys.namespaceMember(this.#module, object.name, property.name)
        : undefined;
      if (key !== undefined) {
        at.found.add(key);
        return;
      }
      const isState = isName && !this.#keys.isFunction(this.#module, object.name);
      const isKept = isState && this.#module.byName.get(object.name)?.kind === "state";
      // Of an object only the member is read.
      if (isKept) return;
    }
    visit(object);
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

interface Visit {
  readonly found: Set<string>;
  readonly isLater: boolean;
  /** Whether the value is only put somewhere. */
  readonly isData: boolean;
}
