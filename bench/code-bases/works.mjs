/**
 * What code bases are given to do when their speed is measured: a text each that exports `work`, which takes a few milliseconds, and
 * returns a number that tells whether it did what it should. `@` stands for the folder of the code base.
 */

/** @type {Record<string, string>} */
export const WORKS = {
  "chess.js": `
    import { Chess } from "@/src/chess.ts";
    export function work() {
      const chess = new Chess();
      let sum = chess.perft(2);
      for (let turn = 0; turn < 20; turn += 1) {
        const moves = chess.moves();
        sum += moves.length;
        chess.move(moves[(turn * 7) % moves.length]);
      }
      return sum;
    }`,
  "rot.js": `
    import RNG from "@/src/rng.ts";
    import Digger from "@/src/map/digger.ts";
    import FOV from "@/src/fov/precise-shadowcasting.ts";
    import AStar from "@/src/path/astar.ts";
    export function work() {
      RNG.setSeed(12345);
      const free = new Set();
      new Digger(60, 30).create((x, y, wall) => { if (wall === 0) free.add(x + "," + y); });
      const cells = [...free].map((each) => each.split(",").map(Number));
      const isFree = (x, y) => free.has(x + "," + y);
      let sum = free.size;
      new FOV(isFree).compute(cells[0][0], cells[0][1], 12, () => { sum += 1; });
      new AStar(cells[0][0], cells[0][1], isFree, { topology: 8 }).compute(cells.at(-1)[0], cells.at(-1)[1], () => { sum += 1; });
      return sum;
    }`,
  "ts-pattern": `
    import { match, P } from "@/src/index.ts";
    export function work() {
      let sum = 0;
      for (let index = 0; index < 200; index += 1) {
        sum += match({ type: ["buy", "sell", "move"][index % 3], item: { count: index, tags: ["a", "b"] } })
          .with({ type: "buy", item: { count: P.number } }, ({ item }) => item.count)
          .with({ type: P.union("sell", "trade"), item: { tags: P.array(P.string) } }, () => 2)
          .otherwise(() => 1);
      }
      return sum;
    }`,
  "date-fns": `
    import { addDays } from "@/src/addDays/index.ts";
    import { format } from "@/src/format/index.ts";
    import { parseISO } from "@/src/parseISO/index.ts";
    import { differenceInDays } from "@/src/differenceInDays/index.ts";
    export function work() {
      let sum = 0;
      let date = parseISO("2026-01-01T10:20:30");
      for (let index = 0; index < 100; index += 1) {
        date = addDays(date, 1);
        sum += format(date, "yyyy-MM-dd EEEE HH:mm:ss do MMMM").length + differenceInDays(date, parseISO("2026-01-01"));
      }
      return sum;
    }`,
  zod: `
    import { z } from "@/packages/zod/src/index.ts";
    const Item = z.object({ id: z.number().int(), name: z.string().min(1), tags: z.array(z.string()) });
    const Player = z.object({ name: z.string(), items: z.array(Item), place: z.union([z.tuple([z.number(), z.number()]), z.null()]) });
    export function work() {
      let sum = 0;
      for (let index = 0; index < 60; index += 1) {
        const items = [1, 2, 3, 4].map((id) => ({ id, name: "item " + id, tags: ["a", "b"] }));
        sum += Player.parse({ name: "p" + index, items, place: index % 2 ? [1, 2] : null }).items.length;
        if (!Player.safeParse({ name: 1, items }).success) sum += 1;
      }
      return sum;
    }`,
  immer: `
    import { produce } from "@/src/immer.ts";
    export function work() {
      let state = { players: Array.from({ length: 20 }, (_, id) => ({ id, gold: 0, items: [] })), turn: 0 };
      for (let index = 0; index < 60; index += 1) {
        state = produce(state, (draft) => {
          draft.turn += 1;
          draft.players[index % 20].gold += index;
          draft.players[(index * 3) % 20].items.push(index);
        });
      }
      return state.turn + state.players.reduce((sum, { gold }) => sum + gold, 0);
    }`,
  "boardgame.io": `
    import { CreateGameReducer } from "@/src/core/reducer.ts";
    import { InitializeGame } from "@/src/core/initialize.ts";
    import { makeMove, gameEvent } from "@/src/core/action-creators.ts";
    const game = {
      seed: 1,
      setup: () => ({ cells: Array(9).fill(null), count: 0 }),
      moves: { click: ({ G, playerID }, id) => { G.cells[id] = playerID; G.count += 1; } },
      turn: { minMoves: 1 },
    };
    export function work() {
      const reducer = CreateGameReducer({ game });
      let state = InitializeGame({ game, numPlayers: 2 });
      for (let turn = 0; turn < 18; turn += 1) {
        const { currentPlayer } = state.ctx;
        state = reducer(state, makeMove("click", [turn % 9], currentPlayer));
        state = reducer(state, gameEvent("endTurn", undefined, currentPlayer));
      }
      return state.G.count + state.ctx.turn;
    }`,
  xstate: `
    import { createActor, createMachine, assign } from "@/packages/core/src/index.ts";
    const machine = createMachine({
      initial: "red",
      context: { count: 0 },
      states: {
        red: { on: { NEXT: { target: "green", actions: assign({ count: ({ context }) => context.count + 1 }) } } },
        green: { on: { NEXT: { target: "yellow", guard: ({ context }) => context.count > 0 } } },
        yellow: { on: { NEXT: "red" } },
      },
    });
    export function work() {
      const actor = createActor(machine).start();
      for (let index = 0; index < 60; index += 1) actor.send({ type: "NEXT" });
      const { count } = actor.getSnapshot().context;
      actor.stop();
      return count;
    }`,
  "fp-ts": `
    import * as A from "@/src/ReadonlyArray.ts";
    import * as O from "@/src/Option.ts";
    import * as E from "@/src/Either.ts";
    import { pipe } from "@/src/function.ts";
    const numbers = A.makeBy(100, (index) => index);
    export function work() {
      let sum = 0;
      for (let index = 0; index < 10; index += 1) {
        sum += pipe(
          numbers,
          A.filter((each) => each % 3 === 0),
          A.map((each) => each + index),
          A.traverse(O.Applicative)((each) => (each < 1_000 ? O.some(each) : O.none)),
          E.fromOption(() => "none"),
          E.map(A.reduce(0, (all, each) => all + each)),
          E.getOrElse(() => 0),
        );
      }
      return sum;
    }`,
  "pokemon-showdown": `
    import { Battle } from "@/sim/battle.ts";
    import { Teams } from "@/sim/teams.ts";
    import "@/data/moves.ts";
    import "@/data/items.ts";
    import "@/data/abilities.ts";
    import "@/data/pokedex.ts";
    import "@/data/learnsets.ts";
    import "@/data/conditions.ts";
    const teams = [1, 2].map((seed) => Teams.generate("gen9randombattle", { seed: "gen5,000" + seed + "000100020003" }));
    export function work() {
      const battle = new Battle({ formatid: "gen9customgame", seed: "gen5,0001000200030004" });
      battle.setPlayer("p1", { name: "a", team: structuredClone(teams[0]) });
      battle.setPlayer("p2", { name: "b", team: structuredClone(teams[1]) });
      for (let turn = 0; turn < 12 && !battle.ended; turn += 1) battle.makeChoices();
      const { length } = battle.log;
      battle.destroy();
      return length;
    }`,
  schema: `
    import { Schema, type, ArraySchema, MapSchema, Encoder, Decoder } from "@/src/index.ts";
    class Unit extends Schema { x = 0; y = 0; hp = 100; name = ""; }
    type("number")(Unit.prototype, "x");
    type("number")(Unit.prototype, "y");
    type("uint16")(Unit.prototype, "hp");
    type("string")(Unit.prototype, "name");
    export function work() {
      const encoder = new Encoder(new Unit());
      let sum = 0;
      for (let index = 0; index < 100; index += 1) {
        const unit = new Unit();
        Object.assign(unit, { x: index, y: index * 2, hp: 50, name: "u" + index });
        const bytes = new Encoder(unit).encodeAll();
        const copy = new Unit();
        new Decoder(copy).decode(bytes);
        sum += copy.x + copy.hp;
      }
      return sum + (encoder === undefined ? 1 : 0);
    }`,
};

/**
 * What has to be done for the JavaScript of some of them beforehand: see speed-build.mjs.
 *
 * @type {Record<string, { commonJs?: string[], isTyped?: boolean }>}
 */
export const BUILDS = {
  immer: { isTyped: true },
  "pokemon-showdown": { commonJs: ["sim", "lib", "data", "config"] },
};
