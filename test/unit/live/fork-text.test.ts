/** The text that a copy is made from: what runs at top level is gone, and lines stay where they were. */

import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { forkText } from "../../../src/live/dry/fork-text.ts";

const CASES: readonly (readonly [given: string, made: string])[] = [
  ["let a = load();", "let a;"],
  ["export const a: Map<string, number> = new Map(\n  load(),\n);", "export let a;\n\n"],
  ["const a = 1, b = load(), c = 2;", "let a = 1, b, c = 2;"],
  ["const { a, b: [c] } = load();", "let a, c;"],
  ["setInterval(tick, 1000);\ntick();", ";\n;"],
  ["const a = { b() {}, c, d: [1, { e: 'f' }] };", "const a = { b() {}, c, d: [1, { e: 'f' }] };"],
  ["const a = { b: load() };", "let a;"],
  ["const a = async () => load();", "const a = async () => load();"],
  ["class A { b = load(); }", "class A { b = load(); }"],
  ["if (load()) {\n  load();\n}\nfunction a() {}", ";\n\n\nfunction a() {}"],
  ["await load();", ";"],
  ["import { a } from './a.ts';\nexport { a };", "import { a } from './a.ts';\nexport { a };"],
];

test("initialisers and statements are taken out, and what is written out stays", () => {
  for (const [given, made] of CASES) {
    equal(forkText(given, "/a.ts", false).text, made, given);
    equal(made.split("\n").length, given.split("\n").length, given);
  }
});

test("a service's methods stay, and data files are what they say", () => {
  const text = "export const response = { a() { return load(); } };";
  equal(forkText(text, "/a.ts", true).text, text);
  deepEqual(forkText('{"a": 1}', "/a.json", false), { text: '{"a": 1}', emptied: [] });
});
