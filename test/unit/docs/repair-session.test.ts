/** docs/repair-session.md happens as written: from a wrong price to a repair that the deployed file contains. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { start } from "snax";
import type { Node } from "snax";
import { COMPILERS, install } from "../../integration/check/project.ts";
import { LineClient } from "../../integration/console/console-client.ts";
import { writeFiles } from "../../world.ts";
import { readBlocks, readFiles, readPage } from "./page.ts";

const PAGE = readPage("repair-session.md");

interface Session {
  readonly node: Node;
  readonly client: LineClient;
}

async function begin(t: TestContext, root: string, times: number): Promise<Session> {
  const logger = `node-${times}.log`;
  const node = await start({ thread: 2, console: 0, logger, ledger: "ledger.jsonl" }, { root });
  t.after(() => node.stop());
  const readLog = (): string => readFileSync(join(root, logger), "utf8");
  const port = /Start debug console at \S+?:(\d+)$/m;
  while (!port.test(readLog())) await node.skynet.sleep(5);
  const client = await LineClient.open(Number(port.exec(readLog())?.[1]));
  t.after(() => client.close());
  return { node, client };
}

/** What differs from run to run, as the page writes it. */
function general(text: string, root: string): string {
  return text
    .replaceAll(`${root}/`, "")
    .replaceAll(/\b[0-9a-f]{12}\b/g, "HASH")
    .replaceAll(/held\t\d+ ms/g, "held\tN ms")
    .replaceAll(/for [\d.]+ ms/g, "for N ms")
    .replaceAll(/of\t:[0-9a-f]{8} /g, "of\t:SHOP ")
    .replaceAll(/time\t\S+/g, "time\tTIME")
    .replaceAll(/by\t:[0-9a-f]{8} .*/g, "by\t:CONSOLE")
    .replaceAll(/^:[0-9a-f]{8}\t/gm, ":SHOP\t")
    .replaceAll(/[ \t]+$/gm, "")
    .replaceAll(/\n{2,}/g, "\n");
}

/** The prices of two shops. */
async function prices({ snax }: Node): Promise<unknown[]> {
  const shops = [await snax.newservice<any>("shop"), await snax.newservice<any>("shop")];
  return Promise.all(shops.map((shop) => shop.req.buy(100)));
}

/** What the project of the page has besides its services. */
const PROJECT = {
  "package.json": '{ "type": "module" }',
  "tsconfig.json": JSON.stringify({
    compilerOptions: { strict: true, module: "nodenext", target: "es2022" },
  }),
};

test("the session goes as the page shows", async (t) => {
  const root = writeFiles(t, { ...readFiles(PAGE), ...PROJECT });
  install(root, COMPILERS[0]);
  let times = 0;
  let { node, client } = await begin(t, root, times);
  deepEqual(await prices(node), [120, 120]);
  const said: string[] = [];
  for (const { mark, text } of readBlocks(PAGE)) {
    if (mark.startsWith("edit=")) {
      const path = join(root, mark.slice("edit=".length));
      const lines = text.trimEnd().split("\n");
      const from = lines.filter((line) => line.startsWith("-")).map((line) => line.slice(1));
      const to = lines.filter((line) => line.startsWith("+")).map((line) => line.slice(1));
      const before = readFileSync(path, "utf8");
      ok(before.includes(from.join("\n")), text);
      writeFileSync(
        path,
        before.replace(from.join("\n"), () => to.join("\n")),
      );
    } else if (mark === "console") {
      const [, command = ""] = /^> (.*)$/m.exec(text) ?? [];
      const answer = await client.run(command);
      const shown = text.trimEnd().split("\n").slice(1).join("\n");
      equal(general(answer.join("\n"), root), general(shown, root), command);
      said.push(command);
    } else if (mark === "restart") {
      await node.stop();
      times += 1;
      ({ node, client } = await begin(t, root, times));
      deepEqual(await prices(node), [119, 119]);
      await node.skynet.call(".logger", "lua", "FLUSH");
      ok(readFileSync(join(root, `node-${times}.log`), "utf8").includes(text.trim()), text);
    }
  }
  equal(said.length, 10);
});

test("without typescript the check says what the page says", async (t) => {
  const root = writeFiles(t, { ...readFiles(PAGE), ...PROJECT });
  install(root, undefined);
  const { node, client } = await begin(t, root, 0);
  await prices(node);
  const answer = await client.run("check shop patches/tax.ts");
  equal(answer.at(-1), "<CMD OK>");
  ok(PAGE.includes(`\`${answer[0]}\``), answer.join("\n"));
});
