/** What a class patch can't do is refused with ERR_PATCH_CLASS before anything changes. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";

const SERVICE = `
  class Base { who() { return "base"; } }
  class Other { who() { return "other"; } }
  class Child extends Base { n = 1; who() { return "child of " + super.who(); } }
  class Vault { #gold = 5; take() { return this.#gold; } name() { return "vault"; } }
  const child = new Child(); const vault = new Vault(); const base = new Base();
  export const response = { look() { return [child.who(), base.who(), vault.take(), vault.name(), new Child().n, new Vault().take()]; } };
`;

const CLASS = { code: "ERR_PATCH_CLASS" };

for (const [title, patch] of [
  ["another extends is refused", `class Child extends Other { who() { return "x"; } }`],
  ["a missing extends is refused", `class Child { who() { return "x"; } }`],
  ["an extends where there was none is refused", `class Base extends Other {}`],
  ["an extends of null is refused", `class Base extends null {}`],
  ["a static block is refused", `class Base { static { base; } who() { return "x"; } }`],
  ["a private field is refused", `class Base { #x = 1; who() { return "x" + this.#x; } }`],
  ["a private method is refused", `class Base { #f() {} who() { return "x"; } }`],
  ["a private accessor is refused", `class Base { get #f() { return 1; } }`],
  ["a private static is refused", `class Base { static #s = 1; }`],
  [
    "a private member of the old body is out of reach",
    `class Vault { #gold = 5; take() { return this.#gold * 2; } }`,
  ],
  ["a constructor for a class with private members is refused", `class Vault { constructor() {} }`],
  ["a field for a class with private members is refused", `class Vault { gems = 1; }`],
] as const) {
  test(title, async (t) => {
    const { p, refuse } = await serve(t, SERVICE);
    const before = await p.req.look();
    await refuse(patch, CLASS);
    await refuse(`class Other { who() { return "x"; } }\n${patch}`, CLASS);
    deepEqual(await p.req.look(), before);
  });
}

test("a refusal names class and place", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  const expected = { code: "ERR_PATCH_CLASS", message: /:2:\d+: .*Child/ };
  await refuse(`\nclass Child extends Other {}`, expected);
});

test("the use of a private name that the patch does not declare is no TypeScript", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  await refuse(`class Vault { take() { return this.#gold * 2; } }`, {
    code: ["ERR_SYNTAX", "ERR_PATCH_CLASS"],
  });
});

test("methods of a class with private members are patched as long as they leave these alone", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(
    `class Vault { name() { return "VAULT " + (this as any).take(); } static open() { return 1; } }`,
  );
  deepEqual(((await p.req.look()) as unknown[]).slice(2, 4), [5, "VAULT 5"]);
});

test("private members of a new class are allowed", async (t) => {
  const { fix } = await serve(t, SERVICE);
  const patch = `class Fresh { #a = 1; static b: number; static { Fresh.b = 2; } get() { return this.#a + Fresh.b; } }
                 export function hotfix() { return new Fresh().get(); }`;
  equal(await fix(patch), 3);
});

test("extends is compared by what it says, not by its spaces", async (t) => {
  const { p, fix } = await serve(
    t,
    `${SERVICE} class Far extends (Base) {} const far = new Far(); export const accept = {};`,
  );
  await fix(`class Child   extends\n  Base { who() { return "ok"; } }`);
  equal(((await p.req.look()) as unknown[])[0], "ok");
});
