/** docs/coming-from-colyseus.md: its room does what the page says of each of its methods. */

import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { startTest } from "snax/testing";
import { writeFiles } from "../../world.ts";
import { readFiles, readPage } from "./page.ts";

test("the room of the page has four seats, and lives for a minute", async (t) => {
  const folder = writeFiles(t, readFiles(readPage("coming-from-colyseus.md")));
  const node = await startTest({ services: `${folder}/services/?.ts`, time: "virtual" }, t);
  const room = await node.snax.newservice<any>("room");
  const joined: unknown[] = [];
  for (const fd of [1, 2, 3, 4, 5]) joined.push(await room.req.join(fd, `p${fd}`));
  deepEqual(joined, [true, true, true, true, false]);
  room.post.say(1, "hello");
  room.post.leave(1);
  equal(await room.req.join(5, "p5"), true);
  await node.advance(60_000);
  await rejects(room.req.join(6, "p6"), { code: "ERR_SERVICE_DEAD" });
});
