/** Unknown names in a patch are refused before anything changes, with the nearest name that exists. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./harness.ts";

const SERVICE = `
  let count = 1;
  let sessions = new Map();
  class Customer {}
  function formatMoney() { return "m"; }
  export const response = { get() { return [count, formatMoney(), sessions.size, Customer.name]; } };
`;

test("a declared name that the service does not have is refused with a suggestion", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  const expected = { code: "ERR_PATCH_NAME", message: /cuont.*did you mean "count"\?/ };
  await refuse(`declare let cuont: number;`, expected);
});

test("suggestions cover functions and classes too", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  const expect = (name: string): { code: string; message: RegExp } => ({
    code: "ERR_PATCH_NAME",
    message: new RegExp(`did you mean "${name}"`),
  });
  await refuse(`declare function formatMony(): string;`, expect("formatMoney"));
  await refuse(`declare class Custommer {}`, expect("Customer"));
  await refuse(`function f() { return sesions.size; }`, expect("sessions"));
});

test("a name with nothing near it is refused without a suggestion", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  await refuse(`declare let zzzzzzzzzzzz: number;`, {
    code: "ERR_PATCH_NAME",
    message: /^(?!.*did you mean).*zzzzzzzzzzzz/,
  });
});

test("an unknown name is found in every part of a patch", async (t) => {
  const { p, refuse } = await serve(t, SERVICE);
  const before = await p.req.get();
  for (const patch of [
    `function formatMoney() { return nowhere; }`,
    `function formatMoney() { nowhere = 1; }`,
    `function formatMoney() { return () => ({ deep: [nowhere()] }); }`,
    `function formatMoney(a = nowhere) {}`,
    `class Customer { m() { return nowhere; } }`,
    `class Customer { [nowhere]() {} }`,
    `class Fresh extends Nowhere {}`,
    `let fresh = nowhere;`,
    `export const response = { get() { return nowhere; } };`,
    `export const accept = { put() { nowhere++; } };`,
    `export function hotfix() { return nowhere; }`,
    `export function rollback() { nowhere(); }`,
  ]) {
    await refuse(`function formatMoney2() {}\n${patch}`, {
      code: "ERR_PATCH_NAME",
      message: /:2:\d+: .*[Nn]owhere/,
    });
  }
  deepEqual(await p.req.get(), before);
});

test("locals, parameters, labels, properties and typeof are no unknown names", async (t) => {
  const { fix } = await serve(t, SERVICE);
  const patch = `
    export function hotfix({ a = 1, ...rest } = {}, ...[b]) {
      outer: for (const c of [a, b]) { try { let d = c; continue outer; } catch (error) { return error; } }
      const own = { key: 1, a, get e() { return 1; } };
      var late = inner();
      function inner() { return late; }
      const again = function self() { return self; };
      class Local { static f = Local; g() { return this; } }
      return [typeof nobodyHasThis, own.key, rest, arguments.length, typeof again, typeof Local];
    }
  `;
  deepEqual(await fix(patch), ["undefined", 1, {}, 0, "function", "function"]);
});

test("the names of the language and of the service's surroundings are known", async (t) => {
  const { fix } = await serve(t, SERVICE);
  const patch = `
    export function hotfix() {
      clearTimeout(setTimeout(() => {}, 1));
      return [undefined, NaN, Math.max(1, 2), typeof console.log, typeof URL, typeof structuredClone,
              typeof process.pid, typeof globalThis, typeof Buffer, typeof fetch];
    }
  `;
  equal(((await fix(patch)) as unknown[]).length, 10);
});

test("a name of another module than the one patched is unknown", async (t) => {
  const { refuse } = await serve(t, {
    "main.ts": `import { f } from "./lib.ts"; export const response = { f() { return f(); } };`,
    "lib.ts": `let hidden = 1; export const f = () => hidden;`,
  });
  await refuse(`declare let hidden: number;`, { code: "ERR_PATCH_NAME", message: /hidden/ });
});

test("an unknown module of a record is refused", async (t) => {
  const { refuse } = await serve(t, {
    "main.ts": `import { f } from "./lib/money.ts"; export const response = { f() { return f(); } };`,
    "lib/money.ts": `export const f = () => 1;`,
    "lib/other.ts": `export const f = () => 1;`,
  });
  for (const path of ["./lib/mony.ts", "./lib/other.ts", "../x.ts", "/etc/passwd", "__proto__"]) {
    await refuse({ [path]: `export const f = () => 2;` }, { code: "ERR_PATCH_NAME" });
  }
});

test("names of the loader's own making can't be reached", async (t) => {
  const { p, refuse } = await serve(t, SERVICE);
  for (const name of ["$snax", "$snaxHook", "$snaxC_Customer", "$snaxF_formatMoney"]) {
    const code = ["ERR_PATCH_NAME", "ERR_PATCH", "ERR_MODULE"];
    await refuse(`export function hotfix() { return ${name}; }`, { code });
    await refuse(`declare let ${name}: any;`, { code });
    await refuse(`let ${name} = 1;`, { code });
  }
  equal(((await p.req.get()) as unknown[])[0], 1);
});

test("a variable called like a property of every object is an ordinary name", async (t) => {
  const { fix } = await serve(t, `let constructor = 5; export const response = {};`);
  const patch = `declare let constructor: number; export function hotfix() { return constructor; }`;
  equal(await fix(patch), 5);
});
