/** `inject` from the console: the classic example, and what a script prints before it fails. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { desk } from "./console-client.ts";
import { SIMPLEDB } from "../live/inject-world.ts";

const FILES = {
  simpledb: SIMPLEDB,
  "append.ts": `
    const command = _P.lua.command;
    const { db } = upvalues(command.GET);
    command.GET = (key) => { db.set(key, db.get(key) + "A"); return db.get(key); };
    print("inject success!!");`,
  "half.ts": `print("half of it", args[0]);\nthrow new Error("no further");`,
  "silent.ts": `const nothing = 1;`,
  "wrong.ts": `let = ;`,
};

test("a script replaces a function of a service that was never prepared for it", async (t) => {
  const { skynet, ask, folder } = await desk(t, FILES);
  const db = await skynet.newservice("simpledb");
  await skynet.call(db, "lua", "SET", "k", "v");
  deepEqual(await ask(`inject 9 ${folder}/append.ts`), ["inject success!!", "<CMD OK>"]);
  deepEqual(await ask(`call 9 "GET", "k"`), ["1\tvA", "n\t1", "<CMD OK>"]);
  equal(await skynet.call(db, "lua", "GET", "k"), "vAA");
});

test("a script that fails half-way shows what it printed until then, and where it failed", async (t) => {
  const { skynet, ask, folder } = await desk(t, FILES);
  await skynet.newservice("simpledb");
  const lines = await ask(`inject 9 ${folder}/half.ts x`);
  equal(lines[0], "half of it\tx");
  match(lines.slice(1).join("\n"), /no further[^]*half\.ts:2:\d+[^]*<CMD Error>$/);
});

test("as in skynet, a script that prints nothing is answered with an empty line", async (t) => {
  const { skynet, ask, folder } = await desk(t, FILES);
  await skynet.newservice("simpledb");
  deepEqual(await ask(`inject 9 ${folder}/silent.ts`), ["", "<CMD OK>"]);
});

test("an invalid script and a file that is not there are refused", async (t) => {
  const { skynet, ask, folder } = await desk(t, FILES);
  await skynet.newservice("simpledb");
  match((await ask(`inject 9 ${folder}/wrong.ts`)).join(), /wrong\.ts:1:\d+: .*,<CMD Error>$/);
  match((await ask("inject 9 nosuch.ts")).join(), /Can't open nosuch\.ts,<CMD Error>$/);
  match((await ask(`inject 99 ${folder}/silent.ts`)).join(), /^ERR_SERVICE_DEAD: .*,<CMD Error>$/);
});
