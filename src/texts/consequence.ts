/**
 * What else an edit concerns: values that were computed when the modules began, from what changes now.
 *
 * A patch replaces functions and constants; what has been computed from them keeps its value, in this
 * module and in those that import it. So a change is followed through everything that may lead to it, and
 * every value that was made at the top level on such a way is named.
 */

import type { AnyNode, Class } from "acorn";
import { ANYTHING, Evaluation, memberKey } from "./evaluation.ts";
import { listMembers, listProperties } from "./member.ts";
import type { ModuleText, Piece } from "./module-text.ts";
import type { ProgramText } from "./program-text.ts";
import { constructionKey, nameKey } from "./program-text.ts";
import { visitChildren } from "../loader/read/children.ts";

/** Something whose text changes, by its key, and what people call it. */
export type Changed = ReadonlyMap<string, string>;

/** A value that keeps what was computed from something that changes. */
export interface Derived {
  readonly module: ModuleText;
  /** A piece, a loose statement, or the call that arms a timer. */
  readonly node: AnyNode;
  readonly kind: "value" | "statement" | "timer";
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
  readonly #leadsTo = new Map<string, Set<string>>();
  readonly #evaluations = new Map<ModuleText, Evaluation>();

  constructor(program: ProgramText) {
    this.#program = program;
    for (const module of program.modules.values()) {
      this.#evaluations.set(module, new Evaluation(module, program));
    }
    for (const module of program.modules.values()) {
      for (const piece of module.pieces) this.#addPiece(module, piece);
    }
  }

  /** Returns everything whose outcome a change may alter, each with its cause. */
  follow(changed: Changed): Map<string, string> {
    const causes = new Map(changed);
    // A call of something unknown may be a call of what changes.
    const [first] = changed.values();
    if (first !== undefined) causes.set(ANYTHING, first);
    const users = new Map<string, string[]>();
    for (const [key, targets] of this.#leadsTo) {
      for (const target of targets) users.set(target, [...(users.get(target) ?? []), key]);
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
      const causeOf = (keys: Iterable<string>): string | undefined => {
        for (const key of keys) if (causes.has(key)) return causes.get(key);
        return undefined;
      };
      for (const { kind, name, declaration, value } of module.pieces) {
        if (kind === "function" || kind === "literal") continue;
        const cause = causeOf(evaluation.of(value ?? declaration, false));
        if (cause !== undefined) {
          found.push({ module, node: declaration, kind: "value", what: name, cause });
        }
      }
      for (const { node, kind } of module.loose) {
        if (kind !== "statement" || isTimer(expressionOf(node))) continue;
        const cause = causeOf(evaluation.of(node, false));
        if (cause !== undefined) found.push({ module, node, kind: "statement", what: "", cause });
      }
      for (const { node, what, time } of listTimers(module)) {
        const cause = causeOf(evaluation.of(time, true));
        if (cause !== undefined) found.push({ module, node, kind: "timer", what, cause });
      }
    }
    return found;
  }

  #addPiece(module: ModuleText, { kind, names, declaration, value }: Piece): void {
    const evaluation = this.#evaluations.get(module);
    if (evaluation === undefined) return;
    for (const name of names) {
      const key = nameKey(module, name);
      if (kind === "function") this.#add(key, evaluation.of(value ?? declaration, true));
      else if (kind === "literal") this.#add(key, evaluation.of(value ?? declaration, false));
      else if (kind === "class") this.#addClass(module, evaluation, name, value as Class);
      else if (value !== undefined) this.#addObject(evaluation, key, value);
    }
  }

  #addClass(module: ModuleText, evaluation: Evaluation, name: string, node: Class): void {
    const made = constructionKey(module, name);
    if (node.superClass?.type === "Identifier") {
      const parent = this.#program.construction(module, node.superClass.name);
      if (parent !== undefined) this.#add(made, new Set([parent]));
    } else if (node.superClass) this.#add(made, evaluation.of(node.superClass, true));
    for (const member of listMembers(node, module.syntax.code)) {
      const isMaking =
        member.kind === "constructor" || (member.kind === "field" && !member.isStatic);
      const uses = evaluation.of(partOf(member.node), true);
      if (isMaking) this.#add(made, uses);
      if (member.name !== undefined) this.#add(memberKey(member.name), uses);
      else this.#add(ANYTHING, uses);
    }
  }

  /** What an object of the module holds is reached by the names of its members. */
  #addObject(evaluation: Evaluation, key: string, value: AnyNode): void {
    if (value.type !== "ObjectExpression") return;
    for (const { name, node } of listProperties(value)) {
      const own = memberKey(name ?? "");
      this.#add(key, new Set([own]));
      const given = node.type === "Property" ? node.value : node;
      this.#add(own, evaluation.of(given, true));
      this.#addObject(evaluation, own, given);
    }
  }

  #add(key: string, targets: ReadonlySet<string>): void {
    const known = this.#leadsTo.get(key);
    if (known === undefined) this.#leadsTo.set(key, new Set(targets));
    else for (const target of targets) known.add(target);
  }
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
