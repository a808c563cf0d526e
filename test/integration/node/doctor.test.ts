/** `snax doctor` says what is wrong, and what to do about it. */

import { deepEqual, equal, match } from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { snax } from "../process.ts";
import type { Files } from "../../world.ts";
import { writeFiles } from "../../world.ts";

const PROJECT: Files = {
  "snax.config.ts": `export default { thread: 1, services: "./services/?.ts" };`,
  "services/main.ts": `import { skynet } from "snax"; skynet.start(() => {});`,
  "services/room.ts": `export const response = { join() {} };`,
  "tsconfig.json": "{}",
  "node_modules/typescript/package.json": `{ "name": "typescript", "version": "7.0.2" }`,
  "node_modules/@types/node/package.json": `{ "name": "@types/node", "version": "20.0.0" }`,
};

/** The lines that are not fine, without the count at the end. */
const complaints = (stdout: string): string[] =>
  stdout.split("\n").filter((line) => /^(?:warn|FAIL) /.test(line) && !/open files/.test(line));

test("a project in order is told so, and nothing is changed", async (t) => {
  const folder = writeFiles(t, PROJECT);
  const before = readdirSync(folder, { recursive: true });
  const { code, stdout, stderr } = await snax(["doctor"], folder);
  deepEqual([code, stderr, complaints(stdout)], [0, "", []]);
  match(stdout, /^ok {4}start service: main$/m);
  match(stdout, /^ok {4}snax services: room$/m);
  match(stdout, /^ok {4}typescript 7\.0\.2$/m);
  match(stdout, /^\d+ ok, \d to look at, 0 wrong$/m);
  deepEqual(readdirSync(folder, { recursive: true }), before);
});

test("a project without a configuration, or with one that can't be read, fails", async (t) => {
  const none = await snax(["doctor"], writeFiles(t, { "a.txt": "" }));
  equal(none.code, 1);
  match(none.stdout, /^FAIL {2}.*snax\.config\.ts/m);
  const wrong = { ...PROJECT, "snax.config.ts": `export default { thread: "two" };` };
  const { code, stdout } = await snax(["doctor"], writeFiles(t, wrong));
  equal(code, 1);
  match(stdout, /^FAIL {2}thread is 'two'; expected an integer/m);
});

test("what is missing of the tools of TypeScript is named with the command that brings it", async (t) => {
  const { "snax.config.ts": config = "", "services/main.ts": main = "" } = PROJECT;
  const folder = writeFiles(t, { "snax.config.ts": config, "services/main.ts": main });
  const { code, stdout } = await snax(["doctor"], folder);
  equal(code, 0);
  match(stdout, /^warn {2}typescript is not installed.*npm install -D typescript$/m);
  match(stdout, /^warn {2}@types\/node is not installed/m);
  match(stdout, /^warn {2}there is no tsconfig\.json/m);
});

test("a start service that is not there, and one that can't be read, fail", async (t) => {
  const files = { ...PROJECT, "services/bad.ts": "export const response = {;" };
  const { code, stdout } = await snax(["doctor", "--set", "start=mian"], writeFiles(t, files));
  equal(code, 1);
  match(stdout, /^FAIL {2}.*bad\.ts:1/m);
  match(stdout, /^FAIL {2}start: no service mian .*did you mean "main"/m);
});

test("types that do not fit the services any more, and a mistyped key, are told of", async (t) => {
  const folder = writeFiles(t, {
    ...PROJECT,
    "snax.config.ts": `export default { thread: 1, consoel: 8000 };`,
    "snax.d.ts": "// Written by `snax types`",
  });
  const { code, stdout } = await snax(["doctor"], folder);
  equal(code, 0);
  match(stdout, /^warn {2}snax\.d\.ts does not fit the services: run `npx snax types`$/m);
  match(stdout, /^warn {2}configuration: consoel is no key of snax.*console/m);
  await snax(["types"], folder);
  const after = await snax(["doctor"], folder);
  equal(after.stdout.includes("snax.d.ts"), false);
});

test("a port that is taken is told of, and a console that is open to all fails", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const folder = writeFiles(t, PROJECT);
  const taken = await snax(["doctor", "--set", `metrics=${port}`, "--set", "console=0"], folder);
  equal(taken.code, 0);
  match(taken.stdout, new RegExp(String.raw`^warn {2}metrics: 127\.0\.0\.1:${port} is taken`, "m"));
  match(taken.stdout, /^ok {4}console: 127\.0\.0\.1:0 is free$/m);
  const open = await snax(["doctor", "--set", "console=0.0.0.0:0"], folder);
  equal(open.code, 1);
  match(
    open.stdout,
    /^FAIL {2}console: 0\.0\.0\.0:0 can be reached from elsewhere: set consoletoken/m,
  );
});

test("a log that can't be written fails, and more threads than cores are told of", async (t) => {
  const folder = writeFiles(t, PROJECT);
  const nowhere = join(folder, "no/such/folder/node.log");
  const { code, stdout } = await snax(
    ["doctor", "--set", `logger=${nowhere}`, "--set", "thread=100"],
    folder,
  );
  equal(code, 1);
  match(stdout, /^FAIL {2}logger: .*node\.log can't be written/m);
  match(stdout, /^warn {2}thread: 100 threads on \d+ cores/m);
});

test("an audit that can't be written fails, for no console would open", async (t) => {
  const folder = writeFiles(t, PROJECT);
  const nowhere = join(folder, "no/such/folder/audit.jsonl");
  const { code, stdout } = await snax(["doctor", "--set", `audit=${nowhere}`], folder);
  equal(code, 1);
  match(stdout, /^FAIL {2}audit: .*audit\.jsonl can't be written/m);
  const there = await snax(["doctor", "--set", "audit=audit.jsonl"], folder);
  match(there.stdout, /^ok {4}audit: audit\.jsonl$/m);
});
