/** What `snax types` finds on a search path, what it writes, and what the compiler makes of it. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { codeOf } from "../../../src/base/error.ts";
import { findServices, formatTypes, writeTypes } from "../../../src/cli/types.ts";

const FIXTURE = resolve("test/fixtures/types");
const SERVICE = "export const response = {};\n";

/** Makes a folder with these files for one test. */
function createFolder(test: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "snax-types-"));
  test.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** The names found in a folder with these files. */
function namesIn(test: TestContext, files: Record<string, string>, services?: string): string[] {
  const directory = createFolder(test, files);
  return [...findServices({ directory, services: services ?? "./services/?.ts" }).services.keys()];
}

describe("the file that snax types writes", () => {
  it("lists the snax services, plain services and other modules left out", () => {
    const { services } = findServices({ directory: FIXTURE, services: "./services/?.ts" });
    const expected = readFileSync(join(FIXTURE, "snax.d.ts"), "utf8");
    assert.equal(formatTypes(services, FIXTURE), expected);
  });

  it("makes the compiler know services by name, and refuse other names", () => {
    const tsc = resolve("node_modules/typescript/bin/tsc");
    const { stdout, status } = spawnSync(process.execPath, [tsc, "-p", FIXTURE], {
      encoding: "utf8",
    });
    assert.equal(stdout, "");
    assert.equal(status, 0);
  });

  it("leaves out files whose names no service can have", (test) => {
    const files = {
      "services/a.ts": SERVICE,
      "services/my shop.ts": SERVICE,
      "services/shop (copy).ts": SERVICE,
      "services/x/.b/c.ts": SERVICE,
      "services/x/名.ts": SERVICE,
    };
    assert.deepEqual(namesIn(test, files), ["a", "x/名"]);
  });

  it("is beside the configuration unless another place is named", (test) => {
    const directory = createFolder(test, { "services/a.ts": SERVICE, "types/empty": "" });
    const services = "./services/?.ts";
    assert.equal(writeTypes({ directory, services }).path, join(directory, "snax.d.ts"));
    const { path } = writeTypes({ directory, services, output: "types/services.d.ts" });
    assert.match(readFileSync(path, "utf8"), /a: typeof import\("\.\.\/services\/a\.ts"\);/);
  });

  it("is not touched while its text stays the same", (test) => {
    const directory = createFolder(test, { "services/a.ts": SERVICE });
    const options = { directory, services: "./services/?.ts" };
    const first = writeTypes(options);
    const { mtimeNs } = statSync(first.path, { bigint: true });
    assert.equal(writeTypes(options).changed, false);
    assert.equal(statSync(first.path, { bigint: true }).mtimeNs, mtimeNs);
  });

  it("is written again after a service was added", (test) => {
    const directory = createFolder(test, { "services/a.ts": SERVICE });
    const options = { directory, services: "./services/?.ts" };
    writeTypes(options);
    writeFileSync(join(directory, "services/b.ts"), SERVICE);
    assert.equal(writeTypes(options).changed, true);
  });

  it("quotes names that are no identifiers", () => {
    const services = new Map([["game/room", "/app/room.ts"]]);
    assert.match(
      formatTypes(services, "/app"),
      / {4}"game\/room": typeof import\("\.\/room\.ts"\);/,
    );
  });
});

describe("the search for snax services", () => {
  it("takes every form of export for one", (test) => {
    const names = namesIn(test, {
      "services/const.ts": "export const accept = {};",
      "services/function.ts": "export async function init() {}",
      "services/list.ts": "const methods = {};\nexport { methods as subscribe };",
      "services/from.ts": `export { response } from "./lib/methods.js";`,
      "services/pattern.ts": "export const { response, ...rest } = create();",
      "services/enum.ts": "enum A { x }\nexport const response = { a() { return A.x; } };",
    });
    assert.deepEqual(names, ["const", "enum", "from", "function", "list", "pattern"]);
  });

  it("takes neither types nor texts nor comments for exports", (test) => {
    const names = namesIn(test, {
      "services/type.ts": "export type response = {};\nexport interface accept {}",
      "services/text.ts": "const a = `\nexport const response = {};\n`;",
      "services/comment.ts": "/*\nexport const response = {};\n*/",
      "services/types.d.ts": "export const response: object;",
    });
    assert.deepEqual(names, []);
  });

  it("gives a name to the first pattern that has a file for it", (test) => {
    const files = { "first/a.ts": "", "second/a.ts": SERVICE, "second/b.js": SERVICE };
    assert.deepEqual(namesIn(test, files, "./first/?.ts; ./second/?.ts; ./second/?.js"), ["b"]);
  });

  it("finds services in folders, and in a folder of their own name", (test) => {
    const files = {
      "services/chat/room.ts": SERVICE,
      "modules/bank/bank.ts": SERVICE,
      "modules/bank/other.ts": SERVICE,
    };
    const names = namesIn(test, files, "./services/?.ts;./modules/?/?.ts");
    assert.deepEqual(names, ["bank", "chat/room"]);
  });

  it("stays out of packages and hidden folders", (test) => {
    const files = { "node_modules/p/a.ts": SERVICE, ".cache/b.ts": SERVICE, "c.ts": SERVICE };
    assert.deepEqual(namesIn(test, files, "./?.ts"), ["c"]);
  });

  it("takes a folder that does not exist for an empty one", (test) => {
    assert.deepEqual(namesIn(test, {}), []);
  });

  it("names a file that it can't read, and lists the others", (test) => {
    const directory = createFolder(test, {
      "services/a.ts": "export const x = 1;\nexport const response = {",
      "services/b.ts": SERVICE,
    });
    const { services, unreadable } = findServices({ directory, services: ["./services/?.ts"] });
    assert.deepEqual([...services.keys()], ["b"]);
    assert.equal(unreadable.length, 1);
    assert.equal(unreadable[0]?.path, join(directory, "services/a.ts"));
    assert.equal(codeOf(unreadable[0].error), "ERR_SYNTAX");
  });
});
