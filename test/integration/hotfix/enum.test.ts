/** Enums in a patch: new members and other values reach all who read them, new enums are there, and the rest is refused. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { diffProgram } from "../../../src/texts/diff.ts";
import { merge } from "../../../src/texts/merge.ts";
import { world } from "../../world.ts";
import { serve } from "./harness.ts";

const SHOP = {
  "main.ts": `
    import { Kind } from "./kind.ts";
    import * as all from "./kind.ts";
    enum Color { Red, Green = 5, Name = "name", Next = Green + 1 }
    const held = Color;
    export const response = {
      look() { return [Color.Red, held.Green, Color.Name, Color[5], Kind.A, all.Kind.A, Kind.B, Kind[1]]; },
      keys() { return Object.keys(Color); },
    };`,
  "kind.ts": `export enum Kind { A = 1, B }`,
};

test("a new member is behind the others, by name and by number", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix(`enum Color { Red, Green = 5, Name = "name", Next = Green + 1, Blue }
    export const response = { fresh() { return [Color.Blue, Color[7], held.Blue]; } };`);
  deepEqual(await p.req.fresh(), [7, "Blue", 7]);
  deepEqual(await p.req.look(), [0, 5, "name", "Green", 1, 1, 2, "A"]);
});

test("another value reaches every reader: of the module, of others, and code that holds the enum", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix({
    "./main.ts": `enum Color { Red = 3, Green = 9, Name = "other", Next = Green << 1 }`,
    "./kind.ts": `export enum Kind { A = 10, B }`,
  });
  deepEqual(
    await p.req.look(),
    [3, 9, "other", null, 10, 10, 11, null].map((each) => each ?? undefined),
  );
  const keys = (await p.req.keys()) as string[];
  deepEqual([...keys].sort(), ["18", "3", "9", "Green", "Name", "Next", "Red"].sort());
});

test("a new enum is there for the patch, for later ones and for importers", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix({
    "./kind.ts": `export enum Fresh { X = -2, Y, Z = "z" } export const enum Small { One = 1 }`,
    "./main.ts": `import { Fresh, Small } from "./kind.ts";
      export const response = { fresh() { return [Fresh.X, Fresh[-1], Fresh.Z, Small.One]; } };`,
  });
  deepEqual(await p.req.fresh(), [-2, "Y", "z", 1]);
  await fix({ "./kind.ts": `enum Fresh { X = -5, Y, Z = "z", W = 4 }` });
  deepEqual(await p.req.fresh(), [-5, undefined, "z", 1]);
});

test("a text copied whole from the file changes nothing else", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  await fix(`enum Color { Red, Green = 5, Name = "name", Next = Green + 1 } declare const held: typeof Color;
    export const response = { look() { return [held.Next, Color[6]]; } };`);
  deepEqual(await p.req.look(), [6, "Next"]);
});

for (const [title, running, patch, message] of [
  ["a member is missing", "enum E { A, B }", "enum E { A }", /E\.B is missing: .*`delete E\.B;`/],
  [
    "a const enum has another value",
    "const enum E { A }",
    "const enum E { A = 4 }",
    /E\.A is 0, and the value of a const enum .* `reload`/,
  ],
  [
    "a const enum is given as a plain one",
    "const enum E { A }",
    "enum E { A = 4 }",
    /E\.A is 0, .*const enum/,
  ],
  [
    "a member is computed when it runs",
    "enum E { A }",
    "enum E { A, B = Date.now() }",
    /members of enum E are written out/,
  ],
  [
    "a member is another enum's",
    "enum E { A } enum F { A }",
    "enum F { A } enum E { A = F.A }",
    /written out|undefined/,
  ],
  ["it is a class", "class E {}", "enum E { A }", /a class E already/],
  ["it is a variable", "let E = { A: 0 };", "enum E { A }", /a variable E already/],
  ["it is given twice", "enum E { A }", "enum E { A } enum E { B = 1 }", /one piece/],
  [
    "it is a namespace",
    "namespace E { export const a = 1; }",
    "namespace E { export const a = 2; }",
    /namespace can't be in a patch/,
  ],
  ["a member is named __proto__", "enum E { A }", "enum E { A, __proto__ = 2 }", /__proto__/],
  [
    "the program has assigned it",
    "enum E { A } (E as any) = 5;",
    "enum E { A, B }",
    /no enum of the running service/,
  ],
  ["the program has frozen it", "enum E { A } Object.freeze(E);", "enum E { A, B }", /fixed/],
] as const) {
  test(`refused, and nothing has changed, where ${title}`, async (t) => {
    const { p, refuse } = await serve(
      t,
      `${running} export const response = { look() { return typeof E === "object" ? JSON.stringify(E) : typeof E; } };`,
    );
    const before = await p.req.look();
    await refuse(`${patch} export const accept = { more() {} };`, { code: "ERR_PATCH", message });
    equal(await p.req.look(), before);
  });
}

test("a hotfix() that throws leaves the enum as it was", async (t) => {
  const { p, fix } = await serve(t, SHOP);
  const keys = await p.req.keys();
  await fix(`enum Color { Red = 8, Green = 9, Name = "other", Next = 10, Last = 11 }
    export function hotfix() { throw new Error("no"); }`).catch(() => {});
  deepEqual(await p.req.keys(), keys);
  deepEqual(await p.req.look(), [0, 5, "name", "Green", 1, 1, 2, "A"]);
});

const LIFE = {
  shop: `enum Color { Red, Green } let n = 0;
    export const response = { look() { n += 1; return [Color.Green, (Color as any)["Blue"], n]; } };`,
};

test("services of the type and new ones have it", async (t) => {
  const { snax, make } = await world(t, LIFE);
  const old = await make("shop");
  await old.req.look();
  await snax.hotfixall("shop", "enum Color { Red, Green = 4, Blue }");
  await snax.hotfixall(
    "shop",
    "enum More { X = 3 } export const accept = { more() { n += More.X; } };",
  );
  deepEqual(await old.req.look(), [4, 5, 2]);
  const fresh = await make("shop");
  deepEqual(await fresh.req.look(), [4, 5, 1]);
  fresh.post.more();
  deepEqual(await fresh.req.look(), [4, 5, 5]);
});

test("a merged text has the enum of the patch, exported as before", () => {
  const running = "export enum E { A, B }\nconst enum F { X }\nexport const f = () => E.A;\n";
  const { text } = merge(
    running,
    "enum E { A, B, C = 7 } enum G { Y } const enum F { X, Z }",
    "e.ts",
  );
  match(text, /^export enum E \{ A, B, C = 7 \}\n[^]*^const enum F \{ X, Z \}\n/m);
  match(text, /enum G \{ Y \}/);
});

for (const [title, was, now, verdict, why] of [
  ["a new member", "enum E { A }", "enum E { A, B }", "applied", /members/],
  [
    "another value",
    "enum E { A }",
    "enum E { A = 2 }",
    "note",
    /A: state that has the old value keeps it/,
  ],
  ["a new enum", "", "enum E { A }", "applied", /new/],
  ["a member that is gone", "enum E { A, B }", "enum E { A }", "applied", /members/],
  [
    "another value of a const enum",
    "const enum E { A }",
    "const enum E { A = 2 }",
    "reload",
    /const enum/,
  ],
  [
    "a new member of a const enum",
    "const enum E { A }",
    "const enum E { A, B }",
    "applied",
    /members/,
  ],
  ["a computed member", "enum E { A }", "enum E { A = Math.random() }", "reload", /computed/],
  ["a namespace", "", "namespace E { export const a = 1; }", "reload", /namespace/],
] as const) {
  test(`an edited file with ${title} is ${verdict}`, async (t) => {
    const rest = "\nexport const response = { look() { return 1; } };\n";
    const [found] = diffProgram([{ file: "main.ts", running: was + rest, edited: now + rest }]);
    equal(found?.verdict, verdict);
    match(found.changes[0]?.why ?? "", why);
    const { fix } = await serve(t, was + rest);
    if (verdict !== "reload" && found.patch !== undefined) await fix(found.patch);
    else equal(found.patch, undefined);
  });
}

test("a member is taken away where the patch says so and nothing uses it", async (t) => {
  const { p, fix, refuse } = await serve(t, SHOP);
  const rest = `enum Color { Red, Green = 5, Name = "name" }`;
  await fix(`${rest} delete Color.Next;`);
  deepEqual(await p.req.keys(), ["0", "5", "Red", "Green", "Name"]);
  const used = /Color\.Name can't be taken away: line 7 of what .*main\.ts runs then uses it/;
  await refuse("enum Color { Red, Green = 5 } delete Color.Name;", {
    code: "ERR_PATCH",
    message: used,
  });
  await refuse("delete Color.Green;", { code: "ERR_PATCH", message: /of an enum that it gives/ });
  deepEqual(await p.req.keys(), ["0", "5", "Red", "Green", "Name"]);
});

test("patches of an enum are taken back", async (t) => {
  const { snax, make } = await world(t, LIFE);
  const shop = await make("shop");
  const first = await snax.hotfixall("shop", "enum Color { Red, Green = 4, Blue, Last = 'x' }");
  await snax.rollback(first.id);
  deepEqual(await shop.req.look(), [1, undefined, 1]);
  const second = await snax.hotfixall("shop", "enum Color { Red, Green, Blue }");
  const third = await snax.hotfixall("shop", "enum Color { Red = 7, Green, Blue }");
  await snax.rollback(third.id);
  deepEqual(await shop.req.look(), [1, 2, 2]);
  await snax.rollback(second.id).catch(() => {});
  deepEqual(await (await make("shop")).req.look(), [1, undefined, 1]);
});

test("an enum is in a patch beside parameters that are properties", async (t) => {
  const text = `enum Kind { A = 1 } class Unit { constructor(public kind: Kind) {} show() { return [this.kind, Kind.A]; } }
    const unit = new Unit(Kind.A); export const response = { look() { return [unit.show(), new Unit(9).show()]; } };`;
  const patches = [
    `enum Kind { A = 2 } class Unit { constructor(public readonly kind: Kind) { this.kind += 1; } }`,
    `class Unit { constructor(private kind: Kind, override = 1) { this.kind += 2; } } enum Kind { A = 3, B }`,
  ];
  for (const [index, patch] of patches.entries()) {
    const { p, fix } = await serve(t, text);
    await fix(patch);
    const a = index + 2;
    deepEqual(await p.req.look(), [
      [1, a],
      [10 + index, a],
    ]);
  }
});

test("an enum is told apart from a `const enum` whose name begins alike, in any script", async (t) => {
  const { p, fix } = await serve(
    t,
    `const enum 武器库 { A = 1 } const enum Años { A = 1 } enum 武器 { 剑 = 1 } enum Año { A = 1 }
    export const response = { look() { return [武器.剑, 武器库.A, Año.A, Años.A]; } };`,
  );
  await fix(`enum 武器 { 剑 = 5 } enum Año { A = 6 }`);
  deepEqual(await p.req.look(), [5, 1, 6, 1]);
});
