/** `delete` in a patch takes a function, a method or a member away, as if it had never been there. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { failureOf } from "../../world.ts";
import { serve } from "./harness.ts";

const TEXT = `
  let count = 0;
  function helper(n: number) { return n + 1; }
  function report() { return "report"; }
  class Board {
    points = 1;
    add(n: number) { return this.points + n; }
    static make() { return new Board(); }
    get big() { return this.points > 10; }
  }
  const board = Board.make();
  export const response = {
    buy(n: number) { count += 1; return helper(n); },
    look() { return ["add" in board, "make" in Board, "big" in board].join(); },
    count() { return count; },
  };
  export const accept = { note(n: number) { count = n; } };`;

test("a function that is not used is taken away, and its name may be given anew", async (t) => {
  const { fix, refuse, p } = await serve(t, TEXT);
  await fix("delete report;");
  await refuse("declare function report(): string; export function hotfix() { return report(); }", {
    code: "ERR_PATCH_NAME",
    message: /the service has no report/,
  });
  await fix("let report = 7; export const response = { report() { return report; } };");
  equal(await p.req.report(), 7);
});

test("a function that something uses stays, and the message names the line", async (t) => {
  const { refuse, fix, p } = await serve(t, TEXT);
  await refuse("delete helper;", {
    code: "ERR_PATCH",
    message: /helper can't be taken away: line 13 /,
  });
  equal(await p.req.buy(1), 2);
  await fix("export const response = { buy(n: number) { return n; } };\ndelete helper;");
  equal(await p.req.buy(1), 1);
});

test("a method that is taken away is answered as one that never was", async (t) => {
  const { fix, p, world } = await serve(t, TEXT);
  await fix("delete response.buy; delete accept.note;");
  const never = (await failureOf(p.req.never?.(1) ?? Promise.resolve())).message;
  const gone = await failureOf(p.req.buy(1));
  equal(gone.code, "ERR_NO_METHOD");
  equal(gone.message.replaceAll("buy", "never"), never);
  p.post.note(9);
  equal(await p.req.count(), 0);
  await fix("export const response = { buy(n: number) { return n * 3; } };");
  equal(await p.req.buy(2), 6);
  match(world.log, /applied: takes away response\.buy, accept\.note/);
});

test("members of a class are taken away, of live instances too", async (t) => {
  const { fix, p } = await serve(t, TEXT);
  await fix("delete Board.prototype.add; delete Board.make; delete Board.prototype.big;");
  equal(await p.req.look(), "false,false,false");
});

test("what is taken away comes back if hotfix() fails", async (t) => {
  const { refuse, fix, p } = await serve(t, TEXT);
  const patch = `delete report; delete response.buy; delete Board.prototype.add;
    export function hotfix() { throw new Error("no"); }`;
  await refuse(patch, { code: "ERR_PATCH_FAILED" });
  equal(await p.req.buy(1), 2);
  equal(await p.req.look(), "true,true,true");
  equal(
    await fix("declare function report(): string; export function hotfix() { return report(); }"),
    "report",
  );
});

test("what can't be taken away is refused, and nothing changes", async (t) => {
  const { refuse } = await serve(t, TEXT);
  const cases: [patch: string, code: string, message: RegExp][] = [
    [
      "delete reprt;",
      "ERR_PATCH_NAME",
      /neither the service nor the patch has a reprt; did you mean "report"/,
    ],
    ["delete response.byu;", "ERR_PATCH_NAME", /the service has no method response\.byu/],
    ["delete Board.prototype.sub;", "ERR_PATCH_NAME", /there is no Board\.sub/],
    ["delete board.points;", "ERR_PATCH", /delete others in hotfix\(\)/],
    ["delete Board.prototype.constructor;", "ERR_PATCH", /delete others in hotfix\(\)/],
    ["delete report; function report() {}", "ERR_PATCH", /gives report and takes it away/],
    ["delete response;", "ERR_PATCH", /response is exported/],
  ];
  for (const [patch, code, message] of cases) await refuse(patch, { code, message });
});

test("services of a type, and those to be born, lose what a patch takes away", async (t) => {
  const { world } = await serve(t, { "main.ts": TEXT });
  const all = [await world.start("main"), await world.start("main")];
  await world.hotfixall("main", "export const response = { extra() { return 1; } };");
  deepEqual(
    (await world.hotfixall("main", "delete response.buy;\ndelete response.extra;")).failed,
    [],
  );
  for (const service of [...all, await world.start("main")]) {
    for (const method of ["buy", "extra"]) {
      equal((await failureOf(service.req[method]?.(1) ?? Promise.resolve())).code, "ERR_NO_METHOD");
    }
    equal(await service.req.count(), 0);
  }
  await world.hotfixall("main", "export const response = { buy() { return 5; } };");
  equal(await (await world.start("main")).req.buy(), 5);
});

test("delete of the language's own stays what it is", async (t) => {
  const { fix } = await serve(t, TEXT);
  const patch = `export function hotfix() {\n  const o: any = { a: 1 };\n  delete o.a;\n  return "delete report;" + ("a" in o);\n}`;
  equal(await fix(patch), "delete report;false");
});

test("a function that comes again after it was taken away is another one, and later patches reach it", async (t) => {
  for (const how of ["extra()", "[extra].map((f) => f())[0]", "(0, extra)()"]) {
    const { fix, refuse, p } = await serve(
      t,
      `const held: any[] = []; function own(): any { return 0; }
      export const response = { own() { return own(); }, held() { return held.map((f) => f()); } };`,
    );
    const undone = { code: "ERR_PATCH_FAILED" } as const;
    const answers = async (): Promise<unknown> => [await p.req.own(), await p.req.held()];
    const hold = `declare const held: any[]; export function hotfix() { held.push(extra); }`;
    const use = `function own() { return ${how}; }`;
    await fix(`${hold} ${use} function extra() { return 1; }`);
    await fix("function extra() { return 2; }");
    await fix(`delete extra; function own() { return "none"; }`);
    deepEqual(await answers(), ["none", [2]], how);
    // A patch that is undone leaves the old one forgotten, and the name free.
    await refuse(
      `${use} function extra() { return 9; } export function hotfix() { throw 1; }`,
      undone,
    );
    await fix(`${hold} ${use} function extra() { return 3; }`);
    await fix("function extra() { return 4; }");
    deepEqual(await answers(), [4, [2, 4]], how);
    // A removal that is undone leaves the function to later patches.
    await refuse(
      `delete extra; function own() { return 0; } export function hotfix() { throw 1; }`,
      undone,
    );
    await fix("function extra() { return 5; }");
    deepEqual(await answers(), [5, [2, 5]], how);
  }
});
