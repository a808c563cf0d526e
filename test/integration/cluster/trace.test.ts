/** A trace goes on at the other node, under one tag that says the way. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import {
  decodeAnswer,
  encodeRequest,
  encodeTrace,
} from "../../../src/cluster/wire/skynet-frame.ts";
import { FrameSplitter } from "../../../src/wire/frame-splitter.ts";
import { encodeSeri } from "../../../src/wire/lua-seri.ts";
import type { World } from "../../world.ts";
import { clusterOf, pair } from "./pair.ts";

const TRACER = `
  import { cluster, skynet } from "snax";
  export const response = {
    async traced(address) {
      skynet.trace("here");
      await cluster.call("db", address, "ONE", 1);
      return await cluster.call("db", address, "ONE", 2);
    },
  };
`;

async function traceOf(node: World): Promise<string[]> {
  return (await node.log()).filter((line) => line.startsWith("<TRACE "));
}

/** The tags in lines of traces, each once. */
function tagsIn(lines: readonly string[]): string[] {
  return [...new Set(lines.map((line) => /^<TRACE ([^>]*)>/.exec(line)?.[1] ?? ""))];
}

test("a traced call is followed at the other node; its tag has the session after its own", async (t) => {
  const { db, client } = await pair(t, { tracer: TRACER });
  await db.skynet.newservice("echo");
  const tracer = await client.make("tracer");
  equal(await tracer.req.traced("@echo"), 2);
  const tag = tagsIn(await traceOf(client))[0] ?? "";
  match(tag, /^:[0-9a-f]{8}-1$/);
  const there = await traceOf(db);
  deepEqual(tagsIn(there), [`(client-db-2)${tag}`, `(client-db-3)${tag}`]);
  const events = there.map((line) => line.replace(/^<TRACE [^>]*> \d+ /, "").replace(/ : .*/, ""));
  deepEqual(events.slice(0, 5), ["call", "request", "response", "end", "resume"]);
});

test("one tag goes through three nodes", async (t) => {
  const { db, client, caller, place } = await pair(t, { tracer: TRACER });
  await db.skynet.newservice("echo");
  const there = clusterOf(caller);
  await there.register("far", await there.proxy("db", "@echo"));
  const middle = await there.open(0);
  const tracer = await db.make("tracer");
  const home = clusterOf(await db.make("caller"));
  await home.reload({ db: `127.0.0.1:${middle.port}` });
  equal(await tracer.req.traced("@far"), 2);
  ok(place !== "");
  const tags = tagsIn(await traceOf(client));
  equal(tags.length, 2);
  match(tags[0] ?? "", /^\(db-db-2\):[0-9a-f]{8}-1$/);
  // The tag is not changed on its second way.
  ok(tagsIn(await traceOf(db)).includes(tags[0] ?? "none"));
});

test("a tag belongs to the frame behind it alone, and one that is too long to none", async (t) => {
  const { db, cluster, place } = await pair(t);
  await db.skynet.newservice("echo");
  const [host, port] = place.split(":");
  const socket = connect(Number(port), host);
  t.after(() => socket.destroy());
  const ask = (address: string, session: number): Buffer =>
    encodeRequest(address, session, encodeSeri(["ONE", session]), session === 0);
  socket.write(
    Buffer.concat([
      ...[encodeTrace("(x-db-1)push"), ask("@echo", 0), ask("@echo", 1)],
      ...[encodeTrace("(x-db-1)nobody"), ask("@nobody", 2), ask("@echo", 3)],
      ...[encodeTrace("x".repeat(257)), ask("@echo", 4)],
      ...[encodeTrace("(x-db-9)steers\x1b[2J\nlines"), ask("@echo", 5)],
    ]),
  );
  const splitter = new FrameSplitter(2, 0xffff);
  for (let last = 0; last !== 5;) {
    splitter.push(((await once(socket, "data")) as [Buffer])[0]);
    for (let body = splitter.next(); body !== undefined; body = splitter.next()) {
      last = decodeAnswer(body).session;
    }
  }
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  const lines = await traceOf(db);
  ok(lines.length > 0);
  deepEqual(
    lines.filter((line) => !line.startsWith("<TRACE (x-db-9)steers")),
    [],
  );
});
