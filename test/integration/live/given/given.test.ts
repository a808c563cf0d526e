/**
 * Each function of the API that takes a function of the program: a reload has the new one called, is refused, or says that the
 * old one stays. None of them runs old code without a word.
 */

import { deepEqual, equal, match } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { codeOf } from "snax";
import { world } from "../../../world.ts";
import { linkPlaceOf, startDb, TOKEN } from "../../cluster/links.ts";
import { serve } from "../../net/channel-world.ts";
import { Giver, textOf, VARIANTS } from "./service.ts";
import type { Place } from "./service.ts";
import { TABLE } from "./table.ts";
import type { Given } from "./table.ts";
import { listTakers, MODULES } from "./walk.ts";

const KNOWN = TABLE.flatMap(({ takes }) => takes);

test("each function of the API that takes a function is in the table of what a reload does with it", () => {
  deepEqual(listTakers(MODULES), KNOWN.toSorted());
});

test("a new function of the API that takes a function is missed in the table, however it takes it", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "snax-takers-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "index.d.mts");
  writeFileSync(
    file,
    `export declare const one: { at(ms: number, run: () => void): void; put<T extends () => void>(run: T): void };
     interface Hooks { readonly inner?: { readonly end?: (id: number) => unknown } }
     export declare function open(place: string | Hooks): Promise<{ each(list: readonly (() => void)[]): void }>;
     export declare class Own { #hidden; constructor(run: () => void); text(): string }
     export declare function take(own: Own, data: Map<string, number>): void;`,
  );
  deepEqual(listTakers({ "": file }), [
    "Own(run)",
    "one.at(run)",
    "one.put(run)",
    "open().each(list[])",
    "open(place.inner.end)",
  ]);
});

/** Reloads a service of each kind of function, and says what became of them. */
async function fatesOf(t: TestContext, given: Given, place: Place): Promise<string[]> {
  const { port } = await serve(t, (line) => line);
  const db = given.fire === "down" ? await startDb(t) : undefined;
  const cluster = db === undefined ? {} : { nodes: { db: await linkPlaceOf(db) }, token: TOKEN };
  const node = await world(t, {}, { cluster, node: "client" });
  const all = VARIANTS.map(
    (variant) => new Giver(node, variant, textOf(given, variant, place), port),
  );
  const begun = await Promise.all(
    all.map(async (giver) => {
      if (given.isPlain === true) return await node.skynet.newservice(giver.name);
      const { handle } = await node.make(giver.name);
      return handle;
    }),
  );
  const said: string[] = [];
  for (const [index, giver] of all.entries()) {
    giver.write("new");
    const handle = begun[index] as number;
    if (given.fire === "down")
      while (giver.heard === "") await node.skynet.call(handle, "debug", "PING");
    giver.clear();
    try {
      const { kept } = await node.snax.reload(handle);
      said.push(kept.find((each) => each.startsWith("the function of ")) ?? "reloaded");
    } catch (error) {
      said.push(`${codeOf(error)} ${(error as Error).message}`);
    }
  }
  await db?.stop();
  const fire = async (giver: Giver, handle: number): Promise<void> => {
    if (given.fire === "info") await node.skynet.call(handle, "debug", "INFO");
    else if (given.fire === "end") await node.snax.kill(node.snax.bind<any>(handle, giver.name));
    else if (given.fire === "down")
      while (giver.heard === "") await node.skynet.call(handle, "debug", "PING");
    else if (given.isPlain !== true) {
      const service = node.snax.bind<any>(handle, giver.name);
      await service.req.fire();
      await service.req.idle();
    }
  };
  await Promise.all(all.map((giver, index) => fire(giver, begun[index] as number)));
  return all.map(({ heard }, index) => judge(said[index] as string, heard));
}

/** Says what became of a function, by what the reload said and what ran then. */
function judge(said: string, heard: string): string {
  if (said.startsWith("ERR_RELOAD ") && !heard.includes("new")) return "refused";
  if (said === "reloaded" && heard === "new") return "new";
  if (said === "reloaded" && heard === "") return "gone";
  if (/^the function of .* \(\w+\.ts:\d+\)$/.test(said) && heard === "old") return "told";
  return `"${said}", and then ran: ${heard || "nothing"}`;
}

for (const given of TABLE) {
  const [name] = given.takes;
  for (const place of ["init", "top"] as const) {
    const fates = given[place];
    if (fates === undefined) continue;
    const where = place === "init" ? "init" : "the top level";
    test(`what ${where} has given to ${name} runs new code after a reload, or the reload says otherwise`, async (t) => {
      deepEqual(await fatesOf(t, given, place), [...fates]);
    });
  }
}

test("a function that something keeps past a reload is found by what runs", async (t) => {
  const planted: Given = {
    takes: [],
    give: `(globalThis as any).kept ??= new Map(); (globalThis as any).kept.set("NAME", RUN);`,
    fire: `(globalThis as any).kept.get("NAME")();`,
  };
  const fates = await fatesOf(t, planted, "init");
  equal(fates.length, 3);
  for (const fate of fates) match(fate, /^"reloaded", and then ran: old$/);
});
