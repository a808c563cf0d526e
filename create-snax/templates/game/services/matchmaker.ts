/**
 * Knows who sits where. Finds a free seat for a player, and opens a room if there is
 * none.
 */

import { codeOf, snax } from "snax";
import type { ServiceObject } from "snax";
import type * as Room from "./room.ts";

type RoomObject = ServiceObject<typeof Room>;

/** Rooms by number of the browser's connection. */
const roomOf = new Map<number, RoomObject>();
/** Rooms that may have a free seat, by handle. The matchmaker asks each: the room alone knows. */
const open = new Map<number, RoomObject>();

/** One message after the other: two who come at the same time get the same new room. */
export function init(): "queue" {
  return "queue";
}

export const response = {
  /** Finds a seat for the browser `fd`, which leaves the one that it had. */
  async join(fd: number, name: string): Promise<RoomObject> {
    leave(fd);
    for (const room of open.values()) if (await isSeated(room, fd, name)) return room;
    const room = await snax.newservice<typeof Room>("room");
    open.set(room.handle, room);
    await isSeated(room, fd, name);
    return room;
  },
};

export const accept = { leave };

function leave(fd: number): void {
  const room = roomOf.get(fd);
  if (!roomOf.delete(fd) || room === undefined) return;
  room.post.leave(fd);
  open.set(room.handle, room);
}

async function isSeated(room: RoomObject, fd: number, name: string): Promise<boolean> {
  try {
    if (await room.req.join(fd, name)) {
      roomOf.set(fd, room);
      return true;
    }
  } catch (error) {
    // Its round is over, and it has ended.
    if (codeOf(error) !== "ERR_SERVICE_DEAD") throw error;
  }
  open.delete(room.handle);
  return false;
}
