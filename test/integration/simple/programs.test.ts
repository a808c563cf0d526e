/** The programs of examples/simple beside its node: `npm run client` and `npm run load`. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Ended } from "../process.ts";
import { startNode } from "../process.ts";
import { FROM_SERVER } from "./recorded.ts";
import { simpleNode } from "./simple-node.ts";

const run = (program: string, ...args: string[]): Promise<Ended> =>
  startNode([`examples/simple/dist/client/${program}.js`, ...args], process.cwd()).ended;

test("the load generator counts answers, and its connections leave without a trace", async (t) => {
  const { gatePort, log } = await simpleNode(t, { maxclient: 30 });
  const args = ["--connections", "20", "--in-flight", "3", "--idle", "9", "--seconds", "0.2"];
  const { code, stdout, stderr } = await run("load", ...args, "--json", `127.0.0.1:${gatePort}`);
  deepEqual([code, stderr], [0, ""]);
  const figures = JSON.parse(stdout) as Record<string, number>;
  deepEqual([figures["connections"], figures["inFlight"], figures["idle"]], [20, 3, 9]);
  const { rate = 0, p50 = 0, p99 = 0, max = 0 } = figures;
  ok(rate > 0 && p50 > 0 && p99 >= p50 && max >= p99, stdout);
  // The one that set the key, and the thirty less one that played or waited.
  for (;;) if ((await log()).match(/KILL self/g)?.length === 1 + 1 + 29) break;
});

test("the load generator ends with code 1 when an answer is wrong", async (t) => {
  // The answer to `set` with session 1, then one of session 3, which no request has.
  const answers = [Buffer.from("000415020104", "hex")];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write(answers.shift() ?? FROM_SERVER.world));
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { code, stderr } = await run("load", "--connections", "1", String(port));
  equal(code, 1);
  match(stderr, /^an answer that was not expected: 000d5502010801c4/);
});

test("the example takes as many clients as the load generator opens, and the one that sets the key", () => {
  const numberIn = (file: string, pattern: RegExp): number =>
    Number(pattern.exec(readFileSync(`examples/simple/${file}`, "utf8"))?.[1]);
  const most = numberIn("snax.config.ts", /maxclient: (\d+)/);
  ok(most > numberIn("client/load.ts", /connections: \{ type: "string", default: "(\d+)"/));
});

test("the load generator says that the server takes no more clients, and the server says which clients it turned away", async (t) => {
  const { gatePort, log } = await simpleNode(t, { maxclient: 10 });
  const full = await run("load", "--connections", "30", "--seconds", "0.1", String(gatePort));
  equal(full.code, 1);
  match(
    full.stderr,
    /^the server has closed a connection before it was served: .*maxclient=20000\n$/,
  );
  for (;;) if (/\d+ more were turned away/.test(await log())) break;
  match(await log(), /127\.0\.0\.1:\d+ was turned away : maxclient is 10\n/);
  match(await log(), /\d+ more were turned away : maxclient is 10\n/);
});

test("the load generator plays on when a hot-fix changes the answer, and before it began", async (t) => {
  const { gatePort, node } = await simpleNode(t, { maxclient: 100 });
  const args = ["--connections", "20", "--in-flight", "3", "--seconds", "0.2", String(gatePort)];
  const before = await run("load", ...args);
  deepEqual([before.code, before.stderr], [0, ""]);
  ok(!before.stdout.includes("evening"), before.stdout);
  // New services have it.
  const patch = readFileSync("examples/simple/patches/agent.ts", "utf8");
  await node.snax.hotfixall("agent", patch);
  const after = await run("load", ...args);
  deepEqual([after.code, after.stderr], [0, ""]);
  match(
    after.stdout,
    /^the answers were not "world" all along, but "world, and a good evening to you"$/m,
  );
});

test("where nothing listens, or a place is invalid, the programs say so in one line", async () => {
  for (const program of ["main", "load"]) {
    const refused = await run(program, "127.0.0.1:1");
    deepEqual([refused.code, refused.stderr], [1, "connect ECONNREFUSED 127.0.0.1:1\n"]);
    const wrong = await run(program, "here");
    deepEqual([wrong.code, wrong.stderr], [1, "here is not a port, nor host:port\n"]);
  }
});
