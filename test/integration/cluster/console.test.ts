/** The console's `cluster`: nodes, connections, names, refusals. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { desk } from "../console/console-client.ts";
import { codeOfFailure } from "../../world.ts";
import { CALLER, clusterOf, ECHO, placeOf } from "./pair.ts";

test("cluster shows nodes, connections, names and refusals; nothing, where there is no cluster", async (t) => {
  const none = await desk(t, {});
  deepEqual(await none.ask("cluster"), ["<CMD OK>"]);
  equal(none.skynet.localname(".clusterd"), undefined);

  const files = { echo: ECHO, caller: CALLER };
  const db = await desk(t, files, { cluster: { skynet: { open: 0 } } });
  const place = await placeOf(db);
  const client = await desk(t, files, {
    cluster: { skynet: { nodes: { db: place, old: false } } },
  });
  const echo = await db.skynet.newservice("echo");
  const cluster = clusterOf(await client.make("caller"));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  equal(await codeOfFailure(cluster.call("db", ".launcher", "LIST")), "ERR_FORBIDDEN");
  const there = await db.ask("cluster");
  deepEqual(
    there.map((line) => line.replace(/client 127\.0\.0\.1:\d+/, "client X")),
    ["client X\tcalls:0\ttransfers:0", `name @echo\t${echo}`, "refused not exposed\t1", "<CMD OK>"],
  );
  deepEqual(await client.ask("cluster"), [
    `node db\tcalls:0\tisConnected:true\tplace:${place}\tqueued:0`,
    "node old\tplace:false",
    "<CMD OK>",
  ]);
});
