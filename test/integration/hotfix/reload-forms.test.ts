/** Objects of unusual forms in the state of a reload: carried as they were, or refused by their path before anything changes. */

import { deepEqual, equal, match } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { ServiceObject } from "snax";
import { failureOf, world } from "../../world.ts";

/** What the file says at top level, what a handler does, and what another one reads then. */
type Case = readonly [top: string, put: string, look: string];

async function begin(
  t: TestContext,
  [top, put, look]: Case,
  next = top,
): Promise<
  readonly [ServiceObject, () => ReturnType<Awaited<ReturnType<typeof world>>["snax"]["reload"]>]
> {
  const text = (version: number, head: string): string =>
    `${head} export const response: any = { async put() { ${put} }, async look() { return ${look}; }, version() { return ${version}; } };`;
  const node = await world(t, { a: text(1, top) });
  const a = await node.make("a");
  await a.req.put();
  writeFileSync(join(node.folder, "a.ts"), text(2, next));
  return [a, () => node.snax.reload(a)];
}

test("what only its maker can make again is refused by its path, and the service goes on as it was", async (t) => {
  const extending = (base: string, args = ""): Case => [
    `class Own extends ${base} {} let x: any;`,
    `x = new Own(${args});`,
    "x instanceof Own",
  ];
  const cases: readonly (readonly [Case, RegExp])[] = [
    [
      extending("Promise<number>", "() => {}"),
      /^x \(a\.ts:1\) is an instance of Own, which extends Promise$/,
    ],
    [extending("WeakMap<any, any>"), /extends WeakMap$/],
    [extending("Uint8Array", "4"), /extends Uint8Array$/],
    [extending("ArrayBuffer", "4"), /extends ArrayBuffer$/],
    [extending("URL", '"http://a/"'), /extends URL$/],
    [extending("EventTarget"), /extends EventTarget$/],
    [
      ["class Own extends Number { unit = 1; } let x: any;", "x = new Own(4);", "x.unit"],
      /^x \(a\.ts:1\) is an instance of Own, a primitive with fields$/,
    ],
    [
      [
        "const Mix = (Base: any) => class extends Base {}; class Own extends Mix(Object) {} let x: any;",
        "x = new Own();",
        "x instanceof Own",
      ],
      /which extends a class without a name that is not at the top level of a module$/,
    ],
    [
      ["let x: any;", "x = [new FinalizationRegistry(() => {})];", "x.length"],
      /^x\[0\] .* is a weak collection$/,
    ],
    [["let x: any;", "x = { list: [1, 2].values() };", "1"], /^x\.list .* is an iterator$/],
    [
      [
        "let x: any;",
        "x = new ArrayBuffer(8); structuredClone(x, { transfer: [x] });",
        "x.byteLength",
      ],
      /^x .* is a buffer without its memory/,
    ],
    [
      [
        "let x: any;",
        "x = new Uint8Array(8); structuredClone(x.buffer, { transfer: [x.buffer] });",
        "x.length",
      ],
      /^x .* is a view of a buffer without its memory$/,
    ],
    [
      ["let x: any;", "x = new Uint8Array(2); x.owner = { hp: 1 };", "x.owner.hp"],
      /^x .* is a view with properties of its own$/,
    ],
    [
      ["let x: any;", "x = { y: Object.assign(new String('ab'), { z: 1 }) };", "x.y.z"],
      /^x\.y .* is a primitive in an object with properties of its own$/,
    ],
    [
      ["const base = { hp: 1 }; let x: any;", "x = Object.create(base);", "x.hp"],
      /^x .* is an object that has another object of the service as prototype$/,
    ],
    [
      ["class Own { static hook: any; }", "let n = 1; Own.hook = () => n;", "Own.hook()"],
      /^Own\.hook .* is a closure$/,
    ],
    [
      [
        "class Own { static hook: any = null; static go() { return 1; } }",
        "Own.hook = Own.go.bind(Own);",
        "Own.hook()",
      ],
      /^Own\.hook .* is a closure$/,
    ],
  ];
  for (const [each, why] of cases) {
    const [a, reload] = await begin(t, each);
    const before: unknown = await a.req.look();
    const error = await failureOf(reload());
    equal(error.code, "ERR_RELOAD", each[1]);
    match(error.message, why, each[1]);
    deepEqual([await a.req.look(), await a.req.version()], [before, 1], each[1]);
  }
});

test("a class that extends now what has contents outside of fields refuses by the path of its instance", async (t) => {
  const one: Case = ["class Own { hp = 1; } let x: any;", "x = { y: new Own() };", "x.y.hp"];
  for (const base of [
    "Promise<any>",
    "WeakSet<any>",
    "Float64Array",
    "ArrayBuffer",
    "URL",
    "Date",
    "RegExp",
    "Number",
  ]) {
    const [a, reload] = await begin(
      t,
      one,
      one[0].replace("Own {", `Own extends (${base.replace(/<.*/, "")} as any) {`),
    );
    const error = await failureOf(reload());
    const name = base.replace(/<.*/, "");
    match(
      error.message,
      new RegExp(`^x\\.y \\(a\\.ts:1\\) is an instance of Own, which extends ${name} now$`),
    );
    equal(await a.req.version(), 1);
  }
});

test("functions that make objects, static functions by name and views that follow their memory are carried", async (t) => {
  const cases: readonly (readonly [Case, string?])[] = [
    [
      [
        "function Own(this: any) { this.hp = 1; } Own.prototype.hit = function () { return this.hp; }; let x: any;",
        "x = new (Own as any)(); x.hp = 4;",
        "[x.hit(), x instanceof (Own as any)]",
      ],
    ],
    [
      [
        "function help() { return 5; } class Own { static hook: any; }",
        "Own.hook = help;",
        "[Own.hook(), Own.hook === help]",
      ],
    ],
    [
      [
        "function help() { return 5; } class Own { static hp = 1; }",
        "(Own as any).more = help;",
        "[(Own as any).more?.()]",
      ],
    ],
    [
      [
        "class Own { static a = () => 4; static b = Math.max; static c: any; static { Own.c = () => 3; } }",
        "",
        "[Own.a(), Own.b(1, 2), Own.c()]",
      ],
    ],
    [
      [
        "let x: any, y: any, z: any;",
        "const whole = new (ArrayBuffer as any)(8, { maxByteLength: 32 }); x = new Uint8Array(whole); y = new Float64Array(whole, 0, 1); z = new DataView(whole, 2);",
        "(x.buffer.byteLength < 16 && x.buffer.resize(16), [x.length, y.length, z.byteLength, x.buffer === z.buffer])",
      ],
    ],
  ];
  for (const [each] of cases) {
    const [twin] = await begin(t, each);
    const [a, reload] = await begin(t, each);
    const { kept, leftBehind } = await reload();
    deepEqual([kept, leftBehind, await a.req.version()], [[], [], 2], each[1]);
    deepEqual(await a.req.look(), await twin.req.look(), each[1]);
  }
});

test("a function that a program has put in the place of a static method, or beside it, is told as left behind", async (t) => {
  const one: Case = [
    "class Own { static hp = 1; static go() { return 1; } }",
    "(Own as any).go = () => 9; (Own as any).more = () => 9;",
    "[Own.go(), typeof (Own as any).more]",
  ];
  const [a, reload] = await begin(t, one);
  deepEqual(await a.req.look(), [9, "function"]);
  deepEqual((await reload()).leftBehind, ["Own.go", "Own.more"]);
  deepEqual(await a.req.look(), [1, "undefined"]);
});
