/** Classes with decorators are patched like others; what is decorated is decorated anew, or refused. */

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { world } from "../../world.ts";
import type { World } from "../../world.ts";
import { install } from "./project.ts";
import type { Compiler } from "./project.ts";

const LEGACY_LOG = `function Log(name: string) { return (target: any, key?: any, d?: any): any => {
  log.push(name + ":" + String(key ?? target.name));
  if (d) { const f = d.value; d.value = function (...a: any[]) { log.push("call " + key); return f.apply(this, a); }; return d; }
}; }`;

const STANDARD_LOG = `function Log(name: string) { return (value: any, c: any): any => {
  log.push(name + ":" + String(c.name));
  if (c.kind === "method") return function (this: any, ...a: any[]) { log.push("call " + String(c.name)); return value.apply(this, a); };
}; }`;

const ROOM = `import { skynet } from "snax";
const log: string[] = [];
LOG
class Base { base(): string { return "b"; } }
HEAD
class Room extends Base {
  @Log("f") name: string = "lobby";
  n = 1;
  @Log("m")
  hit(n: number): number { return n; }
  plain(): string { return "p"; }
  fail(): void { throw new Error("here"); }
}
const room = new Room();
log.length = 0;
export const response = {
  log: (): string => log.splice(0).join(),
  hit: (n: number): number => room.hit(n),
  plain: (): string => room.plain() + room.base(),
  fail: (): void => room.fail(),
  fresh: (): string => { const r = new Room(); return r.name + r.n + r.hit(1); },
};`;

interface Way {
  readonly compiler: Compiler;
  readonly isLegacy: boolean;
  readonly head: string;
}

const WAYS: readonly Way[] = [
  { compiler: "typescript", isLegacy: true, head: `@Log("c")` },
  { compiler: "swc", isLegacy: true, head: `@Log("c")` },
  { compiler: "typescript", isLegacy: false, head: `@Log("c")` },
  { compiler: "typescript", isLegacy: false, head: "" },
  // What it makes of a class with a decorator of the language has no name of its own.
  { compiler: "swc", isLegacy: false, head: "" },
];

async function start(t: TestContext, { compiler, isLegacy, head }: Way): Promise<World> {
  const room = ROOM.replace("LOG", isLegacy ? LEGACY_LOG : STANDARD_LOG).replace("HEAD", head);
  const options = { target: "es2022", experimentalDecorators: isLegacy };
  const node = await world(t, {
    room,
    "tsconfig.json": JSON.stringify({ compilerOptions: options }),
  });
  install(node.folder, compiler);
  return node;
}

for (const way of WAYS) {
  const { compiler, isLegacy, head } = way;
  const title = `${isLegacy ? "legacy" : "the language's"}${head === "" ? ", members only" : ""}, by ${compiler}`;

  test(`a class keeps its identity, and its methods are patched: ${title}`, async (t) => {
    const node = await start(t, way);
    const room = await node.make("room");
    const patch = `class Room extends Base {\n  plain(): string { return "q"; }\n  fail(): void {\n    throw new Error("there");\n  }\n}`;
    await node.snax.hotfix(room, patch);
    equal(await room.req["plain"]?.(), "qb");
    equal(await room.req["log"]?.(), "");
    equal(await room.req["fresh"]?.(), "lobby11");
    const error = (await room.req["fail"]?.().catch((failure: unknown) => failure)) as Error;
    match(error.stack ?? "", /^Error: there\n {4}at Room\.fail \(snax-patch:\w+\/room\.ts:4:11\)/);
  });

  test(`a decorated method is decorated anew, what did its work does nothing: ${title}`, async (t) => {
    const node = await start(t, way);
    const room = await node.make("room");
    const patch = `${head}\nclass Room extends Base {\n  @Log( 'f' ) name: string;\n  @Log("m") hit(n: number): number { return n * 2; }\n}`;
    await node.snax.hotfix(room, patch);
    equal(await room.req["log"]?.(), "m:hit");
    equal(await room.req["hit"]?.(4), 8);
    equal(await room.req["log"]?.(), "call hit");
  });

  test(`other decorators, and one left out, are refused: ${title}`, async (t) => {
    const node = await start(t, way);
    const room = await node.make("room");
    const refused = async (patch: string, code: string, message: RegExp): Promise<void> => {
      await rejects(node.snax.hotfix(room, patch), (error: Error & { code: string }) => {
        equal(error.code, code);
        match(error.message, message);
        return true;
      });
    };
    const inClass = (text: string): string => `class Room extends Base { ${text} }`;
    await refused(
      inClass("hit(n: number) { return 0; }"),
      "ERR_PATCH_CLASS",
      /its method hit is decorated: write @Log\("m"\) in front/,
    );
    await refused(
      inClass(`@Log("g") name = "x";`),
      "ERR_PATCH_CLASS",
      /of its field name the decorators worked .*\(@Log\("f"\)\)/,
    );
    await refused(
      `@Log("d") ${inClass("plain() { return 'x'; }")}`,
      "ERR_PATCH_CLASS",
      /its decorators worked when/,
    );
    await refused(
      inClass("accessor x = 1;"),
      "ERR_PATCH_CLASS",
      /accessor field can't be in a patch/,
    );
    await refused(`@Log("new") class Other {}`, "ERR_PATCH", /:1:1: decorators in a patch are at/);
    await refused(
      "function f() { class A { @Log('x') m() {} } return A; }",
      "ERR_PATCH",
      /:1:26: decorators in a patch/,
    );
    await refused(
      inClass(`@Lag("m") hit(n: number) { return n; }`),
      "ERR_PATCH_NAME",
      /has a Lag; did you mean/,
    );
    await refused(
      "declare let __decorate: unknown;",
      "ERR_PATCH_NAME",
      /the service has no __decorate/,
    );
    equal(await room.req["hit"]?.(4), 4);
  });

  test(`fields are patched where that loses nothing: ${title}`, async (t) => {
    const node = await start(t, way);
    const room = await node.make("room");
    const patch = "class Room extends Base { n = 5; }";
    if (isLegacy) {
      await node.snax.hotfix(room, patch);
      equal(await room.req["fresh"]?.(), "lobby51");
    } else {
      await rejects(
        node.snax.hotfix(room, patch),
        /its field name is decorated, and instances made by a patch/,
      );
    }
  });

  test(`what the decorators of a patch throw leaves nothing behind: ${title}`, async (t) => {
    const node = await start(t, way);
    const room = await node.make("room");
    const patch = `function Bad(): any { throw new Error("bad decorator"); }
      class Room extends Base { @Bad @Log("m") hit(n: number): number { return n * 3; } plain(): string { return "z"; } }`;
    await rejects(node.snax.hotfix(room, patch), /bad decorator/);
    deepEqual([await room.req["hit"]?.(4), await room.req["plain"]?.()], [4, "pb"]);
  });
}

test("a decorator that would have to reach living instances is refused when the patch is applied", async (t) => {
  const node = await start(t, WAYS[3] as Way);
  const room = await node.make("room");
  const patch = `function Bound(value: unknown, c: any): void { c.addInitializer(() => {}); }
    class Room extends Base { @Bound plain(): string { return "z"; } }`;
  await rejects(node.snax.hotfix(room, patch), /a decorator of its plain adds an initializer/);
  equal(await room.req["plain"]?.(), "pb");
});

test("a module without decorators is patched with a decorated method", async (t) => {
  const room = `class Room { hit(n: number): number { return n; } }
    const room = new Room();
    export const response = { hit: (n: number): number => room.hit(n) };`;
  const node = await world(t, { room });
  const service = await node.make("room");
  const patch = `function Twice(value: any): any { return function (this: any, n: number) { return 2 * value.call(this, n); }; }
    class Room { @Twice hit(n: number): number { return n + 1; } }`;
  await node.snax.hotfix(service, patch);
  equal(await service.req["hit"]?.(3), 8);
  ok(!(await node.log()).some((line) => line.includes("error")));
});
