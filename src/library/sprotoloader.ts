/**
 * `sprotoloader`: slots for sproto schemas that all services of the node share.
 *
 *     save(binary, 1) -- SAVE --> sprotoloader (service) <-- LOAD, the version that this thread has -- load(1)
 *
 * The binary is in one place; a thread builds the schema from it once and all its services hold
 * the same object, which never changes. A schema that is saved again is what later loads give; who
 * holds the one before keeps it.
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { SnaxError } from "../base/error.ts";
import { SPROTO_SLOTS_MAX } from "../base/limits.ts";
import type { Context } from "../service/context.ts";
import { defineApi } from "../service/lazy-api.ts";
import type { Runtime } from "../service/runtime.ts";
import { createSkynet } from "../service/skynet.ts";
import type { DecodeOptions } from "../sproto/decoder.ts";
import { Sproto, compileSchema } from "../sproto/sproto.ts";
import type { SprotoloaderApi } from "./sprotoloader-api.ts";

/** A schema that this thread has built. */
interface Built {
  readonly version: string;
  readonly schema: Sproto;
}

/** What a thread of a node has built, by slot and by how integers are read. */
const builtOf = new WeakMap<Runtime, Map<string, Built>>();

function checkSlot(slot: unknown): void {
  if (Number.isInteger(slot) && Number(slot) >= 0 && Number(slot) < SPROTO_SLOTS_MAX) return;
  const range = `0 to ${SPROTO_SLOTS_MAX - 1}`;
  throw new SnaxError("ERR_ARGUMENT", `Invalid global slot index ${String(slot)}: ${range}`);
}

async function ask<R>(context: Context, ...command: unknown[]): Promise<R> {
  const skynet = createSkynet(context);
  const server = await skynet.uniqueservice("sprotoloader");
  return skynet.within(Infinity).call<R>(server, "lua", ...command);
}

async function save(context: Context, binary: Uint8Array, slot: number): Promise<void> {
  checkSlot(slot);
  // The service that saves hears of a mistake, not one that loads.
  void new Sproto(binary);
  await ask(context, "SAVE", slot, binary);
}

async function load(context: Context, slot: number, options: DecodeOptions = {}): Promise<Sproto> {
  checkSlot(slot);
  const { runtime } = context;
  let built = builtOf.get(runtime);
  if (built === undefined) builtOf.set(runtime, (built = new Map()));
  const key = `${slot} ${options.bigint === true}`;
  const known = built.get(key)?.version;
  const found = await ask<{ version: string; binary?: Uint8Array }>(context, "LOAD", slot, known);
  // Race: another load of this thread may have built the same meanwhile;
  // test/integration/library/sprotoloader.test.ts.
  const present = built.get(key);
  if (present?.version === found.version) return present.schema;
  if (found.binary === undefined) return load(context, slot, options);
  const schema = new Sproto(found.binary, options);
  built.set(key, { version: found.version, schema });
  return schema;
}

const compile = (context: Context, file: string): Uint8Array => {
  const text = readFileSync(resolve(context.runtime.paths.root, file), "utf8");
  return compileSchema(text, file);
};

const make = defineApi<Context>({
  compile,
  register: async (context: Context, file: string, slot: number): Promise<void> =>
    save(context, compile(context, file), slot),
  save,
  load,
});

/** Makes the `sprotoloader` of one service. */
export function createSprotoloader(context: Context): SprotoloaderApi {
  return make(context) as SprotoloaderApi;
}
