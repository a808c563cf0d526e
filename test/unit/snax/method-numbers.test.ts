/** The numbers of methods. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { METHODS_MAX, MethodNumbers, MethodTable } from "../../../src/snax/snax-host.ts";

test("numbers begin above the system's, by group and name, and never change", () => {
  const numbers = new MethodNumbers("room");
  assert.equal(numbers.numberOf("response", "enter"), 5);
  assert.equal(numbers.numberOf("accept", "enter"), 6);
  assert.equal(numbers.numberOf("response", "enter"), 5);
  assert.deepEqual(numbers.nameOf(6), { group: "accept", name: "enter" });
  assert.equal(numbers.nameOf(4), undefined);
});

test("whether a method is offered is unknown until a service of the type has begun", () => {
  const numbers = new MethodNumbers("room");
  assert.equal(numbers.isOffered("response", "enter"), undefined);
  numbers.offer(numbers.numberOf("response", "enter"));
  assert.equal(numbers.isOffered("response", "enter"), true);
  assert.equal(numbers.isOffered("response", "leave"), false);
  assert.equal(numbers.isOffered("accept", "enter"), false);
});

test("a type has room for METHODS_MAX methods and not for one more", () => {
  const numbers = new MethodNumbers("room");
  for (let index = 0; index < METHODS_MAX; index += 1) numbers.numberOf("response", `m${index}`);
  assert.equal(numbers.numberOf("response", `m${METHODS_MAX - 1}`), METHODS_MAX + 4);
  assert.equal(numbers.numberOf("response", "surplus"), 0);
});

test("each type has numbers of its own", () => {
  const table = new MethodTable();
  assert.notEqual(table.of("a"), table.of("b"));
  assert.equal(table.of("a"), table.of("a"));
});
