/** What goes wrong in skynet's own snax.hotfix either works here or is a clear error. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { fails, serve } from "./harness.ts";

const SERVICE = `
  let i = 0;
  function pure(n: number) { return n + 1; }
  function outer(n: number) { return pure(n) * 2; }
  export const response = { get() { return i; }, outer(n: number) { return outer(n); }, both() { return [i, outer(i)]; } };
  export const accept = { touch() { i += 1; } };
`;

test("a new variable under an old name is refused instead of forking the state", async (t) => {
  const { p, fix, refuse } = await serve(t, SERVICE);
  await refuse(`let i = 7; export const response = { get() { return i; } };`, {
    code: "ERR_PATCH",
    message: /i/,
  });
  p.post.touch();
  equal(await p.req.get(), 1);
  await fix(`declare let i: number; export const response = { get() { return i + 100; } };`);
  equal(await p.req.get(), 101);
});

test("a method with an unknown name is added, and nothing is patched half", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(
    `declare let i: number; export const response = { get() { return -1; }, nope() { return i; } };`,
  );
  deepEqual([await p.req.get(), await p.req.nope()], [-1, 0]);
});

test("a mismatch late in the patch leaves the methods before it alone", async (t) => {
  const { p, refuse } = await serve(t, SERVICE);
  await refuse(
    `export const response = { get() { return -1; } }; export const accept = { both() {} };`,
    { code: "ERR_PATCH" },
  );
  equal(await p.req.get(), 0);
});

test("a syntax error keeps its real message", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  await refuse(`function f() { return 1 +; }`, { code: "ERR_SYNTAX", message: /:1:\d+: \S+/ });
});

test("an error in the body of a patch names itself and nothing is patched", async (t) => {
  const { p, refuse } = await serve(t, SERVICE);
  const patch = `export const response = { get() { return -1; } }; let a: any = undefined; let b = a.field;`;
  await refuse(patch, { code: "ERR_PATCH_FAILED", message: /undefined/ });
  equal(await p.req.get(), 0);
});

test("recursive and mutually recursive functions of a patch are ordinary functions", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(`
    function ping(n: number): number { return n === 0 ? 0 : pong(n - 1) + 1; }
    function pong(n: number): number { return n === 0 ? 0 : ping(n - 1) + 1; }
    function self(n: number): number { return n === 0 ? 0 : self(n - 1) + 1; }
    export const response = { get() { return ping(10) + self(10); } };`);
  equal(await p.req.get(), 20);
});

test("a helper that uses no global and no variable is reached", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  equal(await p.req.outer(1), 4);
  await fix(`function pure(n: number) { return n * 10; }`);
  equal(await p.req.outer(1), 20);
});

test("a variable that only a helper uses is reached", async (t) => {
  const { fix } = await serve(
    t,
    `let deep = 5; function a() { return b(); } function b() { return deep; } export const response = { a };`,
  );
  equal(await fix(`declare let deep: number; export function hotfix() { return ++deep; }`), 6);
});

test("a name that the service lacks is an error instead of a private nil", async (t) => {
  const { refuse } = await serve(t, SERVICE);
  await refuse(`declare let j: number; export const response = { get() { return j; } };`, {
    code: "ERR_PATCH_NAME",
    message: /j/,
  });
});

test("new top-level names of a patch are in reach of its functions", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(
    `const TABLE = { a: 1 }; function fresh() { return TABLE.a; } export const response = { get() { return fresh(); } };`,
  );
  equal(await p.req.get(), 1);
});

test("a helper is replaced by writing it, without assigning it in hotfix()", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(`function outer(n: number) { return -n; }`);
  equal(await p.req.outer(5), -5);
});

test("same-named locals in several scopes are no ambiguity", async (t) => {
  const { p, fix } = await serve(
    t,
    `let x = 1; function f() { let x = 2; return () => x; } function g() { const x = 3; return x; }
     { let x = 4; } export const response = { get() { return [x, f()(), g()]; } };`,
  );
  await fix(
    `declare let x: number; function g() { return x * 100; } export function hotfix() { x = 7; }`,
  );
  deepEqual(await p.req.get(), [7, 2, 700]);
});

test("the results of hotfix() are the results of the patch, an error is an error", async (t) => {
  const { fix } = await serve(t, SERVICE);
  deepEqual(
    await fix(`export function hotfix(...args: unknown[]) { return args; }`, 1, "a", null),
    [1, "a", null],
  );
  equal(await fix(`export function hotfix() {}`), undefined);
  equal(await fix(``), undefined);
  await fails(fix(`export function hotfix() { throw new Error("text"); }`), {
    code: "ERR_PATCH_FAILED",
    message: /text/,
  });
});

test("a hotfix() of one patch is not run by the next", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fix(`declare let i: number; export function hotfix() { i += 1; return "first"; }`);
  equal(
    await fix(`declare let i: number; export const accept = { touch() { i += 2; } };`),
    undefined,
  );
  equal(await p.req.get(), 1);
});

test("a service that has a function called hotfix or rollback keeps it", async (t) => {
  const { p, fix } = await serve(
    t,
    `function hotfix() { return "mine"; } export const response = { get() { return hotfix(); } };`,
  );
  await fix(`export const response = { more() { return 1; } };`);
  equal(await p.req.get(), "mine");
});
