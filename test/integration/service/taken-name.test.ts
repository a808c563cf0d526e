/** Names that a service asks for and does not get, and projects in folders with unusual names. */

import { deepEqual, equal } from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { start } from "snax";

import { world } from "../../world.ts";

test("a name that another service has is not given, and the log tells once which service has it", async (t) => {
  const named = `
    import { skynet } from "snax";
    export const response = { take(name: string) { return [skynet.register(name), skynet.register(name)]; } };`;
  const { make, skynet, log } = await world(t, { named });
  const [one, two] = [await make("named"), await make("named")];
  for (const name of [".x", "global x"]) {
    deepEqual(await one.req.take(name), [true, true]);
    deepEqual(await two.req.take(name), [false, false]);
    const holder = skynet.address(one.handle);
    const line = `${skynet.address(two.handle)} does not get the name "${name}": ${holder} has it`;
    equal((await log()).filter((each) => each === line).length, 1, name);
  }
});

test("a project may lie in a folder whose name has a question mark, a hash or a percent sign", async (t) => {
  for (const name of ["q?a", "a#b", "50%20c"]) {
    const root = join(realpathSync(mkdtempSync(join(tmpdir(), "snax-test-"))), name);
    t.after(() => rmSync(join(root, ".."), { recursive: true, force: true }));
    mkdirSync(join(root, "services"), { recursive: true });
    mkdirSync(join(root, "tables"));
    writeFileSync(join(root, "tables/items.json"), `{ "sword": 1 }`);
    writeFileSync(join(root, "services/lib.ts"), `export function word() { return "old"; }`);
    writeFileSync(
      join(root, "services/main.ts"),
      `import { word } from "./lib.ts"; export const response = { get() { return word(); } };`,
    );
    for (const thread of [0, 1]) {
      const node = await start({ thread, logger: "log.txt" }, { root });
      const p = await node.snax.newservice<any>("main");
      await node.snax.hotfixall<string>("main", {
        "./lib.ts": `export function word() { return "new"; }`,
      });
      equal(await p.req.get(), "new");
      await node.sharetable.loadfile("items");
      deepEqual({ ...(await node.sharetable.query<any>("items")) }, { sword: 1 });
      await node.stop();
    }
  }
});
