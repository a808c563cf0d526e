/** A node under systemd says when it is ready and when it stops. */

import { deepEqual, equal, match } from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Running } from "../process.ts";
import { startSnax } from "../process.ts";
import { writeFiles } from "../../world.ts";

/** Starts a node whose `systemd-notify` is this script. */
function startUnder(t: TestContext, script: string): { node: Running; folder: string } {
  const folder = writeFiles(t, {
    "snax.config.ts": `export default { thread: 0, services: "./services/?.ts" };`,
    "services/main.ts": `import { skynet } from "snax"; skynet.start(() => { console.log("up"); });`,
  });
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin/systemd-notify"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const path = `${join(folder, "bin")}:${process.env["PATH"]}`;
  const env = { ...process.env, PATH: path, NOTIFY_SOCKET: join(folder, "socket"), OUT: folder };
  return { node: startSnax(["start"], folder, env), folder };
}

async function untilThere(file: string): Promise<void> {
  while (!existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
}

test("systemd is told once the first service is up, and again when the end begins", async (t) => {
  const { node, folder } = startUnder(t, `echo "$1" >> "$OUT/told"; mv "$OUT/told" "$OUT/$1"`);
  await untilThere(join(folder, "--ready"));
  node.child.kill("SIGTERM");
  const { code, stdout, stderr } = await node.ended;
  deepEqual([code, stderr], [0, ""]);
  match(stdout, /^up$/m);
  await untilThere(join(folder, "--stopping"));
  equal(readFileSync(join(folder, "--ready"), "utf8"), "--ready\n");
});

test("a node that can't tell systemd says so and goes on", async (t) => {
  const { node } = startUnder(t, "exit 4");
  let text = "";
  await new Promise<void>((resolve) => {
    node.child.stderr?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve();
    });
  });
  equal(text, "snax: systemd was not told that the node is ready: systemd-notify ended with 4\n");
  equal(node.child.exitCode, null);
  node.child.kill("SIGTERM");
  equal((await node.ended).code, 0);
});
