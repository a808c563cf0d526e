/** A node that does not read its answers gets no more of them, and is cut off when too many wait; others notice nothing. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { encodeRequest } from "../../../src/cluster/wire/skynet-frame.ts";
import { encodeSeri } from "../../../src/wire/lua-seri.ts";
import { pair } from "./pair.ts";

function dial(t: TestContext, place: string): Socket {
  const [host, port] = place.split(":");
  const socket = connect(Number(port), host);
  socket.on("error", () => {});
  socket.pause();
  t.after(() => socket.destroy());
  return socket;
}

const request = (session: number, ...values: unknown[]): Buffer =>
  encodeRequest("@echo", session, encodeSeri(values), session === 0);

test("requests behind unread answers wait until those are read", async (t) => {
  const { db, cluster, place } = await pair(t);
  await db.skynet.newservice("echo");
  const socket = dial(t, place);
  socket.write(Buffer.concat([request(1, "BIG", 16 << 20), request(0, "PUT", "before")]));
  while ((await cluster.call<unknown[]>("db", "@echo", "GOT")).length < 1);
  socket.write(request(0, "PUT", "behind"));
  for (let n = 0; n < 50; n++) await cluster.call("db", "@echo", "ONE", n);
  deepEqual(await cluster.call("db", "@echo", "GOT"), [["before"]]);
  socket.resume();
  while ((await cluster.call<unknown[]>("db", "@echo", "GOT")).length < 2);
  deepEqual(await cluster.call("db", "@echo", "GOT"), [["before"], ["behind"]]);
});

test("more than CLUSTER_UNSENT_MAX of unread answers cut the connection", async (t) => {
  const { db, cluster, place } = await pair(t);
  await db.skynet.newservice("echo");
  const socket = dial(t, place);
  const wave = Array.from({ length: 200 }, (_, n) => request(n + 1, "BIG", 1 << 20));
  socket.write(Buffer.concat(wave));
  const isCut = (state: any): boolean => state.refused["unread answers"] === 1;
  let state: any;
  do state = await db.skynet.call(".clusterd", "debug", "INFO");
  while (!isCut(state));
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  socket.resume();
  await once(socket, "close");
  ok(socket.destroyed);
});
