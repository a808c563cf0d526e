/** Links over TLS: both sides have a certificate of the cluster's CA, or there is no link. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { connect } from "node:tls";
import { CERTIFICATE, KEY } from "../net/certificate.ts";
import { failureOf, world } from "../../world.ts";
import { linkPlaceOf, startClient, TOKEN } from "./links.ts";
import { ECHO } from "./pair.ts";

// It has signed itself, so it is its own CA.
const tls = { ca: CERTIFICATE, cert: CERTIFICATE, key: KEY };

test("two nodes with certificates of one CA are linked, with a token besides and without", async (t) => {
  for (const token of [undefined, TOKEN]) {
    const keys = { tls, ...(token !== undefined && { token }) };
    const db = await world(t, { echo: ECHO }, { node: "db", cluster: { listen: 0, ...keys } });
    await db.skynet.newservice("echo");
    const client = await world(
      t,
      {
        main: `import { cluster } from "snax"; export const response = { call: (...args) => cluster.call(...args) };`,
      },
      { node: "client", cluster: { nodes: { db: await linkPlaceOf(db) }, ...keys } },
    );
    const main = await client.make("main");
    const large = "x".repeat(300_000);
    equal(await main.req.call("db", "@echo", "ONE", large), large);
    deepEqual(await main.req.call("db", "@echo", "ONE", { a: [1] }), { a: [1] });
  }
});

test("a node without a certificate, without TLS, or without the token besides gets no link", async (t) => {
  const db = await world(
    t,
    { echo: ECHO },
    { node: "db", cluster: { listen: 0, tls, token: TOKEN } },
  );
  await db.skynet.newservice("echo");
  const place = await linkPlaceOf(db);
  const { cluster: plain } = await startClient(t, place);
  const first = await failureOf(plain.call("db", "@echo", "ONE", 1));
  deepEqual([first.code, first.data], ["ERR_NODE_UNREACHABLE", { node: "db", sent: false }]);
  const { cluster: other } = await startClient(t, place, { tls, token: "another token of others" });
  match((await failureOf(other.call("db", "@echo", "ONE", 1))).message, /wrong token/);
  const stranger = connect({ port: Number(place.split(":")[1]), rejectUnauthorized: false });
  stranger.on("error", () => {});
  stranger.resume();
  await new Promise((resolve) => stranger.on("close", resolve));
  const { cluster } = await startClient(t, place, { tls });
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
});
