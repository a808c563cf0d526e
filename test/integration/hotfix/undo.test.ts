/** A patch whose `hotfix()` throws is undone: nothing of it is left but messages sent and the contents of objects. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { fails, serve } from "./harness.ts";
import { failureOf } from "../../world.ts";
import type { Served } from "./harness.ts";

/** A service that shows everything a patch may change. */
const RICH = `
  let count = 1;
  let word = "w";
  const RATE = 2;
  const box = { n: 1 };
  function helper() { return "helper"; }
  const arrow = () => "arrow";
  const held = [helper, arrow];
  class Unit {
    hp = 1;
    hit() { return "hit"; }
    get half() { return this.hp / 2; }
    static made = 1;
    static make() { return new Unit(); }
  }
  class Tank extends Unit { hit() { return "tank " + super.hit(); } }
  const old = new Tank();
  export const response = {
    look() {
      const now = Unit.make() as any;
      return [count, word, RATE, box.n, helper(), arrow(), held.map((f) => f()), old.hit(), old.half, Unit.made, now.hp,
        now.hit(), now.added === undefined, (Unit as any).added === undefined, Object.keys(response).sort(),
        Object.getOwnPropertyNames(Unit.prototype).sort(), Object.getOwnPropertyNames(Unit).sort(), new Tank().hp];
    },
    get() { return count; },
  };
  export const accept = { touch() { count += 1; } };
  export function exit() {}
`;

/** A patch that changes everything, and whose \`hotfix\` ends as the text says. */
function everything(ending: string): string {
  return `
    declare let count: number; declare let word: string; declare const box: { n: number };
    const RATE = 20;
    let fresh = "fresh";
    function helper() { return "HELPER"; }
    const arrow = () => "ARROW";
    function added() { word = "by a function of the patch"; }
    class Unit {
      hp = 50;
      hit() { return "HIT"; }
      get half() { return -1; }
      get added() { return 1; }
      static make() { return new Unit(); }
      static added() {}
    }
    class Tank extends Unit { hit() { return "TANK " + super.hit(); } }
    class Ship extends Unit {}
    export const response = { look() { return "LOOK"; }, more() { return fresh; } };
    export const accept = { touch() { count += 100; }, poke() {} };
    export function exit() { fresh = "exit"; }
    export function hotfix(...args: unknown[]) { count = 77; added(); new Ship(); ${ending} }`;
}

async function rich(t: Parameters<typeof serve>[0]): Promise<Served & { before: unknown }> {
  const served = await serve(t, RICH);
  return { ...served, before: await served.p.req.look() };
}

test("everything is as before when hotfix() throws", async (t) => {
  const { p, before, refuse } = await rich(t);
  await refuse(everything(`throw new Error("no");`), { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), before);
  await fails(p.req.more(), { code: "ERR_NO_METHOD" });
  p.post.touch();
  equal(await p.req.get(), 2);
});

test("everything is as before when an async hotfix() rejects", async (t) => {
  const { p, before, refuse } = await rich(t);
  const ending = `return (async () => { await 1; word = "later"; throw new Error("no"); })();`;
  await refuse(everything(ending), { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), before);
  await fails(p.req.more(), { code: "ERR_NO_METHOD" });
});

test("the patch that was undone can be applied afterwards, and undone again", async (t) => {
  const { p, before, fix, refuse } = await rich(t);
  await refuse(everything(`throw 1;`), { code: "ERR_PATCH_FAILED" });
  await fix(everything(``));
  deepEqual([await p.req.look(), await p.req.more(), await p.req.get()], ["LOOK", "fresh", 77]);
  const again = `class Unit { hit() { return "3"; } } declare let count: number;
                 export const response = { look() { return 3; } };
                 export function hotfix() { count = 0; throw new Error(); }`;
  await refuse(again, { code: "ERR_PATCH_FAILED" });
  deepEqual([await p.req.look(), await p.req.get()], ["LOOK", 77]);
  equal((before as unknown[])[0], 1);
});

test("the error says what hotfix() threw, as its cause", async (t) => {
  const { world, p } = await rich(t);
  const patch = `export function hotfix() { throw new RangeError("out of gold"); }`;
  const error = await failureOf(world.hotfix(p, patch));
  equal(error.code, "ERR_PATCH_FAILED");
  const cause = error.cause as Error;
  equal(/out of gold/.test(cause.message), true);
  equal(/out of gold/.test(error.message), true);
});

test("whatever is thrown undoes the patch", async (t) => {
  const { p, before, refuse } = await rich(t);
  const things = [
    `undefined`,
    `null`,
    `0`,
    `"text"`,
    `{}`,
    `Object.create(null)`,
    `() => {}`,
    `Symbol("s")`,
  ];
  things.push(`new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } })`);
  for (const thing of things) {
    await refuse(everything(`throw ${thing};`), { code: "ERR_PATCH_FAILED" });
    deepEqual(await p.req.look(), before);
  }
});

test("a variable that other code has written since keeps that value", async (t) => {
  const { world, p, refuse } = await serve(
    t,
    `let gate: any; let mine = 1; let theirs = 1;
     export const response = {
       use(g: any) { gate = g; }, look() { return [mine, theirs]; },
       async slow() { await gate.req.pass("slow"); theirs = 3; return "done"; },
     };`,
  );
  const gate = await world.start("gate");
  await p.req.use(gate);
  const running = p.req.slow() as Promise<unknown>;
  await gate.req.reached("slow");
  const patch = `declare let gate: any, mine: number, theirs: number;
    export async function hotfix() { mine = 2; theirs = 2; await gate.req.pass("fix"); throw new Error("late"); }`;
  const undone = refuse(patch, { code: "ERR_PATCH_FAILED" });
  await gate.req.reached("fix");
  gate.post.open("slow");
  equal(await running, "done");
  gate.post.open("fix");
  await undone;
  deepEqual(await p.req.look(), [1, 3]);
});

test("variables that hotfix() would have written but did not are left alone", async (t) => {
  const { p, refuse } = await serve(
    t,
    `let a = 1; let b = 1; function bump() { b += 1; } export const response = { look() { return [a, b]; } };`,
  );
  const patch = `declare let a: number, b: number; declare function bump(): void;
    export function hotfix() { a = 5; if (a === 6) b = 50; bump(); throw new Error(); }`;
  await refuse(patch, { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), [1, 2]);
});

test("every way of writing a variable is undone", async (t) => {
  const names = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
  const { p, refuse } = await serve(
    t,
    `let ${names.map((name) => `${name}: any = "${name}"`).join()};
     export const response = { look() { return [${names.join()}]; } };`,
  );
  const before = await p.req.look();
  const patch = `
    declare let ${names.map((name) => `${name}: any`).join()};
    export function hotfix() {
      a = 1; b += 1; c++; [d] = [1]; ({ x: e, ...f } = { x: 1, y: 2 }); g &&= 0;
      for (h of [1, 2]); for (i in { k: 1 });
      throw new Error();
    }`;
  await refuse(patch, { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), before);
});

test("writes in closures, methods and callbacks of the patch are undone", async (t) => {
  const { p, refuse } = await serve(
    t,
    `let a = 1, b = 1, c = 1, d = 1; class Unit {} export const response = { look() { return [a, b, c, d]; } };`,
  );
  const patch = `
    declare let a: number, b: number, c: number, d: number;
    const set = () => { a = 2; };
    class Unit { go() { b = 2; } }
    export function hotfix() { set(); (new Unit() as any).go(); [1].forEach(() => { c = 2; }); (function () { d = 2; })(); throw 1; }`;
  await refuse(patch, { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), [1, 1, 1, 1]);
});

test("a local of the patch with the name of a variable is not mixed up with it", async (t) => {
  const { p, refuse } = await serve(
    t,
    `let a = 1; export const response = { look() { return a; } };`,
  );
  await refuse(`export function hotfix() { let a = 5; a = 6; throw new Error(String(a)); }`, {
    code: "ERR_PATCH_FAILED",
    message: /6/,
  });
  equal(await p.req.look(), 1);
});

test("an exported variable is restored for the modules that import it", async (t) => {
  const { p, refuse } = await serve(t, {
    "main.ts": `import { seen } from "./reader.ts"; export let rate = 1; export const response = { seen() { return [rate, seen()]; } };`,
    "reader.ts": `import { rate } from "./main.ts"; export const seen = () => rate;`,
  });
  await refuse(`declare let rate: number; export function hotfix() { rate = 9; throw 1; }`, {
    code: "ERR_PATCH_FAILED",
  });
  deepEqual(await p.req.seen(), [1, 1]);
});

test("rollback() of the patch runs on undo, and only then", async (t) => {
  const { p, fix, refuse } = await serve(
    t,
    `const list = [1]; export const response = { look() { return list; } };`,
  );
  const patch = (ending: string): string => `
    declare const list: number[];
    export function hotfix() { list.push(2); ${ending} }
    export function rollback() { list.pop(); list.push(-1); }`;
  await refuse(patch(`throw 1;`), { code: "ERR_PATCH_FAILED" });
  deepEqual(await p.req.look(), [1, -1]);
  await fix(patch(``));
  deepEqual(await p.req.look(), [1, -1, 2]);
});

test("a rollback() that throws does not stop the undoing", async (t) => {
  const { p, before, refuse } = await rich(t);
  const patch = `${everything(`throw new Error("first");`)}
    export function rollback() { throw new Error("second"); }`;
  await refuse(patch, { code: "ERR_PATCH_FAILED", message: /first/ });
  deepEqual(await p.req.look(), before);
});

test("an undone patch leaves no names behind", async (t) => {
  const { fix, refuse } = await rich(t);
  await refuse(everything(`throw 1;`), { code: "ERR_PATCH_FAILED" });
  await refuse(`declare let fresh: string;`, { code: "ERR_PATCH_NAME" });
  equal(
    await fix(
      `let fresh = 1; function added() { return fresh; } export function hotfix() { return added(); }`,
    ),
    1,
  );
});

test("an initial value of new state that throws undoes the patch", async (t) => {
  const { p, before, refuse } = await rich(t);
  const patch = `${everything("")}\nlet broken = (() => { throw new Error("broken"); })();`;
  await refuse(patch, { code: "ERR_PATCH_FAILED", message: /broken/ });
  deepEqual(await p.req.look(), before);
});

test("an error with a code that new state throws is the cause, not the verdict", async (t) => {
  const { world, p } = await rich(t);
  const patch = `let worse: any = (() => { throw Object.assign(new Error("mine"), { code: "ERR_SYNTAX" }); })();`;
  equal((await failureOf(world.hotfix(p, patch))).code, "ERR_PATCH_FAILED");
  const call = `import { skynet } from "snax"; let worse: any = skynet.register_protocol(5 as any);`;
  equal((await failureOf(world.hotfix(p, call))).code, "ERR_PATCH_FAILED");
});

test("a service that ends itself in hotfix() is dead, and the caller learns it", async (t) => {
  const { world, p, fix } = await rich(t);
  const patch = `import { skynet } from "snax"; export function hotfix() { skynet.exit(); }`;
  await fails(fix(patch), { code: ["ERR_SERVICE_DEAD", "ERR_PATCH_FAILED"] });
  await fails(p.req.look(), { code: "ERR_SERVICE_DEAD" });
  await world.start("main");
});
