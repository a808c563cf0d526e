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

const NAMES = [
  "房间",
  "игрок/счёт",
  "ผู้เล่น",
  "खिलाड़ी",
  "café",
  "プレイヤー_2",
  "٣",
  "room-1.v2",
].map((name) => name.normalize("NFC"));

test("a name is made of letters and digits of any script", (t) => {
  const files = NAMES.map((name) => `s/${name}.ts`);
  const root = folderWith(t, files);
  const path = new SearchPath("./s/?.ts", root, []);
  assert.deepEqual(
    NAMES.map((name) => path.find(name)),
    files.map((file) => join(root, file)),
  );
  assert.ok(NAMES.every((name) => path.has(name)));
});

test("a file whose name is stored decomposed is found by the composed name, which alone is taken", (t) => {
  const root = folderWith(t, ["s/cafe\u0301.ts"]);
  const path = new SearchPath("./s/?.ts", root, []);
  assert.equal(path.find("caf\u00e9").normalize("NFC"), join(root, "s/caf\u00e9.ts"));
  assert.equal(path.has("caf\u00e9"), true);
  assert.throws(() => path.find("cafe\u0301"), { code: "ERR_NO_SERVICE", message: /NFC/ });
  assert.throws(() => path.find("caff\u00e9"), { message: /did you mean "caf\u00e9"/ });
});

test("what is no name is refused with the reason", (t) => {
  const path = new SearchPath("./s/?.ts", folderWith(t, ["s/x.ts"]), []);
  const reasons: [unknown, RegExp][] = [
    [
      "x y",
      /^"x y" is no name of a service: it holds " " \(U\+0020\); a name is made of letters and digits/,
    ],
    ["房间！", /it holds "！" \(U\+FF01\)/],
    ["x\u202ey", /^"x\\u\{202e\}y" is no name of a service: U\+202E can't be in a name$/],
    ["x\0", /U\+0000 can't/],
    [".x", /no part of it begins with "\."/],
    ["", /a name is made of/],
    ["\u0301x", /a name is made of/],
    [5, /a name is a text, not number/],
    [undefined, /a name is a text, not undefined/],
  ];
  for (const [name, message] of reasons) {
    assert.throws(() => path.find(name as string), { code: "ERR_NO_SERVICE", message });
    assert.equal(path.has(name as string), false);
  }
});

test("a ? in the path of the configuration's folder, or of the system's, is no mark", (t) => {
  const root = folderWith(t, ["a?b/s/x.ts", "a?b/sys?/z.ts", "a?b/s/y/y.ts"]);
  const project = join(root, "a?b");
  const system = [join(project, "sys?/?.ts")];
  for (const patterns of ["./s/?.ts;./s/?/?.ts", `${project}/s/?.ts;${project}/s/?/?.ts`]) {
    const path = new SearchPath(patterns, project, system);
    assert.equal(path.find("x"), join(project, "s/x.ts"));
    assert.equal(path.find("y"), join(project, "s/y/y.ts"));
    assert.equal(path.find("z"), join(project, "sys?/z.ts"));
    assert.deepEqual(
      [path.isSystem("z"), path.isSystem("x"), path.has("none")],
      [true, false, false],
    );
    assert.throws(() => path.find("xx"), { message: /did you mean "x"/ });
  }
});
