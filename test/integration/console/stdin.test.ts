/** The service `console`: commands and services at the node's standard input. */

import { equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { CONSOLE_LINE_MAX } from "../../../src/base/limits.ts";
import { PACKAGE, startNode } from "../process.ts";
import type { Running } from "../process.ts";
import { codeOfFailure, world, writeFiles } from "../../world.ts";

const FILES = {
  plain: `
    import { skynet } from "snax";
    skynet.start((...words: string[]) => skynet.error("plain got", words.join()));`,
  typed: `export const response = { one() { return 1; } };`,
};

/** A node in a process of its own that reads its standard input. */
function start(t: TestContext): Running {
  const folder = writeFiles(t, FILES);
  const program = `
    import { start } from ${JSON.stringify(PACKAGE)};
    const node = await start({ thread: 0, services: ${JSON.stringify(folder)} + "/?.ts" });
    await node.skynet.newservice("console");
    process.on("SIGTERM", () => node.stop());`;
  const running = startNode(["--input-type=module", "--eval", program], folder);
  t.after(() => running.child.kill("SIGKILL"));
  return running;
}

test("commands are answered, and any other word starts a service", async (t) => {
  const { child, says } = start(t);
  child.stdin?.write("getenv thread\nplain 1 2\n\nsnax typed\nlist\nnosuch\n");
  await says("thread\t0\n<CMD OK>\n");
  await says("plain got 1,2\n");
  await says(":00000009\tplain\n<CMD OK>\n");
  await says(":0000000a\ttyped\n<CMD OK>\n");
  await says(":0000000a\tsnax typed\n<CMD OK>\n");
  await says("Failed\nERR_NO_SERVICE: no service nosuch");
});

test("a line may be so long, and a longer one is refused", async (t) => {
  const { child, says } = start(t);
  const words = "getenv thread ";
  child.stdin?.write(`${words}${"x".repeat(CONSOLE_LINE_MAX - words.length)}\n`);
  await says("thread\t0\n<CMD OK>\n");
  child.stdin?.write(`${words}${"x".repeat(CONSOLE_LINE_MAX)}\n`);
  await says(`ERR_MALFORMED: a line is longer than ${CONSOLE_LINE_MAX} bytes\n<CMD Error>\n`);
});

test("the end of the input ends nothing, and the node's end is not held up", async (t) => {
  const { child, says, ended } = start(t);
  child.stdin?.end("getenv thread\n");
  await says("<CMD OK>\n");
  child.kill("SIGTERM");
  const { code, stderr } = await ended;
  equal(code, 0);
  equal(stderr, "");
});

test("a node that reads its input still ends", async (t) => {
  const { child, says, ended } = start(t);
  child.stdin?.write("getenv thread\n");
  await says("<CMD OK>\n");
  child.kill("SIGTERM");
  equal((await ended).code, 0);
});

test("more lines at once than are kept waiting are all answered, in order", async (t) => {
  const { child, says } = start(t);
  const count = 500;
  const lines = Array.from({ length: count }, (_, index) => `setenv key${index} ${index}`);
  child.stdin?.write(`${lines.join("\n")}\ngetenv key${count - 1}\n`);
  await says(`key${count - 1}\t${count - 1}\n<CMD OK>\n`);
});

test("one service of a process can read it", async (t) => {
  const { skynet } = await world(t, FILES);
  const first = await skynet.newservice("console");
  equal(await codeOfFailure(skynet.newservice("console")), "ERR_ARGUMENT");
  skynet.kill(first);
  const second = await skynet.newservice("console");
  ok(second > first);
  match(skynet.address(second), /^:[0-9a-f]{8}$/);
});
