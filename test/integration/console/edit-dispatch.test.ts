/** Edits of what a plain service registers, one after the other: each is compared with what is registered now. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { desk } from "./console-client.ts";

/** Files of a plain service, with the handler left open. */
const SHAPES: Record<string, (handler: string) => string> = {
  "at the top level": (handler) => `import { skynet } from "snax";
const tail = "!";
skynet.dispatch("lua", ${handler});
`,
  "in a start function": (handler) => `import { skynet } from "snax";
const tail = "!";
let started = 0;
skynet.start(() => {
  started += 1;
  skynet.dispatch("lua", ${handler});
  skynet.dispatch("text", (_session, _source, key: string) => key);
});
`,
};

const say = (word: string): string =>
  `(_session, _source, key: string) => key + ${JSON.stringify(word)} + tail`;

for (const [where, file] of Object.entries(SHAPES)) {
  test(`edits of a handler that is registered ${where} are carried over in turn, the first text too`, async (t) => {
    const { folder, open, skynet } = await desk(t, { "shop.ts": file(say("a")) });
    const client = await open();
    const shop = await skynet.newservice("shop");
    equal(await skynet.call(shop, "lua", "k"), "ka!");
    for (const word of ["b", "a", "c", "d", "a"]) {
      writeFileSync(join(folder, "shop.ts"), file(say(word)));
      const said = await client.run("hotfix shop --from-source --yes");
      equal(said.at(-1), "<CMD OK>", said.join("\n"));
      ok(said.includes("applied\t1"), said.join("\n"));
      const other = await skynet.newservice("shop");
      const answers = [shop, other].map((each) => skynet.call(each, "lua", "k"));
      deepEqual(await Promise.all(answers), [`k${word}!`, `k${word}!`]);
      skynet.kill(other);
      const left = await client.run("diff shop");
      ok(
        left.every((line) => /\tsame\t|^<CMD OK>$/.test(line)),
        left.join("\n"),
      );
    }
  });
}

test("a handler that hotfix() registers is in new services, also after other patches, until the patch is taken back", async (t) => {
  const file = SHAPES["in a start function"]?.(say("a")) ?? "";
  const other = "function more() { return 1; }";
  const { folder, open, skynet } = await desk(t, { "shop.ts": file });
  const client = await open();
  const first = await skynet.newservice("shop");
  const expect = async (answer: string): Promise<void> => {
    const late = await skynet.newservice("shop");
    for (const each of [first, late]) equal(await skynet.call(each, "lua", "k"), answer);
    skynet.kill(late);
  };
  const patch = `export function hotfix() { skynet.dispatch("lua", ${say("by hand")}); }`;
  for (const text of [patch, other, other.replace("1", "2")]) {
    writeFileSync(join(folder, "p.ts"), text);
    const said = await client.run(`hotfix shop ${folder}/p.ts`);
    equal(said.at(-1), "<CMD OK>", said.join("\n"));
    await expect("kby hand!");
  }
  const left = await client.run("diff shop");
  ok(
    left.some((line) => line.includes(`dispatch "lua": registered again`)),
    left.join("\n"),
  );
  const said = await client.run("hotfix shop --from-source --yes");
  equal(said.at(-1), "<CMD OK>", said.join("\n"));
  await expect("ka!");
});
