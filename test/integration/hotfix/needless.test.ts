/** What real code has and a patch may hold as well: helpers named init, optional globals, ambient enums, anonymous default exports. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";

test("a library's own helpers may be called as a service's functions are", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `import { open } from "./lib.ts"; export const response = { open() { return open(); } };`,
    "lib.ts": `
      function init() { return "init"; }
      function exit() { return "exit"; }
      export const accept = () => "accept";
      export function response() { return "response"; }
      export const open = () => [init(), exit(), accept(), response()];`,
  });
  await fix({
    "./lib.ts": `
      function init() { return "INIT"; }
      const exit = () => "EXIT";
      export const accept = () => "ACCEPT";
      export function response() { return "RESPONSE"; }`,
  });
  deepEqual(await p.req.open(), ["INIT", "EXIT", "ACCEPT", "RESPONSE"]);
});

test("a library gets a helper named init, if the patch uses it", async (t) => {
  const { p, fix, refuse } = await serve(t, {
    "main.ts": `import { open } from "./lib.ts"; export const response = { open() { return open(); } };`,
    "lib.ts": `export const open = () => 1;`,
  });
  const use = `export function open() { return init(); }`;
  await fix({ "./lib.ts": `function init() { return 2; } ${use}` });
  equal(await p.req.open(), 2);
  await fix({ "./lib.ts": `const init = () => 3;` });
  equal(await p.req.open(), 3);
  const message = /no init of its own/;
  await refuse(`export function init() {}`, { code: "ERR_PATCH", message });
  await refuse(`const init = () => {};`, { code: "ERR_PATCH", message });
});

test("a plain service's helper named init is an ordinary function", async (t) => {
  const { world } = await serve(t, {
    "main.ts": `export const response = {};`,
    "plain.ts": `import { skynet } from "snax"; function init() { return 1; }
      skynet.start(() => { skynet.dispatch("lua", () => init()); });`,
  });
  const { skynet } = world.node;
  const plain = await skynet.newservice("plain");
  await world.hotfix(plain, `function init() { return 2; }`);
  equal(await skynet.call(plain, "lua"), 2);
});

test("a global that may be missing is allowed where the patch asks for it, or the module does", async (t) => {
  const { p, fix, refuse } = await serve(
    t,
    `function where() { return typeof window === "undefined" ? "node" : window.document; }
     function other() { return 1; }
     export const response = { where() { return where(); }, other() { return other(); } };`,
  );
  await fix(
    `function where() { return typeof window !== "undefined" ? window.document : "NODE"; }`,
  );
  equal(await p.req.where(), "NODE");
  await fix(`function other() { return typeof Deno === "undefined" ? 2 : Deno.version; }`);
  equal(await p.req.other(), 2);
  await fix(`function other() { try { return window.document; } catch { return 3; } }`);
  equal(await p.req.other(), 3);
  const message = /has a Bun\b/;
  await refuse(`function other() { return Bun.version; }`, { code: "ERR_PATCH_NAME", message });
});

test("an ambient enum declares names and makes nothing", async (t) => {
  const { p, fix, refuse } = await serve(
    t,
    `const Kind = { A: 1, B: 2 }; function kind() { return Kind.A; } export const response = { kind() { return kind(); } };`,
  );
  await fix(`declare const enum Kind { A = 1, B = 2 } function kind() { return Kind.B; }`);
  equal(await p.req.kind(), 2);
  await fix(`declare enum Kind { A = 1, B = 2 } function kind() { return Kind.A + 10; }`);
  equal(await p.req.kind(), 11);
  const expected = { code: "ERR_PATCH_NAME", message: /no Kimd; did you mean "Kind"/ };
  await refuse(`declare const enum Kimd { A = 1 } function kind() { return 1; }`, expected);
  await refuse(`declare enum Kimd { A = 1 } function kind() { return 1; }`, expected);
});

const DEFAULTS: readonly (readonly [title: string, module: string, patch: string])[] = [
  [
    "function",
    `export default function (n: number) { return n; }`,
    `export default function (n: number) { return n * 10; }`,
  ],
  [
    "generator",
    `export default function* (n: number) { yield n; }`,
    `export default function* (n: number) { yield n * 10; }`,
  ],
  ["arrow", `export default (n: number) => n;`, `export default (n: number) => n * 10;`],
  [
    "arrow in parentheses",
    `export default ((n: number) => n);`,
    `export default (((n: number) => n * 10));`,
  ],
  [
    "arrow by a function",
    `export default (n: number) => n;`,
    `export default function (n: number) { return n * 10; }`,
  ],
  [
    "named function by an anonymous one",
    `export default function f(n: number) { return n; }`,
    `export default function (n: number) { return n * 10; }`,
  ],
  [
    "function behind an alias",
    `const f = (n: number) => n; export default f;`,
    `export default (n: number) => n * 10;`,
  ],
];

for (const [title, module, patch] of DEFAULTS) {
  test(`a default export is replaced without a name: ${title}`, async (t) => {
    const { p, fix } = await serve(t, {
      "main.ts": `import f from "./f.ts"; import * as all from "./f.ts"; const held = f; const name = f.name;
        const run = (g: any) => { const r = g(1); return typeof r === "object" ? [...r][0] : r; };
        export const response = { look() { return [run(f), run(held), run(all.default), f.name === name]; } };`,
      "f.ts": module,
    });
    deepEqual(await p.req.look(), [1, 1, 1, true]);
    await fix({ "./f.ts": patch });
    deepEqual(await p.req.look(), [10, 10, 10, true]);
    await fix({ "./f.ts": patch.replace("n * 10", "n * 20") });
    deepEqual(await p.req.look(), [20, 20, 20, true]);
  });
}

test("a default export that is a class without a name is grafted", async (t) => {
  const { world, p, fix } = await serve(t, {
    "main.ts": `import Unit from "./unit.ts"; const u = new Unit(); export const response = { look() { return [u.hit(), u.more?.(), u instanceof Unit, Unit.name]; } };`,
    "unit.ts": `export default class { hp = 1; hit() { return this.hp; } more: any; }`,
  });
  const before = (await p.req.look()) as unknown[];
  await fix({
    "./unit.ts": `export default class { declare hp: number; hit() { return this.hp + 9; } }`,
  });
  deepEqual(await p.req.look(), [10, ...before.slice(1)]);
  await world.node.skynet.call(".logger", "lua", "FLUSH");
  equal(/applied: (.*)$/m.exec(world.log)?.[1], "sets default.hit");
});

test("a constant that is the default export is replaced", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `import rate from "./rate.ts"; export const response = { rate() { return rate; } };`,
    "rate.ts": `export default 5;`,
  });
  await fix({ "./rate.ts": `export default 6;` });
  equal(await p.req.rate(), 6);
});

test("a default export that is not the module's is refused with what is", async (t) => {
  const { refuse } = await serve(t, {
    "main.ts": `import f from "./f.ts"; import g from "./g.ts"; import h from "./h.ts"; import b from "./b.ts";
      export const response = { look() { return [f, g, h, b]; } };`,
    "f.ts": `export default function f() {} function other() {} other();`,
    "g.ts": `export default function () {}`,
    "h.ts": `export default new Map(); export const none = 1;`,
    "b.ts": `export { default } from "./f.ts";`,
    "main2.ts": ``,
  });
  const refused = (path: string, patch: string, message: RegExp): Promise<void> =>
    refuse({ [path]: patch }, { code: ["ERR_PATCH", "ERR_PATCH_NAME"], message });
  await refused("./f.ts", `export default function g() {}`, /default export is f/);
  await refused("./f.ts", `export default function other() {}`, /default export is f/);
  await refused("./g.ts", `export default function g() {}`, /default export has no name/);
  await refused(
    "./h.ts",
    `export default () => 1;`,
    /default export is a variable already|a variable .*already/,
  );
  await refused("./h.ts", `export default new Map();`, /export/);
  await refused("./b.ts", `export default function () {}`, /; f\.ts has it under the name f:/);
  await refuse(`export default function () {}`, {
    code: "ERR_PATCH",
    message: /has no default export/,
  });
});
