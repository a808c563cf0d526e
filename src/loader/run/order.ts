/**
 * The order in which modules are evaluated: dependencies first, in the order of the text, as
 * ECMAScript asks for it.
 *
 * In a cycle some import leads forward in the order: its module runs before the one it imports
 * from. All modules from the one to the other are entered together, so that their functions can be
 * called, and then run one after another (see `cycle.ts`).
 */

import { Cycle } from "./cycle.ts";
import type { ModuleNode } from "./module-node.ts";

/** What is evaluated at once: a module, or the modules of a cycle. */
export type Step = ModuleNode | Cycle;

/**
 * Returns the order below modules, these included; without recursion, because chains of imports may
 * be long.
 */
export function orderModules(roots: Iterable<ModuleNode>): ModuleNode[] {
  const order: ModuleNode[] = [];
  const reached = new Set<ModuleNode>();
  const path: { readonly node: ModuleNode; readonly rest: Iterator<ModuleNode> }[] = [];
  const enter = (node: ModuleNode): void => {
    if (reached.has(node)) return;
    reached.add(node);
    path.push({ node, rest: dependenciesOf(node).values() });
  };
  for (const root of roots) {
    enter(root);
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const next = last.rest.next();
      if (next.done !== true) enter(next.value);
      else {
        order.push(last.node);
        path.pop();
      }
    }
  }
  return order;
}

/** Returns the modules that a module imports statically, each once. */
export function dependenciesOf(node: ModuleNode): Set<ModuleNode> {
  return new Set(node.targets.flatMap((target) => (target.kind === "module" ? target.node : [])));
}

/** Puts the modules of each cycle together; marks them. */
export function planSteps(order: readonly ModuleNode[]): Step[] {
  const places = new Map(order.map((node, index) => [node, index]));
  const steps: Step[] = [];
  for (let index = 0; index < order.length; index += 1) {
    const first = index;
    let end = index;
    let isCycle = false;
    for (; index <= end; index += 1) {
      for (const dependency of dependenciesOf(order[index] as ModuleNode)) {
        const place = places.get(dependency) ?? -1;
        isCycle ||= place >= index;
        end = Math.max(end, place);
      }
    }
    index = end;
    const nodes = order.slice(first, end + 1);
    steps.push(isCycle ? new Cycle(nodes) : (nodes[0] as ModuleNode));
  }
  return steps;
}
