/** Texts that break a compiler, or keep it busy for ever: refused with the file, and no other service notices. */

import { equal, match, rejects, throws } from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { Transformer } from "../../../src/loader/build/transformer.ts";
import { COMPILERS, createProject, runProject } from "./project.ts";
import type { Compiler } from "./project.ts";

const DECORATED = "const D = (c: any): any => {}; @D class A {}\n";

const HOSTILE = {
  "30,000 nested brackets": `export const a = ${"[".repeat(30_000)}${"]".repeat(30_000)};`,
  "20,000 nested conditions": `export const a = ${"1?2:".repeat(20_000)}3;`,
};

for (const compiler of COMPILERS) {
  for (const [title, text] of Object.entries(HOSTILE)) {
    test(`${title} are refused, and the next text is read: by ${compiler}`, async (t) => {
      const files = {
        "main.ts": DECORATED + text,
        "next.ts": `${DECORATED}export const b = A.name;`,
      };
      const modules = createProject(t, { files, compilers: [compiler] });
      await rejects(modules.run(), (error: Error & { code: string }) => {
        equal(error.code, "ERR_SYNTAX");
        match(error.message, /main\.ts:\d+:\d+: .*nested too deeply/);
        return true;
      });
      equal((await modules.run("next.ts")).exports["b"], "A");
    });
  }
}

function order(
  t: TestContext,
  compiler: Compiler,
  text: string,
): Parameters<Transformer["now"]>[0] {
  const { folder } = createProject(t, { files: {}, compilers: [compiler] });
  const file = join(folder, "slow.ts");
  return { text, file, home: file, need: { what: "decorators need", line: 1, column: 1 } };
}

const SUM = `${DECORATED}export const a = 1${"+1".repeat(60_000)};`;

function tooLong(limitMs: number): RegExp {
  const text = `the compiler did not finish: .*within ${limitMs} ms \\(TRANSFORM_LIMIT_MS\\)`;
  return new RegExp(`slow\\.ts:1:1: ${text}`);
}

test("a text that the compiler does not end with is given up after the limit, and the next is read", async (t) => {
  // Long enough for the next text, on a machine that has much else to do.
  const limitMs = 8000;
  const transformer = new Transformer({ limitMs, idleMs: 1 });
  const { file } = order(t, "typescript", SUM);
  const slow = { text: SUM, file, injected: [], isKept: false };
  const given = transformer.requestImage(slow, () => []);
  // Behind an order that was there before, the caller sleeps for both.
  match(transformer.now(order(t, "swc", DECORATED)).code, /class A/);
  await given;
  throws(() => transformer.takeImage(slow), tooLong(limitMs));
});

test("a thread that sleeps until a text is read is woken at the limit", (t) => {
  const limitMs = 1000;
  const transformer = new Transformer({ limitMs, idleMs: 1 });
  throws(() => transformer.now(order(t, "typescript", SUM)), tooLong(limitMs));
});

test("many texts at once are all read", async (t) => {
  const names = Array.from({ length: 100 }, (_, index) => `m${index}`);
  const files: Record<string, string> = { "main.ts": "" };
  for (const name of names) {
    files[`${name}.ts`] = `${DECORATED}export const ${name} = A.name;`;
    files["main.ts"] += `export { ${name} } from "./${name}.ts";\n`;
  }
  const result = await runProject(t, { files, compilers: ["swc"] });
  equal(names.filter((name) => result[name] === "A").length, 100);
});
