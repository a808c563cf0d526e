/**
 * The node of examples/simple for a test: its own ports, its log in a file, its clients.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { sproto } from "snax/sproto";
import { Client } from "../../../examples/simple/client/client.ts";
import type { Schemas } from "../../../examples/simple/client/client.ts";
import { openTcp } from "../../../examples/simple/client/tcp.ts";
import type { C2s } from "../../../examples/simple/proto/c2s.ts";
import type { S2c } from "../../../examples/simple/proto/s2c.ts";
import { start } from "snax";
import type { Config, Node } from "snax";
import { THREADS, writeFiles } from "../../world.ts";

const ROOT = "examples/simple";

const readSchema = (name: string): string => readFileSync(`${ROOT}/proto/${name}.sproto`, "utf8");

/** The schemas of the example. */
export const SCHEMAS: Schemas = {
  c2s: sproto.parse<C2s>(readSchema("c2s")),
  s2c: sproto.parse<S2c>(readSchema("s2c")),
};

/** The example's node. */
export interface SimpleNode {
  readonly node: Node;
  readonly gatePort: number;
  readonly webPort: number;
  /** What it has logged so far. */
  readonly log: () => Promise<string>;
  /** A client, connected. */
  readonly connect: () => Promise<Client>;
}

/** Starts the example's node; it ends with the test. */
export async function simpleNode(t: TestContext, config: Config = {}): Promise<SimpleNode> {
  const logger = join(writeFiles(t, {}), "node.log");
  const own = { consoleport: 0, gateport: 0, webport: 0, maxclient: 64, daemon: true };
  const given = { thread: THREADS, start: "main", services: "./services/?.ts", logger };
  const node = await start({ ...given, ...own, ...config }, { root: ROOT });
  t.after(() => node.stop());
  const log = async (): Promise<string> => {
    await node.skynet.call(".logger", "lua", "FLUSH");
    return readFileSync(logger, "utf8");
  };
  const text = await log();
  const portOf = (pattern: RegExp): number => Number(pattern.exec(text)?.[1]);
  const gatePort = portOf(/Watchdog listen on 0\.0\.0\.0:(\d+)/);
  const connect = async (): Promise<Client> => {
    const client = new Client(await openTcp(gatePort), SCHEMAS);
    t.after(() => client.close());
    return client;
  };
  return { node, gatePort, webPort: portOf(/http:\/\/127\.0\.0\.1:(\d+)/), log, connect };
}
