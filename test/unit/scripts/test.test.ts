/** `npm test` itself: planted tests that fail, and what it makes of them. */

import { deepEqual, match } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";

const ALWAYS = `throw new Error("planted");`;
const ONCE = `
  const flag = new URL("./flag", import.meta.url);
  if (!existsSync(flag)) { writeFileSync(flag, ""); throw new Error("planted"); }`;

/** Runs the test runner over files with one test each. */
function runTests(
  t: TestContext,
  bodies: readonly string[],
  isCi: boolean,
): { readonly code: number | null; readonly said: string } {
  mkdirSync("build/test", { recursive: true });
  const folder = mkdtempSync(resolve("build/test/planted-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [index, body] of bodies.entries()) {
    const text = `
      import { existsSync, writeFileSync } from "node:fs";
      import { test } from "node:test";
      test("planted ${index}", async () => { ${body} });`;
    writeFileSync(join(folder, `${index}.test.js`), text);
  }
  const { NODE_TEST_CONTEXT: _, CI: __, ...env } = process.env;
  const { status, stdout } = spawnSync(
    process.execPath,
    ["scripts/test.mjs", "--compiled", basename(folder)],
    { env: isCi ? { ...env, CI: "true" } : env, encoding: "utf8" },
  );
  return { code: status, said: stdout.replaceAll(basename(folder), "planted") };
}

test("a test that fails fails the run, and is told with its error", (t) => {
  const { code, said } = runTests(t, ["", ALWAYS], false);
  deepEqual([code, said.includes("alone")], [1, false]);
  match(said, /not ok planted 1\n.*planted\/1\.test\.js.*\n.*Error: planted/);
});

test("a file that ends by itself is told with its exit code or its signal", (t) => {
  const bodies = [
    `setImmediate(() => process.exit(3)); await new Promise(() => {});`,
    `process.kill(process.pid, "SIGKILL");`,
  ];
  const { code, said } = runTests(t, bodies, false);
  deepEqual(code, 1);
  match(said, /not ok .*planted\/0\.test\.js\n.*\n.*, ended with 3$/m);
  match(said, /not ok .*planted\/1\.test\.js\n.*\n.*, ended by SIGKILL$/m);
});

test("at a developer's nothing is tried twice", (t) => {
  deepEqual(runTests(t, [ONCE], false).code, 1);
});

test("on a CI machine what passes alone is named as flaky, and what fails again fails the run", (t) => {
  const flaky = runTests(t, ["", ONCE], true);
  deepEqual(flaky.code, 0, flaky.said);
  match(flaky.said, /^# flaky, passed alone: build\/test\/planted\/1\.test\.js, planted 1$/m);
  const both = runTests(t, [ONCE, ALWAYS], true);
  deepEqual(both.code, 1, both.said);
  match(both.said, /^# fails alone as well: build\/test\/planted\/1\.test\.js, planted 1$/m);
});

test("more failing files than three are no accident", (t) => {
  const { code, said } = runTests(t, [ALWAYS, ALWAYS, ALWAYS, ALWAYS], true);
  deepEqual([code, said.includes("alone")], [1, false]);
});
