/** Fields without a value: the language's, unless the project's `tsconfig.json` says that they are types. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { call, Modules } from "./harness.ts";

const TEXT = `
class Base {
  kept = "base"; static s: number; "quoted": string; get ready(): boolean { return true; }
}
export class Child extends Base {
  kept: string; ready: boolean; private readonly count?: number;
  own = 1
  #mark: string;
  other: string
  constructor() { super(); this.#mark = "m"; }
  mark(): string { return this.#mark; }
  fail(): never { throw new Error("here"); }
}
export const make = (): unknown => { const c = new Child(); return [Object.keys(c), c.kept, c.ready, c.mark(), "s" in Base]; };
export const fail = (): never => new Child().fail();
export const expression = (): string[] => Object.keys(new (class { a: number; b = 2; })());`;

function write(t: TestContext, options: object | undefined, name = "main.ts"): Modules {
  const text = name.endsWith(".js")
    ? "export const keys = () => Object.keys(new (class { a; })());"
    : TEXT;
  const config =
    options === undefined ? {} : { "tsconfig.json": JSON.stringify({ compilerOptions: options }) };
  return new Modules(t, { [name]: text, ...config });
}

for (const options of [
  undefined,
  { target: "es2022" },
  { target: "es5", useDefineForClassFields: true },
]) {
  test(`a field without a value is defined with ${JSON.stringify(options)}`, async (t) => {
    const instance = await write(t, options).run();
    const keys = ["kept", "quoted", "ready", "count", "own", "other"];
    deepEqual(call(instance, "make"), [keys, undefined, undefined, "m", true]);
    deepEqual(call(instance, "expression"), ["a", "b"]);
  });
}

for (const options of [
  { target: "es2020" },
  { target: "esnext", useDefineForClassFields: false },
]) {
  test(`a field without a value is a type with ${JSON.stringify(options)}`, async (t) => {
    const modules = write(t, options);
    const instance = await modules.run();
    deepEqual(call(instance, "make"), [["kept", "own"], "base", true, "m", false]);
    deepEqual(call(instance, "expression"), ["b"]);
    try {
      call(instance, "fail");
    } catch (error) {
      equal(/main\.ts:(\d+:\d+)/.exec((error as Error).stack ?? "")?.[1], "12:25");
    }
  });
}

test("fields of JavaScript are the language's whatever a tsconfig.json says", async (t) => {
  const instance = await write(t, { target: "es2015" }, "main.js").run("main.js");
  deepEqual(call(instance, "keys"), ["a"]);
});
