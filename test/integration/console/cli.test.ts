/** `snax console`: the answers to what is piped in, and exit codes. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { ConsoleConnection } from "../../../src/cli/console-connection.ts";
import { desk } from "./console-client.ts";
import { startSnax } from "../process.ts";
import type { Ended } from "../process.ts";

const TOKEN = "a-token-for-tests";

/** Pipes lines into the command. */
function pipe(args: readonly string[], input: string): Promise<Ended> {
  const { child, ended } = startSnax(["console", ...args], ".");
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  return ended;
}

test("lines that are piped in are run, and their answers printed", async (t) => {
  const { port } = await desk(t, {});
  const { code, stdout, stderr } = await pipe([`${port}`], "getenv harbor\n\nping 4\n");
  deepEqual([code, stderr], [0, ""]);
  match(stdout, /^harbor\t0\n<CMD OK>\n\d+\n<CMD OK>\n$/);
});

test("a command that fails gives exit code 1, and the next one runs", async (t) => {
  const { port } = await desk(t, {});
  const { code, stdout } = await pipe([`127.0.0.1:${port}`], "kill zz\ngetenv harbor\n");
  equal(code, 1);
  equal(stdout, "ERR_ARGUMENT: Need an address\n<CMD Error>\nharbor\t0\n<CMD OK>\n");
});

test("the token comes from the environment", async (t) => {
  const { port } = await desk(t, {}, { consoletoken: TOKEN });
  t.after(() => delete process.env["SNAX_CONSOLE_TOKEN"]);
  process.env["SNAX_CONSOLE_TOKEN"] = TOKEN;
  equal((await pipe([`${port}`], "getenv harbor\n")).stdout, "harbor\t0\n<CMD OK>\n");
  process.env["SNAX_CONSOLE_TOKEN"] = "wrong";
  const { code, stderr } = await pipe([`${port}`], "list\n");
  deepEqual([code, stderr], [1, "snax: the console refuses the token of SNAX_CONSOLE_TOKEN\n"]);
});

test("a place where nothing listens gives exit code 1 and one clear line", async () => {
  const { code, stderr } = await pipe(["127.0.0.1:1"], "list\n");
  equal(code, 1);
  match(stderr, /^snax: no console at 127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/);
});

test("a console that ends in the middle gives exit code 1", async (t) => {
  const { port } = await desk(t, {});
  const { code, stderr } = await pipe([`${port}`], "kill 8\nlist\n");
  equal(code, 1);
  match(stderr, /^snax: .+\n$/);
});

test("commands that are asked for at once are answered one after the other", async (t) => {
  const { port } = await desk(t, {});
  const connection = await ConsoleConnection.open({ host: "127.0.0.1", port });
  t.after(() => connection.close());
  const lines: string[] = [];
  const ask = (line: string): Promise<boolean> => connection.ask(line, (row) => lines.push(row));
  deepEqual(await Promise.all([ask("getenv harbor"), ask("kill zz"), ask("getenv harbor")]), [
    true,
    false,
    true,
  ]);
  deepEqual(lines, [
    ...["harbor\t0", "<CMD OK>"],
    ...["ERR_ARGUMENT: Need an address", "<CMD Error>"],
    ...["harbor\t0", "<CMD OK>"],
  ]);
});

test("when the reader of the answers is gone it ends without a word, and runs nothing further", async (t) => {
  const { log, port } = await desk(t, {});
  const { child, ended } = startSnax(["console", `${port}`], ".");
  child.stdin?.write("help\n");
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  child.stdout?.destroy();
  // As long as it reads, it may not know yet.
  child.stdin?.on("error", () => {});
  let isOver = false;
  void ended.then(() => (isOver = true));
  for (let count = 0; !isOver; count += 1) {
    child.stdin?.write(`setenv count${count} 1\n`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { code, stderr } = await ended;
  deepEqual([code, stderr], [0, ""]);
  equal(
    (await log()).some((line) => line.includes("dropped")),
    false,
  );
});

test("wrong usage gives exit code 2", async () => {
  for (const args of [[], ["nowhere"], ["127.0.0.1:x"], ["8000", "more"]]) {
    equal((await pipe(args, "")).code, 2, args.join(" "));
  }
});
