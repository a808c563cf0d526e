/** Deadlines of connections that are longer than Node's own timers know, and invalid ones. */

import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import { world } from "../../world.ts";

const NODE_MAX_MS = 0x7fffffff;

const MAIN = `
  import { httpd, skynet, socket, socketchannel } from "snax";
  const failureOf = async (run) => { try { await run(); return "ok"; } catch (e) { return e.code + " " + e.message; } };
  export const response = {
    async open(port: number, deadlineMs: number) {
      // Server that says nothing until it is told to: a deadline that is over at once comes first.
      const opening = failureOf(() => socket.open({ host: "127.0.0.1", port, tls: true, deadlineMs }));
      await skynet.sleep(20);
      return { state: await Promise.race([opening, skynet.sleep(0).then(() => "waits")]) };
    },
    listen(requestMs: number) {
      return failureOf(() => httpd.listen({ port: 0, requestMs }, () => "hello"));
    },
    serve: async (requestMs: number) => (await httpd.listen({ port: 0, requestMs }, () => "hello")).port,
    channel(deadlineMs: number) {
      return failureOf(async () => socketchannel.channel({ host: "127.0.0.1", port: 1, deadlineMs }));
    },
  };
`;

test("an attempt to connect with a deadline beyond 24.8 days, or without one, waits", async (t) => {
  const peers: Socket[] = [];
  const server = createServer((peer) => peers.push(peer.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const peer of peers) peer.destroy();
    server.close();
  });
  const { make } = await world(t, { main: MAIN });
  const main = await make("main");
  const { port } = server.address() as AddressInfo;
  for (const ms of [NODE_MAX_MS, NODE_MAX_MS + 1, 10 * NODE_MAX_MS, Infinity]) {
    assert.deepEqual(await main.req.open(port, ms), { state: "waits" }, `${ms} ms`);
  }
});

test("an invalid time is refused where the connection is asked for", async (t) => {
  const { make } = await world(t, { main: MAIN });
  const main = await make("main");
  for (const ms of [Number.NaN, 0, -1, "5"]) {
    const { state } = (await main.req.open(1, ms)) as { state: string };
    assert.match(state, /^ERR_ARGUMENT /, `open, ${ms}`);
  }
  for (const ms of [Number.NaN, -1, "5"]) {
    assert.match((await main.req.channel(ms)) as string, /^ERR_ARGUMENT /, `channel, ${ms}`);
    assert.match((await main.req.listen(ms)) as string, /^ERR_ARGUMENT /, `listen, ${ms}`);
  }
  assert.deepEqual(await main.req.channel(Infinity), "ok");
});

test("an HTTP port takes any time for a request to arrive, also none", async (t) => {
  const { make } = await world(t, { main: MAIN });
  const main = await make("main");
  for (const ms of [NODE_MAX_MS + 1, 20 * NODE_MAX_MS, Infinity, 1.5]) {
    const port = (await main.req.serve(ms)) as number;
    const page = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await page.text(), "hello", `${ms} ms`);
  }
});
