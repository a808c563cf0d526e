/** Where service files are looked for. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { SearchPath } from "../../../src/service/search-path.ts";

function folderWith(t: TestContext, files: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "snax-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of files) {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  return folder;
}

test("patterns are tried in order, the system's last", (t) => {
  const root = folderWith(t, ["a/x.ts", "b/x.ts", "b/y.ts", "sys/x.ts", "sys/z.ts"]);
  const path = new SearchPath("./a/?.ts; ./b/?.ts", root, [join(root, "sys/?.ts")]);
  assert.deepEqual(
    ["x", "y", "z"].map((name) => path.find(name)),
    ["a/x.ts", "b/y.ts", "sys/z.ts"].map((file) => join(root, file)),
  );
});

test("the mark may stand more than once, and names may have folders", (t) => {
  const root = folderWith(t, ["game/room/game/room.ts", "lobby/lobby.ts"]);
  const path = new SearchPath(["?/?.ts"], root, []);
  assert.equal(path.find("lobby"), join(root, "lobby/lobby.ts"));
  assert.equal(path.find("game/room"), join(root, "game/room/game/room.ts"));
});

test("a name can't leave the folders of the patterns", (t) => {
  const root = folderWith(t, ["secret.ts", "services/x.ts"]);
  const path = new SearchPath("./services/?.ts", root, []);
  for (const name of ["../secret", "/secret", "x/../../secret", ".x", "", "x y", "x\0"]) {
    assert.throws(() => path.find(name), { code: "ERR_NO_SERVICE" }, name);
  }
});

test("what was found is remembered until it is cleared", (t) => {
  const root = folderWith(t, ["b/x.ts"]);
  const path = new SearchPath("a/?.ts;b/?.ts", root, []);
  assert.equal(path.find("x"), join(root, "b/x.ts"));
  mkdirSync(join(root, "a"));
  writeFileSync(join(root, "a/x.ts"), "");
  assert.equal(path.find("x"), join(root, "b/x.ts"));
  path.clear();
  assert.equal(path.find("x"), join(root, "a/x.ts"));
});
