/** Which services may be patched, and what happens if there is none. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { World, fails, serve } from "./harness.ts";

const SERVICE = `let n = 1; export const response = { get() { return n; } };`;
const PATCH = `declare let n: number; export function hotfix() { n += 1; return n; }`;

test("a service is patched by its object, its handle, its address and its name", async (t) => {
  const { world, p } = await serve(
    t,
    `import { skynet } from "snax"; let n = 1; export const response = { get() { return n; } }; skynet.register(".PATCHME");`,
  );
  const address = world.node.skynet.address(p.handle);
  equal(await world.hotfix(p, PATCH), 2);
  equal(await world.hotfix(p.handle, PATCH), 3);
  equal(await world.hotfix(address, PATCH), 4);
  equal(await world.hotfix(".PATCHME", PATCH), 5);
  equal(await p.req.get(), 5);
});

test("a service patches another one, and itself", async (t) => {
  const world = await World.open(t, {
    "main.ts": SERVICE,
    "doctor.ts": `
      import { snax } from "snax"; let n = 10;
      export const response = {
        other(p: any, patch: string) { return snax.hotfix(p, patch); },
        get() { return n; },
      };
      export const accept = { own(patch: string) { void snax.hotfix(snax.self(), patch); } };`,
  });
  const [p, doctor] = [await world.start("main"), await world.start("doctor")];
  equal(await doctor.req.other(p, PATCH), 2);
  doctor.post.own(PATCH);
  while ((await doctor.req.get()) === 10);
  equal(await doctor.req.get(), 11);
});

test("a service that awaits the patch of itself in a handler is patched", async (t) => {
  const { p } = await serve(
    t,
    `import { snax } from "snax"; let n = 1; export const response = { heal(patch: string) { return snax.hotfix(snax.self(), patch); } };`,
  );
  equal(await p.req.heal(PATCH), 2);
});

test("a plain service is patched by handle, its state included", async (t) => {
  const world = await World.open(t, {
    "plain.ts": `import { skynet } from "snax"; let n = 1; skynet.start(() => { skynet.dispatch("lua", () => n); });`,
  });
  const { skynet } = world.node;
  const handle = (await skynet.newservice("plain")) as number;
  equal(await world.hotfix(handle, PATCH), 2);
  equal(await skynet.call(handle, "lua"), 2);
});

test("a patch does not pass what its sender sent before", async (t) => {
  const { world, p } = await serve(
    t,
    `let n = 1; export const response = { get() { return n; } }; export const accept = { add() { n += 1; } };`,
  );
  for (let sent = 0; sent < 10; sent += 1) p.post.add();
  const before = p.req.get();
  equal(await world.hotfix(p, PATCH), 12);
  equal(await before, 11);
});

test("a dead service is an error that says so", async (t) => {
  const { world, p, refuse } = await serve(t, SERVICE);
  await world.node.snax.kill(p);
  await refuse(PATCH, { code: "ERR_SERVICE_DEAD" });
  await world.refuse(p.handle, PATCH, { code: "ERR_SERVICE_DEAD" });
  await world.refuse(0x123456, PATCH, { code: ["ERR_SERVICE_DEAD", "ERR_NO_SERVICE"] });
});

test("a text that is no patch is refused for a dead service too, whatever comes first", async (t) => {
  const { world, p } = await serve(t, SERVICE);
  await world.node.snax.kill(p);
  await world.refuse(p, `let = 5`, { code: ["ERR_SERVICE_DEAD", "ERR_SYNTAX"] });
});

test("an invalid target is an argument error", async (t) => {
  const { world } = await serve(t, SERVICE);
  for (const target of [undefined, null, {}, -1, 1.5, "", []]) {
    await fails(world.hotfix(target as number, PATCH), {
      code: ["ERR_ARGUMENT", "ERR_NO_SERVICE", "ERR_SERVICE_DEAD"],
    });
  }
});

test("an argument that can't be sent is refused at the sender, and nothing changes", async (t) => {
  const { p, fix } = await serve(t, SERVICE);
  await fails(fix(PATCH, { a: [() => 1] }), { code: "ERR_NOT_SENDABLE", message: /a/ });
  equal(await p.req.get(), 1);
});

test("a result that can't be sent is an error", async (t) => {
  const { fix } = await serve(t, SERVICE);
  await fails(fix(`export function hotfix() { return () => 1; }`), {
    code: ["ERR_NOT_SENDABLE", "ERR_PATCH_FAILED"],
  });
});

test("services cross with a patch as they do with any message", async (t) => {
  const { world, fix } = await serve(t, SERVICE);
  const other = await world.start("main");
  const text = `export async function hotfix(p: any) { return [await p.req.get(), p]; }`;
  const [n, same] = (await fix(text, other)) as [number, typeof other];
  deepEqual([n, same.handle, await same.req.get()], [1, other.handle, 1]);
});

test("the program that started the node has no text to patch", async (t) => {
  const { world } = await serve(t, SERVICE);
  await fails(world.hotfix(world.node.skynet.self(), `function f() {}`), {
    code: ["ERR_ARGUMENT", "ERR_PATCH", "ERR_NO_METHOD", "ERR_NO_PROTOCOL", "ERR_PATCH_NAME"],
  });
});

test("a system service is a service like any other", async (t) => {
  const { world } = await serve(t, SERVICE);
  await world.hotfix(".launcher", `export function hotfix() { return 1; }`).then(
    (result) => equal(result, 1),
    (error: Error & { code?: string }) => equal(typeof error.code, "string"),
  );
  await world.start("main");
});

test("an unknown method group or a wrong number of arguments in a system message ends nothing", async (t) => {
  const { world, p } = await serve(t, SERVICE);
  const { skynet } = world.node;
  for (const type of ["debug", "system"]) {
    await (async () => skynet.call(p.handle, type, "HOTFIX", 1, 2))().catch(() => undefined);
  }
  equal(await p.req.get(), 1);
});
