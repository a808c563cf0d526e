/** Fields without a value: the language's, unless the project's `tsconfig.json` says that they are types. */

import { deepEqual, equal, throws } from "node:assert/strict";
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

const COMPUTED = `
const key = "k"; const mark = Symbol(); const names = { at: "n" }; const seen: string[] = [];
export function note(name: string): string { seen.push(name); return name; }
class Fields {
  [key]?: string; [mark]?: string; ["text"]?: string; [\`plain\`]?: string; [names.at]?: string
  own = 1; static [key]?: number; [note("a")]?: string; static [ /* ] */ note(
    "b") ]?: number
  [note("c")] = 3; ["method" + note("d")](): void {}
  fail(): never { throw new Error("here"); } [note("e")]: string; late(): never { throw new Error("late"); }
}
export const use = note;
export const make = (): unknown => [Reflect.ownKeys(new Fields()).map(String), Object.keys(Fields), seen.toSorted().join("")];
export const fail = (): never => new Fields().fail();
export const late = (): never => new Fields().late();`;

function writeComputed(t: TestContext, isDefined: boolean): Modules {
  const options = { target: "esnext", useDefineForClassFields: isDefined };
  const config = JSON.stringify({ compilerOptions: options });
  return new Modules(t, { "main.ts": COMPUTED, "tsconfig.json": config });
}

test("a field without a value whose name is computed is a type if tsconfig.json says so, and its name is evaluated", async (t) => {
  const instance = await writeComputed(t, false).run();
  deepEqual(call(instance, "make"), [["own", "c"], [], "abcde"]);
  for (const [name, place] of [
    ["fail", "9:25"],
    ["late", "9:89"],
  ] as const) {
    throws(
      () => call(instance, name),
      (error: Error) => /main\.ts:(\d+:\d+)/.exec(error.stack ?? "")?.[1] === place,
    );
  }
});

test("a field without a value whose name is computed is defined unless tsconfig.json says otherwise", async (t) => {
  const instance = await writeComputed(t, true).run();
  const keys = ["k", "text", "plain", "n", "own", "a", "c", "e", "Symbol()"];
  deepEqual(call(instance, "make"), [keys, ["k", "b"], "abcde"]);
});

test("fields of JavaScript are the language's whatever a tsconfig.json says", async (t) => {
  const instance = await write(t, { target: "es2015" }, "main.js").run("main.js");
  deepEqual(call(instance, "keys"), ["a"]);
});
