/** Edits of what a plain service registers in `skynet.start`, as `hotfix --from-source` carries them over. */

import { equal, match } from "node:assert/strict";
import { test } from "node:test";
import { diffProgram } from "../../../src/texts/diff.ts";
import { World } from "./harness.ts";

const FILE = `import { skynet } from "snax";
const db = new Map([["a", 1]]);
let started = 0;
skynet.start(() => {
  started += 1;
  skynet.dispatch("lua", (_session, _source, key: string) => [db.get(key), started].join());
  skynet.register("PLAIN");
});
`;

test("a handler that a start function registers is the edited one, and nothing else of it runs again", async (t) => {
  const edited = FILE.replace("db.get(key)", "db.get(key.trim())");
  const world = await World.open(t, { "plain.ts": FILE });
  const { skynet } = world.node;
  const plain = await skynet.newservice("plain");
  equal(await skynet.call(plain, "lua", " a"), ",1");
  const [found] = diffProgram([{ file: "plain.ts", running: FILE, edited }]);
  equal(found?.verdict, "applied", JSON.stringify(found?.changes));
  await world.hotfix(plain, found?.patch ?? "");
  equal(await skynet.call(plain, "lua", " a"), "1,1");
});

for (const [title, from, to] of [
  ["another statement", "started += 1;", "started += 2;"],
  [
    "a handler that uses a variable of the start function",
    "started += 1;",
    "const more = 1; started += more;",
  ],
  ["another protocol", `dispatch("lua"`, `dispatch("debug2"`],
  ["a statement more", "started += 1;", "started += 1; skynet.error('x');"],
] as const) {
  test(`a start function with ${title} is a note`, () => {
    const edited = FILE.replace(from, to);
    const [found] = diffProgram([{ file: "plain.ts", running: FILE, edited }]);
    equal(found?.verdict, "note");
    match(
      JSON.stringify(found.changes),
      /it does not run now; put into hotfix\(\) what of it should/,
    );
  });
}
