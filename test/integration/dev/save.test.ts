/** `snax dev`: what is saved runs, and the state stays. */

import { match } from "node:assert/strict";
import { test } from "node:test";
import { project } from "./project.ts";

/** Starts two shops and logs what they answer, twenty times a second. */
const MAIN = `
import { skynet, snax } from "snax";
skynet.start(async () => {
  const shops = [await snax.newservice<any>("shop"), await snax.newservice<any>("shop")];
  let last = "";
  setInterval(async () => {
    const all = await Promise.all(shops.map((shop) => shop.req.look()));
    const born = await snax.newservice<any>("shop");
    const line = "shops say " + all.join(" ") + " and a new one " + (await born.req.look());
    await snax.kill(born);
    if (line !== last) skynet.error(line);
    last = line;
  }, 20);
});
`;

const SHOP = `
let sold = 0;
export function init() { sold = 5; }
function price() { return 1; }
export const response = { look() { return "price" + price() + "sold" + sold; } };
`;

test("a function that is saved runs in all services and in those to come, and the state stays", async (t) => {
  const { save, next } = await project(t, { "services/main": MAIN, "services/shop": SHOP });
  await next("shops say price1sold5 price1sold5 and a new one price1sold5");
  save("services/shop.ts", SHOP.replace("return 1", "return 2"));
  match(await next("shop.ts"), /^services\/shop\.ts: price; patched [23] shop, \d+ ms$/);
  await next("shops say price2sold5 price2sold5 and a new one price2sold5");
});
