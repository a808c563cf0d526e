/** Dry runs of random patches: nothing of the live node is another one afterwards. */

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createRandom } from "../../../src/base/random.ts";
import { drawSeeds } from "../../sim/scale.ts";
import { world } from "../../world.ts";

const SPY = `
let heard = 0;
export const response = { note() { heard += 1; return heard; }, heard() { return heard; } };
export const accept = { note() { heard += 1; } };
`;

const RANDOM = `
import { skynet, snax } from "snax";
import { appendFileSync } from "node:fs";
import { tax, setTax } from "./tax.ts";
let sold = 0;
let spy: any;
class Order { paid = false; constructor(public id: number) {} pay(): boolean { this.paid = true; return this.paid; } }
const orders = new Map<number, Order>();
const names = new Set<string>();
const list: unknown[] = [];
export function init(handle: number) { spy = snax.bind(handle, "spy" as never); }
function add(id: number): number { orders.set(id, new Order(id)); list.push([...orders.values()][0]); return orders.size; }
export const response = {
  buy(id: number) { sold += tax(id); spy.post.note(); return add(id); },
  pay(id: number) { return orders.get(id)?.pay(); },
  name(id: number) { names.add("n" + id); setTax(id); return names.size; },
  async ask(id: number) { return (await spy.req.note()) + id; },
  save(id: number) { appendFileSync("never-written.txt", String(id)); return id; },
  dump() { return JSON.stringify([sold, [...orders], [...names], list, tax(0)]); },
};
`;
const TAX = `let rate = 1;
export function tax(n: number): number { return n * rate; }
export function setTax(n: number): void { rate = n; }
`;

/** Parts of patches: what they declare to be there, and what they give. */
const PIECES: readonly string[] = [
  "function add(id: number): number { orders.delete(id); sold = -1; return orders.size; }",
  "class Order { pay(): boolean { this.paid = !this.paid; list.length = 0; return this.paid; } }",
  'export const response = { buy(id: number) { names.clear(); skynet.send(spy.handle, "lua", id); return id; } };',
  "export const response = { pay(id: number) { for (const each of orders.values()) each.paid = true; throw new Error(String(id)); } };",
  "export function hotfix() { sold = 1000; orders.clear(); names.add('x'); }",
  "export function hotfix() { list.push(orders, list); spy.post.note(); throw new Error('no'); }",
  "export async function hotfix() { await spy.req.note(); }",
  "export async function hotfix() { sold += 1; await skynet.sleep(5000); setTax(9); return sold; }",
  "let fresh = 3; export const response = { fresh() { return (fresh += 1); } };",
  "delete response.pay;",
];
const HEAD = `import { skynet } from "snax"; import { setTax } from "./tax.ts";
declare let sold: number; declare let spy: any; declare const orders: Map<number, any>; declare const names: Set<string>; declare const list: unknown[];
`;

test("random patches and probes: state, files, mailboxes and ledger of the live node are as before", async (t) => {
  const node = await world(t, { random: RANDOM, spy: SPY, "tax.ts": TAX }, {}, { isRoot: true });
  const { snax, make, folder } = node;
  const spy = await make("spy");
  const service = await make("random", spy.handle);
  const look = async (): Promise<string> => {
    const stats = await node.skynet.call<Record<string, unknown>>(".launcher", "lua", "STAT");
    const heard = (stats[`:${spy.handle.toString(16).padStart(8, "0")}`] as any)?.message;
    return JSON.stringify([await service.req.dump(), heard, hashFolder(folder, /node\.log$/)]);
  };
  await service.req.buy(1);
  await spy.req.heard();
  const before = await look();
  let tried = 0;
  let rounds = 0;
  for (const seed of drawSeeds("dry-run", { c: 8, r: 200, s: 1000 }).seeds) {
    rounds += 1;
    // A long run that says nothing is taken for one that hangs.
    if (rounds % 20 === 0) console.log(`dry-run: ${rounds} patches tried`);
    const random = createRandom(seed);
    const pick = (count: number): number => random.below(count);
    const pieces = Array.from({ length: 1 + pick(2) }, () => PIECES[pick(PIECES.length)] ?? "");
    const patch = HEAD + [...new Set(pieces)].join("\n");
    const probes = Array.from({ length: pick(4) }, () => {
      const method = ["buy", "pay", "name", "ask", "save", "dump", "fresh"][pick(7)] ?? "";
      return { method, args: [pick(3)] };
    });
    try {
      await snax.repair({ dry: { probes } }).hotfix(service, patch);
      tried += 1;
    } catch (error) {
      match(String((error as { code?: unknown }).code), /^ERR_(?:PATCH|DRY_RUN|SYNTAX)/);
    }
    equal(await look(), before, `seed=${seed}\n${patch}`);
  }
  deepEqual([snax.patches(), tried > 0], [[], true]);
  // The comparison notices one message more.
  await service.req.buy(2);
  notEqual(await look(), before);
});

/** Every file below a folder, with its contents. */
function hashFolder(folder: string, skip: RegExp): string {
  const hash = createHash("sha256");
  const visit = (path: string): void => {
    if (skip.test(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).toSorted()) visit(join(path, name));
    } else hash.update(path).update(readFileSync(path));
  };
  visit(folder);
  return hash.digest("hex");
}
