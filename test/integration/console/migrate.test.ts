/** `migrate` in the console and as a command of the shell. */

import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { startSnax } from "../process.ts";
import { desk } from "./console-client.ts";

const SHOP = `let sold = 0; let f: any; export const response = { buy() { return (sold += 1); }, keep() { f = () => sold; } };`;

test("migrate tells from where to where and what went along; exit codes, JSON, what it refuses", async (t) => {
  const node = await desk(t, { shop: SHOP }, { thread: 2 });
  const shop = await node.make("shop");
  await shop.req.buy();
  const address = `:${shop.handle.toString(16).padStart(8, "0")}`;
  const shell = async (...words: string[]) =>
    await startSnax([...words, "--console", `${node.port}`], node.folder).ended;
  const lines = [await shell("migrate", address, "1"), await shell("migrate", address, "2")];
  for (const { code, stdout } of lines) equal(code, 0, stdout);
  match(
    lines[1]?.stdout ?? "",
    /^moved\t:[0-9a-f]{8}\nthread\t1 -> 2\nheld\t\d+ ms\nstate\t\d+ bytes\nwaiting\t\d+\ncarried\tsold, f\n$/,
  );
  match((await shell("migrate", address, "2")).stdout, /it is there already/);
  equal(await shop.req.buy(), 2);
  const json = await shell("migrate", address, "1", "--json");
  equal(json.code, 0);
  match(JSON.stringify(JSON.parse(json.stdout)), /"2 -> 1"/);
  await shop.req.keep();
  const refused = await shell("migrate", address, "2");
  equal(refused.code, 1);
  match(refused.stdout + refused.stderr, /f \(shop\.ts:1\) is a closure/);
  for (const line of [
    "migrate",
    `migrate ${address}`,
    `migrate ${address} x`,
    `migrate ${address} 3`,
    "migrate shop 1",
  ]) {
    equal((await node.ask(line)).at(-1), "<CMD Error>", line);
  }
  equal(await shop.req.buy(), 3);
});

test("what writes down, traces or looks at a service refuses its move and says what ends that", async (t) => {
  const node = await desk(t, { shop: SHOP }, { thread: 2 });
  const shop = await node.make("shop");
  const address = `:${shop.handle.toString(16).padStart(8, "0")}`;
  const move = async (): Promise<string> => {
    const answers = await Promise.all(
      [1, 2].map((thread) => node.ask(`migrate ${address} ${thread}`)),
    );
    return answers.flat().join("\n");
  };
  for (const [begin, end, why] of [
    [
      `logon ${address}`,
      `logoff ${address}`,
      /its messages are written down: `logoff :[0-9a-f]{8}` first/,
    ],
    [
      `logpoint ${address} shop.ts:1 "sold"`,
      "logpoint off all",
      /logpoint \d+ looks at it: `logpoint off \d+` first/,
    ],
    [
      `trace ${address} on`,
      `trace ${address}`,
      /its messages are traced on this thread: `trace :[0-9a-f]{8}`/,
    ],
  ] as const) {
    equal((await node.ask(begin)).at(-1), "<CMD OK>", begin);
    match(await move(), why);
    equal((await node.ask(end)).at(-1), "<CMD OK>", end);
    match(await move(), /1 -> 2|2 -> 1/);
  }
  equal(await shop.req.buy(), 1);
});
