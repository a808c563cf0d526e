/**
 * Beside a real node of skynet, in both directions. Runs where `SKYNET` names a folder in which skynet is built.
 *
 *     git clone https://github.com/cloudwu/skynet && cd skynet && make linux
 *     SKYNET=$PWD npm test -- cluster/skynet
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, world } from "../../world.ts";
import { freePort } from "./free-port.ts";
import { CALLER, clusterOf, ECHO, placeOf } from "./pair.ts";
import {
  ECHO_LUA,
  PING,
  PING_LUA,
  resultsIn,
  SERVER_LUA,
  SKYNET_OPTIONS as OPTIONS,
  startSkynet,
  TRY_LUA,
} from "./real-skynet.ts";

const CLIENT_LUA = `
  local skynet = require "skynet"
  local cluster = require "skynet.cluster"
  local snax = require "skynet.snax"
  ${TRY_LUA}
  local function long(n) return function() return #cluster.call("db", "@echo", "ONE", string.rep("q", n)) end end
  skynet.start(function()
    cluster.reload { db = skynet.getenv "place", __nowaiting = true }
    local h = cluster.query("db", "echo")
    try("query", function() return type(h) end)
    try("values", cluster.call, "db", "@echo", "E", "a", 1, 1.5, true, nil, {1, 2})
    try("by handle", cluster.call, "db", h, "E", "x")
    try("one table", cluster.call, "db", "@echo", "ONE", {1, 2})
    try("empty", cluster.call, "db", "@echo", "EMPTY")
    try("unknown name", cluster.call, "db", "@nobody", "E")
    try("unknown query", cluster.query, "db", "nobody")
    try("throws", cluster.call, "db", "@echo", "BOOM")
    try("launcher", cluster.call, "db", ".launcher", "LIST")
    try("bare handle", cluster.call, "db", 3, "LIST")
    for _, n in ipairs { 32761, 32762, 32763, 65536, 1000000 } do try("size " .. n, long(n)) end
    cluster.send("db", "@echo", "PUT", 1)
    cluster.send("db", "@echo", "PUT", string.rep("p", 50000))
    cluster.send("db", "@nobody", "PUT", 1)
    cluster.call("db", "@echo", "ONE", 1)
    local p = cluster.proxy("db", "@echo")
    try("proxy", skynet.call, p, "lua", "E", "by proxy")
    local s = cluster.snax("db", "ping")
    try("snax req", s.req.ping, "hello")
    s.post.hello()
    try("snax post", s.req.count)
    try("snax hotfix", snax.hotfix, s, "local n function hotfix() n = 5 end")
    local done = 0
    for i = 1, 500 do
      skynet.fork(function() if cluster.call("db", "@echo", "ONE", i) == i then done = done + 1 end end)
    end
    while done < 500 do skynet.sleep(1) end
    print("RESULT at once: " .. done)
    skynet.fork(function() try("dies", cluster.call, "db", "@victim", "NEVER") print "RESULT END" skynet.abort() end)
    skynet.sleep(5)
    cluster.send("db", "@victim", "EXIT")
  end)
`;

test(
  "a client in Lua finds of a node of ours what it finds of a node of skynet",
  OPTIONS,
  async (t) => {
    const db = await world(
      t,
      { echo: ECHO, ping: PING, caller: CALLER },
      { cluster: { skynet: { open: 0 } } },
    );
    await db.skynet.newservice("echo");
    await db.skynet.newservice("echo", "victim");
    const ping = await db.snax.uniqueservice<any>("ping");
    const here = clusterOf(await db.make("caller"));
    await here.register("ping", ping.handle);
    const files = { "main.lua": CLIENT_LUA, "ping.lua": PING_LUA };
    const place = `"${await placeOf(db)}"`;
    const text = (await startSkynet(t, files, { place }, "RESULT END")).text();
    deepEqual(resultsIn(text), [
      "query: true number",
      "values: true a 1 1.5 true nil {1,2}",
      "by handle: true x",
      "one table: true {1,2}",
      "empty: true",
      "unknown name: false call failed",
      "unknown query: false call failed",
      "throws: false call failed",
      "launcher: false call failed",
      "bare handle: false call failed",
      ...[32761, 32762, 32763, 65536, 1_000_000].map((size) => `size ${size}: true ${size}`),
      "proxy: true by proxy",
      "snax req: true hello",
      "snax post: true 1",
      "snax hotfix: false call failed",
      "at once: 500",
      "dies: false call failed",
      "END",
    ]);
    for (const why of [
      "Invalid name",
      "name not found",
      "ERR_REMOTE: boom from the other side",
      "ERR_FORBIDDEN: .launcher is not exposed to other nodes",
      "ERR_PATCH_LANGUAGE: ",
      "ERR_SERVICE_DEAD: ",
    ]) {
      ok(text.includes(why), why);
    }
  },
);

test("our client finds of a node of skynet what it finds of a node of ours", OPTIONS, async (t) => {
  const place = `127.0.0.1:${await freePort()}`;
  const files = { "main.lua": SERVER_LUA, "echo.lua": ECHO_LUA, "ping.lua": PING_LUA };
  await startSkynet(t, files, { place: `"${place}"` }, "skynet is there");
  const client = await world(
    t,
    { caller: CALLER, ping: PING },
    { node: "ours", cluster: { skynet: { nodes: { db: place } } } },
  );
  const caller = await client.make("caller");
  const cluster = clusterOf(caller);
  const handle = await cluster.query("db", "echo");
  deepEqual(await cluster.call("db", handle, "E", "a", 1, 1.5, true, undefined, [1, 2]), [
    "a",
    1,
    1.5,
    true,
    undefined,
    [1, 2],
  ]);
  equal(await cluster.call("db", "@echo", "EMPTY"), undefined);
  for (const size of [32761, 32762, 32763, 65_536, 1_000_000]) {
    equal((await cluster.call<string>("db", "@echo", "E", "q".repeat(size))).length, size);
  }
  const calls = Array.from({ length: 2000 }, (_, n) => [
    ...["db", "@echo", "E"],
    n % 50 === 0 ? "B".repeat(90_000) + n : n,
  ]);
  const answers = (await caller.req.all(calls)) as { value: unknown }[];
  ok(answers.every(({ value }, n) => value === calls[n]?.[3]));
  for (const value of [1, "p".repeat(50_000), 2]) await cluster.send("db", "@echo", "PUT", value);
  const got = await cluster.call<unknown[]>("db", "@echo", "GOT");
  // Skynet lets small pushes pass large ones at its own sender; ours come in order.
  deepEqual(got, [1, 50_000, 2]);
  equal(await codeOfFailure(cluster.call("db", "@nobody", "E")), "ERR_NO_SERVICE");
  const thrown = await failureOf(cluster.call("db", "@echo", "BOOM"));
  deepEqual([thrown.code, thrown.message.endsWith("call failed")], ["ERR_REMOTE", true]);
  equal(await caller.req.viaProxy(await cluster.proxy("db@echo"), "E", "by proxy"), "by proxy");
  const req = (name: string, ...args: unknown[]): Promise<unknown> =>
    caller.req.req("db", "ping", undefined, name, ...args) as Promise<unknown>;
  equal(await req("ping", "hello"), "hello");
  await caller.req.post("db", "ping", undefined, "hello");
  equal(await req("count"), 1);
  const ping = await cluster.call<number>("db", ".service", "QUERY", "snaxd", "ping");
  const patch = "local n function hotfix(v) local o = n n = v return o end";
  deepEqual(await cluster.call("db", ping, 3, patch, 41), [true, 1]);
  equal(await req("count"), 41);
  const dies = codeOfFailure(cluster.call("db", "@victim", "NEVER"));
  await cluster.send("db", "@victim", "EXIT");
  equal(await dies, "ERR_REMOTE");
  equal(await codeOfFailure(cluster.call("db", "@victim", "E")), "ERR_NO_SERVICE");
});
