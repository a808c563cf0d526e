/** Bodies of a text by their places, and whether a patch replaces them. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { bodyAt, Replaced } from "../../../src/texts/body.ts";
import { readPatchPieces } from "../../../src/texts/merge.ts";
import { readModuleText } from "../../../src/texts/module-text.ts";

const FILE = "/shop.ts";
const TEXT = `
const until = setup(() => /*loose state*/ 1);
function price() { return [1].map(async () => /*price*/ 2); }
const tax = async () => /*tax*/ 3;
class Till {
  field = async () => /*Till.field*/ 4;
  constructor() { /*Till.constructor*/ }
  async open() { /*Till.open*/ }
  static async open() { /*Till.static open*/ }
  get open2() { return /*Till.get open2*/ 5; }
}
const table = { async open() { /*table.open*/ }, price, renamed: tax };
const handlers = { nested: { async open() { /*handlers.nested*/ } } };
export const response = { async open() { /*response.open*/ }, buy: price };
export const subscribe = { async open() { /*accept.open*/ } };
setInterval(async () => { /*at top level*/ }, 1000);
skynet.start(() => skynet.dispatch("lua", async () => { /*dispatch "lua"*/ }));
`;
const module = readModuleText(TEXT, FILE, { isService: true });

function placeOf(mark: string): number {
  const at = TEXT.indexOf(`/*${mark}*/`);
  ok(at > 0, mark);
  return at;
}

const NAMES = [
  ...["price", "tax", "Till.field", "Till.constructor", "Till.open", "Till.static open"],
  ...["Till.get open2", "table.open", "handlers.nested", "response.open", "accept.open"],
  'dispatch "lua"',
];

test("a place belongs to the body around it", () => {
  for (const name of NAMES) equal(bodyAt(module, placeOf(name)), name);
  equal(bodyAt(module, placeOf("loose state")), "until");
  equal(bodyAt(module, placeOf("at top level")), undefined);
});

/** Patches, and the bodies of the text that they replace. */
const PATCHES: readonly (readonly [patch: string, replaced: readonly string[]])[] = [
  ["function price() { return 1; }", ["price"]],
  ["const price = () => 1;", ["price"]],
  ["class Till { async open() {} }", ["Till.open"]],
  ["class Till { static async open() {} }", ["Till.static open"]],
  ["const table = { async open() {} };", ["table.open"]],
  ["export const response = { async open() {} };", ["response.open"]],
  ["export const accept = { async open() {} };", ["accept.open"]],
  ["export const response = { buy() { return 1; } };", ["price"]],
  ["const table = { renamed() {} };", ["tax"]],
  ["delete price;", ["price"]],
  ["delete response.open;", ["response.open"]],
  ["delete Till.prototype.open;", ["Till.open"]],
  ["delete Till.open;", ["Till.static open"]],
  [
    "delete Till;",
    ["Till.field", "Till.constructor", "Till.open", "Till.static open", "Till.get open2"],
  ],
  ["declare function price(): void; function fresh() { return price(); }", []],
  ["export function hotfix() { return 1; }", []],
  ['export function hotfix() { skynet.dispatch("lua", () => 1); }', ['dispatch "lua"']],
  ['export function hotfix() { skynet.dispatch("text", () => 1); }', []],
];

function replacedBy(patch: string, isReplaced = judge): string[] {
  const replaced = new Replaced(readPatchPieces(patch, FILE, module));
  return NAMES.filter((name) => isReplaced(replaced, name));
}

const judge = (replaced: Replaced, name: string): boolean => replaced.has(name, module);

test("a patch replaces what it gives and what it takes away, and nothing else", () => {
  for (const [patch, expected] of PATCHES) deepEqual(replacedBy(patch), expected, patch);
});

test("planted: code that goes by the last part of a name alone is noticed", () => {
  const byName = (replaced: Replaced, name: string): boolean => replaced.hasFunction(name);
  const wrong = PATCHES.filter(
    ([patch, expected]) => replacedBy(patch, byName).join() !== expected.join(),
  );
  ok(wrong.length >= 6, `${wrong.length}`);
});
