/** docs/net.md: its game server runs, and its tables name what there is. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { readGateOptions } from "../../../src/net/gate-settings.ts";
import { dial, frameOf } from "../../integration/net/peer.ts";
import { world } from "../../world.ts";
import { readCode, readFiles, readPage, readTable } from "./page.ts";

const PAGE = readPage("net.md");

/** The service files of the page, as a test's world takes them. */
function services(): Record<string, string> {
  const files = Object.entries(readFiles(PAGE));
  return Object.fromEntries(
    files.map(([path, text]) => [path.replace("services/", "").replace(/\.ts$/, ""), text]),
  );
}

function namesIn(heading: string): string[] {
  return readTable(PAGE, heading).flatMap(([cell = ""]) => readCode(cell));
}

test("the game server of the page serves a client", async (t) => {
  const { skynet, log } = await world(t, services(), { start: "main", gateport: 0 });
  const lines = await log();
  const port = Number(/Watchdog listen on (\d+)/.exec(lines.join("\n"))?.[1]);
  const peer = await dial(t, port);
  peer.write(frameOf("hello"));
  assert.equal(await peer.frame(), "you said hello");
  peer.socket.end();
  await peer.ended();
  assert.ok(skynet.self() > 0);
});

test("the service of lines of the page begins", async (t) => {
  const { make } = await world(t, services());
  await make("lines");
});

test("the tables of functions name what socket and gateserver offer", async (t) => {
  const { make } = await world(t, {
    main: `
      import { gateserver, socket } from "snax";
      const namesOf = (api: object) => { const names = []; for (const name in api) names.push(name); return names; };
      export const response = { run: () => [socket, gateserver].map(namesOf) };
    `,
  });
  const main = await make("main");
  const [socketNames, gateNames] = (await main.req.run()) as [string[], string[]];
  assert.deepEqual(namesIn("function").toSorted(), socketNames.toSorted());
  assert.deepEqual(namesIn("gateserver").toSorted(), gateNames.toSorted());
});

test("the table of a gate's options names every option with its default", () => {
  assert.deepEqual(namesIn("option").toSorted(), keysOf("gate-api", "GateOptions"));
  assert.deepEqual(
    namesIn("`websocket:`").slice().toSorted(),
    keysOf("gate-api", "WebSocketOptions"),
  );
  const settings = readGateOptions({ port: 0 }) as unknown as Record<string, unknown>;
  for (const [cell = "", shown = ""] of readTable(PAGE, "option")) {
    const [name = ""] = readCode(cell);
    const [value = ""] = readCode(shown);
    if (settings[name] !== undefined && name !== "port")
      assert.equal(`${settings[name] as string | number | boolean}`, value);
  }
});

test("the tables of channels name what there is", () => {
  assert.deepEqual(namesIn("channel").toSorted(), methodsOf("channel-api", "Channel"));
  assert.deepEqual(namesIn("channel option").toSorted(), keysOf("channel-api", "ChannelOptions"));
});

test("the tables of httpd name what there is", () => {
  assert.deepEqual(namesIn("httpd").toSorted(), methodsOf("http-api", "HttpApi"));
  assert.deepEqual(namesIn("httpd option").toSorted(), keysOf("http-api", "HttpOptions"));
});

test("the health check of the page answers", async (t) => {
  const { make } = await world(t, services());
  const health = await make("health");
  const port = (await health.req.listen()) as number;
  const response = await fetch(`http://127.0.0.1:${port}/health`);
  assert.deepEqual(await response.json(), { ok: true });
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 404);
});

test("the channel of the page talks to a server", async (t) => {
  const server = createServer((socket) => socket.on("data", () => socket.write("+PONG\r\n")));
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { make } = await world(t, services());
  const redis = await make("redis", (server.address() as AddressInfo).port);
  assert.equal(await redis.req.ping(), "+PONG");
});

/** The methods of an interface of src/net. */
function methodsOf(file: string, name: string): string[] {
  const found = bodyOf(file, name).matchAll(/^ {2}(\w+)[(<]/gm);
  return [...new Set([...found].map(([, method = ""]) => method))].toSorted();
}

function bodyOf(file: string, name: string): string {
  const source = readFileSync(`src/net/${file}.ts`, "utf8");
  return new RegExp(`export interface ${name} \\{.*?^\\}`, "ms").exec(source)?.[0] ?? "";
}

/** The keys of an interface of src/net. */
function keysOf(file: string, name: string): string[] {
  const keys = bodyOf(file, name).matchAll(/readonly (\w+)\??:/g);
  return [...keys].map(([, key = ""]) => key).toSorted();
}
