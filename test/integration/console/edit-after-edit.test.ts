/** An edit that follows another one: its patch meets the text that services run, not the file that has the edit already. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { desk } from "./console-client.ts";

const SHOP = `
const RATE = 1;
function fee(n = 1) { return n; }
class Order { total() { return 2; } text() { return "order"; } }
enum Kind { Small = 3, Large = 4 }
export const response = {
  all() { return RATE + fee() + new Order().total() + Kind.Small; },
  gone() { return new Order().text() + Kind.Large; },
};
`;

/** Edits as [what is there, what comes in its place], and what \`all\` answers then. */
const EDITS: Record<string, { readonly edits: [string, string][]; readonly answer: number }> = {
  "takes a function away": {
    edits: [
      ["function fee(n = 1) { return n; }\n", ""],
      ["+ fee()", "+ 10"],
    ],
    answer: 17,
  },
  "takes a method of a class and one of response away": {
    edits: [
      [` text() { return "order"; }`, ""],
      ["  gone() { return new Order().text() + Kind.Large; },\n", ""],
      ["return 2", "return 20"],
    ],
    answer: 26,
  },
  "imports something for a new constant": {
    edits: [
      [
        "\nconst RATE",
        `\nimport { basename } from "node:path";\nconst sep = basename("/a/7");\nconst RATE`,
      ],
      ["RATE + fee()", "RATE + Number(sep)"],
    ],
    answer: 14,
  },
};

/** What goes before: it has new services run the files as they are. */
const FIRST: Record<string, string> = {
  "a patch from the files": "hotfix shop --from-source",
  "a patch of all or none": "hotfix shop --from-source --atomic",
  "a reload": "reload shop",
};

for (const [first, command] of Object.entries(FIRST)) {
  for (const [second, { edits, answer }] of Object.entries(EDITS)) {
    test(`an edit that ${second} is carried over after ${first}, and new services have it`, async (t) => {
      const { folder, open, make } = await desk(t, { "shop.ts": SHOP });
      const client = await open();
      const run = (line: string): Promise<string[]> => client.run(line);
      let text = SHOP;
      const edit = (from: string, to: string): void => {
        ok(text.includes(from), from);
        text = text.replace(from, () => to);
        writeFileSync(join(folder, "shop.ts"), text);
      };
      const shop = await make("shop");
      edit("RATE = 1", "RATE = 2");
      equal((await run(command)).at(-1), "<CMD OK>");
      equal(await shop.req.all(), 8);
      for (const [from, to] of edits) edit(from, to);
      const said = await run("hotfix shop --from-source --yes");
      equal(said.at(-1), "<CMD OK>", said.join("\n"));
      deepEqual([await shop.req.all(), await (await make("shop")).req.all()], [answer, answer]);
      const left = await run("diff shop");
      ok(
        left.every((line) => /\tsame\t|^<CMD OK>$/.test(line)),
        left.join("\n"),
      );
    });
  }
}

const LIB = `
function fee(n = 1) { return n; }
export function price() { return 5 + fee(); }
`;
const USER = `import { price } from "./lib.ts"; export const response = { all: () => price() };`;

for (const way of ["--from-source", "--from-source --atomic"]) {
  test(`an edit of a module of two types is carried over to one after the other, by ${way}`, async (t) => {
    const { folder, open, make } = await desk(t, {
      "lib.ts": LIB,
      "shop.ts": USER,
      "bank.ts": USER,
    });
    const client = await open();
    const [shop, bank] = [await make("shop"), await make("bank")];
    const edited = LIB.replace(/function fee.*\n/, "").replace("5 + fee()", "70");
    writeFileSync(join(folder, "lib.ts"), edited);
    for (const type of ["shop", "bank"]) {
      const said = await client.run(`hotfix ${type} ${way} --yes`);
      equal(said.at(-1), "<CMD OK>", said.join("\n"));
      ok(said.includes("applied\t1"), said.join("\n"));
    }
    const all = [shop, bank, await make("shop"), await make("bank")];
    for (const each of all) equal(await each.req.all(), 70);
  });

  test(`an edit behind clearcache is carried over by ${way}, taken back, and carried over again`, async (t) => {
    const { folder, open, make } = await desk(t, { "lib.ts": LIB, "shop.ts": USER });
    const client = await open();
    const shop = await make("shop");
    const edited = LIB.replace("5 + fee()", "40 + more()") + "const more = () => 2;\n";
    await client.run("clearcache");
    writeFileSync(join(folder, "lib.ts"), edited);
    for (const answer of [42, 6]) {
      const said = await client.run(`hotfix shop ${way} --yes`);
      equal(said.at(-1), "<CMD OK>", said.join("\n"));
      deepEqual([await shop.req.all(), await (await make("shop")).req.all()], [answer, answer]);
      await client.run("clearcache");
      writeFileSync(join(folder, "lib.ts"), LIB);
    }
  });

  test(`a patch by hand is taken back by the file that has not changed, by ${way}, in new services too`, async (t) => {
    const patch = "function fee(n = 1) { return n + 100; }\n";
    const { folder, open, make } = await desk(t, { "lib.ts": LIB, "shop.ts": USER, "p.ts": patch });
    const client = await open();
    const shop = await make("shop");
    for (const [command, answer] of [
      [`hotfix shop lib.ts=${folder}/p.ts`, 106],
      [`hotfix shop ${way} --yes`, 6],
    ] as const) {
      const said = await client.run(command);
      equal(said.at(-1), "<CMD OK>", said.join("\n"));
      deepEqual([await shop.req.all(), await (await make("shop")).req.all()], [answer, answer]);
    }
  });
}
