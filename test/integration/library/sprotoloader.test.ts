/** Slots of sproto schemas: one copy for all services, replaced while they run. */

import { deepEqual, equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { SPROTO_SLOTS_MAX } from "../../../src/base/limits.ts";
import { sprotoparser } from "snax/sproto";
import { codeOfFailure, failureOf, world } from "../../world.ts";

const OLD = ".a { x 0 : integer }";
const NEW = ".a { x 0 : integer y 1 : string }";

/** A service that saves, loads and compares schemas. */
const USER = `
  import { sprotoloader } from "snax";
  const held = [];
  export const response = {
    save: (binary, slot) => sprotoloader.save(binary, slot),
    register: (file, slot) => sprotoloader.register(file, slot),
    async hold(slot, options) { held.push(await sprotoloader.load(slot, options)); return held.length - 1; },
    decode: (index, bytes) => held[index].decode("a", bytes),
    encode: (index, value) => held[index].encode("a", value),
    async same(slot) {
      const [one, two] = await Promise.all([sprotoloader.load(slot), sprotoloader.load(slot)]);
      globalThis.snaxTestSchema ??= one;
      return one === two && one === globalThis.snaxTestSchema;
    },
  };
`;

test("a schema that one service saved is loaded by another", async (t) => {
  const { make } = await world(t, { user: USER });
  const [one, two] = [await make("user"), await make("user")];
  await one.req.save(sprotoparser.parse(OLD), 1);
  await two.req.hold(1);
  deepEqual(await two.req.decode(0, await two.req.encode(0, { x: 5 })), { x: 5 });
});

test("all services of a thread hold the same copy, also those that load it at once", async (t) => {
  const { make } = await world(t, { user: USER });
  const [one, two] = [await make("user"), await make("user")];
  await one.req.save(sprotoparser.parse(OLD), 0);
  deepEqual([await one.req.same(0), await two.req.same(0)], [true, true]);
  delete (globalThis as Record<string, unknown>)["snaxTestSchema"];
});

test("two nodes of one process have slots of their own", async (t) => {
  const nodes = [await world(t, { user: USER }), await world(t, { user: USER })] as const;
  const [one, two] = [await nodes[0].make("user"), await nodes[1].make("user")];
  await one.req.save(sprotoparser.parse(OLD), 1);
  equal(await codeOfFailure(two.req.hold(1)), "ERR_ARGUMENT");
});

test("a service that loads a slot that was saved again gets the new schema, one that holds the old schema keeps it", async (t) => {
  const { make } = await world(t, { user: USER });
  const user = await make("user");
  await user.req.save(sprotoparser.parse(OLD), 1);
  await user.req.hold(1);
  await user.req.save(sprotoparser.parse(NEW), 1);
  await user.req.hold(1);
  const bytes = await user.req.encode(1, { x: 1, y: "new" });
  deepEqual(await user.req.decode(0, bytes), { x: 1 });
  deepEqual(await user.req.decode(1, bytes), { x: 1, y: "new" });
});

test("integers may be bigints for one loader and not for another", async (t) => {
  const { make } = await world(t, { user: USER });
  const user = await make("user");
  await user.req.save(sprotoparser.parse(OLD), 1);
  await user.req.hold(1);
  await user.req.hold(1, { bigint: true });
  const bytes = await user.req.encode(0, { x: 2n ** 60n });
  equal(await codeOfFailure(user.req.decode(0, bytes)), "ERR_MALFORMED");
  deepEqual(await user.req.decode(1, bytes), { x: 2n ** 60n });
});

test("what is no schema is refused where it is saved, and the slot stays as it was", async (t) => {
  const files = { user: USER, "bad.sproto": ".a { x 0 : nothing }" };
  const { make, folder } = await world(t, files);
  const user = await make("user");
  await user.req.save(sprotoparser.parse(OLD), 1);
  equal(await codeOfFailure(user.req.save(Uint8Array.of(1, 2, 3), 1)), "ERR_SCHEMA");
  equal(await codeOfFailure(user.req.register(join(folder, "bad.sproto"), 1)), "ERR_SCHEMA");
  equal((await failureOf(user.req.register(join(folder, "none.sproto"), 1))).code, "ENOENT");
  await user.req.hold(1);
  deepEqual(await user.req.decode(0, await user.req.encode(0, { x: 5 })), { x: 5 });
});

test("there are SPROTO_SLOTS_MAX slots, and what is not in one can't be loaded", async (t) => {
  const { make } = await world(t, { user: USER });
  const user = await make("user");
  const binary = sprotoparser.parse(OLD);
  await user.req.save(binary, SPROTO_SLOTS_MAX - 1);
  await user.req.hold(SPROTO_SLOTS_MAX - 1);
  for (const slot of [SPROTO_SLOTS_MAX, -1, 1.5, "1"]) {
    const text = `Invalid global slot index ${slot}: 0 to 15`;
    equal((await failureOf(user.req.save(binary, slot))).message, text);
    equal((await failureOf(user.req.hold(slot))).message, text);
  }
  const { code, message } = await failureOf(user.req.hold(3));
  deepEqual([code, message], ["ERR_ARGUMENT", "nil sproto at index 3"]);
});

test("a version is not mistaken for one of a loader that was started anew", async (t) => {
  const { make, skynet } = await world(t, { user: USER });
  const user = await make("user");
  await user.req.save(sprotoparser.parse(OLD), 1);
  await user.req.hold(1);
  skynet.kill(await skynet.queryservice("sprotoloader"));
  await user.req.save(sprotoparser.parse(NEW), 1);
  await user.req.hold(1);
  const bytes = await user.req.encode(1, { y: "new" });
  deepEqual(await user.req.decode(1, bytes), { y: "new" });
});

test("protoloader loads files into slots, and again when it is told to", async (t) => {
  const files = { user: USER, "c2s.sproto": OLD, "s2c.sproto": OLD };
  const { make, skynet, folder, log } = await world(t, files);
  const [c2s, s2c] = [join(folder, "c2s.sproto"), join(folder, "s2c.sproto")];
  const loader = await skynet.uniqueservice("protoloader", { 1: c2s, 2: s2c });
  const user = await make("user");
  await user.req.hold(2);
  writeFileSync(s2c, NEW);
  deepEqual(await skynet.call(loader, "lua", "RELOAD"), [1, 2]);
  await user.req.hold(2);
  const bytes = await user.req.encode(1, { y: "new" });
  deepEqual(await user.req.decode(1, bytes), { y: "new" });
  deepEqual(await user.req.decode(0, bytes), {});
  deepEqual(
    await skynet.call(loader, "lua", "LIST"),
    new Map([
      [1, c2s],
      [2, s2c],
    ]),
  );
  equal((await log()).includes("sproto schemas loaded into slots 1, 2"), true);
});

test("a file that is wrong keeps protoloader from replacing any slot", async (t) => {
  const files = { user: USER, "c2s.sproto": OLD, "s2c.sproto": OLD };
  const { make, skynet, folder } = await world(t, files);
  const [c2s, s2c] = [join(folder, "c2s.sproto"), join(folder, "s2c.sproto")];
  const loader = await skynet.uniqueservice("protoloader", { 1: c2s, 2: s2c });
  const user = await make("user");
  writeFileSync(c2s, NEW);
  writeFileSync(s2c, ".a {\n x }");
  const { code, message, data } = await failureOf(skynet.call(loader, "lua", "RELOAD"));
  equal(code, "ERR_SCHEMA");
  equal(message.includes(`at [${s2c}] line (2)`), true, message);
  deepEqual(data, { file: s2c, line: 2 });
  await user.req.hold(1);
  deepEqual(await user.req.decode(0, await user.req.encode(0, { x: 1, y: "new" })), { x: 1 });
});

test("protoloader without files does not begin", async (t) => {
  const { skynet } = await world(t, {});
  equal(await codeOfFailure(skynet.newservice("protoloader")), "ERR_ARGUMENT");
});
