/** The copy of what was thrown: always made, in linear time, and it says what is not in it. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { copyBare, copyThrown } from "../../../src/base/copy-thrown.ts";
import type { Incomplete } from "../../../src/base/copy-thrown.ts";
import { copyResult } from "../../../src/base/copy.ts";
import { SnaxError } from "../../../src/base/error.ts";
import {
  COPY_DEPTH_MAX,
  ERROR_COUNT_MAX,
  ERROR_DEPTH_MAX,
  ERROR_NOTES_MAX,
  ERROR_REFUSED_MAX,
  ERROR_TEXT_MAX,
} from "../../../src/base/limits.ts";

type Any = Error & Incomplete & Record<string, unknown>;

const copyOf = (error: Error): Any => copyThrown(error) as Any;
const withFields = (message: string, fields: object): Error =>
  Object.assign(new Error(message), fields);

/** A chain of causes, the last one made first. */
function chain(length: number, wrap: (cause: Error, index: number) => Error): Error {
  let error = new Error("first");
  for (let index = 1; index < length; index++) error = wrap(error, index);
  return error;
}

function lengthOf(error: unknown): number {
  let count = 0;
  for (let at = error; at instanceof Error; at = at.cause) count += 1;
  return count;
}

/** Counts how often something is read. */
function counting(error: Error, reads: { count: number }): Error {
  const { stack } = error;
  return Object.defineProperty(error, "stack", {
    get() {
      reads.count += 1;
      return stack;
    },
  });
}

test("what can be sent arrives as in a message, with nothing left out", () => {
  const cause = new TypeError("below");
  const source = Object.assign(new RangeError("far", { cause }), {
    code: "E_FAR",
    at: new Map([["x", { y: 1 }]]),
    again: cause,
  });
  const copy = copyOf(source);
  const expected = copyResult(source, undefined) as Any;
  assert.deepStrictEqual(copy, expected);
  assert.equal(copy.stack, source.stack);
  assert.equal(copy.again, copy.cause);
  assert.ok(copy.cause instanceof TypeError && copy.cause !== cause);
  assert.deepEqual(Object.keys(copy), Object.keys(source));
  assert.notEqual(copy.at, source.at);
});

test("a field that can't be sent is left out and named, and the class stays", () => {
  class PayError extends TypeError {
    override name = "PayError";
    code = "E_PAY";
    data = { amount: 5 };
    config = { retries: 1, hooks: [{ onRetry: (): void => {} }] };
  }
  const copy = copyOf(new PayError("no money"));
  assert.equal(Object.getPrototypeOf(copy), TypeError.prototype);
  assert.deepEqual([copy.name, copy.message, copy["code"]], ["PayError", "no money", "E_PAY"]);
  assert.deepEqual(copy["data"], { amount: 5 });
  assert.equal("config" in copy, false);
  assert.deepEqual(copy.leftOut, ["config .hooks[0].onRetry is a function"]);
  const own = copyOf(
    new SnaxError("ERR_TIMEOUT", "late", { data: { call: (): void => {} }, cause: Symbol("s") }),
  );
  assert.ok(own instanceof SnaxError);
  assert.equal(own.code, "ERR_TIMEOUT");
  assert.deepEqual(own.leftOut, ["cause is a symbol", "data .call is a function"]);
});

test("circles stay, whatever hangs beside them", () => {
  const alone = withFields("alone", { retry(): void {} }) as Any;
  (alone as Record<string, unknown>)["original"] = alone;
  const copy = copyOf(alone);
  assert.equal(copy["original"], copy);
  assert.deepEqual(copy.leftOut, ["retry is a function"]);
  const outer = new Error("outer");
  const inner = new Error("inner", { cause: outer });
  outer.cause = inner;
  Object.assign(inner, { seen: { outer, list: [inner] }, retry(): void {} });
  const pair = copyOf(outer);
  const below = pair.cause as Any;
  assert.equal(below.cause, pair);
  assert.deepEqual(below["seen"], { outer: pair, list: [below] });
});

test("an object that two errors hold is one object in the copy, also beside a field that is left out", () => {
  const shared = { id: 1 };
  const bad = { inner: shared, call: (): void => {} };
  const cause = withFields("below", { shared, bad });
  const copy = copyOf(Object.assign(new Error("above", { cause }), { bad, shared }));
  assert.deepEqual(copy["shared"], { id: 1 });
  assert.equal((copy.cause as Any)["shared"], copy["shared"]);
  assert.equal("bad" in copy || "bad" in (copy.cause as Any), false);
});

test("part of a field that is left out is not half a value elsewhere", () => {
  const half = { name: "half", call: (): void => {} };
  const copy = copyOf(withFields("e", { first: { half }, second: half, third: [half, 1] }));
  for (const key of ["first", "second", "third"]) assert.equal(key in copy, false, key);
  assert.equal(copy.leftOut?.length, 3);
});

for (const length of [1, ERROR_DEPTH_MAX, ERROR_DEPTH_MAX + 1, 100_000]) {
  test(`a chain of ${length} causes is copied to ERROR_DEPTH_MAX, and each error is read once`, () => {
    const reads = { count: 0 };
    const error = chain(length, (cause, index) => new Error(`attempt ${index}`, { cause }));
    for (let at: unknown = error; at instanceof Error; at = at.cause) counting(at, reads);
    const copy = copyOf(error);
    const kept = Math.min(length, ERROR_DEPTH_MAX);
    assert.equal(lengthOf(copy), kept);
    assert.equal(reads.count, kept);
    let last: Any = copy;
    while (last.cause !== undefined) last = last.cause as Any;
    const note = `cause leads to more than ERROR_DEPTH_MAX ${ERROR_DEPTH_MAX} errors inside each other`;
    assert.deepEqual(last.leftOut, length > ERROR_DEPTH_MAX ? [note] : undefined);
  });
}

const assigned: Record<string, (cause: Error) => object> = {
  "an assigned cause": (cause) => ({ cause }),
  "two fields": (cause) => ({ first: cause, last: cause }),
  "fields that hold objects": (cause) => ({
    first: { cause },
    last: [cause],
    third: new Set([cause]),
  }),
  "fields that can't be sent": (cause) => ({
    first: { cause, f(): void {} },
    last: { cause, f(): void {} },
  }),
};
for (const [name, fields] of Object.entries(assigned)) {
  test(`${name}: each error is read once, however many lead to it`, () => {
    const reads = { count: 0 };
    let error = counting(withFields("first", { retry(): void {} }), reads);
    for (let index = 1; index < 40; index++) {
      error = counting(withFields(`attempt ${index}`, fields(error)), reads);
    }
    copyOf(error);
    assert.equal(reads.count, 40);
  });
}

test("ERROR_COUNT_MAX errors are kept, and the AggregateError says how many there were", () => {
  const many = (count: number): AggregateError =>
    new AggregateError(
      Array.from({ length: count }, (_each, at) => new Error(`${at}`)),
      "many",
    );
  const all = copyOf(many(ERROR_COUNT_MAX - 1));
  assert.ok(all instanceof AggregateError);
  assert.equal(all.errors.length, ERROR_COUNT_MAX - 1);
  assert.equal(all.leftOut, undefined);
  const some = copyOf(many(ERROR_COUNT_MAX));
  assert.ok(some instanceof AggregateError);
  assert.equal(some.errors.length, ERROR_COUNT_MAX - 1);
  assert.match(
    some.leftOut?.[0] ?? "",
    /^errors from \[499\] on, of 500: more than ERROR_COUNT_MAX/,
  );
});

test("an AggregateError keeps its other errors where one can't be sent", () => {
  const call = (): void => {};
  const bad = withFields("bad", { call });
  const copy = copyOf(new AggregateError([new TypeError("good"), bad, call, "text"], "many"));
  assert.ok(copy instanceof AggregateError);
  const [good, other, gone, text] = copy.errors as [Error, Any, Error, string];
  assert.ok(good instanceof TypeError);
  assert.deepEqual([other.message, other.leftOut], ["bad", ["call is a function"]]);
  assert.deepEqual([gone.message, text], ["errors[2] was left out", "text"]);
  assert.deepEqual(copy.leftOut, ["errors[2] is a function"]);
});

test("what throws when it is read is left out and said", () => {
  const fail = (): never => {
    throw new Error("boom");
  };
  for (const key of ["stack", "message", "name", "cause", "code", "data"]) {
    const copy = copyOf(
      Object.defineProperty(new Error("x"), key, { get: fail, enumerable: true }),
    );
    assert.deepEqual(copy.leftOut?.at(0), `${key} threw when it was read: boom`, key);
    assert.equal(copy.message, key === "message" ? "message threw when it was read: boom" : "x");
  }
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const copy = copyOf(withFields("x", { proxy, deep: { list: [proxy] } }));
  assert.match(copy.leftOut?.[0] ?? "", /^proxy threw when it was read: Cannot perform/);
  assert.match(copy.leftOut?.[1] ?? "", /^deep \.list\[0\] threw when it was read: Cannot perform/);
});

test("an error whose traps throw becomes one that says so", () => {
  const { proxy, revoke } = Proxy.revocable(new Error("x"), {});
  revoke();
  const ownKeys = new Proxy(new Error("p"), {
    ownKeys() {
      throw new Error("trap");
    },
  });
  assert.match(copyOf(proxy).message, /^message threw when it was read: Cannot perform/);
  const copy = copyOf(ownKeys);
  assert.equal(copy.message, "p");
  assert.deepEqual(copy.leftOut, ["its fields can't be listed: trap"]);
});

test("data as deep as a message may be arrives, one level more is left out", () => {
  const list = (depth: number): object => {
    let value: object = {};
    for (let level = 1; level < depth; level++) value = { next: value };
    return value;
  };
  const call = (): void => {};
  const room = COPY_DEPTH_MAX - 1;
  const kept = copyOf(withFields("x", { data: list(room), call }));
  assert.ok("data" in kept);
  copyResult(kept, undefined);
  const left = copyOf(withFields("x", { data: list(room + 1), call }));
  assert.match(
    left.leftOut?.[0] ?? "",
    /^data (\.next)+\.*\S* is nested deeper than COPY_DEPTH_MAX 1000$/,
  );
});

test("texts are cut at ERROR_TEXT_MAX characters", () => {
  const whole = copyOf(Object.assign(new Error("a".repeat(ERROR_TEXT_MAX)), { stack: "s" }));
  assert.equal(whole.leftOut, undefined);
  const copy = copyOf(Object.assign(new Error("a".repeat(ERROR_TEXT_MAX + 1)), { stack: "s" }));
  assert.equal(copy.message.length, ERROR_TEXT_MAX);
  assert.match(copy.leftOut?.[0] ?? "", /^message behind its first 65536 of 65537 characters$/);
});

test("ERROR_NOTES_MAX things are named, the others are counted, also over several copies", () => {
  const call = (): void => {};
  const fields = (count: number): object =>
    Object.fromEntries(Array.from({ length: count }, (_each, at) => [`f${at}`, call]));
  const full = copyOf(withFields("x", fields(ERROR_NOTES_MAX)));
  assert.equal(full.leftOut?.length, ERROR_NOTES_MAX);
  const over = copyOf(withFields("x", fields(ERROR_NOTES_MAX + 3)));
  assert.deepEqual(over.leftOut?.at(-1), "3 more");
  const again = copyOf(Object.assign(copyOf(withFields("x", { a: call })), { b: call }));
  assert.deepEqual(again.leftOut, ["a is a function", "b is a function"]);
});

test("behind ERROR_REFUSED_MAX objects that can't be sent no further field with objects is tried", () => {
  const big = (): unknown[] => [...Array.from({ length: 6000 }, () => ({})), (): void => {}];
  const copy = copyOf(withFields("x", { a: big(), b: big(), c: { d: 1 }, e: 5 }));
  assert.ok(6000 * 2 > ERROR_REFUSED_MAX);
  assert.equal(copy.leftOut?.[2], "c comes after too much that can't be sent");
  assert.equal(copy["e"], 5);
});

test("the bare copy has class, message, code and stack, and says that the rest is gone", () => {
  const source = Object.assign(new TypeError("x"), { code: "E_X", remote: ":1", data: { a: 1 } });
  const copy = copyBare(source, "is too deep") as Any;
  assert.ok(copy instanceof TypeError);
  assert.deepEqual(
    [copy.message, copy["code"], copy["remote"], copy.stack, copy.leftOut],
    ["x", "E_X", ":1", source.stack, ["all else is too deep"]],
  );
  assert.equal("data" in copy, false);
});
