/** What a node holds that runs a service: each script that V8 lists costs at the start, and for every debugger. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { embed } from "../process.ts";
import { writeFiles } from "../../world.ts";

interface Script {
  readonly url: string;
  readonly length: number;
}

const LIST = `
  import { Session } from "node:inspector";
  await node.snax.newservice("plain");
  const scripts = [];
  const session = new Session();
  session.connect();
  session.on("Debugger.scriptParsed", ({ params: { url, length } }) => scripts.push({ url, length }));
  session.post("Debugger.enable");
  session.disconnect();
  console.log(JSON.stringify(scripts));
  await node.stop();`;

test("a node that serves no client has loaded neither HTTP nor TLS, and keeps no text of the compiler", async (t) => {
  const folder = writeFiles(t, {
    plain: "let n: number = 1; export const response = { get: () => n };",
  });
  const { code, stdout } = await embed(LIST, folder);
  equal(code, 0);
  const scripts = JSON.parse(/^\[\{.*$/m.exec(stdout)?.[0] ?? "") as Script[];
  const names = (wanted: RegExp): string[] =>
    scripts.map(({ url }) => url).filter((url) => wanted.test(url));
  deepEqual(names(/^node:_?(?:http|tls)|undici|node_modules\/ws\//), []);
  equal(names(/wasm-typescript/).length, 1);
  const long = scripts.filter(({ url, length }) => url.startsWith("file:") && length > 1_000_000);
  deepEqual(long, []);
});
