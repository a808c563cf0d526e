/** A reload of a service that listens to channels, has listened to some, or only publishes. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { failureOf, world } from "../../world.ts";

/** Publishes; asks nothing of the listening. */
const MOUTH = `import { multicast } from "snax"; const channels = new Map<number, any>();
export const response = { async open() { const made = await multicast.new(); channels.set(made.channel, made); return made.channel; },
  say(id: number, value: number) { return channels.get(id).publish(value); } };`;

/** @param more - what the text has besides, as a reload() */
function ear(version: number, more = ""): string {
  return `import { multicast } from "snax"; const channels = new Map<number, any>(); const heard: string[] = [];
function open(id: number) { return multicast.new({ channel: id, dispatch: (_channel: any, _source: any, value: number) => void heard.push("${version}: " + value) }); }
export const response = {
  async use(id: number) { channels.set(id, await open(id)); return channels.get(id).publish(0); },
  async listen(id: number) { channels.set(id, await open(id)); await channels.get(id).subscribe(); },
  leave(id: number) { channels.get(id).unsubscribe(); }, close(id: number) { channels.get(id).delete(); }, heard() { return heard; } };
${more}`;
}

test("a service that has left its channels, deleted them or only published is reloaded, and listens again", async (t) => {
  for (const before of ["use", "leave", "close"] as const) {
    const node = await world(t, { mouth: MOUTH, ear: ear(1) });
    const mouth = await node.make("mouth");
    const one = await node.make("ear");
    const [id, next] = [await mouth.req.open(), await mouth.req.open()];
    if (before === "use") await one.req.use(id);
    else {
      await one.req.listen(id);
      await mouth.req.say(id, 1);
      await one.req[before](id);
    }
    writeFileSync(join(node.folder, "ear.ts"), ear(2));
    await node.snax.reload(one);
    await one.req.listen(next);
    equal(await mouth.req.say(next, 2), 1);
    deepEqual(await one.req.heard(), before === "use" ? ["2: 2"] : ["1: 1", "2: 2"], before);
  }
});

test("a service that listens has to subscribe to each channel again in reload(), and is refused by the channel else", async (t) => {
  const again = (which: string): string =>
    `export async function reload() { for (const id of ${which}) { channels.set(id, await open(id)); await channels.get(id).subscribe(); } }`;
  const node = await world(t, { mouth: MOUTH, ear: ear(1) });
  const mouth = await node.make("mouth");
  const one = await node.make("ear");
  const [id, other] = [await mouth.req.open(), await mouth.req.open()];
  await one.req.listen(id);
  await one.req.listen(other);
  for (const more of ["", again("[...channels.keys()].slice(0, 1)")]) {
    writeFileSync(join(node.folder, "ear.ts"), ear(2, more));
    const error = await failureOf(node.snax.reload(one));
    equal(error.code, "ERR_RELOAD");
    const lost = more === "" ? id : other;
    match(error.message, new RegExp(`^nothing listens to channel ${lost} with new code: make`));
  }
  for (const each of [id, other]) equal(await mouth.req.say(each, each), 1);
  writeFileSync(join(node.folder, "ear.ts"), ear(3, again("channels.keys()")));
  await node.snax.reload(one);
  for (const each of [id, other]) equal(await mouth.req.say(each, each), 1);
  const old = [`1: ${id}`, `1: ${other}`];
  deepEqual(await one.req.heard(), [...old, `3: ${id}`, `3: ${other}`]);
  await one.req.leave(id);
  equal(await mouth.req.say(id, 1), 0);
});
