/**
 * `export *`: names that come from modules behind modules, however many, and what the language makes of two of one name.
 *
 * What modules mean is what Node makes of the same files; random graphs are compared with it. `SEED` and `SCALE` repeat and lengthen that.
 */

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runs } from "../../fuzz/runs.ts";
import { Modules, call, evaluate } from "./harness.ts";
import type { Files } from "./harness.ts";

const DEPTH = 3000;

/** Modules `m0.mjs` to `m2999.mjs`, of which each is made from the name of the next. */
function chain(link: (next: string, index: number) => string, last: string): Files {
  const files: Record<string, string> = {};
  for (let index = 0; index < DEPTH; index += 1) {
    files[`m${index}.mjs`] = index === DEPTH - 1 ? last : link(`./m${index + 1}.mjs`, index);
  }
  return files;
}

const IMPORTS = `import { x, f } from "./m0.mjs"; import * as all from "./m0.mjs";
  export const result = () => [x, all.x, f(), all.f()];`;

for (const [kind, link] of [
  ["export *", (next) => `export * from "${next}";`],
  [
    "export *, with names of their own,",
    (next, index) => `export * from "${next}"; export const own${index} = ${index};`,
  ],
  [
    "export *, each twice,",
    (next) => `export * from "${next}"; export * from "./side.mjs"; export * from "${next}";`,
  ],
  [
    "export *, and renamed in turn,",
    (next, index) =>
      index % 2 === 0 ? `export * from "${next}";` : `export { x as x, f } from "${next}";`,
  ],
  ["export *, and back,", (next) => `export * from "${next}"; export * from "./m0.mjs";`],
] as [string, (next: string, index: number) => string][]) {
  test(`a chain of 3,000 ${kind} is no deeper than others`, async (t) => {
    const modules = new Modules(t, {
      ...chain(link, "export const x = 7; export function f() { return x; }"),
      "side.mjs": "export const beside = 1;",
      "main.ts": IMPORTS,
    });
    const instance = await modules.run();
    deepEqual(call(instance, "result"), [7, 7, 7, 7]);
    instance.module("./m2999.mjs")?.write("x", 8);
    deepEqual(call(instance, "result"), [8, 8, 8, 8]);
  });
}

test("a chain of 3,000 namespaces in namespaces is no deeper than others", async (t) => {
  const { result } = await evaluate(t, {
    ...chain((next) => `export * as next from "${next}";`, "export const x = 7;"),
    "main.ts": `import * as all from "./m0.mjs"; let at = all; let count = 0;
      for (; at.next !== undefined; at = at.next) count += 1;
      export const result = [count, at.x];`,
  });
  deepEqual(result, [DEPTH - 1, 7]);
});

test("a ring of 3,000 export * has all their names, and one that none has is missing", async (t) => {
  const files: Record<string, string> = {};
  for (let index = 0; index < DEPTH; index += 1) {
    files[`m${index}.mjs`] =
      `export * from "./m${(index + 1) % DEPTH}.mjs"; export const n${index} = ${index};`;
  }
  const { result } = await evaluate(t, {
    ...files,
    "main.ts": `import * as all from "./m5.mjs"; import { n4 } from "./m5.mjs"; export const result = [Object.keys(all).length, n4];`,
  });
  deepEqual(result, [DEPTH, 4]);
  const missing = { ...files, "main.ts": `import { none } from "./m5.mjs"; none();` };
  await rejects(evaluate(t, missing), /main\.ts:1:10: \.\/m5\.mjs has no export named 'none'/);
});

test("a name that two ends of long chains export is ambiguous, and not in the namespace", async (t) => {
  const files: Files = {
    ...chain((next) => `export * from "${next}";`, "export const x = 1; export const y = 1;"),
    "other.mjs": "export const x = 2;",
    "both.mjs": `export * from "./m0.mjs"; export * from "./other.mjs";`,
  };
  const names = `import * as all from "./both.mjs"; export const result = Object.keys(all);`;
  const { result } = await evaluate(t, { ...files, "main.ts": names });
  deepEqual(result, ["y"]);
  const ambiguous = { ...files, "main.ts": `import { x } from "./both.mjs"; x();` };
  await rejects(evaluate(t, ambiguous), /exports 'x' from several modules/);
});

for (const [what, first, second] of [
  ["a package", `export * from "pack";`, `export * from "pack";`],
  ["a package, by name,", `export { a } from "pack";`, `export * from "pack";`],
  ["another package's name", `export * from "passes";`, `export * from "pack";`],
  ["Node's module", `export { join as a } from "node:path";`, `export { join as a } from "path";`],
  [
    "snax",
    `export { skynet as a } from "snax";`,
    `import { skynet } from "snax"; export { skynet as a };`,
  ],
  [
    "a namespace",
    `export * as a from "./own.mjs";`,
    `import * as own from "./own.mjs"; export { own as a };`,
  ],
] as const) {
  test(`a name of ${what} that comes on two ways is one and the same`, async (t) => {
    const modules = new Modules(t, {
      "one.mjs": first,
      "two.mjs": second,
      "own.mjs": "export const inner = 1;",
      "both.mjs": `export * from "./one.mjs"; export * from "./two.mjs";`,
      "main.ts": `import { a } from "./both.mjs"; export const result = a;`,
      "node_modules/pack/package.json": `{ "name": "pack", "type": "module", "exports": "./index.js" }`,
      "node_modules/pack/index.js": "export const a = { of: 'pack' };",
      "node_modules/passes/package.json": `{ "name": "passes", "type": "module", "exports": "./index.js" }`,
      "node_modules/passes/index.js": `export { a } from "pack";`,
    });
    const { exports } = await modules.run();
    equal(exports["result"] === undefined, false);
  });
}

test("names of two packages are ambiguous", async (t) => {
  const packages = Object.fromEntries(
    ["left", "right"].flatMap((name) => [
      [
        `node_modules/${name}/package.json`,
        `{ "name": "${name}", "type": "module", "exports": "./index.js" }`,
      ],
      [`node_modules/${name}/index.js`, `export const a = { of: "${name}" };`],
    ]),
  );
  const files = {
    ...packages,
    "both.mjs": `export * from "left"; export * from "right";`,
    "main.ts": `import { a } from "./both.mjs"; export const result = a;`,
  };
  await rejects(evaluate(t, files), /exports 'a' from several modules/);
});

/** A module of a random graph: what it declares, and from whom it exports what. */
interface Plan {
  readonly own: readonly string[];
  readonly names: readonly (readonly [name: string, from: string, at: number])[];
  readonly spaces: readonly (readonly [name: string, at: number])[];
  readonly stars: readonly number[];
}

const COUNT = 7;
const NAMES = ["a", "b", "c", "default"];
const name = fc.constantFrom(...NAMES);

/** Modules that export from those behind them, or from any. */
function graphs(isCyclic: boolean): fc.Arbitrary<Plan[]> {
  const plans = Array.from({ length: COUNT }, (_, index) => {
    const at = fc.integer({ min: isCyclic ? 0 : Math.min(index + 1, COUNT - 1), max: COUNT - 1 });
    const maxLength = !isCyclic && index === COUNT - 1 ? 0 : 1;
    return fc
      .record({
        own: fc.uniqueArray(name, { maxLength: 1 }),
        names: fc.array(fc.tuple(name, name, at), { maxLength }),
        spaces: fc.array(fc.tuple(name, at), { maxLength }),
        stars: fc.array(at, { maxLength: 3 * maxLength }),
      })
      .map(({ own, names, spaces, stars }) => {
        // A module exports each name once.
        const given = new Set(own);
        const isNew = ([key]: readonly [string, ...unknown[]]): boolean =>
          !given.has(key) && given.add(key) !== undefined;
        return { own, names: names.filter(isNew), spaces: spaces.filter(isNew), stars };
      });
  });
  // Before Node 26 one namespace that two modules export is taken for two.
  return fc.tuple(...plans).map((all) => {
    const seen = new Set<number>();
    const isNew = ([, to]: readonly [string, number]): boolean =>
      isCyclic || (!seen.has(to) && seen.add(to) !== undefined);
    return all.map((each) => ({ ...each, spaces: each.spaces.filter(isNew) }));
  });
}

function print(plans: readonly Plan[]): Files {
  const files: Record<string, string> = {};
  for (const [index, { own, stars, names, spaces }] of plans.entries()) {
    files[`m${index}.mjs`] = [
      ...own.map((key) =>
        key === "default"
          ? `export default "m${index}.default";`
          : `export const ${key} = "m${index}.${key}";`,
      ),
      ...names.map(([key, from, to]) => `export { ${from} as ${key} } from "./m${to}.mjs";`),
      ...spaces.map(([key, to]) => `export * as ${key} from "./m${to}.mjs";`),
      ...stars.map((to) => `export * from "./m${to}.mjs";`),
    ].join("\n");
  }
  for (const key of NAMES)
    files[`${key}.mjs`] = `import { ${key} as it } from "./m0.mjs"; export { it };`;
  return files;
}

/** What a name is when it is imported; of two errors in a graph either may be the first. */
async function look(load: () => Promise<Record<string, unknown>>): Promise<string> {
  try {
    const { it } = await load();
    return typeof it === "string" ? it : "a namespace";
  } catch {
    return "refused";
  }
}

/** ResolveExport as the language has it; null is ambiguous. */
function resolve(
  plans: readonly Plan[],
  index: number,
  key: string,
  seen: Set<string> = new Set(),
): string | null | undefined {
  if (seen.has(`${index}.${key}`)) return undefined;
  seen.add(`${index}.${key}`);
  const { own, names, spaces, stars } = plans[index] as Plan;
  if (own.includes(key)) return `m${index}.${key}`;
  for (const [each, from, to] of names) if (each === key) return resolve(plans, to, from, seen);
  for (const [each, to] of spaces) if (each === key) return `namespace of ${to}`;
  if (key === "default") return undefined;
  let found: string | undefined;
  for (const to of stars) {
    const other = resolve(plans, to, key, seen);
    if (other === null || (found !== undefined && other !== undefined && other !== found))
      return null;
    found ??= other;
  }
  return found;
}

/** What comes of an import by the language's own words: all that is exported again has to be there. */
function judge(plans: readonly Plan[], key: string): string {
  const reached = new Set([0]);
  for (const index of reached) {
    const { names, spaces, stars } = plans[index] as Plan;
    for (const to of [...names.map((each) => each[2]), ...spaces.map((each) => each[1]), ...stars])
      reached.add(to);
  }
  const isWhole = [...reached].every((index) =>
    plans[index]?.names.every(([, from, to]) => typeof resolve(plans, to, from) === "string"),
  );
  const found = isWhole ? resolve(plans, 0, key) : undefined;
  if (typeof found !== "string") return "refused";
  return found.startsWith("namespace") ? "a namespace" : found;
}

test("random graphs of star exports have the names that the language gives them", async (t) => {
  const compare = fc.asyncProperty(graphs(true), async (plans) => {
    const modules = new Modules(t, print(plans));
    for (const key of NAMES) {
      const found = await look(async () => (await modules.run(`${key}.mjs`)).exports);
      equal(found, judge(plans, key), key);
    }
  });
  await fc.assert(compare, runs(t, 200));
});

// Node gives names of cycles by the order in which it meets them, so it is asked about others only.
test("random graphs of star exports without cycles have the names that they have in Node", async (t) => {
  const compare = fc.asyncProperty(graphs(false), async (plans) => {
    const modules = new Modules(t, print(plans));
    for (const key of NAMES) {
      const file = `${key}.mjs`;
      const expected = await look(
        () => import(modules.url(file)) as Promise<Record<string, unknown>>,
      );
      equal(await look(async () => (await modules.run(file)).exports), expected, key);
    }
  });
  await fc.assert(compare, runs(t, 100));
});

test("a text that is nested deeper than the stack is refused with its file", async (t) => {
  const texts = [
    `export const f = (a) => a${".b()".repeat(20_000)};`,
    `export const f = (a) => a${".b".repeat(20_000)};`,
    `export const f = (a) => a${"+a".repeat(20_000)};`,
    `export const x = ${"[".repeat(20_000)};`,
  ];
  for (const text of texts) {
    for (const file of ["main.mjs", "main.ts"]) {
      const run = async (): Promise<unknown> => new Modules(t, { [file]: text }).run(file);
      await rejects(run, { code: "ERR_SYNTAX", message: /main\.(mjs|ts):\d+:\d+: / });
    }
  }
  // How deep the stack reaches differs; what comes of a text is its value or this error.
  for (let depth = 500; depth < 4000; depth += 500) {
    const text = `let x; x = ${"x = ".repeat(depth)}1; export const result = x;`;
    const files = { "main.mjs": text, "main.ts": `export * from "./main.mjs";` };
    const found = await evaluate(t, files).then(
      ({ result }) => result,
      ({ code }: { code: string }) => code,
    );
    ok(found === 1 || found === "ERR_SYNTAX", String(found));
  }
});
