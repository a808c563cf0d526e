/**
 * Module graphs mean in a service what they mean in Node: the order in which modules run, what an import is before its
 * module has run, and which error ends the start.
 *
 * The graphs are random, cycles of all shapes included; each is run by Node's own loader and by ours, and the traces are
 * compared. Each test prints its seed; `SEED` and `SCALE` repeat and lengthen it.
 */

import { deepEqual, equal } from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import fc from "fast-check";
import { CodeCache } from "../../src/loader/code-cache.ts";
import { Cycle } from "../../src/loader/run/cycle.ts";
import type { ImportPlan } from "../../src/loader/weave/frame.ts";
import { Instance } from "../../src/loader/run/instance.ts";
import type { ModuleNode } from "../../src/loader/run/module-node.ts";
import type { Step } from "../../src/loader/run/order.ts";
import { graphs } from "./module-graph.ts";
import type { Graph } from "./module-graph.ts";
import { runs } from "./runs.ts";

/** What the modules of a graph find as globals. */
interface Tools {
  note(text: string): void;
  show(value: unknown): string;
  look(name: string, read: () => unknown): void;
  survey(name: string, namespace: Record<string, unknown>): void;
  deeper(call: () => unknown): void;
}

const CALLS_MAX = 40;

function createTools(trace: string[]): Tools {
  let depth = 0;
  let calls = 0;
  const show = (value: unknown): string =>
    typeof value === "function" ? `[${value.name}/${value.length}]` : String(value);
  const look = (name: string, read: () => unknown): void => {
    try {
      trace.push(`${name}: ${show(read())}`);
    } catch (error) {
      trace.push(`${name}: ${String(error)}`);
    }
  };
  return {
    note: (text) => void trace.push(text),
    show,
    look,
    survey: (name, namespace) => {
      trace.push(`${name}: ${Object.getOwnPropertyNames(namespace).join()}`);
      for (const key of Object.getOwnPropertyNames(namespace)) {
        // V8's message depends on its release here.
        try {
          trace.push(`${name}.${key}: ${show(namespace[key])}`);
        } catch (error) {
          trace.push(`${name}.${key}: ${(error as Error).name}`);
        }
      }
    },
    deeper: (call) => {
      // Functions of a cycle may call each other without end.
      if (depth > 3 || calls > CALLS_MAX) return;
      depth += 1;
      calls += 1;
      look("deeper", call);
      depth -= 1;
    },
  };
}

const NAMES = ["note", "show", "look", "survey", "deeper"];

async function trace(start: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  Object.assign(globalThis, createTools(lines));
  try {
    await start();
  } catch (error) {
    lines.push(`failed: ${String(error)}`);
  }
  return lines;
}

/** Folders of their own, because Node never forgets a module. */
class Folders {
  readonly #root: string;
  #count = 0;

  constructor(t: TestContext) {
    this.#root = realpathSync(mkdtempSync(join(tmpdir(), "snax-graph-")));
    t.after(() => {
      rmSync(this.#root, { recursive: true, force: true });
      for (const name of NAMES) delete (globalThis as Record<string, unknown>)[name];
    });
  }

  write(graph: Graph): string {
    this.#count += 1;
    const folder = join(this.#root, String(this.#count));
    mkdirSync(folder);
    for (const [name, text] of Object.entries(graph)) writeFileSync(join(folder, name), text);
    return join(folder, "main.mjs");
  }
}

function runInNode(file: string): Promise<string[]> {
  return trace(() => import(pathToFileURL(file).href) as Promise<unknown>);
}

function runInService(file: string): Promise<string[]> {
  return trace(async () => {
    const program = await new CodeCache().load(file);
    await program.instantiate({ api: {}, injected: () => undefined });
  });
}

function compare(folders: Folders): fc.IAsyncProperty<[Graph]> {
  return fc.asyncProperty(graphs, async (graph) => {
    const file = folders.write(graph);
    const expected = await runInNode(file);
    deepEqual(await runInService(file), expected);
  });
}

test("random graphs of modules run in a service as they run in Node", async (t) => {
  await fc.assert(compare(new Folders(t)), runs(t, 200));
});

test("a loader that forgets which imports are dead is found out", async (t) => {
  const planOf = (node: ModuleNode): ImportPlan => {
    const cells = node.image.data.imports.map((_, cell) => cell);
    return { key: cells.join(), cells, readyCount: cells.length, earlyCount: cells.length };
  };
  t.mock.method(Cycle.prototype, "planOf", planOf);
  const { failed } = await fc.check(compare(new Folders(t)), {
    ...runs(t, 200),
    endOnFailure: true,
  });
  equal(failed, true);
});

test("a loader that runs a module of a cycle too late is found out", async (t) => {
  const { evaluate } = Instance.prototype;
  t.mock.method(Instance.prototype, "evaluate", function (this: Instance, steps: readonly Step[]) {
    const late = steps.map((step) =>
      step instanceof Cycle ? new Cycle([...step.nodes.slice(1), ...step.nodes.slice(0, 1)]) : step,
    );
    return evaluate.call(this, late);
  });
  const { failed } = await fc.check(compare(new Folders(t)), {
    ...runs(t, 200),
    endOnFailure: true,
  });
  equal(failed, true);
});
