/** More clients than a debug console takes: those that do nothing keep no operator out. */

import { deepEqual, equal, match } from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { CONSOLE_CLIENTS_MAX } from "../../../src/base/limits.ts";
import { desk, exchange, LineClient } from "./console-client.ts";

test("as many clients as the limit are served, and one more takes the place of the one that was idle longest", async (t) => {
  const { open, log } = await desk(t, {});
  const clients = [];
  for (let count = 0; count < CONSOLE_CLIENTS_MAX; count += 1) clients.push(await open());
  for (const client of clients) equal((await client.run("ping 7")).at(-1), "<CMD OK>");
  equal((await clients[0]?.run("ping 7"))?.at(-1), "<CMD OK>");
  const newest = await open();
  equal(await clients[1]?.ended(), "too many clients: this one was idle for the longest\n");
  equal((await newest.run("ping 7")).at(-1), "<CMD OK>");
  for (const [index, client] of clients.entries()) {
    if (index !== 1) equal((await client.run("ping 7")).at(-1), "<CMD OK>");
  }
  match((await log()).join("\n"), /was closed : too many clients, and it was idle for the longest/);
});

test("connections that say nothing go before those of operators, however many come", async (t) => {
  const { open, port } = await desk(t, {});
  const operator = await open();
  equal((await operator.run("ping 7")).at(-1), "<CMD OK>");
  const silent = [];
  for (let count = 0; count < CONSOLE_CLIENTS_MAX * 3; count += 1) {
    const client = new LineClient(connect(port, "127.0.0.1"));
    t.after(() => client.close());
    // Every other one begins a request that never ends.
    if (count % 2 === 1) client.write("POST / HTTP/1.1\r\n");
    silent.push(client);
  }
  const second = await open();
  equal((await second.run("ping 7")).at(-1), "<CMD OK>");
  equal((await operator.run("ping 7")).at(-1), "<CMD OK>");
});

test("a client that has not shown the token goes before an operator, whatever it says", async (t) => {
  const { open, port } = await desk(t, {}, { consoletoken: TOKEN });
  const login = async (): Promise<LineClient> => {
    const client = await open();
    deepEqual(await client.run(`auth ${TOKEN}`), ["<CMD OK>"]);
    equal((await client.run("ping 7")).at(-1), "<CMD OK>");
    return client;
  };
  const operator = await login();
  for (let count = 0; count < CONSOLE_CLIENTS_MAX; count += 1) {
    const stranger = new LineClient(connect(port, "127.0.0.1"));
    t.after(() => stranger.close());
    stranger.write("help\n");
    await stranger.take(/^(?:.*\n)*?<CMD Error>\n/);
  }
  equal((await operator.run("ping 7")).at(-1), "<CMD OK>");
  await login();
  equal((await operator.run("ping 7")).at(-1), "<CMD OK>");
});

test("a client whose command runs is not idle: if all of them are like this the next one is told", async (t) => {
  const { log, open, port, skynet } = await desk(t, { slow: SLOW });
  const slow = await skynet.newservice("slow");
  const clients = [];
  for (let count = 0; count < CONSOLE_CLIENTS_MAX; count += 1) clients.push(await open());
  const calls = clients.map((client) => client.run(`call ${slow.toString(16)} "hold"`));
  await skynet.call(slow, "lua", "count", CONSOLE_CLIENTS_MAX);
  equal(await exchange(port, ""), "too many clients\n");
  match((await log()).join("\n"), /:\d+ was turned away : a console takes 64 clients$/m);
  await skynet.call(slow, "lua", "end");
  for (const call of calls) equal((await call).at(-1), "<CMD OK>");
});

const TOKEN = "a-token-that-strangers-do-not-know";

/** Keeps calls waiting, and tells when that number waits. */
const SLOW = `
  import { skynet } from "snax";
  const held: (() => void)[] = [];
  let look = (): void => {};
  skynet.start(() => {
    skynet.dispatch("lua", (_session, _source, what: string, count: number) => {
      if (what === "end") return held.splice(0).forEach((end) => end());
      return new Promise<void>((resolve) => {
        if (what === "hold") held.push(resolve);
        else look = () => { if (held.length === count) resolve(); };
        look();
      });
    });
  });`;
