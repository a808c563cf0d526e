/**
 * What a node says and does in a process that lacks what it stands on, and what it does unless the configuration says otherwise.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { completeConfig } from "../../../src/node/config.ts";
import { PACKAGE, snax, startNode } from "../process.ts";
import { writeFiles } from "../../world.ts";
import type { Files } from "../../world.ts";

const FILES: Files = {
  good: `export const response = { hello() { return "hello"; }, fails() { throw new RangeError("no"); } };`,
  bad: `export const response = { loop() { for (;;); }, hello() { return "hello"; } };`,
  "snax.config.ts": `export default { start: "main" };`,
};

/** Runs a program with these flags; `config` is in its scope. */
async function play(t: TestContext, flags: readonly string[], thread: number, text: string) {
  const folder = writeFiles(t, FILES);
  const program = `
    import { codeOf, start } from ${JSON.stringify(PACKAGE)};
    const services = ${JSON.stringify(folder)} + "/?.ts";
    const config = { thread: ${thread}, services, stall: { warn: 100, interrupt: 300 } };
    ${text}
  `;
  return startNode([...flags, "--input-type=module", "--eval", program], folder).ended;
}

test("a handler that loops is cut off unless the configuration says otherwise", () => {
  deepEqual(completeConfig({}).stall, { warn: 1000, interrupt: 30_000, rest: 1000 });
  equal(completeConfig({ stall: { warn: 5 } }).stall.interrupt, 30_000);
  equal(completeConfig({ stall: { interrupt: 0 } }).stall.interrupt, 0);
});

const other = (name: string, version: string): string =>
  `data:text/javascript,Object.defineProperty(process,"versions",{value:{...process.versions,${name}:"${version}"}})`;

const REFUSED = [
  [["--jitless"], /needs WebAssembly: start Node without --jitless/],
  [
    ["--disallow-code-generation-from-strings"],
    /start Node without --disallow-code-generation-from-strings/,
  ],
  [["--import", other("bun", "1.3.0")], /snax runs on Node 20.19 or later, and this is bun 1.3.0/],
  [
    ["--import", other("deno", "2.5.0")],
    /snax runs on Node 20.19 or later, and this is deno 2.5.0/,
  ],
] as const;

for (const [flags, words] of REFUSED) {
  const name = (flags[1] ?? flags[0]).match(/bun|deno|--.*/)?.[0];
  test(`a process in which no node can run is refused with a sentence: ${name}`, async (t) => {
    const text = `await start(config).catch((error) => console.log(codeOf(error), error.message));`;
    const { stdout } = await play(t, flags, 1, text);
    match(stdout, /^ERR_RUNTIME /);
    match(stdout, words);
  });
}

test("the command line refuses such a process before it reads the configuration", async (t) => {
  const folder = writeFiles(t, FILES);
  process.env["NODE_OPTIONS"] = "--disallow-code-generation-from-strings";
  t.after(() => delete process.env["NODE_OPTIONS"]);
  const { code, stderr } = await snax(["start"], folder);
  equal(code, 1);
  match(stderr, /^snax: .*start Node without --disallow-code-generation-from-strings\n$/);
});

const LOOP = `
  const node = await start(config);
  const [bad, good] = [await node.snax.newservice("bad"), await node.snax.newservice("good")];
  const fail = (promise) => promise.catch((error) => codeOf(error) ?? String(error));
  const said = [await fail(bad.req.loop()), await good.req.hello(), await fail(good.req.fails())];
  await node.stop();
  console.log(said.join(" "));`;

for (const thread of [0, 1]) {
  test(`with --frozen-intrinsics errors travel, and a loop is named and cut off: thread ${thread}`, async (t) => {
    const { code, stdout } = await play(t, ["--frozen-intrinsics"], thread, LOOP);
    equal(code, 0, stdout);
    match(stdout, /maybe in an endless loop .*snax bad, request bad\.loop/);
    match(stdout, /\nERR_INTERRUPTED hello ERR_REMOTE\n/);
  });
}

const isGated = process.allowedNodeEnvironmentFlags.has("--allow-inspector");

for (const thread of [0, 1]) {
  test(
    `a node without the inspector says at its start that nothing is found: thread ${thread}`,
    {
      skip: !isGated,
    },
    async (t) => {
      const flags = ["--permission", "--allow-fs-read=*", "--allow-fs-write=*", "--allow-worker"];
      const { code, stdout } = await play(
        t,
        flags,
        thread,
        `const node = await start(config);
      const good = await node.snax.newservice("good");
      const end = Date.now() + 500;
      while (Date.now() < end) await good.req.hello();
      await node.stop();`,
      );
      equal(code, 0, stdout);
      equal(stdout.split("there is no stall watch").length, 2, stdout);
      ok(!stdout.includes("the stall watch failed"), stdout);
    },
  );
}
