/**
 * A node of ours between two real nodes of skynet: what one asks the other goes through it. Runs where `SKYNET` names a folder in which
 * skynet is built, as skynet.test.ts does.
 */

import { deepEqual, match } from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";
import { freePort } from "./free-port.ts";
import { CALLER, clusterOf, placeOf } from "./pair.ts";
import {
  ECHO_LUA,
  PING,
  PING_LUA,
  resultsIn,
  SERVER_LUA,
  SKYNET_OPTIONS,
  startSkynet,
  TRY_LUA,
} from "./real-skynet.ts";

/** A service of the node between, which asks the far one in its own words. */
const BETWEEN = `
  import { cluster, skynet } from "snax";
  const command = {
    CALL: (...values) => cluster.call("db", "@echo", "E", ...values),
    PING: async (value) => (await cluster.snax("db", "ping")).req.ping(value),
    HELLO: async () => {
      const p = await cluster.snax("db", "ping");
      p.post.hello();
      return p.req.count();
    },
    FAIL: () => cluster.call("db", "@echo", "BOOM"),
  };
  skynet.start(async () => {
    skynet.dispatch("lua", (_session, _source, key, ...values) => command[key](...values));
    await cluster.register("between");
  });
`;

const CLIENT_LUA = `
  local skynet = require "skynet"
  local cluster = require "skynet.cluster"
  ${TRY_LUA}
  skynet.start(function()
    cluster.reload { ours = skynet.getenv "place" }
    try("through a service", cluster.call, "ours", "@between", "CALL", "a", 1, 1.5, true)
    try("table", cluster.call, "ours", "@between", "CALL", {1, 2})
    try("snax of a service", cluster.call, "ours", "@between", "PING", "hello")
    try("posts of a service", cluster.call, "ours", "@between", "HELLO")
    try("throws there", cluster.call, "ours", "@between", "FAIL")
    try("through a proxy", cluster.call, "ours", "@far", "E", "by proxy", 2, nil, {3})
    try("nothing through it", cluster.call, "ours", "@far", "EMPTY")
    for _, n in ipairs { 32761, 32762, 32763, 100000, 1000000 } do
      try("size " .. n, function() return #cluster.call("ours", "@far", "E", string.rep("q", n)) end)
    end
    local p = cluster.proxy("ours", "@far")
    try("proxy of a proxy", skynet.call, p, "lua", "E", "twice")
    cluster.send("ours", "@far", "PUT", string.rep("p", 50000))
    cluster.send("ours", "@far", "PUT", 1)
    cluster.send("ours", "@far", "PUT", 2)
    -- skynet's own sender lets small ones pass large ones.
    local got
    repeat got = cluster.call("ours", "@far", "GOT") until #got == 3
    table.sort(got)
    try("pushes", function() return got end)
    try("throws behind", cluster.call, "ours", "@far", "BOOM")
    local s = cluster.snax("ours", "ping", "@farping")
    try("snax behind", s.req.ping, "hello")
    s.post.hello()
    try("posts behind", s.req.count)
    local done = 0
    for i = 1, 500 do
      skynet.fork(function()
        local long = i % 25 == 0 and string.rep("l", 90000) or ""
        local n, l = cluster.call("ours", "@far", "E", i, long)
        if n == i and #l == #long then done = done + 1 end
      end)
    end
    for _ = 1, 3000 do if done < 500 then skynet.sleep(1) end end
    print("RESULT at once: " .. done)
    skynet.trace "here"
    cluster.call("ours", "@far", "E", "traced by proxy")
    cluster.call("ours", "@between", "CALL", "traced by a service")
    print "RESULT END"
  end)
`;

test(
  "one node of skynet asks another one through a node of ours, and a trace has one tag",
  SKYNET_OPTIONS,
  async (t) => {
    const far = `127.0.0.1:${await freePort()}`;
    const lua = { "echo.lua": ECHO_LUA, "ping.lua": PING_LUA };
    const server = await startSkynet(
      t,
      { ...lua, "main.lua": SERVER_LUA },
      { place: `"${far}"` },
      "skynet is there",
    );
    const ours = await world(
      t,
      { between: BETWEEN, caller: CALLER, ping: PING },
      { node: "ours", cluster: { skynet: { open: 0, nodes: { db: far } } } },
    );
    await ours.skynet.newservice("between");
    const here = clusterOf(await ours.make("caller"));
    await here.register("far", await here.proxy("db", "@echo"));
    await here.register("farping", await here.proxy("db", "@ping"));
    const client = await startSkynet(
      t,
      { ...lua, "main.lua": CLIENT_LUA },
      { place: `"${await placeOf(ours)}"` },
      "RESULT END",
    );
    deepEqual(resultsIn(client.text()), [
      "through a service: true {a,1,1.5,true}",
      "table: true {1,2}",
      "snax of a service: true hello",
      "posts of a service: true 1",
      "throws there: false call failed",
      "through a proxy: true by proxy 2 nil {3}",
      "nothing through it: true",
      ...[32761, 32762, 32763, 100_000, 1_000_000].map((size) => `size ${size}: true ${size}`),
      "proxy of a proxy: true twice",
      "pushes: true {1,2,50000}",
      "throws behind: false call failed",
      "snax behind: true hello",
      "posts behind: true 2",
      "at once: 500",
      "END",
    ]);
    const tag = /<TRACE (:[0-9a-f]{8}-1)>/.exec(client.text())?.[1] ?? "";
    match(tag, /^:/);
    // The node that begins a trace puts its name before the tag; no node after it changes that.
    const tags = (text: string): string[] => [
      ...new Set([...text.matchAll(/<TRACE ([^>]*)>/g)].map(([, each]) => each ?? "")),
    ];
    const middle = tags((await ours.log()).join("\n"));
    match(middle[0] ?? "", new RegExp(`^\\(\\S+-ours-\\d+\\)${tag}$`));
    deepEqual(tags(server.text()), middle);
  },
);
