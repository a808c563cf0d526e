/** Constants that are computed, and functions in a `let` that is never assigned: a patch gives them like any other. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { World, serve } from "./harness.ts";

const TIMES = `
  const SECOND = 1000;
  const MINUTE = 60 * SECOND;
  const BIG = Math.max(MINUTE, 5) + Number("1");
  const NAME = \`every \${MINUTE}\`;
  const IS_LONG = MINUTE > SECOND && !false ? "long" : "short";
  const STARTED = Date.now() * 0;
  const SEED = Math.random() * 0;
  let calls = 0;
  const CALLED = next() * 0;
  function next() { calls += 1; return calls; }
  const NONE = undefined;
  export const response = {
    look() { return [SECOND, MINUTE, BIG, NAME, IS_LONG, typeof NONE]; },
    calls() { return [calls, STARTED, SEED, CALLED]; },
  };`;

test("a constant that is computed is computed anew, from constants in front of it", async (t) => {
  const { p, fix } = await serve(t, TIMES);
  deepEqual(await p.req.look(), [1000, 60_000, 60_001, "every 60000", "long", "undefined"]);
  await fix(`const MINUTE = 2 * SECOND; const IS_LONG = MINUTE > 5000 ? "long" : "short";`);
  deepEqual(await p.req.look(), [1000, 2000, 60_001, "every 60000", "short", "undefined"]);
  await fix(
    `const SECOND = 10; const MINUTE = 60 * SECOND; const BIG = -(MINUTE ** 2) + Math.PI * 0; const NONE = "some";`,
  );
  deepEqual(await p.req.look(), [10, 600, -360_000, "every 60000", "short", "string"]);
  await fix(`const MINUTE = 7; const SECOND = 7 << 1;`);
  deepEqual(((await p.req.look()) as unknown[]).slice(0, 2), [14, 7]);
});

for (const [patch, name] of [
  [`const STARTED = Date.now();`, "STARTED"],
  [`const STARTED = 5;`, "STARTED"],
  [`const SEED = Math.random();`, "SEED"],
  [`const CALLED = next() * 0;`, "CALLED"],
  [`const MINUTE = next();`, "MINUTE"],
  [`const MINUTE = calls;`, "MINUTE"],
  [`const MINUTE = Math.random();`, "MINUTE"],
  [`const MINUTE = [1];`, "MINUTE"],
  [`const MINUTE = process.env.MINUTE;`, "MINUTE"],
] as const) {
  test(`what may be another value each time is refused, and not called: ${patch}`, async (t) => {
    const { p, refuse } = await serve(t, TIMES);
    const message = new RegExp(`${name} already: .*hotfix\\(\\)`);
    await refuse(`const SECOND = 5; ${patch}`, { code: "ERR_PATCH", message });
    deepEqual(await p.req.calls(), [1, 0, 0, 0]);
    equal(((await p.req.look()) as unknown[])[0], 1000);
  });
}

test("a computed constant is undone with its patch", async (t) => {
  const { p, refuse } = await serve(t, TIMES);
  const before = await p.req.look();
  await refuse(`const MINUTE = 2 * SECOND; export function hotfix() { throw MINUTE; }`, {
    code: "ERR_PATCH_FAILED",
    message: /2000/,
  });
  deepEqual(await p.req.look(), before);
});

test("a service born after several patches has what a file with them in it gives", async (t) => {
  const world = await World.open(t, { "main.ts": TIMES });
  const first = await world.start("main");
  await world.hotfixall("main", `const SECOND = 1;`);
  await world.hotfixall("main", `const SECOND = 10;`);
  await world.hotfixall("main", `const MINUTE = 2 * SECOND;`);
  await world.hotfixall("main", `const SECOND = 99;`);
  const second = await world.start("main");
  // What is computed from a constant keeps its value in who runs, and has the new one in who is born.
  deepEqual(await first.req.look(), [99, 20, 60_001, "every 60000", "long", "undefined"]);
  deepEqual(await second.req.look(), [99, 198, 199, "every 198", "long", "undefined"]);
});

const LETS = `
  let tick = () => "tick";
  let tock = async function () { return "tock"; };
  let moved = () => "moved";
  const held = [tick, tock];
  export let shown = (n: number) => n;
  export const response = {
    async look() { return [tick(), await tock(), held[0]!(), await held[1]!(), shown(1), moved(), held[0] === tick]; },
    move() { moved = () => "MOVED"; },
  };`;

test("a function in a let that is never assigned is patched by its name, also where it is held", async (t) => {
  const { p, fix } = await serve(t, LETS);
  deepEqual(await p.req.look(), ["tick", "tock", "tick", "tock", 1, "moved", true]);
  await fix(
    `let tick = () => "TICK"; const tock = async () => "TOCK"; function shown(n: number) { return -n; }`,
  );
  deepEqual(await p.req.look(), ["TICK", "TOCK", "TICK", "TOCK", -1, "moved", true]);
  await fix(`function tick() { return "3"; }`);
  deepEqual(await p.req.look(), ["3", "TOCK", "3", "TOCK", -1, "moved", true]);
});

test("a function in a let that is assigned is state", async (t) => {
  const { p, fix, refuse } = await serve(t, LETS);
  const message = /moved already: it is state.*hotfix\(\)/;
  for (const patch of [`let moved = () => 1;`, `const moved = () => 1;`, `function moved() {}`]) {
    await refuse(patch, { code: "ERR_PATCH", message });
  }
  await fix(
    `declare let moved: () => string; export function hotfix() { moved = () => "hotfix"; }`,
  );
  equal(((await p.req.look()) as unknown[])[5], "hotfix");
  await refuse(`declare let tick: any; export function hotfix() { tick = () => "lost"; }`, {
    code: "ERR_PATCH",
    message: /tick is a function of the service and can't be assigned: write `function tick`/,
  });
});

test("an importer of such a function follows", async (t) => {
  const { p, fix } = await serve(t, {
    "main.ts": `import { run } from "./run.ts"; const held = run; export const response = { look() { return [run(), held()]; } };`,
    "run.ts": `export let run = () => "run";`,
  });
  await fix({ "./run.ts": `export let run = () => "RUN";` });
  deepEqual(await p.req.look(), ["RUN", "RUN"]);
});

const WORDS = `
  const LETTER = "a";
  const BAD = new RegExp("^a+$", "i"); const MADE = new RegExp(\`\${LETTER}+$\`);
  const rules = { bad: new RegExp("x"), all: [new RegExp("y", "g"), /z/] };
  const LATE = new RegExp([LETTER].join("|"));
  export const response = {
    look() { return [BAD.test("BB"), MADE.source, rules.bad.source, rules.all.map(String), LATE.source]; },
  };`;

test("a regular expression that is made of what is written out is a constant, in objects and lists as well", async (t) => {
  const { p, fix } = await serve(t, WORDS);
  deepEqual(await p.req.look(), [false, "a+$", "x", ["/y/g", "/z/"], "a"]);
  await fix(`const LETTER = "c"; const MADE = new RegExp(\`\${LETTER}+$\`); const BAD = new RegExp("^b+$", "i");
    const rules = { bad: new RegExp("xx"), all: [/y/, new RegExp("zz")] };`);
  deepEqual(await p.req.look(), [true, "c+$", "xx", ["/y/", "/zz/"], "a"]);
  await fix(`const BAD = /^c/; const MADE = /d/;`);
  deepEqual(((await p.req.look()) as unknown[]).slice(0, 2), [false, "d"]);
});

for (const [title, patch, message] of [
  ["what is no pattern", `const BAD = new RegExp("(");`, /Invalid regular expression/],
  ["one that a call computes", `const LATE = new RegExp([LETTER].join("&"));`, /LATE already/],
  [
    "one without a pattern",
    `const BAD = new RegExp();`,
    /BAD already: a patch can replace it only by a constant/,
  ],
  ["one of a class of that name", `class RegExp {} const BAD = new RegExp("b");`, /BAD|RegExp/],
] as const) {
  test(`a regular expression is refused, and nothing has changed: ${title}`, async (t) => {
    const { p, refuse } = await serve(t, WORDS);
    const before = await p.req.look();
    await refuse(patch, { code: ["ERR_PATCH", "ERR_PATCH_FAILED", "ERR_PATCH_NAME"], message });
    deepEqual(await p.req.look(), before);
  });
}
