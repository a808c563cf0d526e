/** What `snax sproto` writes, where, and what it leaves alone. */

import { equal, match, throws } from "node:assert/strict";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseArguments } from "../../../src/cli/arguments.ts";
import { formatSprotoTypes, writeSprotoTypes } from "../../../src/cli/sproto-types.ts";
import { snax } from "../../integration/process.ts";
import { writeFiles } from "../../world.ts";

const FIXTURE = "test/types/schema/shop";

test("the types of the fixture, which the compiler has judged, are what is written", () => {
  const text = readFileSync(`${FIXTURE}.sproto`, "utf8");
  equal(formatSprotoTypes(text, `${FIXTURE}.sproto`), readFileSync(`${FIXTURE}.ts`, "utf8"));
});

test("the command writes beside each schema, and says so", async (t) => {
  const folder = writeFiles(t, { "a.sproto": ".x { n 0 : integer }", "b/proto.c2s.sproto": "" });
  const { code, stdout, stderr } = await snax(["sproto", "a.sproto", "b/proto.c2s.sproto"], folder);
  equal(stderr, "");
  equal(code, 0);
  equal(stdout, "a.ts: written\nb/proto.c2s.ts: written\n");
  match(readFileSync(join(folder, "a.ts"), "utf8"), /^ {2}n\?: number \| undefined;$/m);
  match(readFileSync(join(folder, "b/proto.c2s.ts"), "utf8"), /^export interface ProtoC2s \{$/m);
});

test("--bigint makes integers what a schema with bigint reads them as, decimals not", (t) => {
  const folder = writeFiles(t, { "a.sproto": ".x { n 0 : *integer d 1 : integer(2) }" });
  const { path } = writeSprotoTypes(join(folder, "a.sproto"), { bigint: true });
  const text = readFileSync(path, "utf8");
  match(text, /n\?: \(number \| bigint\)\[\] \| undefined;/);
  match(text, /d\?: number \| undefined;/);
});

test("a file is not touched while its text stays the same", (t) => {
  const file = join(writeFiles(t, { "a.sproto": ".x {}" }), "a.sproto");
  const { path } = writeSprotoTypes(file);
  const { mtimeNs } = statSync(path, { bigint: true });
  equal(writeSprotoTypes(file).changed, false);
  equal(statSync(path, { bigint: true }).mtimeNs, mtimeNs);
  writeFileSync(file, ".y {}");
  equal(writeSprotoTypes(file).changed, true);
});

test("a file that another program wrote is not overwritten", (t) => {
  const folder = writeFiles(t, { "a.sproto": ".x {}", "a.ts": "export const mine = 1;" });
  throws(() => writeSprotoTypes(join(folder, "a.sproto")), {
    code: "ERR_ARGUMENT",
    message: /a\.ts was not written by snax sproto/,
  });
  equal(readFileSync(join(folder, "a.ts"), "utf8"), "export const mine = 1;");
});

test("an error of the schema is told with file and line, exit code 1", async (t) => {
  const folder = writeFiles(t, { "a.sproto": ".x {\n  n 0 : nothing\n}" });
  const { code, stderr } = await snax(["sproto", "a.sproto"], folder);
  equal(code, 1);
  equal(stderr, "snax: Undefined type nothing in type x at [a.sproto] line (2)\n");
});

test("names of types that would clash in TypeScript get a number", () => {
  const text = formatSprotoTypes(
    ".a { .b {} } .aB {} .c { m 0 : a.b n 1 : aB } .map {}",
    "c.sproto",
  );
  match(text, /m\?: AB \| undefined;\n {2}n\?: AB2 \| undefined;/);
  match(text, /export interface C2 \{\n {2}m/);
  match(text, /export interface Map2/);
});

test("wrong usage is refused", () => {
  for (const words of [["sproto"], ["sproto", "--bigint"], ["sproto", "a.txt"], ["sproto", "-x"]]) {
    throws(() => parseArguments(words), { code: "ERR_ARGUMENT" }, words.join(" "));
  }
  equal(parseArguments(["sproto", "--help"]).command, "help");
});
