/** Stacks and breakpoints name the lines and columns of the file that was written. */

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { Session } from "node:inspector";
import { test } from "node:test";
import { runInThisContext } from "node:vm";
import { forgetStacks, mapStacks } from "../../../src/loader/text/stack.ts";
import { call, Modules } from "./harness.ts";

/** Calls `boom` of a module's instance and returns the position in the first frame of its stack. */
async function positionOf(modules: Modules, name = "main.ts"): Promise<string | undefined> {
  const instance = await modules.run(name);
  try {
    call(instance, "boom");
  } catch (error) {
    const url = modules.url(name);
    const [, frame] = ((error as Error).stack ?? "").split("\n");
    ok(frame?.includes(url), `${frame} names ${url}`);
    return /:(\d+:\d+)\)?$/.exec(frame ?? "")?.[1];
  }
  return undefined;
}

/** Position of a piece of text as a stack prints it. */
function place(text: string, piece: string): string {
  const before = text.slice(0, text.indexOf(piece)).split("\n");
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

const BOOM = `throw new Error("boom")`;
const TEXTS: [title: string, text: string][] = [
  ["line 1", `export function boom(): never { ${BOOM}; }`],
  [
    "a later line",
    `import { skynet } from "snax";\n\nexport const boom = (a: number): never => {\n\tskynet;  ${BOOM}; }`,
  ],
  [
    "a line behind a hook into an assignment",
    `export let n = 1;\nexport function boom() { n += 2; n++; ${BOOM}; }`,
  ],
  [
    "a one-line class",
    `class A { x = 1; constructor(y: number) { this.x = y; ${BOOM}; } }\nexport const boom = () => new A(1);`,
  ],
  [
    "a method behind an inserted heritage",
    `class A { x = 1; m() { ${BOOM}; } } export const boom = () => new A().m();`,
  ],
  [
    "a file with enums",
    `enum E { A = 1 }\n\nexport function boom(): E {\n  const x: number = 1;\n  ${BOOM};\n}`,
  ],
  [
    "a file with parameter properties and CRLF",
    `class A {\r\n  constructor(private x: number) { }\r\n  m(): never { ${BOOM}; }\r\n}\r\nexport const boom = () => new A(1).m();`,
  ],
  ["a file with a hashbang", `#!/usr/bin/env node\nexport const boom = (): never => { ${BOOM}; };`],
];

for (const [title, text] of TEXTS) {
  test(`a stack is true on ${title}`, async (t) => {
    equal(await positionOf(new Modules(t, { "main.ts": text })), place(text, "new Error"));
  });
}

test("a stack is true in a module that waits", async (t) => {
  const text = `await null; export function boom(): never { ${BOOM}; }`;
  equal(await positionOf(new Modules(t, { "main.ts": text })), place(text, "new Error"));
});

test("a stack of a service that runs an older text is true for that text", async (t) => {
  const text = (gap: string): string =>
    `class A { ${gap}m() { ${BOOM}; } } export const boom = () => new A().m();`;
  const modules = new Modules(t, { "main.ts": text("") });
  const old = await modules.run();
  modules.write({ "main.ts": text("x = 1; ") });
  modules.cache.clear();
  equal(await positionOf(modules), place(text("x = 1; "), "new Error"));
  const column = text("").indexOf("new Error") + 1;
  throws(
    () => call(old, "boom"),
    (error: Error) => (match(error.stack ?? "", new RegExp(`main\\.ts:1:${column}\\)`)), true),
  );
});

test("an error while a module is evaluated names its place", async (t) => {
  const modules = new Modules(t, { "main.ts": `const a: number = 1; throw new Error("top");` });
  const program = await modules.load();
  const stack = new RegExp(`at ${modules.url("main.ts").replaceAll(".", "\\.")}:1:28\n`);
  throws(
    () => program.instantiate({ api: {}, injected: () => 0 }),
    (error: Error) => (match(error.stack ?? "", stack), true),
  );
});

test("positions in an evaluated text that names itself are counted back until it is forgotten", () => {
  const url = "patch:1";
  mapStacks(url, { shifts: new Map([[1, [[0, 4]]]]), map: undefined });
  const run = (): string =>
    String(
      runInThisContext(
        `eval(${JSON.stringify(`(  () => new Error("x").stack)()\n//# sourceURL=${url}`)})`,
      ),
    );
  match(run(), /patch:1:1:6\b/);
  forgetStacks(url);
  match(run(), /patch:1:1:10\b/);
});

test("a function that prepared stacks before is still asked about all other files", () => {
  const stackUrl = new URL("../../../src/loader/text/stack.js", import.meta.url).href;
  const code = `Error.prepareStackTrace = () => "before";
    const { mapStacks } = await import(${JSON.stringify(stackUrl)});
    mapStacks("file:///mapped.ts", { shifts: undefined, map: undefined });
    process.stdout.write(String(new Error("x").stack));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", code]);
  equal(output.toString(), "before");
});

test("a breakpoint set by file and line is hit at that line", async (t) => {
  const text = `let n: number = 0;\nexport function go(x: number) {\n  n += x;\n  return n;\n}\n`;
  const modules = new Modules(t, { "main.ts": text });
  const session = new Session();
  session.connect();
  t.after(() => session.disconnect());
  session.post("Debugger.enable");
  session.post("Debugger.setBreakpointByUrl", { lineNumber: 2, url: modules.url("main.ts") });
  const hits: unknown[] = [];
  session.on("Debugger.paused", ({ params }) => {
    const [frame] = params.callFrames;
    hits.push([frame?.functionName, frame?.location.lineNumber, frame?.location.columnNumber]);
  });
  const instance = await modules.run();
  equal(call(instance, "go", 2), 2);
  deepEqual(hits, [["go", 2, 2]]);
});

test("debuggers get a source map of an image whose columns moved", async (t) => {
  const modules = new Modules(t, {
    "main.ts": `export let n = 1; export const up = () => { n++; n++; };`,
  });
  const session = new Session();
  session.connect();
  t.after(() => session.disconnect());
  const maps: (string | undefined)[] = [];
  session.on("Debugger.scriptParsed", ({ params }) => {
    if (params.url === modules.url("main.ts")) maps.push(params.sourceMapURL);
  });
  session.post("Debugger.enable");
  await modules.run();
  equal(maps.length, 1);
  match(maps[0] ?? "", /^data:application\/json;base64,/);
});
