/** A diff of several modules, and the patch that it makes: its lines are those of the edited file. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { diff, diffProgram } from "../../../src/texts/diff.ts";
import { BASE } from "../../integration/hotfix/edit-table.ts";

test("a value that an importer computed from a constant is a note of the importer", () => {
  const lib = "export const TAX = 2;\nexport const RATE = TAX * 2;\n";
  const passer = `export { RATE as COST } from "./lib.ts";\n`;
  const main = `import { COST } from "./passer.ts";\nconst all = [COST * 2];\nexport function f() { return COST; }\n`;
  const spread = `import * as passer from "./passer.ts";\nconst cost = passer.COST;\n`;
  const found = diffProgram([
    { file: "main.ts", running: main, edited: main },
    { file: "spread.ts", running: spread, edited: spread },
    { file: "passer.ts", running: passer, edited: passer },
    { file: "lib.ts", running: lib, edited: lib.replace("TAX = 2", "TAX = 3") },
  ]);
  deepEqual(
    found.map(({ verdict }) => verdict),
    ["note", "note", "same", "applied"],
  );
  match(found[0]?.changes[0]?.why ?? "", /^was made with TAX/);
  equal(found[0]?.patch, undefined);
});

test("the lines of a patch are those of the edited file", () => {
  const edited = BASE.replace("return price(n);", "return price(n) + 1;");
  const { patch = "" } = diff(BASE, edited, "shop.ts");
  const lineOf = (text: string): number =>
    text.slice(0, text.indexOf("price(n) + 1")).split("\n").length;
  equal(lineOf(patch), lineOf(edited));
  const column = (text: string): number =>
    text.indexOf("price(n) + 1") - text.lastIndexOf("\n", text.indexOf("price(n) + 1"));
  equal(column(patch), column(edited));
  ok(!patch.includes("plain"), patch);
});

test("a diff names the line of the edited file", () => {
  const found = diff(
    "let a = 1;\nfunction f() { return 1; }\n",
    "let a = 1;\n\n\nfunction f() { return 2; }\n",
    "a.ts",
  );
  deepEqual(found.changes, [{ verdict: "applied", what: "f", why: "function", line: 4 }]);
});

test("an edited file that is not valid is refused with its place", () => {
  let message = "";
  try {
    diff("let a = 1;\n", "let a = ;\n", "a.ts");
  } catch (error) {
    message = String(error);
  }
  match(message, /a\.ts:1:9: Expression expected/);
});
