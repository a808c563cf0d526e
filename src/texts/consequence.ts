/**
 * What else an edit concerns: values that were computed when the modules began, from what changes now.
 *
 * A patch replaces functions and constants; what has been computed from them keeps its value, in this
 * module and in those that import it. So a change is followed through everything that may lead to it, and
 * every value that was made at the top level on such a way is named.
 */

import type { AnyNode, Class } from "acorn";
import { keyOf } from "../loader/read/analysis.ts";
import {
  ANY_MEMBER,
  ANYTHING,
  calledKey,
  CONVERSION,
  Evaluation,
  ITERATION,
  keptKey,
  memberKey,
  symbolKey,
  takenKey,
} from "./evaluation.ts";
import type { Evaluated } from "./evaluation.ts";
import { wayText } from "../loader/read/member-key.ts";
import { listMembers, listProperties } from "./member.ts";
import type { ModuleText, Piece } from "./module-text.ts";
import type { ProgramText } from "./program-text.ts";
import { constructionKey, nameKey } from "./program-text.ts";
import { isAnyFunction, isPlainData, visitChildren } from "../loader/read/children.ts";

/** Something whose text changes, by its key, and what people call it. */
export type Changed = ReadonlyMap<string, string>;

/** A value that keeps what was computed from something that changes. */
export interface Derived {
  readonly module: ModuleText;
  /** A piece, a loose statement, or the call that arms a timer. */
  readonly node: AnyNode;
  readonly kind: "value" | "statement" | "timer" | "init";
  /** What it is called: the name of a piece, the callee of a timer. */
  readonly what: string;
  /** What it was computed from. */
  readonly cause: string;
}

/** The calls that arm timers, and which argument is the time. */
const TIMERS: Readonly<Record<string, number>> = { setInterval: 1, setTimeout: 1, timeout: 0 };

/** Follows changes through the texts of a program. */
export class Consequences {
  readonly #program: ProgramText;
  readonly #isEdited: (module: ModuleText) => boolean;
  readonly #leadsTo = new Map<string, Set<string>>();
  readonly #evaluations = new Map<ModuleText, Evaluation>();

  /** @param isEdited - whether a member of a module's data may change. */
  constructor(program: ProgramText, isEdited: (module: ModuleText) => boolean) {
    this.#program = program;
    this.#isEdited = isEdited;
    for (const module of program.modules.values()) {
      this.#evaluations.set(module, new Evaluation(module, program));
    }
    for (const [module, evaluation] of this.#evaluations) {
      for (const piece of module.pieces) this.#addPiece(module, piece);
      const messages = new Set(
        module.pieces.filter((piece) => isOfMessages(module, piece)).map(({ value }) => value),
      );
      this.#addMembers(module, evaluation, module.syntax.ast, messages);
    }
    this.#link(memberKey("valueOf"), [CONVERSION]);
    this.#link(memberKey("toString"), [CONVERSION]);
    this.#linkUnknown();
  }

  /** Returns everything whose outcome a change may alter, each with its cause. */
  follow(changed: Changed): Map<string, string> {
    const causes = new Map(changed);
    const users = new Map<string, string[]>();
    for (const [key, targets] of this.#leadsTo) {
      for (const target of targets) {
        const known = users.get(target);
        if (known === undefined) users.set(target, [key]);
        else known.push(key);
      }
    }
    const queue = [...causes.keys()];
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      for (const user of users.get(key) ?? []) {
        if (causes.has(user)) continue;
        causes.set(user, causes.get(key) ?? "");
        queue.push(user);
      }
    }
    return causes;
  }

  /** Lists the values that were computed from what has a cause. */
  listDerived(causes: ReadonlyMap<string, string>): Derived[] {
    const found: Derived[] = [];
    if (causes.size === 0) return found;
    for (const [module, evaluation] of this.#evaluations) {
      const causeOf = ({ uses }: Evaluated): string | undefined => {
        for (const key of uses) if (causes.has(key)) return causes.get(key);
        return undefined;
      };
      for (const { kind, name, declaration, value } of module.pieces) {
        if (name === "init" && module.isService && kind === "function") {
          const why = causeOf(evaluation.ofCall(value ?? declaration));
          if (why !== undefined) {
            found.push({ module, node: declaration, kind: "init", what: name, cause: why });
          }
        }
        if (kind === "function" || kind === "literal") continue;
        const cause = causeOf(evaluation.of(value ?? declaration));
        if (cause !== undefined) {
          found.push({ module, node: declaration, kind: "value", what: name, cause });
        }
      }
      for (const { node, kind } of module.loose) {
        if (kind !== "statement" || isTimer(expressionOf(node))) continue;
        const cause = causeOf(evaluation.of(node));
        if (cause !== undefined) found.push({ module, node, kind: "statement", what: "", cause });
      }
      for (const { node, what, time } of listTimers(module)) {
        const cause = causeOf(evaluation.of(time));
        if (cause !== undefined) found.push({ module, node, kind: "timer", what, cause });
      }
    }
    return found;
  }

  #addPiece(module: ModuleText, piece: Piece): void {
    const { kind, names, declaration, value, isConst } = piece;
    const evaluation = this.#evaluations.get(module);
    if (evaluation === undefined) return;
    for (const name of names) {
      const key = nameKey(module, name);
      if (kind === "function") this.#add(key, evaluation.ofCall(value ?? declaration));
      else if (kind === "literal") this.#add(key, evaluation.of(value ?? declaration));
      else if (kind === "class") this.#addClass(module, evaluation, name, value as Class);
      else if (value !== undefined && !isOfMessages(module, piece)) {
        const isSame = !this.#isEdited(module) && isPlainData(value);
        if (!isSame) this.#addObject(evaluation, key, value);
      }
      if (kind === "state") this.#addCalled(module, key, isConst ? value : undefined);
    }
  }

  /** What a function of the program has returned, `const next = counter(3)`, is one of those that it makes. */
  #addCalled(module: ModuleText, key: string, value: AnyNode | undefined): void {
    const evaluation = this.#evaluations.get(module);
    const isCall = value?.type === "CallExpression" && value.callee.type === "Identifier";
    const name = isCall ? (value.callee as { name: string }).name : undefined;
    const made = name === undefined ? undefined : this.#program.name(module, name);
    const isKnown = name !== undefined && this.#program.isFunction(module, name);
    if (evaluation === undefined || value === undefined || made === undefined || !isKnown) {
      this.#link(calledKey(key), [ANYTHING]);
      return;
    }
    this.#link(calledKey(key), [...evaluation.of(value).kept, keptKey(made)]);
  }

  #addClass(module: ModuleText, evaluation: Evaluation, name: string, node: Class): void {
    const made = constructionKey(module, name);
    if (node.superClass?.type === "Identifier") {
      const parent = this.#program.construction(module, node.superClass.name);
      if (parent !== undefined) this.#link(made, [parent]);
    } else if (node.superClass) this.#add(made, evaluation.of(node.superClass));
    for (const member of listMembers(node, module.syntax.code)) {
      const part = partOf(member.node);
      if (member.kind === "constructor") this.#add(made, evaluation.ofCall(part));
      else if (member.kind === "field" && !member.isStatic) this.#add(made, evaluation.of(part));
      if (member.name === undefined) {
        for (const key of callersOf(member.node)) this.#add(key, evaluation.ofCall(part));
      }
    }
  }

  /** What an object of the module holds is reached by the names of its members. */
  #addObject(evaluation: Evaluation, key: string, value: AnyNode): void {
    if (value.type !== "ObjectExpression") return;
    for (const { name, node } of listProperties(value)) {
      const own = memberKey(name ?? "");
      const given = node.type === "Property" ? node.value : node;
      this.#link(key, [own]);
      this.#add(own, evaluation.ofCall(given));
      this.#addObject(evaluation, own, given);
    }
  }

  /** Functions go by the names of the members that hold them, wherever that is. */
  // oxlint-disable-next-line max-params -- a node of a module, and what is left out
  #addMembers(
    module: ModuleText,
    evaluation: Evaluation,
    node: AnyNode,
    messages: ReadonlySet<AnyNode | undefined>,
  ): void {
    if (isPlainData(node)) return;
    const isLeftOut = messages.has(node);
    const [name, value] = memberIn(node) ?? [];
    if (name !== undefined && value) {
      const key = memberKey(name);
      if (isAnyFunction(value)) {
        this.#add(key, evaluation.ofCall(value));
        this.#link(ANY_MEMBER, [key]);
        // A getter runs when it is read.
        if ("kind" in node && node.kind === "get")
          this.#add(takenKey(name), evaluation.ofCall(value));
      } else if (value.type === "Identifier" && this.#program.isFunction(module, value.name)) {
        const own = this.#program.name(module, value.name);
        this.#link(calledKey(key), [own ?? ANYTHING]);
        this.#link(ANY_MEMBER, [key]);
      } else if (HOLDERS.has(value.type)) {
        this.#link(calledKey(key), evaluation.heldBy(value) ?? [ANYTHING]);
      }
    }
    visitChildren(node, (child) => {
      // The methods of a service are called by messages; what is in them is a part of the program.
      const inner = isLeftOut && child.type === "Property" ? child.value : child;
      this.#addMembers(module, evaluation, inner, messages);
    });
  }

  /** A call of something unknown may be one of a function that has been put somewhere when the modules began. */
  #linkUnknown(): void {
    const reached = new Set<string>();
    const queue: string[] = [];
    const add = ({ uses, kept }: Evaluated): void => {
      queue.push(...uses);
      this.#link(ANYTHING, kept);
    };
    for (const [module, evaluation] of this.#evaluations) {
      for (const { kind, declaration, value } of module.pieces) {
        if (kind !== "function") add(evaluation.of(value ?? declaration));
      }
      for (const { node } of module.loose) add(evaluation.of(node));
    }
    for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
      if (reached.has(key)) continue;
      reached.add(key);
      queue.push(...(this.#leadsTo.get(key) ?? []));
      const kept = this.#leadsTo.get(keptKey(key));
      if (kept === undefined) continue;
      this.#link(ANYTHING, kept);
      if (reached.has(ANYTHING)) queue.push(...kept);
    }
  }

  #add(key: string, { uses, kept }: Evaluated): void {
    this.#link(key, uses);
    // What a function that it calls has made it may return.
    const passed = [...uses].map((each) => (each === ANYTHING ? each : keptKey(each)));
    this.#link(keptKey(key), [...kept, ...passed]);
  }

  #link(key: string, targets: Iterable<string>): void {
    add(this.#leadsTo, key, targets);
  }
}

function add(sets: Map<string, Set<string>>, key: string, values: Iterable<string>): void {
  const known = sets.get(key);
  if (known === undefined) sets.set(key, new Set(values));
  else for (const value of values) known.add(value);
}

/** Whether a piece is a group of methods that no code of the module names. */
export function isOfMessages({ analysis }: ModuleText, { kind, name }: Piece): boolean {
  return kind === "group" && !analysis.references.some((each) => each.name === name);
}

/** What may be a function that has come from elsewhere. */
const HOLDERS: ReadonlySet<string> = new Set([
  ...["Identifier", "CallExpression", "MemberExpression", "ConditionalExpression"],
  ...["LogicalExpression", "AwaitExpression", "TaggedTemplateExpression"],
]);

/** The name and the value of a member that a part of a text gives to an object or a class. */
function memberIn(node: AnyNode): [name: string | undefined, value: AnyNode | null] | undefined {
  switch (node.type) {
    case "MethodDefinition":
    case "PropertyDefinition":
    case "Property":
      return [keyOf(node), node.value ?? null];
    case "AssignmentExpression": {
      const { left, right } = node;
      if (left.type !== "MemberExpression" || left.computed) return undefined;
      return left.property.type === "Identifier" ? [left.property.name, right] : undefined;
    }
    default:
      return undefined;
  }
}

/** The keys of what may call a member whose name is in brackets. */
export function callersOf(node: AnyNode): readonly string[] {
  const way = "key" in node ? wayText(node.key as AnyNode) : undefined;
  return way === undefined ? [ANYTHING, ITERATION] : [symbolKey(way) ?? ANYTHING];
}

/** The function of a method, the value of a field. */
function partOf(node: Class["body"]["body"][number]): AnyNode {
  return node.type === "StaticBlock" ? node : (node.value ?? node.key);
}

function expressionOf(node: AnyNode): AnyNode {
  return node.type === "ExpressionStatement" ? node.expression : node;
}

function isTimer(node: AnyNode): boolean {
  return timeOf(node) !== undefined;
}

/** The time of a call that arms a timer. */
function timeOf(node: AnyNode): { readonly what: string; readonly time: AnyNode } | undefined {
  if (node.type !== "CallExpression") return undefined;
  const { callee } = node;
  const isMember = callee.type === "MemberExpression" && callee.property.type === "Identifier";
  const name = isMember
    ? (callee.property as { name: string }).name
    : callee.type === "Identifier"
      ? callee.name
      : "";
  if (!Object.hasOwn(TIMERS, name) || (name === "timeout" && !isMember)) return undefined;
  const time = node.arguments[TIMERS[name] ?? 0];
  return time === undefined ? undefined : { what: name, time };
}

/** Lists the calls of a module that arm timers, at any depth. */
function listTimers({ syntax }: ModuleText): { node: AnyNode; what: string; time: AnyNode }[] {
  const found: { node: AnyNode; what: string; time: AnyNode }[] = [];
  if (!/setInterval|setTimeout|timeout/.test(syntax.code)) return found;
  const visit = (node: AnyNode): void => {
    const timer = timeOf(node);
    if (timer !== undefined) found.push({ node, ...timer });
    visitChildren(node, visit);
  };
  visit(syntax.ast);
  return found;
}
