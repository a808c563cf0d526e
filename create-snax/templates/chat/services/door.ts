/**
 * Hears of browsers from the gate, and lets them into rooms.
 *
 * The gate knows a browser by the number of its connection, `fd`. Nothing that a browser sends can
 * speak for another one.
 */

import { readFileSync } from "node:fs";
import { skynet, snax } from "snax";
import type { GateListened, ServiceObject } from "snax";
import { readMessage } from "./lib/wire.ts";
import type * as Room from "./room.ts";

const BROWSERS_MAX = 1000;

interface Place {
  readonly name: string;
  readonly room: ServiceObject<typeof Room>;
  /** The browsers that are there. */
  readonly browsers: Set<number>;
}

let gate = 0;
/** The rooms by name; a room ends when the last one leaves. */
const places = new Map<string, Place>();
/** Where each browser is. */
const placeOf = new Map<number, Place>();
/**
 * Functions that run through it run one after the other, awaits included: no user leaves while they
 * still enter.
 */
const lock = skynet.queue();

export const response = {
  /** Opens the port; answers with its number. */
  async open(port: number): Promise<number> {
    gate = await skynet.newservice("gate");
    const page = readFileSync(new URL("../web/index.html", import.meta.url), "utf8");
    const listened = await skynet.call<GateListened>(gate, "lua", "open", {
      maxclient: BROWSERS_MAX,
      websocket: { port, pages: { "/": page } },
    });
    return listened.websocket;
  },
};

skynet.dispatch("lua", (_session, _source, _socket: string, ...what: Parameters<typeof onGate>) =>
  lock(() => onGate(...what)),
);

/** What the gate tells. */
async function onGate(event: string, fd: number, data: Uint8Array): Promise<void> {
  if (event === "open") await welcome(fd);
  else if (event === "data") await receive(fd, data);
  else if (event === "close") await leave(fd);
  // "error" comes before "close", "warning" where a browser reads too slowly.
}

async function welcome(fd: number): Promise<void> {
  try {
    await skynet.call(gate, "lua", "accept", fd); // From now on its messages come.
  } catch {
    // It has gone already; "close" follows.
  }
}

async function receive(fd: number, data: Uint8Array): Promise<void> {
  const message = readMessage(data);
  if (message === undefined) skynet.send(gate, "lua", "kick", fd);
  else if ("say" in message) placeOf.get(fd)?.room.post.say(fd, message.say);
  else await enter(fd, message.enter, message.name);
}

async function enter(fd: number, placeName: string, name: string): Promise<void> {
  await leave(fd);
  const place = places.get(placeName) ?? (await openPlace(placeName));
  place.browsers.add(fd);
  placeOf.set(fd, place);
  place.room.post.enter(fd, name);
}

async function openPlace(name: string): Promise<Place> {
  const room = await snax.newservice<typeof Room>("room");
  const place: Place = { name, room, browsers: new Set() };
  places.set(name, place);
  return place;
}

async function leave(fd: number): Promise<void> {
  const place = placeOf.get(fd);
  if (place === undefined) return;
  placeOf.delete(fd);
  place.browsers.delete(fd);
  place.room.post.leave(fd);
  if (place.browsers.size > 0) return;
  places.delete(place.name);
  await snax.exit(place.room);
}
