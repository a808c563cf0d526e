/**
 * What a diff says of tables, lists, static fields and decorated classes is what the patch then does: where it says `applied`, the
 * service answers as one that was born from the edited file.
 */

import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { test } from "node:test";
import { diffProgram } from "../../../src/texts/diff.ts";
import { World } from "./harness.ts";

const FILE = `
import { EventEmitter } from "node:events";
enum Kind { Sword, Bow }
const NAMES = { BLOW: "blow" } as const;
const kGo = Symbol("go");
const Damage = { [Kind.Sword]: (n: number) => n, [Kind.Bow]: { base: 1, roll: (n: number) => n + 1 }, [NAMES.BLOW](n: number) { return n + 2; }, [kGo]: () => "go", ["text"]: () => "text", [String(7)]: () => 7 };
const base = { hp: 1, heal: () => "heal" };
const orc = { ...base, hit: () => "hit" };
const late = { early: () => "early", ...base };
const bag = { items: [1, 2], get size() { return this.items.length; }, set size(n: number) { this.items.length = n; } };
const LIMITS = Object.freeze({ max: 5, deep: Object.freeze({ min: 1 }) });
const BAD = [/foo/, /bar/];
const WORDS = new Set(["a"]);
const handlers = new Map<string, (n: number) => string>([["a", (n) => "a" + n]]);
const open = new Map<string, () => string>([["a", () => "open"]]);
open.set("b", () => "more");
const quests = Object.freeze([{ id: 1, reward: () => "gold" }]);
class Rules { static calc = (n: number) => n * 2; static T = Object.freeze({ max: 5 }); static table = { [Kind.Bow]: () => "bow" }; static list = [1]; }
const bus = new EventEmitter();
bus.on("x", () => {});
const look = () => [Damage[Kind.Sword](3), Damage[Kind.Bow].roll(3), Damage[Kind.Bow].base, Damage[NAMES.BLOW](3), Damage[kGo](), Damage.text(), (Damage as any)[7](), orc.hit(), orc.heal(), late.early(), bag.size, LIMITS.max, LIMITS.deep.min, BAD.some((each) => each.test("xBAR")), [...WORDS].join(), handlers.get("a")!(1), open.get("a")!(), quests.map((each) => each.reward()).join(), Rules.calc(2), Rules.T.max, Rules.table[Kind.Bow](), Rules.list.length];
export const response = { look };
`;

const FORMS: readonly (readonly [
  title: string,
  from: string,
  to: string,
  verdict: "applied" | "note",
  says: RegExp,
])[] = [
  [
    "a function under an enum's member",
    "[Kind.Sword]: (n: number) => n,",
    "[Kind.Sword]: (n: number) => n * 9,",
    "applied",
    /^Damage\[Kind\.Sword\]: function$/,
  ],
  [
    "what is deeper there",
    "base: 1, roll: (n: number) => n + 1",
    "base: 2, roll: (n: number) => n + 10",
    "applied",
    /^Damage\[Kind\.Bow\]\.roll: function$/,
  ],
  [
    "a method under a constant",
    "return n + 2;",
    "return n + 3;",
    "applied",
    /^Damage\[NAMES\.BLOW\]: /,
  ],
  ["a function under a symbol", `() => "go"`, `() => "GO"`, "applied", /^Damage\[kGo\]: function$/],
  [
    "a quoted name in brackets",
    `() => "text"`,
    `() => "TEXT"`,
    "applied",
    /^Damage\.text: function$/,
  ],
  [
    "a name that a call gives",
    `() => 7`,
    `() => 8`,
    "note",
    /^Damage: a spread, or a name that is computed/,
  ],
  [
    "a member behind a spread",
    `hit: () => "hit"`,
    `hit: () => "HIT"`,
    "applied",
    /^orc\.hit: function$/,
  ],
  [
    "a member in front of a spread",
    `() => "early"`,
    `() => "EARLY"`,
    "note",
    /^late\.early: a spread behind it may give another one/,
  ],
  ["another spread", "{ ...base, hit:", "{ ...bag, hit:", "note", /^orc: a spread, or a name/],
  [
    "a getter of an object",
    "return this.items.length;",
    "return this.items.length + 5;",
    "applied",
    /^bag\.size: getter and setter$/,
  ],
  ["a frozen object", "max: 5, deep", "max: 6, deep", "applied", /^LIMITS\.max: constant, 5 -> 6$/],
  [
    "a frozen object in one",
    "min: 1",
    "min: 2",
    "applied",
    /^LIMITS\.deep\.min: constant, 1 -> 2$/,
  ],
  [
    "a list that is only read",
    "/bar/]",
    "/bar/i]",
    "applied",
    /^BAD: as the file has it, in place$/,
  ],
  ["a Set that is only read", `Set(["a"])`, `Set(["a", "b"])`, "applied", /^WORDS: as the file/],
  ["a Map of functions", `"a" + n`, `"A" + n`, "applied", /^handlers: as the file has it/],
  ["a Map that the program fills", `() => "open"`, `() => "OPEN"`, "note", /^open: state/],
  ["a frozen list of objects", `"gold"`, `"silver"`, "applied", /^quests: as the file has it/],
  ["a function in a static field", "n * 2", "n * 3", "applied", /^Rules\.static calc: function$/],
  [
    "a frozen object in a static field",
    "freeze({ max: 5 })",
    "freeze({ max: 7 })",
    "applied",
    /^Rules\.T\.max: constant/,
  ],
  [
    "an enum's member in a static field",
    `"bow"`,
    `"BOW"`,
    "applied",
    /^Rules\.table\[Kind\.Bow\]: function$/,
  ],
  [
    "a list in a static field",
    "list = [1]",
    "list = [1, 2]",
    "note",
    /^Rules\.static list: state of the class: it keeps its value; to set it now: hotfix\(\) \{ Rules\.list = /,
  ],
];

test("what a diff calls applied in tables, lists and static fields is as in the edited file, and the rest is as before", async (t) => {
  const world = await World.open(t);
  for (const [index, [title, from, to, verdict, says]] of FORMS.entries()) {
    const edited = FILE.replace(from, () => to);
    notEqual(edited, FILE, title);
    const [found] = diffProgram([{ file: `was${index}.ts`, running: FILE, edited }]);
    const said = (found?.changes ?? []).map(({ what, why }) => `${what}: ${why}`);
    match(said.find((each) => says.test(each)) ?? said.join("; "), says, title);
    const first = found?.changes.find(({ what, why }) => says.test(`${what}: ${why}`));
    equal(first?.verdict, verdict, title);
    world.write({ [`was${index}.ts`]: FILE, [`now${index}.ts`]: edited });
    const service = await world.start(`was${index}`);
    const before = await service.req.look();
    if (found?.patch !== undefined) await world.hotfix(service, found.patch);
    const expected =
      verdict === "applied" ? await (await world.start(`now${index}`)).req.look() : before;
    deepEqual(await service.req.look(), expected, `${title}\n${String(found?.patch)}`);
  }
});
