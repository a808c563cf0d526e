/** What the top level had registered and a new one does not: it is gone after a reload, and the result tells so. */

import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import type { World } from "../../world.ts";
import { codeOfFailure, failureOf, world } from "../../world.ts";

interface Desk {
  readonly node: World;
  readonly desk: ServiceObject;
  /** What it has noted, also when it has ended. */
  readonly heard: () => string;
}

/** One thing that a service registers, and how it is seen that it is there. */
interface Case {
  /** The line that registers it. */
  readonly line: string;
  readonly isThere: (desk: Desk) => Promise<boolean>;
  /** What the result says of it when it is gone. */
  readonly told: string;
  /** What a reload says that would lose it. */
  readonly refusal: RegExp;
}

/** The desk notes words in a file: one of its listeners runs when it has ended. */
const head = (file: string): string => `
import { sharetable, skynet } from "snax"; import { appendFileSync } from "node:fs";
function note(word: string) { appendFileSync("${file}", word); }
export const response = {
  load: (price: number) => sharetable.loadtable("prices", { price }),
  say: () => skynet.send(skynet.self(), "mine"),
};
`;

const CASES: Record<string, Case> = {
  "a listener of a shared table": {
    line: `sharetable.onupdate("prices", () => note("listened "));`,
    isThere: async ({ desk, heard }) => {
      await desk.req.load(1);
      await desk.req.load(2);
      await desk.req.load(3);
      return heard().includes("listened");
    },
    told: "sharetable.onupdate prices",
    refusal: /^nothing listens to updates of prices with new code: /,
  },
  "a check of a shared table": {
    line: `sharetable.check("prices", () => { throw new Error("dear"); });`,
    isThere: async ({ desk }) => (await codeOfFailure(desk.req.load(1))) === "ERR_TABLE",
    told: "sharetable.check prices",
    refusal: /^nothing checks prices with new code: /,
  },
  "the answer to the console's info": {
    line: `skynet.info_func(() => ["known"]);`,
    isThere: async ({ node, desk }) =>
      JSON.stringify(await node.skynet.call(desk.handle, "debug", "INFO"))?.includes("known") ===
      true,
    told: "skynet.info_func",
    refusal: /^nothing answers `info` with new code: /,
  },
  "a handler of a type of messages": {
    line: `skynet.dispatch("lua", () => "handled");`,
    isThere: async ({ node, desk }) => {
      const answer = node.skynet.within(200).call(desk.handle, "lua");
      return (await answer.catch(() => "none")) === "handled";
    },
    told: "skynet.dispatch lua",
    refusal: /^nothing handles messages of type lua any more: /,
  },
  "a protocol": {
    line: `skynet.register_protocol({ name: "mine", id: 100, pack: () => Buffer.from("x") });`,
    isThere: async ({ desk }) => (await codeOfFailure(desk.req.say())) !== "ERR_NO_PROTOCOL",
    told: "skynet.register_protocol mine",
    refusal: /^it knows no protocol mine with new code: /,
  },
  "a closure that listens to the signal": {
    line: `{ const word = "ended "; skynet.signal.addEventListener("abort", () => note(word)); }`,
    isThere: async ({ node, desk, heard }) => {
      await node.snax.kill(desk);
      return heard().includes("ended");
    },
    told: "skynet.signal",
    refusal: /skynet\.signal .* is a closure: /,
  },
  "a function that is the signal's onabort": {
    line: `skynet.signal.onabort = () => note("ended ");`,
    isThere: async ({ node, desk, heard }) => {
      await node.snax.kill(desk);
      return heard().includes("ended");
    },
    told: "skynet.signal",
    // It goes over: a function that captures nothing is made again.
    refusal: /^$/,
  },
};

async function open(t: TestContext, text: string): Promise<Desk & { edit(next: string): void }> {
  const node = await world(t, {});
  const file = join(node.folder, "heard.txt");
  const edit = (next: string): void =>
    writeFileSync(join(node.folder, "desk.ts"), head(file) + next);
  edit(text);
  writeFileSync(file, "");
  const desk = await node.make("desk");
  return { node, desk, heard: () => readFileSync(file, "utf8"), edit };
}

for (const [what, { line, isThere, told, refusal }] of Object.entries(CASES)) {
  test(`${what} whose line is deleted at top level is gone after a reload, which tells so`, async (t) => {
    const kept = await open(t, line);
    kept.edit(`${line} let more = 1;`);
    deepEqual((await kept.node.snax.reload(kept.desk)).leftBehind, []);
    equal(await isThere(kept), true, "it is there as long as the line is");
    const gone = await open(t, line);
    gone.edit("let more = 1;");
    const strict = await failureOf(gone.node.snax.reload(gone.desk, { strict: true }));
    equal(strict.code, "ERR_RELOAD");
    match(strict.message, /\(strict\)$/);
    const { leftBehind } = await gone.node.snax.reload(gone.desk);
    equal(leftBehind.length, 1);
    match(String(leftBehind[0]), new RegExp(`^${told.replaceAll(".", "\\.")}`));
    equal(await isThere(gone), false, "it is gone with the line");
  });

  test(`${what} whose line is deleted is there after a reload that fails, and after a strict one`, async (t) => {
    const desk = await open(t, line);
    desk.edit("export function reload() { throw new Error('no'); }");
    equal(await codeOfFailure(desk.node.snax.reload(desk.desk)), "ERR_RELOAD");
    desk.edit("let more = 1;");
    equal(await codeOfFailure(desk.node.snax.reload(desk.desk, { strict: true })), "ERR_RELOAD");
    equal(await isThere(desk), true);
  });

  test(`${what} that init has registered is never lost without a word`, async (t) => {
    const init = `export function init() { ${line} }`;
    const desk = await open(t, init);
    desk.edit(`${init} let more = 1;`);
    if (refusal.source !== "^$") {
      match((await failureOf(desk.node.snax.reload(desk.desk))).message, refusal);
    } else await desk.node.snax.reload(desk.desk);
    equal(await isThere(desk), true);
  });
}
