/** The example of three nodes: the hall prints what its README shows. */

import { deepEqual } from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo, Server } from "node:net";
import { resolve } from "node:path";
import { test } from "node:test";
import { startNode } from "../process.ts";
import { writeFiles } from "../../world.ts";

const README = readFileSync("examples/cluster/README.md", "utf8");

/** The first of three free ports in a row. */
async function freePorts(): Promise<number> {
  for (;;) {
    const first = createServer().listen(0, "127.0.0.1");
    await once(first, "listening");
    const { port } = first.address() as AddressInfo;
    const servers: Server[] = [first];
    try {
      for (const next of [port + 1, port + 2]) {
        const server = createServer().listen(next, "127.0.0.1");
        servers.push(server);
        await once(server, "listening");
      }
      return port;
    } catch {
      // Another program has one of them: the next try finds others.
    } finally {
      await Promise.all(
        servers.map((server) => new Promise((done) => server.close(() => done(undefined)))),
      );
    }
  }
}

test("three nodes call each other, one of them crashes and comes back, as the example shows", async (t) => {
  process.env["PORT"] = String(await freePorts());
  t.after(() => delete process.env["PORT"]);
  const running = startNode([resolve("examples/cluster/start.mjs")], writeFiles(t, {}));
  t.after(() => running.child.kill("SIGTERM"));
  const { code, stdout } = await running.ended;
  const plain = stdout.split("\n").filter((line) => !line.startsWith("["));
  const [, shown = ""] = /^```text output\n(.*?)^```$/ms.exec(README) ?? [];
  deepEqual({ code, stdout: plain.join("\n") }, { code: 0, stdout: shown });
});
