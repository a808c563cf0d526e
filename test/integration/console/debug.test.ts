/** `debug` from the console: a service is stopped at its next message, looked at, changed, and let go. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { CONSOLE_ANSWER_MS, DEBUG_SECONDS_MAX } from "../../../src/base/limits.ts";
import { ConsoleConnection } from "../../../src/cli/console-connection.ts";
import { fetchJson } from "./console-client.ts";
import type { LineClient } from "./console-client.ts";
import { outside } from "./debug-world.ts";

const FILES = {
  main: `import { skynet } from "snax";
import { twice } from "./lib/twice.ts";

let count: number = 0;

const command = {
  add(n: number) {
    const before = count;
    count += twice(n);
    return skynet.values(before, count);
  },
  async later(n: number) {
    const text = "kept";
    await skynet.sleep(1);
    return skynet.values(text, n);
  },
};

skynet.start(() => {
  skynet.dispatch("lua", (_session, _source, name: keyof typeof command, n: number) => {
    return command[name](n);
  });
  skynet.dispatch("text", () => {
    count = 0;
  });
});
`,
  "lib/twice.ts": `export enum Factor {
  two = 2,
}

export function twice(n: number): number {
  const factor = Number(Factor.two);
  return n * factor;
}
`,
};

/** The service lives on the thread of the console, or on a worker. */
function bothWays(title: string, run: (t: TestContext, threads: number) => Promise<void>): void {
  test(title, (t) => run(t, 0));
  test(`on a worker thread, ${title}`, (t) => run(t, 1));
}

const ATTACHED = /^Attached to :00000009 \(snlua main\)\..*\n:00000009> /;
const STOP = /^[^]*?[\w.]+\.ts\(\d+\)> $/;

/** What is said until the service stands somewhere, without the prompts in between. */
async function stop(client: LineClient): Promise<string[]> {
  const text = await client.take(STOP);
  return text
    .replaceAll(/^:00000009> /gm, "")
    .split("\n")
    .filter(Boolean);
}

async function say(client: LineClient, line: string): Promise<string[]> {
  client.write(`${line}\n`);
  return stop(client);
}

async function attach(client: LineClient, line = "debug 9"): Promise<void> {
  client.write(`${line}\n`);
  await client.take(ATTACHED);
}

bothWays(
  "a service stops at its next message, and its variables are seen and set",
  async (t, threads) => {
    const { open, says } = await outside(t, FILES, threads);
    const [client, caller] = [await open(), await open()];
    await attach(client);
    const added = caller.run(`call 9 "add", 5`);
    deepEqual(await stop(client), ["main.ts:21: return command[name](n);", "main.ts(21)> "]);
    deepEqual(await say(client, "s"), ["main.ts:8: const before = count;", "main.ts(8)> "]);
    deepEqual(await say(client, "n"), ["main.ts:9: count += twice(n);", "main.ts(9)> "]);
    deepEqual(await say(client, "s"), [
      "twice.ts:6: const factor = Number(Factor.two);",
      "twice.ts(6)> ",
    ]);
    deepEqual(await say(client, "bt"), [
      ...["twice twice.ts:6", "add main.ts:9", "(anonymous) main.ts:21"],
      "twice.ts(6)> ",
    ]);
    const next = ["main.ts:10: return skynet.values(before, count);", "main.ts(10)> "];
    deepEqual(await say(client, "o"), next);
    deepEqual(await say(client, "before + n"), ["5", "main.ts(10)> "]);
    deepEqual(await say(client, "before = 7"), ["7", "main.ts(10)> "]);
    deepEqual(await say(client, "count = { a: [1] }"), ["{ a: [ 1 ] }", "main.ts(10)> "]);
    client.write("cont\n");
    equal(await client.take(/^[^]*?<CMD OK>\n/), "detached\n<CMD OK>\n");
    deepEqual(await added, ["1\t7", "2\ta:[ 1 ]", "n\t2", "<CMD OK>"]);
    await says("Attach to :00000009");
    await says("Leave debug mode : detached");
  },
);

/** Attaches, lets another client call, and waits for the stop in `later`. */
async function stopped(
  client: LineClient,
  caller: LineClient,
  call: string,
): Promise<Promise<string[]>[]> {
  await attach(client);
  const answer = caller.run(call);
  await stop(client);
  return [answer];
}

bothWays(
  "a step leads over an await, and a step out of the handler to the next message",
  async (t, threads) => {
    const { open } = await outside(t, FILES, threads);
    const [client, caller] = [await open(), await open()];
    const [later] = await stopped(client, caller, `call 9 "later", 3`);
    await say(client, "s");
    deepEqual(await say(client, "n"), ["main.ts:14: await skynet.sleep(1);", "main.ts(14)> "]);
    deepEqual(await say(client, "n"), [
      "main.ts:15: return skynet.values(text, n);",
      "main.ts(15)> ",
    ]);
    deepEqual(await say(client, "text = 'changed'"), ["'changed'", "main.ts(15)> "]);
    client.write("c\n");
    deepEqual(await later, ["1\tchanged", "2\t3", "n\t2", "<CMD OK>"]);
    const added = caller.run(`call 9 "add", 1`);
    deepEqual(await stop(client), ["main.ts:21: return command[name](n);", "main.ts(21)> "]);
    client.write("cont\n");
    deepEqual(await added, ["1\t0", "2\t2", "n\t2", "<CMD OK>"]);
  },
);

bothWays("variables are listed, and statements and errors are no harm", async (t, threads) => {
  const { open } = await outside(t, FILES, threads);
  const [client, caller] = [await open(), await open()];
  const [added] = await stopped(client, caller, `call 9 "add", 2`);
  await say(client, "s");
  const listed = await say(client, "locals");
  deepEqual(
    listed.filter((line) => /^(local n|captured (count|twice))/.test(line)),
    ["local n = 2", "captured twice = [Function: twice]", "captured count = 0"],
  );
  deepEqual(await say(client, "nothing"), [
    "ReferenceError: nothing is not defined",
    "main.ts(8)> ",
  ]);
  match((await say(client, "1 +"))[0] ?? "", /^SyntaxError: /);
  deepEqual(await say(client, "if (n === 2) n = 4;"), ["4", "main.ts(8)> "]);
  match((await say(client, "for (;;);"))[0] ?? "", /Execution was terminated/);
  match((await say(client, "?"))[0] ?? "", /^s: step into/);
  client.write("cont\n");
  deepEqual(await added, ["1\t0", "2\t8", "n\t2", "<CMD OK>"]);
});

bothWays("watch chooses the protocol whose messages stop the service", async (t, threads) => {
  const { open } = await outside(t, FILES, threads);
  const [client, caller] = [await open(), await open()];
  await attach(client);
  client.write("watch txt\n");
  await client.take(/^no protocol txt; did you mean "text"\?: this service knows .*\n:00000009> /);
  client.write("watch text\n");
  await client.take(/^:00000009> /);
  deepEqual(await caller.run(`call 9 "add", 2`), ["1\t0", "2\t4", "n\t2", "<CMD OK>"]);
  client.write('watch("lua")\n');
  await client.take(/^:00000009> /);
  const added = caller.run(`call 9 "add", 2`);
  await stop(client);
  client.write("cont\n");
  deepEqual(await added, ["1\t4", "2\t8", "n\t2", "<CMD OK>"]);
});

bothWays(
  "commands that are piped in wait for the stop, and what follows them is the console's",
  async (t, threads) => {
    const { open } = await outside(t, FILES, threads);
    const [client, caller] = [await open(), await open()];
    client.write("debug 9\ns\nn\nbefore + 1\ncont\ngetenv thread\n");
    await client.take(ATTACHED);
    await caller.run(`call 9 "add", 1`);
    match(
      await client.take(/^[^]*?<CMD OK>\n[^]*?<CMD OK>\n/),
      /> 1\n[^]*detached\n<CMD OK>\nthread\t\d\n<CMD OK>\n$/,
    );
  },
);

bothWays("the service goes on at the deadline", async (t, threads) => {
  const { open } = await outside(t, FILES, threads);
  const [client, caller] = [await open(), await open()];
  await attach(client, "debug 9 2");
  const began = performance.now();
  const added = caller.run(`call 9 "add", 1`);
  await stop(client);
  deepEqual(await added, ["1\t0", "2\t2", "n\t2", "<CMD OK>"]);
  ok(performance.now() - began < 5000);
  match(await client.take(/^[^]*?<CMD OK>\n/), /2 s are over\n<CMD OK>\n$/);
  deepEqual(await client.run("getenv thread"), [`thread\t${threads}`, "<CMD OK>"]);
});

bothWays("the service goes on when the operator's connection ends", async (t, threads) => {
  const { open, says } = await outside(t, FILES, threads);
  const [client, caller] = [await open(), await open()];
  const [added] = await stopped(client, caller, `call 9 "add", 1`);
  client.close();
  deepEqual(await added, ["1\t0", "2\t2", "n\t2", "<CMD OK>"]);
  await says("Leave debug mode : the client has gone");
  await attach(caller);
});

test("a service that ends while it is waited for ends the debugger", async (t) => {
  const { open } = await outside(t, FILES);
  const [client, other] = [await open(), await open()];
  await attach(client);
  equal(
    (await other.run("debug 9")).at(0),
    "ERR_ARGUMENT: :00000009 is being debugged on this thread",
  );
  await other.run("kill 9");
  equal(await client.take(/^[^]*?<CMD OK>\n/), "the service has ended\n<CMD OK>\n");
  deepEqual(await client.run("getenv thread"), ["thread\t0", "<CMD OK>"]);
});

test("while a thread stands still, a command that needs it says so", async (t) => {
  const { open } = await outside(t, FILES, 1);
  const [client, caller, other] = [await open(), await open(), await open()];
  const [added] = await stopped(client, caller, `call 9 "add", 1`);
  const silence = `ERR_TIMEOUT: nothing was done: thread 1 does not answer within ${CONSOLE_ANSWER_MS} ms`;
  deepEqual(await other.run("info 9"), [
    `${silence}; :00000009 is being debugged there`,
    "<CMD Error>",
  ]);
  deepEqual(await other.run("signal 9"), [
    "can't be interrupted : a debugger holds its thread",
    "<CMD OK>",
  ]);
  client.write("cont\n");
  await added;
});

test("what can't be debugged is refused with the reason", async (t) => {
  const { open, port } = await outside(t, FILES);
  const client = await open();
  const refusals = {
    "debug 8": "ERR_ARGUMENT: the console can't debug itself",
    "debug 9 0": "ERR_ARGUMENT: 0 is no number of seconds above 0, at most 600",
    [`debug 9 ${DEBUG_SECONDS_MAX + 1}`]: `ERR_ARGUMENT: ${DEBUG_SECONDS_MAX + 1} is no number of seconds above 0, at most 600`,
  };
  for (const [line, reason] of Object.entries(refusals)) {
    deepEqual(await client.run(line), [reason, "<CMD Error>"]);
  }
  const { body } = await fetchJson(port, "/debug/6");
  match(body, /debug needs a connection that talks in lines, not HTTP/);
  await attach(client, `debug 9 ${DEBUG_SECONDS_MAX}`);
});

test("the command line's connection shows what the debugger asks, and passes on what is answered", async (t) => {
  const { port } = await outside(t, FILES);
  const connection = await ConsoleConnection.open({ host: "127.0.0.1", port });
  t.after(() => connection.close());
  const lines: string[] = [];
  let isOk: Promise<boolean> | undefined;
  const prompt = await new Promise<string>((resolve) => {
    isOk = connection.ask("debug 9", (line) => lines.push(line), resolve);
  });
  equal(prompt, ":00000009> ");
  connection.reply("cont");
  equal(await isOk, true);
  deepEqual(lines.slice(1), [":00000009> detached", "<CMD OK>"]);
});

test("while a service of a worker thread stands still, the console and other threads go on", async (t) => {
  const { open } = await outside(t, FILES, 1);
  const [client, caller, other] = [await open(), await open(), await open()];
  const [added] = await stopped(client, caller, `call 9 "add", 1`);
  equal((await other.run("ping 4")).at(-1), "<CMD OK>");
  equal(
    (await other.run("debug 9"))[0],
    "ERR_ARGUMENT: :00000009 is being debugged on this thread",
  );
  client.write("cont\n");
  deepEqual(await added, ["1\t0", "2\t2", "n\t2", "<CMD OK>"]);
});
