/**
 * Edits of classes as real code has them: a \`#\` in a comment or a text, names of methods in brackets, beside members that no patch can give.
 * Where a diff says \`applied\`, the service answers as one that was born from the edited file, and a second diff finds nothing.
 */

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { diffProgram } from "../../../src/texts/diff.ts";
import { fold } from "../../../src/texts/merge.ts";
import { World } from "./harness.ts";

const FILE = `
import { inspect } from "node:util";
const KEY = "open";
const kGo = Symbol("go");
class Board {
  cells = [3, 1, 2];
  #count = 0;
  // See Board#color.
  color() { return "#f00"; /* Board#color: the color */ }
  selector(id: string) { return \`#\${id} .a#b\`; }
  pattern() { return /#[a-z]+/.test("#abc"); }
  count() { return this.#count; }
  class() { return new (class { #inner = 1; get() { return this.#inner; } })().get(); }
}
class Deck {
  cards = [3, 1, 2];
  [Symbol.iterator]() { return this.cards.values(); }
  [Symbol.asyncIterator]() { return all(this.cards); }
  [Symbol.toPrimitive]() { return 7; }
  get [Symbol.toStringTag]() { return "Deck"; }
  static [Symbol.hasInstance](value: unknown) { return value === 1; }
  [inspect.custom]() { return "a deck"; }
  [KEY]() { return "opened"; }
  [kGo]() { return "gone"; }
  ["text"]() { return "text"; }
  [\`\${KEY}ed\`]() { return "computed"; }
}
async function* all(cards: number[]) { yield* cards; }
const board = new Board();
const deck = new Deck();
const walk = async () => { const found: number[] = []; for await (const each of deck) found.push(each); return found; };
const look = async () => [board.color(), board.selector("a"), board.pattern(), board.count(), board.class(), [...deck], await walk(), Number(deck), String(Object.prototype.toString.call(deck)), (1 as unknown) instanceof Deck, inspect(deck), deck.open(), deck[kGo](), deck.text(), (deck as any).opened()];
export const response = { look };
`;

const EDITS: readonly (readonly [
  title: string,
  from: string,
  to: string,
  verdict: "applied" | "note" | "reload",
  says: RegExp,
])[] = [
  ["a colour", `"#f00"`, `"#0f0"`, "applied", /^Board\.color: method/],
  [
    "a method with a comment",
    `return "#f00"; /* Board#color: the color */`,
    `return "#00f"; /* as Board#color */`,
    "applied",
    /^Board\.color: method/,
  ],
  ["a selector", ".a#b", ".b#c", "applied", /^Board\.selector: method/],
  ["a regular expression", `"#abc"`, `"#123"`, "applied", /^Board\.pattern: method/],
  [
    "a private member",
    "return this.#count",
    "return this.#count + 1",
    "reload",
    /count touches #private/,
  ],
  [
    "a class with a private member",
    "return this.#inner",
    "return this.#inner + 1",
    "reload",
    /class touches #private/,
  ],
  [
    "an iterator",
    "this.cards.values()",
    "this.cards.slice(1).values()",
    "applied",
    /^Deck\.\[Symbol\.iterator\]: method/,
  ],
  [
    "an async iterator",
    "all(this.cards)",
    "all(this.cards.slice(1))",
    "applied",
    /^Deck\.\[Symbol\.asyncIterator\]: method/,
  ],
  ["a conversion", "return 7", "return 8", "applied", /^Deck\.\[Symbol\.toPrimitive\]: method/],
  [
    "a getter under a symbol",
    `return "Deck"`,
    `return "Cards"`,
    "applied",
    /^Deck\.get \[Symbol\.toStringTag\]: method/,
  ],
  [
    "a static method under a symbol",
    "value === 1",
    "value === 2",
    "applied",
    /^Deck\.static \[Symbol\.hasInstance\]: method/,
  ],
  [
    "a method under a symbol of a package",
    `"a deck"`,
    `"my deck"`,
    "applied",
    /^Deck\.\[inspect\.custom\]: method/,
  ],
  ["a method under a constant", `"opened"`, `"OPENED"`, "applied", /^Deck\.\[KEY\]: method/],
  [
    "a method under a symbol of the module",
    `"gone"`,
    `"GONE"`,
    "applied",
    /^Deck\.\[kGo\]: method/,
  ],
  ["a method under a text", `return "text"`, `return "TEXT"`, "applied", /^Deck\.text: method/],
  [
    "a method whose name is computed",
    `"computed"`,
    `"COMPUTED"`,
    "reload",
    /only shows when it is computed/,
  ],
  [
    "a method under a constant that changes",
    `KEY = "open"`,
    `KEY = "closed"`,
    "note",
    /Deck: was made with KEY/,
  ],
];

test("what a diff calls applied in classes is as in the edited file, and the rest is refused", async (t) => {
  const world = await World.open(t);
  for (const [index, [title, from, to, verdict, says]] of EDITS.entries()) {
    const edited = FILE.replace(from, () => to);
    notEqual(edited, FILE, title);
    const file = `was${index}.ts`;
    const [found] = diffProgram([{ file, running: FILE, edited }]);
    const said = (found?.changes ?? []).map(({ what, why }) => `${what}: ${why}`).join("; ");
    match(said, says, `${title}: ${said}`);
    equal(found?.verdict, verdict, `${title}: ${said}`);
    if (found?.patch === undefined || verdict !== "applied") continue;
    world.write({ [file]: FILE, [`now${index}.ts`]: edited });
    const service = await world.start(`was${index}`);
    await world.hotfix(service, found.patch);
    const born = await world.start(`now${index}`);
    deepEqual(await service.req.look(), await born.req.look(), title);
    const folded = fold(FILE, [found.patch], file);
    equal(diffProgram([{ file, running: folded, edited }])[0]?.verdict, "same", title);
  }
});

test("a method in brackets is no method of the running class when the constant in them changes", () => {
  const edited = FILE.replace(`KEY = "open"`, `KEY = "closed"`).replace(`"opened"`, `"OPENED"`);
  const [found] = diffProgram([{ file: "a.ts", running: FILE, edited }]);
  equal(found?.verdict, "reload");
  const whys = found?.changes.map(({ why }) => why) ?? [];
  match(whys.join("; "), /the name of \[KEY\] only shows when it is computed/);
});
