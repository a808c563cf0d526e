/**
 * Modules that import each other: which imports have no value yet when their module runs.
 *
 * The language throws a ReferenceError where an import is read before its exporter has declared it,
 * and so do we, with V8's own check: the variable is declared when its value comes. The function of
 * such a module is a generator that stops in front of each of its imports' declarations, and is
 * given a value to go on with:
 *
 *     function*($snax){ ...; $snax.begin(...); let a=yield,b=yield; yield; <body> ; let c=yield,d=yield; }
 *
 * First every module of the cycle is entered, up to the first stop: its functions can be called
 * from now on. Then their bodies run in turn. `a` and `b` come from modules that run before this
 * one, `c` and `d` from those that run after it. After the start nothing of this is left: the
 * generator has ended, and imports are variables as in any other module.
 *
 * An import of the module itself has no such check: it is undefined until it is declared.
 */

import type { ImportPlan } from "../weave/frame.ts";
import type { ModuleInstance } from "./module-instance.ts";
import type { ModuleNode } from "./module-node.ts";
import { CellSource } from "./module-node.ts";

/** Modules that are entered together. */
export class Cycle {
  /** In the order in which they run. */
  readonly nodes: readonly ModuleNode[];
  readonly #plans = new Map<ModuleNode, ImportPlan>();

  constructor(nodes: readonly ModuleNode[]) {
    this.nodes = nodes;
    for (const node of nodes) node.isInCycle = true;
  }

  /** The plan of one of the modules; modules are linked when it is asked for. */
  planOf(node: ModuleNode): ImportPlan {
    let plan = this.#plans.get(node);
    if (plan === undefined) this.#plans.set(node, (plan = this.#plan(node)));
    return plan;
  }

  /** The cycle without those of its modules that an instance has already. */
  only(fresh: readonly ModuleNode[]): Cycle {
    return fresh.length === this.nodes.length ? this : new Cycle(fresh);
  }

  #plan(node: ModuleNode): ImportPlan {
    const own = this.nodes.indexOf(node);
    const waits = node.image.data.imports.map((_, cell) => ({ cell, place: -1, start: -1 }));
    for (const { cell, source } of node.links) {
      if (!(source instanceof CellSource) || source.node === node || isHoisted(source)) continue;
      const place = this.nodes.indexOf(source.node);
      if (place >= 0) waits[cell] = { cell, place, start: nameOf(source)?.start ?? -1 };
    }
    waits.sort((a, b) => a.place - b.place || a.start - b.start);
    const cells = waits.map(({ cell }) => cell);
    const earlyCount = waits.filter(({ place }) => place < own).length;
    const readyCount = waits.filter(({ place }) => place < 0).length;
    return { key: `${cells.join()};${earlyCount}`, cells, readyCount, earlyCount };
  }
}

/**
 * A function declaration has its value, and a `var` is undefined, as soon as the module is entered.
 */
function isHoisted(source: CellSource): boolean {
  const kind = nameOf(source)?.kind;
  return kind === "function" || kind === "var";
}

function nameOf({ node, cell }: CellSource): ReturnType<ModuleNode["image"]["names"]["get"]> {
  return node.image.names.get(node.image.data.cells[cell] ?? "");
}

/**
 * The imports of one module instance on their way: given in any order, they come alive in that of
 * the plan.
 */
export class PendingImports {
  /** What a body that waits at top level waits for first: its turn. */
  readonly gate: Promise<void> | undefined;
  /** Settles when a body that waits has ended. */
  done: Promise<void> | undefined = undefined;
  readonly #plan: ImportPlan;
  readonly #values = new Map<number, unknown>();
  #stops: Iterator<unknown, unknown, unknown> | undefined = undefined;
  #release: (() => void) | undefined = undefined;
  /** How many imports are alive. */
  #count = 0;
  #isLate = false;

  constructor(plan: ImportPlan, isAsync: boolean) {
    this.#plan = plan;
    this.gate = isAsync ? new Promise((open) => (this.#release = open)) : undefined;
  }

  /** Goes to the first stop: the module's functions exist from now on. */
  enter(stops: Iterator<unknown, unknown, unknown>): void {
    this.#stops = stops;
    stops.next();
  }

  /** Whether an import is not alive. */
  has(cell: number): boolean {
    return this.#plan.cells.indexOf(cell) >= this.#count;
  }

  /** Gives an import its value. */
  give(cell: number, value: unknown): void {
    this.#values.set(cell, value);
    const { cells, earlyCount } = this.#plan;
    while (this.#count < (this.#isLate ? cells.length : earlyCount)) {
      const next = cells[this.#count] as number;
      if (!this.#values.has(next)) return;
      this.#count += 1;
      this.#stops?.next(this.#values.get(next));
    }
  }

  /** Runs the module's body. */
  run(): Promise<void> | undefined {
    const { cells, earlyCount } = this.#plan;
    // All of these have been given, because their exporters have run; an import that stays dead
    // would end in chaos.
    while (this.#count < earlyCount) this.give(cells[this.#count] as number, undefined);
    this.#release?.();
    this.#stops?.next();
    this.#isLate = true;
    return this.done;
  }
}

/** Enters a module of a cycle. */
export function enterModule(module: ModuleInstance, plan: ImportPlan): void {
  const { instance, node } = module;
  module.pending = new PendingImports(plan, node.image.data.isAsync);
  const stops = instance.factoryOf(node, plan)(module) as Iterator<unknown, unknown, unknown>;
  module.pending.enter(stops);
}
