/** A node that drains: what is open is answered, then others hear its goodbye, and it ends in order. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { get } from "node:http";
import { test } from "node:test";
import { codeOfFailure, failureOf, world, writeFiles } from "../../world.ts";
import { desk } from "../console/console-client.ts";
import { snax, startSnax } from "../process.ts";
import { linkedPair, linkPlaceOf, startClient, startDb, TOKEN } from "./links.ts";
import { CALLER, clusterOf, ECHO } from "./pair.ts";

/** Answers WAIT when a message says GO. */
const SLOW = `
  import { cluster, skynet } from "snax";
  let go = () => {};
  skynet.start(async () => {
    skynet.dispatch("lua", (_session, _source, what) => {
      if (what === "GO") return go();
      if (what === "WAIT") return new Promise((done) => { go = () => done("done"); });
      return what;
    });
    await cluster.register("slow");
  });
`;

/** Tells what happens to \`db\`. */
const WATCHER = `
  import { cluster } from "snax";
  const events = [];
  let notice = () => {};
  export const response = {
    async watch() { await cluster.monitor("db", ({ state, reason }) => { events.push(state + (reason === undefined ? "" : ": " + reason)); notice(); }); },
    async downs() { while (!events.some((event) => event.startsWith("down"))) await new Promise((done) => { notice = done; }); return events; },
  };
`;

const SILENT = { deadAfter: 60_000 };

function readiness(port: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    get(`http://127.0.0.1:${port}/readyz`, { agent: false }, (reply) => {
      let body = "";
      reply.on("data", (chunk: Buffer) => (body += chunk.toString()));
      reply.on("end", () => resolve({ status: reply.statusCode, body }));
    }).on("error", reject);
  });
}

for (const manner of ["SIGTERM", "snax drain"] as const) {
  test(`${manner}: what is open is answered, then comes the goodbye, and the exit code is 0`, async (t) => {
    const config = {
      ...{ thread: 1, node: "db", start: "slow", services: "./?.ts", metrics: 0, console: 0 },
      cluster: { listen: 0, token: TOKEN, ...SILENT },
    };
    const text = `export default ${JSON.stringify(config)}`;
    const folder = writeFiles(t, { slow: SLOW, "snax.config.ts": text });
    const db = startSnax(["start"], folder);
    t.after(() => db.child.kill("SIGKILL"));
    let log = "";
    db.child.stdout?.on("data", (chunk: Buffer) => (log += chunk.toString()));
    await db.says("Register [slow]");
    await db.says("for health and metrics");
    const placeIn = (start: string): string =>
      new RegExp(`${start} (127\\.0\\.0\\.1:\\d+)`).exec(log)?.[1] ?? "";
    const { client, cluster } = await startClient(t, placeIn("come in at"), SILENT);
    const watcher = await (
      await world(
        t,
        { watcher: WATCHER },
        {
          node: "watcher",
          cluster: { nodes: { db: placeIn("come in at") }, token: TOKEN, ...SILENT },
        },
      )
    ).make("watcher");
    await watcher.req.watch();
    const waiting = cluster.call("db", "@slow", "WAIT");
    equal(await cluster.call("db", "@slow", "here"), "here");
    if (manner === "SIGTERM") db.child.kill("SIGTERM");
    else {
      const place = placeIn("Start debug console at");
      equal((await snax(["drain", "--console", place], folder)).code, 0);
    }
    const metrics = /Listen on \S+?:(\d+) for/.exec(log)?.[1] ?? "";
    let ready = await readiness(metrics);
    while (ready.status === 200) ready = await readiness(metrics);
    deepEqual([ready.status, JSON.parse(ready.body).reason], [503, "draining"]);
    // What is open is answered, and pushes arrive; new calls are for another node.
    const away = await failureOf(cluster.call("db", "@slow", "x"));
    deepEqual([away.code, away.data], ["ERR_NODE_DOWN", { node: "db", sent: false }]);
    const query = await failureOf(cluster.query("db", "slow"));
    deepEqual([query.code, query.data], ["ERR_NODE_DOWN", { node: "db", sent: false }]);
    await cluster.send("db", "@slow", "GO");
    equal(await waiting, "done");
    deepEqual(await watcher.req.downs(), [
      "up",
      "down: it has ended the link: the node is stopping",
    ]);
    match(await codeOfFailure(cluster.call("db", "@slow", "x")), /^ERR_NODE_(UNREACHABLE|DOWN)$/);
    equal((await db.ended).code, 0);
    ok(client.skynet.localname(".clusterd") !== undefined);
  });
}

test("what takes longer than drain is cut off, counted, and told as sent", async (t) => {
  const db = await startDb(t, { slow: SLOW }, SILENT, { drain: 30 });
  const { cluster } = await startClient(t, await linkPlaceOf(db), SILENT);
  await db.skynet.newservice("slow");
  const waiting = failureOf(cluster.call("db", "@slow", "WAIT"));
  equal(await cluster.call("db", "@slow", "here"), "here");
  await db.drain();
  const failure = await waiting;
  deepEqual([failure.code, failure.data], ["ERR_NODE_DOWN", { node: "db", sent: true }]);
  ok(db.readLog().includes("1 calls of other nodes are cut off: they took more than 30 ms, drain"));
});

test("services may call other nodes in their exit, after the goodbye", async (t) => {
  const { place } = await linkedPair(t);
  const leaver = await world(
    t,
    {
      leaver: `
        import { cluster } from "snax";
        export const response = { hello: () => cluster.call("db", "@echo", "ONE", 1).catch((error) => error.code) };
        export async function exit() { console.log("exit: " + (await cluster.call("db", "@nobody", "ONE", 1).catch((error) => error.code))); }
      `,
    },
    { node: "leaver", cluster: { listen: 0, nodes: { db: place }, token: TOKEN } },
  );
  await leaver.make("leaver");
  await leaver.drain();
  match(leaver.readLog(), /exit: ERR_NO_SERVICE/);
});

test("with an engine a node that has drained is no member any more", async (t) => {
  const engine = `memory://drain-${process.pid}`;
  const files = { echo: ECHO, caller: CALLER };
  const start = (node: string) =>
    world(t, files, { node, cluster: { listen: 0, token: TOKEN, engine, ...SILENT } });
  const [a, b] = [await start("a"), await start("b")];
  const cluster = clusterOf(await a.make("caller"));
  await b.skynet.newservice("echo");
  while ((await codeOfFailure(cluster.call("b", "@echo", "ONE", 1))) === "ERR_NODE_UNKNOWN");
  equal(await cluster.call("b", "@echo", "ONE", 1), 1);
  await b.drain();
  equal(await codeOfFailure(cluster.call("b", "@echo", "ONE", 1)), "ERR_NODE_UNKNOWN");
  const c = await start("c");
  await c.stop();
  const { members } = await a.skynet.call<any>(".clusterd", "debug", "INFO");
  deepEqual(members, {});
});

test("a node alone drains at once; getenv shows nothing of a cluster", async (t) => {
  const node = await desk(t, {}, { cluster: { token: TOKEN } });
  deepEqual(await node.ask("getenv cluster"), ["cluster\t(secret)", "<CMD OK>"]);
  deepEqual(await node.ask("drain"), ["<CMD OK>"]);
  await node.stopped;
});
