/** Scripts that can't run, or throw: the sender gets the place, and the service goes on. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { INJECT_OUTPUT_MAX, PATCH_LENGTH_MAX } from "../../../src/base/limits.ts";
import { answering, plain } from "./inject-world.ts";
import { codeOfFailure, failureOf } from "../../world.ts";

const SERVICE = answering(`let i = 1; export let shown = 1;`, `[i, shown]`);

test("an error names file, line and column, and what was printed before is reported", async (t) => {
  const { inject, call } = await plain(t, SERVICE);
  const [isOk, output] = await inject(
    `print("before"); shown = 2;\ni = 5;\n  throw new TypeError("half-way");`,
  );
  equal(isOk, false);
  match(output, /^before\nTypeError: half-way\n {4}at .*fix\.ts:3:9/);
  deepEqual(await call(), [5, 2]);
});

test("columns of the first line are the script's", async (t) => {
  const { inject } = await plain(t, SERVICE);
  const [, output] = await inject(`shown = 2; i += shown; null.field;`);
  match(output, /fix\.ts:1:29/);
});

test("an error in a function that outlives the script names its place, too", async (t) => {
  const { inject, call } = await plain(t, answering(`let act = () => 0;`, `act()`));
  await inject(
    `import { join } from "node:path";\nact = () => { throw new Error(join("a", "b")); };`,
  );
  const { stack } = await failureOf(call());
  match(String(stack), /fix\.ts:2:\d+/);
});

test("two scripts of one name and other texts keep their places apart", async (t) => {
  const { inject, call } = await plain(t, answering(`let act = (): any => 0;`, `act()`));
  await inject(`act = (() => { throw new Error("first"); });`);
  await inject(`print(1); print(2); print(3);`);
  const { stack } = await failureOf(call());
  match(String(stack), /fix\.ts:1:22/);
});

test("an error after an await names its place", async (t) => {
  const { inject } = await plain(t, SERVICE);
  const [isOk, output] = await inject(
    `print("a");\nawait skynet.sleep(1);\nprint("b"); null.field;`,
  );
  equal(isOk, false);
  match(output, /^a\nb\nTypeError: .*\n.*fix\.ts:3:18/);
});

const REFUSED: readonly (readonly [what: string, text: string, output: RegExp])[] = [
  ["a syntax error", `print(1);\nconst a: number = ;`, /^fix\.ts:2:19: /],
  ["an import that is not there", `import "./none.ts";`, /^fix\.ts:1:8: .*none/],
  [
    "a name that a module lacks",
    `import { nope } from "node:path";\nnope;`,
    /^fix\.ts:1:10: .*nope/,
  ],
  ["an export from elsewhere", `\nexport * from "node:path";`, /^fix\.ts:2:1: /],
  ["a default export", `export default 1;`, /^fix\.ts:1:1: /],
  [
    "a name that no service has",
    `\nnone = 1;`,
    /ReferenceError: none is not defined\n.*fix\.ts:2:/,
  ],
  ["an import that throws", `import "./bad.ts";`, /Error: bad module/],
  ["something thrown that is no error", `throw { a: 1 };`, /^\{ a: 1 \}$/],
  ["a text nested too deeply", `x = ${"[".repeat(20_000)};`, /deep/],
];

for (const [what, text, output] of REFUSED) {
  test(`a script that can't run says why, and the service goes on: ${what}`, async (t) => {
    const files = { "bad.ts": `throw new Error("bad module");` };
    const { inject, call } = await plain(t, SERVICE, files);
    const [isOk, said] = await inject(text);
    equal(isOk, false);
    match(said, output);
    deepEqual(await call(), [1, 1]);
  });
}

test("a script as long as the limit runs, and one more character is refused", async (t) => {
  const { inject } = await plain(t, SERVICE);
  const script = `print("all");`;
  const filled = script + " ".repeat(PATCH_LENGTH_MAX - script.length);
  deepEqual(await inject(filled), [true, "all"]);
  const [isOk, output] = await inject(`${filled} `);
  equal(isOk, false);
  match(output, /1048577/);
});

test("what is printed beyond the limit is lost, and said to be", async (t) => {
  const { inject } = await plain(t, SERVICE);
  const [, whole] = await inject(`print("x".repeat(${INJECT_OUTPUT_MAX - 2}));`);
  equal(whole.length, INJECT_OUTPUT_MAX - 2);
  const [isOk, cut] = await inject(`print("x".repeat(${INJECT_OUTPUT_MAX})); print("more");`);
  deepEqual(
    [isOk, cut],
    [true, `... what was printed beyond ${INJECT_OUTPUT_MAX} characters is lost`],
  );
});

test("values that resist printing are printed somehow", async (t) => {
  const { inject } = await plain(t, SERVICE);
  const text = `print({ [Symbol.for("nodejs.util.inspect.custom")]() { throw new Error("no"); } }, { get a() { throw 1; } });`;
  deepEqual(await inject(text), [true, "(no)\t{ a: [Getter] }"]);
});

test("RUN without a text, or with an invalid name, is refused", async (t) => {
  const { world, address } = await plain(t, SERVICE);
  const run = (...values: unknown[]): Promise<unknown> =>
    world.skynet.call(address, "debug", "RUN", ...values);
  equal(await codeOfFailure(run()), "ERR_ARGUMENT");
  equal(await codeOfFailure(run(5)), "ERR_ARGUMENT");
  equal(await codeOfFailure(run("", 5)), "ERR_ARGUMENT");
});

test("a name of a file with blanks, quotes and line ends is shown in places", async (t) => {
  const { world, address } = await plain(t, SERVICE);
  const name = `/a b/it's\n"here".ts`;
  const [, output] = (await world.skynet.call(
    address,
    "debug",
    "RUN",
    `null.field;`,
    name,
  )) as string[];
  match(String(output), /\/a%20b\/it%27s%0a%22here%22\.ts:1:6/);
});

test("a service that has no code can't be injected into", async (t) => {
  const { world } = await plain(t, SERVICE);
  const self = world.skynet.self();
  match(
    await codeOfFailure(world.skynet.call(self, "debug", "RUN", "print(1)", "fix.ts")),
    /ERR_PATCH/,
  );
});
