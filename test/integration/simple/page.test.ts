/** The page of examples/simple: its modules need nothing that a browser lacks, and it plays. */

import { deepEqual, equal } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { startNode } from "../process.ts";
import { simpleNode } from "./simple-node.ts";

test("the page loads by its import map without Node's modules, and plays over the web socket", async (t) => {
  const { webPort } = await simpleNode(t);
  const child = fileURLToPath(new URL("./page-child.js", import.meta.url));
  const url = `http://127.0.0.1:${webPort}`;
  const { code, stdout, stderr } = await startNode(
    ["--experimental-vm-modules", "--no-warnings", child, url],
    process.cwd(),
  ).ended;
  equal(code, 0, stderr);
  const lines = stdout.split("\n").filter((line) => !line.startsWith("REQUEST"));
  deepEqual(lines, [
    "Request:\t1",
    "RESPONSE\t1",
    "msg\tWelcome to skynet, I will send heartbeat every 5 sec.",
    "Request:\t2",
    "RESPONSE\t2",
    "Request:\t3",
    "RESPONSE\t3",
    `result\t${"welt €".repeat(40)}!`,
    "Request:\t4",
    "RESPONSE\t4",
    "Request:\t5",
    "RESPONSE\t5",
    "result\tdrei",
    "Request:\t6",
    "Server closed",
    "",
  ]);
});
