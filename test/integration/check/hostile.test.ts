/** Compilers that hang, die or grow, patches that reach for what is none of theirs: a line, and never the node. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  CHECK_CALLERS_MAX,
  CHECK_ERRORS_MAX,
  CHECK_FILES_MAX,
  CHECK_TEXT_MAX,
} from "../../../src/base/limits.ts";
import { ProjectFiles } from "../../../src/check/project-files.ts";
import type { Files } from "../../world.ts";
import { addFiles, writeFiles } from "../../world.ts";
import { startNode } from "../process.ts";
import { addFakeNative, COMPILERS, createChecked, fakeClassic } from "./project.ts";

const [typescript = ""] = COMPILERS;
const PATCH = "const TAX = 0.19;";

/** Whether a process lives. */
function lives(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits until a process is gone. */
async function gone(pid: number | undefined): Promise<void> {
  while (lives(pid)) await new Promise((resolve) => setImmediate(resolve));
}

test("a compiler that hangs is given up after the limit, and so is what it has started", async (t) => {
  const files = fakeClassic("for (;;);");
  const { lines, checker } = createChecked(t, { files, limits: { limitMs: 1500 } });
  const asked = lines(PATCH);
  while (checker.pid === undefined) await new Promise((resolve) => setImmediate(resolve));
  const { pid } = checker;
  deepEqual(await asked, ["unchecked: the compiler took longer than 1500 ms (CHECK_LIMIT_MS)"]);
  await gone(pid);
});

test(
  "a native compiler that does not answer is ended with its process",
  { skip: process.platform === "win32" },
  async (t) => {
    const { lines, folder } = createChecked(t, { limits: { limitMs: 3000 } });
    addFakeNative(
      folder,
      `require("fs").writeFileSync(${JSON.stringify(join(folder, "pid"))}, String(process.pid)); setInterval(() => {}, 1000); process.on("SIGTERM", () => {});`,
    );
    match((await lines(PATCH))[0] ?? "", /^unchecked: the compiler took longer than 3000 ms/);
    await gone(Number(readFileSync(join(folder, "pid"), "utf8")));
  },
);

test("a compiler that is killed costs a line, and the next check has a new one", async (t) => {
  const { lines, checker } = createChecked(t, { typescript });
  deepEqual(await lines(PATCH), []);
  const { pid = 0 } = checker;
  const asked = lines("const TAX = 0.18;");
  process.kill(pid, "SIGKILL");
  match((await asked)[0] ?? "", /^unchecked: the compiler ended \(SIGKILL\)$/);
  deepEqual(await lines(PATCH), []);
  ok(checker.pid !== pid && lives(checker.pid));
});

test(
  "a native compiler that ends is told of with how",
  { skip: process.platform === "win32" },
  async (t) => {
    const { lines, folder } = createChecked(t, {});
    addFakeNative(folder, "process.exit(3)");
    deepEqual(await lines(PATCH), ["unchecked: the compiler ended (exit code 3)"]);
  },
);

test(
  "a node that is killed leaves no compiler behind",
  { skip: process.platform === "win32" },
  async (t) => {
    const folder = writeFiles(t, {});
    const mark = join(folder, "pid");
    const busy = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, String(process.pid)); for (;;);`;
    addFiles(folder, { ...fakeClassic(busy), "tsconfig.json": "{}", "a.ts": "let a = 1;" });
    const file = join(folder, "a.ts");
    const question = {
      modules: [{ file, text: "let a = 1;", isService: false }],
      patches: [{ file, text: "function b() {}", shown: "p.ts" }],
      running: [],
    };
    const program = `
      import { Checker } from ${JSON.stringify(import.meta.resolve("../../../src/check/checker.js"))};
      await new Checker().check(${JSON.stringify(question)});`;
    const { child, ended } = startNode(["--input-type=module", "--eval", program], folder);
    const pid = (): number => Number(existsSync(mark) && readFileSync(mark, "utf8"));
    while (pid() === 0) await new Promise((resolve) => setImmediate(resolve));
    ok(lives(pid()));
    child.kill("SIGKILL");
    await ended;
    await gone(pid());
  },
);

test("a compiler that throws is told of with what it throws", async (t) => {
  const { lines } = createChecked(t, { files: fakeClassic('throw new Error("out of order")') });
  deepEqual(await lines(PATCH), ["unchecked: out of order"]);
});

test("a compiler that takes too much memory is ended, and one that takes less is not", async (t) => {
  const eat = (count: number): Files =>
    fakeClassic(
      `const held = []; for (let n = 0; n < ${count}; n += 1) held.push(Array.from({ length: 1e5 }, () => ({}))); throw new Error("full");`,
    );
  const limits = { memoryMib: 128 };
  const much = createChecked(t, { files: eat(1000), limits });
  deepEqual(await much.lines(PATCH), [
    "unchecked: the compiler takes more than 128 MiB (CHECK_MEMORY_MIB)",
  ]);
  const little = createChecked(t, { files: eat(2), limits });
  deepEqual(await little.lines(PATCH), ["unchecked: full"]);
});

test(
  "a native compiler that takes too much memory is ended",
  { skip: process.platform !== "linux" },
  async (t) => {
    const { lines, folder } = createChecked(t, { limits: { memoryMib: 256 } });
    addFakeNative(
      folder,
      "const held = []; setInterval(() => held.push(Buffer.alloc(64 << 20, 1)), 10);",
    );
    deepEqual(await lines(PATCH), [
      "unchecked: the compiler takes more than 256 MiB (CHECK_MEMORY_MIB)",
    ]);
  },
);

test("one process makes as many checks as the limit says, and not one more", async (t) => {
  const files = fakeClassic('throw new Error("no")');
  const { lines, checker } = createChecked(t, { files, limits: { runsMax: 2 } });
  await lines(PATCH);
  const { pid } = checker;
  ok(pid !== undefined);
  await lines(PATCH);
  equal(checker.pid, undefined);
  await gone(pid);
});

test("a compiler that is not asked for a while is ended", async (t) => {
  const files = fakeClassic('throw new Error("no")');
  const { lines, checker } = createChecked(t, { files, limits: { idleMs: 1 } });
  await lines(PATCH);
  await gone(checker.pid);
});

test("as many checks as the limit says wait for each other, and one more is not made", async (t) => {
  const files = fakeClassic('throw new Error("no")');
  const { lines } = createChecked(t, { files, limits: { waitingMax: 2 } });
  deepEqual(await Promise.all([lines(PATCH), lines(PATCH), lines(PATCH)]), [
    ["unchecked: no"],
    ["unchecked: no"],
    ["unchecked: 2 checks wait already (CHECK_WAITING_MAX)"],
  ]);
});

test("the compiler gets none of the node's secrets, and none of its flags", async (t) => {
  const keys = ["SNAX_CONSOLE_TOKEN", "NODE_OPTIONS"] as const;
  const before = keys.map((key) => process.env[key]);
  t.after(() =>
    keys.forEach((key, at) =>
      before[at] === undefined ? delete process.env[key] : (process.env[key] = before[at]),
    ),
  );
  process.env["SNAX_CONSOLE_TOKEN"] = "a-secret-of-the-node";
  process.env["NODE_OPTIONS"] = "--no-warnings";
  const files = fakeClassic(
    "throw new Error(String([process.env.SNAX_CONSOLE_TOKEN, process.env.NODE_OPTIONS, Boolean(process.env.PATH)]))",
  );
  deepEqual(await createChecked(t, { files }).lines(PATCH), ["unchecked: ,,true"]);
});

test("nothing that a patch imports is run, and no file is left behind", async (t) => {
  const outside = writeFiles(t, {});
  addFiles(outside, {
    "evil.ts": `import { writeFileSync } from "node:fs";\nwriteFileSync(${JSON.stringify(join(outside, "ran"))}, "");\nexport const evil: number = 1;\n`,
  });
  const { lines, folder } = createChecked(t, { typescript });
  const before = [tmpdir(), folder].map((each) =>
    readdirSync(each).filter((name) => name.startsWith("snax-check")),
  );
  const evil = join(outside, "evil.ts");
  const patch = `/// <reference path="${evil}" />\nimport { evil } from ${JSON.stringify(evil)};\nimport ${JSON.stringify(evil)};\nexport const response = { evil() { return evil.toUpperCase(); } };\nexport function hotfix() { throw new Error("ran"); }`;
  const [line = ""] = await lines(patch);
  match(line, /^patch p\.ts:4:48 TS2339 /);
  ok(!existsSync(join(outside, "ran")));
  deepEqual(
    [tmpdir(), folder].map((each) =>
      readdirSync(each).filter((name) => name.startsWith("snax-check")),
    ),
    before,
  );
  ok(!existsSync(join(folder, "services/p.ts")));
});

test(
  "a patch that imports what never ends costs a line",
  { skip: process.platform === "win32" },
  async (t) => {
    const { lines, folder } = createChecked(t, { typescript, limits: { limitMs: 6000 } });
    execFileSync("mkfifo", [join(folder, "services/pipe.ts")]);
    const [line = ""] = await lines(
      'import { a } from "./pipe.ts";\nexport function hotfix() { return a; }',
    );
    // The compiler may take it for no file, or wait for what it says.
    match(line, /^(?:unchecked: the compiler took longer than 6000 ms|patch p\.ts:1:\d+ TS)/);
  },
);

test("errors and their texts are told up to their limits, and the rest is counted", async (t) => {
  const { check } = createChecked(t, { typescript });
  const wrong = (count: number): string =>
    `export function hotfix() {\n${"  sold.no();\n".repeat(count)}}`;
  for (const [count, more] of [
    [CHECK_ERRORS_MAX, 0],
    [CHECK_ERRORS_MAX + 1, 1],
  ] as const) {
    const answer = await check(wrong(count));
    deepEqual(answer.kind === "checked" && [answer.errors.length, answer.more], [
      CHECK_ERRORS_MAX,
      more,
    ]);
  }
  for (const length of [CHECK_TEXT_MAX, 2 * CHECK_TEXT_MAX]) {
    const answer = await check(`export function hotfix() { return ${"x".repeat(length)}; }`);
    const text = answer.kind === "checked" ? (answer.errors[0]?.text ?? "") : "";
    ok(text.endsWith("x ...") && text.length === CHECK_TEXT_MAX + " ...".length, `${text.length}`);
  }
});

test("as many files that import a module as the limit says are looked at, and more are told of", async (t) => {
  const files = (count: number): Files =>
    Object.fromEntries([
      ...Array.from(
        { length: count - 2 },
        (_, at) =>
          [
            `client/c${at}.ts`,
            `import { round } from "../services/lib/money.ts";\nexport const c${at}: number = round(1);\n`,
          ] as const,
      ),
    ]);
  const patch = "export function round(n: number): string { return `${n}`; }";
  for (const [count, gaps] of [
    [CHECK_CALLERS_MAX, []],
    [
      CHECK_CALLERS_MAX + 1,
      [`1 of ${CHECK_CALLERS_MAX + 1} files that import it (CHECK_CALLERS_MAX)`],
    ],
  ] as const) {
    const answer = await createChecked(t, { typescript, files: files(count) }).check(
      patch,
      "services/lib/money.ts",
    );
    deepEqual(answer.kind === "checked" && answer.gaps, gaps);
  }
});

test("as many files of a project as the limit says are searched, and more are told of", (t) => {
  const folder = writeFiles(t, {});
  for (let at = 0; at < CHECK_FILES_MAX; at += 1) addFiles(folder, { [`f${at}.ts`]: "" });
  const files = new ProjectFiles(folder);
  equal(files.look().length, CHECK_FILES_MAX);
  equal(files.isCut, false);
  addFiles(folder, { "one-more.ts": "" });
  files.look();
  equal(files.isCut, true);
});
