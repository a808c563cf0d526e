/** Two nodes of one process that have a link: `db`, which listens, and `client`, which calls. */

import type { TestContext } from "node:test";
import type { Config } from "snax";
import type { Files, World } from "../../world.ts";
import { world } from "../../world.ts";
import type { Pair } from "./pair.ts";
import { CALLER, clusterOf, ECHO } from "./pair.ts";

/** What the nodes of the tests know. */
export const TOKEN = "the token of the tests";

/** Where a node takes links, as its log tells. */
export async function linkPlaceOf(node: World): Promise<string> {
  const lines = await node.log();
  const line = lines.findLast((text) => text.startsWith("links of other nodes come in at "));
  if (line === undefined) throw new Error("the node does not listen");
  return line.replace("links of other nodes come in at ", "");
}

/** Starts `db`. @param cluster - keys besides */
export async function startDb(
  t: TestContext,
  files: Files = {},
  cluster: object = {},
  config: Config = {},
): Promise<World> {
  const all = { echo: ECHO, caller: CALLER, ...files };
  return await world(t, all, {
    ...{ node: "db", ...config },
    cluster: { listen: 0, token: TOKEN, ...cluster },
  });
}

/** Starts a node that calls `db`. @param cluster - keys besides */
export async function startClient(
  t: TestContext,
  place: string,
  cluster: object = {},
  config: Config = {},
): Promise<Pick<Pair, "client" | "caller" | "cluster">> {
  const client = await world(
    t,
    { caller: CALLER, echo: ECHO },
    { node: "client", ...config, cluster: { nodes: { db: place }, token: TOKEN, ...cluster } },
  );
  const caller = await client.make("caller");
  return { client, caller, cluster: clusterOf(caller) };
}

/** Starts both. @param files - of `db`, beside `echo` and `caller` */
export async function linkedPair(
  t: TestContext,
  files: Files = {},
  cluster: object = {},
): Promise<Pair> {
  const db = await startDb(t, files, cluster);
  const place = await linkPlaceOf(db);
  return { db, place, ...(await startClient(t, place, cluster)) };
}
