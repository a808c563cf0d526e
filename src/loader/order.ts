/**
 * The order in which modules are evaluated: dependencies first, in the order of the text.
 *
 * Modules that import each other form a cycle; only the one that is reached first stands in the order, and evaluates the
 * others when it begins. Tarjan's algorithm finds both in one walk.
 */

import type { ModuleNode } from "./module-node.ts";

/** Returns the order below a module, itself last; marks the cycles that it finds. */
export function orderModules(root: ModuleNode): ModuleNode[] {
  const walk = new Walk();
  walk.visit(root);
  return walk.order;
}

/** Returns the modules that a module imports statically, each once. */
export function dependenciesOf(node: ModuleNode): Set<ModuleNode> {
  return new Set(node.targets.flatMap((target) => (target.kind === "module" ? target.node : [])));
}

class Walk {
  readonly order: ModuleNode[] = [];
  /** By module: when it was reached, and the earliest module on the stack that it leads back to. */
  readonly #reached = new Map<ModuleNode, { readonly at: number; low: number }>();
  readonly #stack: ModuleNode[] = [];

  visit(node: ModuleNode): number {
    const mark = { at: this.#reached.size, low: this.#reached.size };
    this.#reached.set(node, mark);
    this.#stack.push(node);
    for (const dependency of dependenciesOf(node)) {
      const known = this.#reached.get(dependency);
      if (known === undefined) mark.low = Math.min(mark.low, this.visit(dependency));
      else if (this.#stack.includes(dependency)) mark.low = Math.min(mark.low, known.at);
    }
    if (mark.low === mark.at) this.#close(node);
    return mark.low;
  }

  /** The modules above the first one on the stack are its cycle. */
  #close(root: ModuleNode): void {
    const members = new Set(this.#stack.splice(this.#stack.indexOf(root)));
    const isAsync = [...members].some((member) => member.isAsync);
    for (const member of members) {
      member.cycle = [...dependenciesOf(member)].filter((dependency) => members.has(dependency));
      member.isAsync = isAsync;
    }
    this.order.push(root);
  }
}
