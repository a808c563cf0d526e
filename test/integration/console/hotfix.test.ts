/** `hotfix` of the console: texts for several modules, shared modules, and what it says of a patch that goes nowhere. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Desk, LineClient } from "./console-client.ts";
import { desk } from "./console-client.ts";

const ROOM = `
  import { Board, scoreOf } from "./lib/board.ts";
  import { round } from "./lib/money.ts";
  import { price } from "./lib/prices.ts";
  let rounds = 0;
  const board = new Board();
  export const response = {
    play(n: number) { rounds += 1; return board.add(n); },
    score(n: number) { return scoreOf(n); },
    price(n: number) { return price(round(n)); },
    rounds() { return rounds; },
  };`;
const FILES = {
  "bank.ts": `const MAX = 5; const limits = { max: MAX }; export const response = { look() { return [MAX, limits.max]; } };`,
  "room.ts": ROOM,
  "lib/board.ts": `
    let games = 0;
    export class Board {
      points = 0;
      add(n: number) { games += 1; this.points += scoreOf(n); return [this.points, games]; }
    }
    export function scoreOf(n: number) { return n; }`,
  "lib/money.ts": `
    import { half } from "./deep/board.ts";
    export function round(n: number) { return half(Math.round(n)); }`,
  "lib/deep/board.ts": `export function half(n: number) { return n / 2; }`,
  "lib/prices.ts": `"use shared"; let rate = 10; export function price(n: number) { return n * rate; }`,
};

const OK = "<CMD OK>";
const ERROR = "<CMD Error>";

interface Place extends Desk {
  readonly run: LineClient["run"];
  readonly write: (name: string, text: string) => void;
}

async function open(t: TestContext): Promise<Place> {
  const node = await desk(t, FILES);
  const client = await node.open();
  const write = (name: string, text: string): void => writeFileSync(join(node.folder, name), text);
  return { ...node, run: (line) => client.run(line.replaceAll("@", `${node.folder}/`)), write };
}

test("a text reaches the module that is named, in all services of a type and in one", async (t) => {
  const { run, write, make } = await open(t);
  const [one, other] = [await make("room"), await make("room")];
  write("b.ts", `export function scoreOf(n: number) { return n * 10; }`);
  const rows = ["id\t1", "applied\t2", "failed\t0", "skipped\t0", OK];
  deepEqual(await run("hotfix room lib/board.ts=@b.ts"), rows);
  deepEqual([await one.req.play(1), await other.req.score(2)], [[10, 1], 20]);
  write("c.ts", `export function scoreOf(n: number) { return n * 100; }`);
  for (const name of ["./lib/board.ts", "lib/board"]) {
    deepEqual(await run(`hotfix 9 ${name}=@c.ts`), [OK]);
  }
  deepEqual([await one.req.score(1), await other.req.score(1)], [100, 10]);
  const late = await make("room");
  equal(await late.req.score(1), 10);
});

test("texts for several modules go in in one step, or not at all", async (t) => {
  const { run, write, make } = await open(t);
  const room = await make("room");
  write(
    "own.ts",
    `declare let rounds: number; export function hotfix(to: string) { rounds = Number(to); }`,
  );
  write("m.ts", `export function round(n: number) { return -n; }`);
  write("bad.ts", `declare let nosuch: number;`);
  equal((await run("hotfix 9 @own.ts money.ts=@m.ts lib/board.ts=@bad.ts 5")).at(-1), ERROR);
  equal((await run("hotfix 9 @own.ts money.ts=@m.ts lib/board.ts=@missing.ts 5")).at(-1), ERROR);
  deepEqual([await room.req.price(3), await room.req.rounds()], [15, 0]);
  deepEqual(await run("hotfix 9 @own.ts money.ts=@m.ts 5"), [OK]);
  deepEqual([await room.req.price(3), await room.req.rounds()], [-30, 5]);
});

test("a shared module is patched by its path", async (t) => {
  const { run, write, make } = await open(t);
  const room = await make("room");
  write("p.ts", `declare let rate: number; export function hotfix() { rate = 7; }`);
  const [id, threads] = await run("hotfix @lib/prices.ts @p.ts");
  match(`${id} ${threads}`, /^id\t1 threads\t\d$/);
  equal(await room.req.price(2), 7);
  const path = (await run("hotfix 9 prices.ts=@p.ts")).join("\n");
  match(path, /prices\.ts is shared by all services: .*`hotfix \S+\/lib\/prices\.ts FILE`/);
  match((await run("hotfix @lib/prices.ts @p.ts 5")).join(), /gets no arguments/);
  match((await run("hotfix @lib/prices.ts lib/board.ts=@p.ts")).join(), /give one file/);
});

test("a module that each service has for itself is no shared one, and the message says how it is patched", async (t) => {
  const { run, write, make } = await open(t);
  await make("room");
  write("b.ts", `export function scoreOf() { return 0; }`);
  const [why] = await run("hotfix @lib/board.ts @b.ts");
  match(why ?? "", /^ERR_PATCH_NAME: .*board\.ts is not shared: .*`hotfix TYPE path=FILE`/);
  match((await run("hotfix @lib/none.ts @b.ts")).join(), /no service uses a shared module/);
});

test("a patch whose names live in another module is refused, and the message says how it is given", async (t) => {
  const { run, write, make } = await open(t);
  const room = await make("room");
  const texts = [
    `class Board { points = 0; add(n: number) { return this.points; } }`,
    `export class Board { points = 0; add(n: number) { return this.points; } }`,
    `export function scoreOf(n: number) { return 3; }`,
    `declare let games: number; export function hotfix() { games = 1; }`,
    `export function hotfix() { games = 1; }`,
    `let games = 0;`,
    `declare let rounds: number; function scoreOf2(n: number) { return rounds + games; }`,
  ];
  for (const text of texts) {
    write("b.ts", text);
    for (const target of ["room", "9"]) {
      const [why = "", end] = await run(`hotfix ${target} @b.ts`);
      match(why, /^ERR_PATCH(_NAME)?: \S*\/b\.ts:1:\d+: .*lib\/board\.ts.* has /);
      match(why, /\{ "lib\/board\.ts": text \}, or lib\/board\.ts=FILE in the console/);
      equal(end, ERROR);
    }
  }
  deepEqual(await room.req.play(1), [1, 1]);
});

test("a function of a module that the service does not import itself is not added in silence", async (t) => {
  const { run, write, make } = await open(t);
  const room = await make("room");
  write("h.ts", `function half(n: number) { return 0; }`);
  const [why = ""] = await run("hotfix room @h.ts");
  match(
    why,
    /half would be new to this module, and nothing uses it; lib\/deep\/board\.ts has half/,
  );
  write(
    "u.ts",
    `function half() { return 4; } export const response = { rounds() { return half(); } };`,
  );
  equal((await run("hotfix room @u.ts"))[1], "applied\t1");
  equal(await room.req.rounds(), 4);
  write("s.ts", `function price(n: number) { return 1; }`);
  match((await run("hotfix 9 lib/money.ts=@s.ts")).join(), /is shared by all services/);
});

test("the end of a path names a module only if it is the end of one", async (t) => {
  const { run, write, make } = await open(t);
  await make("room");
  write("b.ts", `export function half(n: number) { return 1; }`);
  const [why = ""] = await run("hotfix 9 board.ts=@b.ts");
  match(why, /board\.ts may be any of (lib\/\S*board\.ts(, |: )){2}/);
  match((await run("hotfix 9 lib/bord.ts=@b.ts")).join(), /did you mean "lib\/board\.ts"\?/);
  deepEqual(await run("hotfix 9 deep/board.ts=@b.ts"), [OK]);
});

test("words that could be a text and are none are refused; behind -- everything is an argument", async (t) => {
  const { run, write, make } = await open(t);
  await make("room");
  write("a.ts", `export function hotfix(...args: string[]) { return args.join("|"); }`);
  match((await run("hotfix 9 @a.ts @a.ts")).join(), /second text for the service's own file/);
  match((await run("hotfix 9 @a.ts --canary")).join(), /hotfix has no option --canary/);
  match((await run("hotfix 9 --yes @a.ts")).join(), /hotfix has no option --yes/);
  match((await run("hotfix 9 -- @a.ts")).join(), /need a file, or --from-source/);
  for (const line of ["hotfix room @a.ts --atomc", "hotfix room --from-source --atomc"]) {
    match((await run(line)).join(), /hotfix has no option --atomc; did you mean "--atomic"\?/);
  }
  match((await run("check room --from-sorce")).join(), /check has no option --from-sorce; did you/);
  deepEqual(await run("hotfix 9 @a.ts x=1 two"), ["x=1|two", OK]);
  deepEqual(await run("hotfix 9 @a.ts -- a.ts lib/x.ts=y.ts --z"), ["a.ts|lib/x.ts=y.ts|--z", OK]);
});

test("a wrong patch is told of at the operator's file, with line and column", async (t) => {
  const { run, write, make, folder } = await open(t);
  await make("room");
  const wrong = [
    ["let x = ;", "ERR_SYNTAX", "1:9"],
    ["\n\n  console.log(1);", "ERR_PATCH", "3:3"],
    ["\n declare let round5: number;", "ERR_PATCH_NAME", "2:14"],
  ] as const;
  for (const [text, code, place] of wrong) {
    write("w.ts", text);
    for (const target of ["room", "9"]) {
      const [why = ""] = await run(`hotfix ${target} @w.ts`);
      equal(
        why.slice(0, `${code}: ${folder}/w.ts:${place}: `.length),
        `${code}: ${folder}/w.ts:${place}: `,
      );
    }
    const [why = ""] = await run(`hotfix 9 lib/money.ts=@w.ts`);
    equal(why.startsWith(`${code}: ${folder}/w.ts:${place}: `), true, why);
  }
});

test("a patch of a type without services says that new ones have it", async (t) => {
  const { run, write, make } = await open(t);
  write("b.ts", `export function scoreOf(n: number) { return 5; }`);
  deepEqual(await run("hotfix room lib/board.ts=@b.ts"), [
    ...["id\t1", "applied\t0", "failed\t0", "skipped\t0"],
    ...["note\tno room lives: new ones have the patch", OK],
  ]);
  equal(await (await make("room")).req.score(1), 5);
});

test("a mistyped name of a service is answered with the one that was meant", async (t) => {
  const { run, write } = await open(t);
  write("b.ts", `export function hotfix() {}`);
  for (const line of ["hotfix rooom @b.ts", "start rom", "snax Room"]) {
    match((await run(line)).join("\n"), /no service \w+ on the search path; did you mean "room"\?/);
  }
  match((await run("snax lib/bord")).join("\n"), /did you mean "lib\/board"\?/);
});

test("with --atomic all services of a type take the patch or none", async (t) => {
  const { run, write, make } = await open(t);
  const rooms = [await make("room"), await make("room"), await make("room")];
  await rooms[2]?.req.play(1);
  write(
    "a.ts",
    `declare let rounds: number;
    export const response = { rounds() { return rounds + 100; } };
    export function hotfix(most: string) { if (rounds > Number(most)) throw new Error("too many"); }`,
  );
  const refused = (await run("hotfix room --atomic @a.ts 0")).join();
  match(refused, /the patch is in no room, for :[0-9a-f]{8} refuses it: .*too many/);
  for (const room of rooms) equal((await room.req.rounds()) < 100, true);
  const lines = await run("hotfix room @a.ts 1 --atomic");
  match(lines.join(" "), /^id\t\d+ applied\t3 failed\t0 skipped\t0 held\t\d+ ms <CMD OK>$/);
  for (const room of rooms) equal((await room.req.rounds()) >= 100, true);
  deepEqual(await run("hotfix 9 @a.ts --atomic 5"), [OK]);
  write("p.ts", "export function price(n: number) { return n; }");
  match(
    (await run("hotfix lib/prices.ts @p.ts --atomic")).join(),
    /ERR_PATCH_NAME: no service uses/,
  );
  write("room.ts", ROOM.replace("rounds += 1", "rounds += 2"));
  match(
    (await run("hotfix room --from-source --atomic --yes")).join(" "),
    / id\t\d+ applied\t3 failed\t0 skipped\t0 held\t\d+ ms <CMD OK>$/,
  );
});

test("of more failures than are listed the answer tells how many there are", async (t) => {
  const { run, write, make } = await open(t);
  for (let index = 0; index < 100; index += 1) await make("room");
  write("bad.ts", `export function hotfix() { throw new Error("not here"); }`);
  const listed = await run("hotfix room @bad.ts");
  equal(listed.filter((row) => /^:[0-9a-f]{8}\t.*not here/.test(row)).length, 100);
  equal(listed.includes("... failed\t1 more"), false);
  for (let index = 0; index < 3; index += 1) await make("room");
  const more = await run("hotfix room @bad.ts");
  equal(more.includes("failed\t103"), true, more.slice(0, 5).join("\n"));
  equal(more.filter((row) => /^:[0-9a-f]{8}\t.*not here/.test(row)).length, 100);
  equal(more.includes("... failed\t3 more"), true, more.slice(-4).join("\n"));
});

test("what goes on with the old is a row of the answer, and stays in the ledger", async (t) => {
  const { run, write, make } = await open(t);
  await make("bank");
  const left = ["keeps the old\tlimits was made with MAX, and keeps what came of that"];
  write("max.ts", `const MAX = 6;`);
  const counts = ["applied\t1", "failed\t0", "skipped\t0"];
  deepEqual(await run("hotfix bank @max.ts"), ["id\t1", ...counts, ...left, OK]);
  write("more.ts", `const MAX = 7; export function hotfix() { return MAX; }`);
  const [address = ""] = (await run("list")).flatMap((row) =>
    row.includes("bank") ? [row.split("\t")[0] ?? ""] : [],
  );
  deepEqual(await run(`hotfix ${address} @more.ts`), ["result\t7", ...left, OK]);
  write("none.ts", `export const response = { look() { return 0; } };`);
  deepEqual(await run(`hotfix ${address} @none.ts`), [OK]);
  const shown = await run("patches 2");
  deepEqual(
    shown.filter((row) => row.startsWith("keeps")),
    left,
  );
});
