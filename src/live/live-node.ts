/**
 * What the hot-fixes of one thread have in common: the ledger, the patches for services yet to be born, and the
 * order of patches to one service.
 */

import type { Instance } from "../loader/instance.ts";
import type { ModuleNode } from "../loader/module-node.ts";
import type { Program } from "../loader/program.ts";
import { LineBudget } from "../service/line-budget.ts";
import { describeError } from "../service/runtime.ts";
import type { SnaxNode } from "../snax/snax-node.ts";
import type { PatchResult } from "../snax/types.ts";
import { Ledger } from "./ledger.ts";
import type { GivenMethod } from "./method-swap.ts";
import type { NameScope } from "./name-scope.ts";
import { rootScope } from "./name-scope.ts";
import { evaluateImports } from "./patch-import.ts";
import type { PatchPart } from "./patch-part.ts";
import { ServicePatch } from "./service-patch.ts";

/** What became of a patch. */
export interface PatchReport {
  readonly id: number;
  readonly hash: string;
  /** What it was for, as the ledger says it. */
  readonly target: string;
  readonly results: readonly PatchResult[];
  /** The end of the line in the log. */
  readonly said: string;
}

/** The live side of a runtime. */
export class LiveNode {
  readonly node: SnaxNode;
  readonly ledger: Ledger;
  readonly #lines: LineBudget;
  /** Methods that a patch gave to a service whose methods have not been read yet. */
  readonly #bornMethods = new WeakMap<Instance, GivenMethod[]>();
  /** In which scope each module of a program is born, where patches have added names. */
  readonly #bornScopes = new WeakMap<Program, Map<ModuleNode, NameScope>>();

  constructor(node: SnaxNode) {
    this.node = node;
    const { runtime } = node;
    this.ledger = new Ledger(runtime.clock);
    this.#lines = new LineBudget({
      now: () => runtime.clock.now(),
      later: (ms, run) => void runtime.after(ms, run),
      tell: (count) => runtime.log(0, `${count} lines about patches were left out in a second`),
    });
    node.births.push((host) => {
      const { code } = host.context;
      for (const given of code === undefined ? [] : (this.#bornMethods.get(code) ?? [])) {
        host.setMethod(given.group, given.name, given.method);
      }
    });
  }

  /** Enters a patch into the ledger, and logs it under the address of who asked, unless very many come in a second. */
  enter(caller: number, { id, hash, target, results, said }: PatchReport): void {
    this.ledger.enter(id, hash, target, results);
    if (this.#lines.allow())
      this.node.runtime.log(caller, `patch ${id} ${hash} of ${target} ${said}`);
  }

  /** Returns the scope in which a module of a program is born. */
  bornScope(program: Program, node: ModuleNode): NameScope {
    return this.#bornScopes.get(program)?.get(node) ?? rootScope(node.image);
  }

  /**
   * Gives a patch to all services of a program yet to be born, before their `init`; their `hotfix()` does not run, since
   * there is no old state to repair.
   *
   * @returns a function that takes it from those who are not born by then.
   */
  addBirth(program: Program, id: number, parts: readonly PatchPart[]): () => void {
    const birth = (instance: Instance): void => this.#bear(instance, id, parts);
    program.births.push(birth);
    let scopes = this.#bornScopes.get(program);
    if (scopes === undefined) {
      scopes = new Map();
      this.#bornScopes.set(program, scopes);
    }
    const before = new Map(scopes);
    for (const { node, code } of parts) scopes.set(node, code.scopeAfter);
    return () => {
      program.births.splice(program.births.indexOf(birth), 1);
      this.#bornScopes.set(program, before);
    };
  }

  /** A service that can't take the patch is born without it, wholly as its text says. */
  #bear(instance: Instance, id: number, parts: readonly PatchPart[]): void {
    try {
      if (evaluateImports(parts, instance) !== undefined) {
        throw new TypeError("a module that the patch imports awaits at top level");
      }
      const patch = ServicePatch.commit(instance, undefined, parts);
      patch.keep();
      const methods = this.#bornMethods.get(instance);
      if (methods === undefined) this.#bornMethods.set(instance, [...patch.methods]);
      else methods.push(...patch.methods);
    } catch (error) {
      const { file } = instance.program.entry.image;
      this.node.runtime.log(
        0,
        `a service of ${file} is born without patch ${id}: ${describeError(error)}`,
      );
    }
  }
}
