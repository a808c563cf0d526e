/** `snax dev` in a node of several threads: each tells what it runs, also one that has taken the place of another. */

import { match } from "node:assert/strict";
import { test } from "node:test";
import { project } from "./project.ts";

const CONFIG = `export default { thread: 3, services: "./services/?.ts", loglevel: "info" };`;

/** Keeps six shops alive, and logs whenever their answers are others; at the answer 2/5 a thread is ended. */
const MAIN = `
import { skynet, snax } from "snax";
skynet.start(async () => {
  let shops: any[] = [];
  let last = "";
  let isEnded = false;
  const look = async () => {
    while (shops.length < 6) shops.push(await snax.newservice<any>("shop"));
    const asked = await Promise.all(shops.map((shop) => shop.req.look().catch(() => undefined)));
    shops = shops.filter((_, index) => asked[index] !== undefined);
    const all = asked.filter((each) => each !== undefined);
    const line = all.length + " shops say " + [...new Set(all)].join(" ");
    if (line !== last) skynet.error(line);
    last = line;
    if (line.endsWith(" 2/5") && !isEnded) {
      isEnded = true;
      void snax.newservice("poison").catch(() => {});
    }
    setTimeout(look, 20);
  };
  void look();
});
`;

const LIBRARY = "export function tax() { return 1; }\n";
const SHOP = `
import { tax } from "./lib/tax.ts";
function price() { return 1; }
export const response = { look() { return price() + "/" + tax(); } };
`;

test("services on several threads run what is saved, also on a thread that has replaced another", async (t) => {
  const { save, next } = await project(t, {
    "snax.config.ts": CONFIG,
    "services/main": MAIN,
    "services/shop": SHOP,
    "services/poison": "export function init() { process.exit(3); }",
    "services/lib/tax": LIBRARY,
  });
  await next("6 shops say 1/1");
  save("services/shop.ts", SHOP.replace("return 1", "return 2"));
  match(await next("shop.ts"), /^services\/shop\.ts: price; patched 6 shop, \d+ ms$/);
  // At this answer a thread is ended.
  save("services/lib/tax.ts", LIBRARY.replace("return 1", "return 5"));
  await next("is back");
  save("services/shop.ts", SHOP.replace("return 1", "return 3"));
  await next("6 shops say 3/5");
  save("services/lib/tax.ts", LIBRARY.replace("return 1", "return 6"));
  match(await next("tax.ts: tax"), /^services\/lib\/tax\.ts: tax; patched 6 shop, \d+ ms$/);
});
