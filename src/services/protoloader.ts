/**
 * Loads the sproto schemas of a node into their slots, and again when they have changed.
 *
 *     skynet.uniqueservice("protoloader", { 1: "proto/c2s.sproto", 2: "proto/s2c.sproto" })
 *
 *     RELOAD    reads all files anew; answered with the slots, none replaced if one of the files is wrong
 *     LIST      file by slot
 *
 * Paths count from the folder of the configuration. A program that needs more writes a service
 * `protoloader` of its own.
 */

import { skynet, sprotoloader, SnaxError } from "snax";
import { serveCommands } from "./lib/command.ts";

const files = new Map<number, string>();

async function load(): Promise<number[]> {
  // Everything is read and checked before the first slot is replaced.
  const read = [...files].map(([slot, file]) => [slot, sprotoloader.compile(file)] as const);
  for (const [slot, binary] of read) await sprotoloader.save(binary, slot);
  return [...files.keys()];
}

serveCommands("protoloader", {
  async RELOAD() {
    const slots = await load();
    skynet.error(`sproto schemas loaded into slots ${slots.join(", ")}`);
    return slots;
  },
  LIST: () => files,
});

skynet.start(async (schemas?: Record<string, string>) => {
  for (const [slot, file] of Object.entries(schemas ?? {})) files.set(Number(slot), file);
  if (files.size === 0) {
    throw new SnaxError("ERR_ARGUMENT", "protoloader needs the files of the slots: { 1: file }");
  }
  await load();
});
