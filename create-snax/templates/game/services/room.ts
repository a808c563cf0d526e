/**
 * One room: players walk over a board and pick up coins until the round is over.
 *
 * The room decides everything. A browser says in which direction its player wants to go, and draws
 * what it is told.
 */

import { skynet, snax, socket, tables } from "snax";
import type { ServiceObject } from "snax";
import type { Picture } from "./lib/wire.ts";
import type * as Store from "./store.ts";

interface Seat {
  readonly name: string;
  x: number;
  y: number;
  score: number;
}

interface Coin {
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

/** By number of the browser's connection. */
const seats = new Map<number, Seat>();
const coins: Coin[] = [];
const beganAt = skynet.now();
let store: ServiceObject<typeof Store>;
let isOver = false;

export async function init(): Promise<void> {
  store = await snax.queryservice<typeof Store>("store");
  fillBoard();
  setInterval(tick, tables.rules.tickMs);
}

/** The server stops, or the round is over: what was won is kept. */
export function exit(): void {
  keepScores();
}

export const response = {
  /** Gives the browser `fd` a seat; false if there is none. */
  join(fd: number, name: string): boolean {
    if (seats.size >= tables.rules.seats || leftMs() === 0) return false;
    seats.set(fd, { name, ...findFreeField(), score: 0 });
    return true;
  },

  look(): Picture {
    return draw();
  },
};

export const accept = {
  /** Goes one field; at the edge of the board nothing happens. */
  move(fd: number, dx: number, dy: number): void {
    const seat = seats.get(fd);
    if (seat === undefined) return;
    const { width, height } = tables.rules;
    seat.x = Math.min(Math.max(seat.x + dx, 0), width - 1);
    seat.y = Math.min(Math.max(seat.y + dy, 0), height - 1);
    pickUp(seat);
  },

  leave(fd: number): void {
    const seat = seats.get(fd);
    if (seat === undefined) return;
    seats.delete(fd);
    store.post.record(seat.name, seat.score);
  },
};

function pickUp(seat: Seat): void {
  const index = coins.findIndex(({ x, y }) => x === seat.x && y === seat.y);
  const [coin] = index < 0 ? [] : coins.splice(index, 1);
  if (coin === undefined) return;
  seat.score += worth(coin);
  fillBoard();
}

/** patches/double.ts replaces this function while people play. */
function worth(coin: Coin): number {
  return coin.value;
}

function tick(): void {
  if (leftMs() > 0) show(draw());
  else if (!isOver) void finish();
}

async function finish(): Promise<void> {
  isOver = true;
  keepScores();
  show({ ...draw(), best: await store.req.best() });
  await snax.exit(); // Never returns.
}

/** Whatever is stored twice is stored once: the store keeps the best score of a name. */
function keepScores(): void {
  for (const { name, score } of seats.values()) store.post.record(name, score);
}

function show(picture: Picture): void {
  const text = JSON.stringify(picture);
  for (const fd of seats.keys()) socket.send(fd, text);
}

function draw(): Picture {
  const { width, height } = tables.rules;
  return { width, height, leftMs: leftMs(), players: [...seats.values()], coins };
}

function leftMs(): number {
  return Math.max(beganAt + tables.rules.roundMs - skynet.now(), 0);
}

function fillBoard(): void {
  const { values } = tables.rules;
  while (coins.length < tables.rules.coins) {
    coins.push({ ...findFreeField(), value: values[random(values.length)] ?? 1 });
  }
}

function findFreeField(): { x: number; y: number } {
  for (;;) {
    const x = random(tables.rules.width);
    const y = random(tables.rules.height);
    const isTaken = [...coins, ...seats.values()].some((one) => one.x === x && one.y === y);
    if (!isTaken) return { x, y };
  }
}

function random(below: number): number {
  return Math.floor(Math.random() * below);
}
