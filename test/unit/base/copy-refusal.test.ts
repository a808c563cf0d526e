/** What can't be sent is refused whole, with the path to the first reason. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Socket } from "node:net";
import { test } from "node:test";
import { copyArguments, copyResult } from "../../../src/base/copy.ts";
import { SnaxError } from "../../../src/base/error.ts";
import { COPY_DEPTH_MAX, COPY_PATH_MAX } from "../../../src/base/limits.ts";

function refusalOf(copy: () => unknown): SnaxError {
  try {
    copy();
  } catch (error) {
    assert.ok(error instanceof SnaxError);
    assert.equal(error.code, "ERR_NOT_SENDABLE");
    return error;
  }
  throw new assert.AssertionError({ message: "the copy was not refused" });
}

function reasonFor(value: unknown): string {
  return refusalOf(() => copyResult(value, undefined)).message;
}

function nest(depth: number, wrap: (inner: object) => object): object {
  let value = wrap({});
  for (let level = 2; level < depth; level++) value = wrap(value);
  return value;
}

const wraps: Record<string, (inner: object) => object> = {
  objects: (next) => ({ next }),
  arrays: (inner) => [inner],
  maps: (inner) => new Map([["inner", inner]]),
  sets: (inner) => new Set([inner]),
};

test("the message names the argument, the path and what lies there", () => {
  const values = [1, { onDone: () => 0 }];
  const { message } = refusalOf(() => copyArguments(values, undefined));
  assert.equal(message, "argument 2 .onDone is a function");
});

test("an argument that is itself refused has no path", () => {
  const { message } = refusalOf(() => copyArguments([Symbol("s")], undefined));
  assert.equal(message, "argument 1 is a symbol");
});

test("each kind of container has its own step in the path", () => {
  const bad = Symbol("bad");
  assert.equal(reasonFor({ list: [0, 1, 2, bad] }), "result .list[3] is a symbol");
  assert.equal(reasonFor({ "odd key": bad }), 'result ["odd key"] is a symbol');
  assert.equal(reasonFor(new Map([["key", { bad }]])), 'result .get("key").bad is a symbol');
  assert.equal(reasonFor(new Map([[[bad], 1]])), "result .keys()[0][0] is a symbol");
  assert.equal(reasonFor(new Set([1, bad])), "result .values()[1] is a symbol");
  assert.equal(reasonFor(new Error("e", { cause: bad })), "result .cause is a symbol");
  assert.equal(reasonFor(Object.assign([1], { bad })), "result .bad is a symbol");
});

test("a promise hints at the missing await", () => {
  assert.equal(reasonFor({ p: Promise.resolve() }), "result .p is a promise (a missing await?)");
});

test("what stands for something outside is refused by its class name", () => {
  class Feed extends EventEmitter {}
  const { port1 } = new MessageChannel();
  const cases: [unknown, string][] = [
    [new WeakMap(), "a WeakMap"],
    [new WeakSet(), "a WeakSet"],
    [new WeakRef({}), "a WeakRef"],
    [(function* () {})(), "a Generator"],
    [[].values(), "an Array Iterator"],
    [new Socket(), "a Socket"],
    [new Feed(), "a Feed"],
    [new AbortController().signal, "an AbortSignal"],
    [port1, "a MessagePort"],
    [Object(Symbol("s")), "a symbol"],
    [Object.create(Map.prototype), "a Map"],
  ];
  for (const [value, name] of cases) assert.equal(reasonFor({ value }), `result .value is ${name}`);
  port1.close();
});

test("a class that a program made global is data all the same", () => {
  class Item {
    id = 1;
  }
  const globals = globalThis as unknown as Record<string, unknown>;
  globals["Item"] = Item;
  try {
    assert.deepEqual(copyResult(new Item(), undefined), { id: 1 });
  } finally {
    delete globals["Item"];
  }
});

test("a detached buffer is refused, also under a view", () => {
  const buffer = new ArrayBuffer(8);
  const view = new Uint8Array(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  assert.equal(reasonFor({ buffer }), "result .buffer is a detached ArrayBuffer");
  assert.equal(reasonFor({ view }), "result .view is a detached ArrayBuffer");
});

test("a getter that throws is named, and its error is the cause", () => {
  const cause = new TypeError("boo");
  const source = {
    a: {
      get b(): number {
        throw cause;
      },
    },
  };
  const refusal = refusalOf(() => copyResult(source, undefined));
  assert.equal(refusal.message, "result .a.b threw when it was read: boo");
  assert.equal(refusal.cause, cause);
});

test("a getter that threw only once is reported without a path", () => {
  let count = 0;
  const source = {
    get b(): number {
      if (count++ === 0) throw new Error("once");
      return 1;
    },
  };
  assert.equal(reasonFor(source), "the message can't be sent: once");
});

test("a refused message leaves nothing behind for the next one", () => {
  const shared = { n: 1 };
  reasonFor([shared, Symbol("bad")]);
  assert.notEqual(copyResult(shared, undefined), shared);
  assert.deepEqual(copyResult([shared, shared], undefined), [shared, shared]);
});

test("a cycle before the reason does not stop the search", () => {
  const source: Record<string, unknown> = {};
  source["self"] = source;
  source["bad"] = () => 0;
  assert.equal(reasonFor(source), "result .bad is a function");
});

for (const [name, wrap] of Object.entries(wraps)) {
  test(`${name} nested COPY_DEPTH_MAX deep are copied, one more level is refused`, () => {
    copyResult(nest(COPY_DEPTH_MAX, wrap), undefined);
    assert.match(
      reasonFor(nest(COPY_DEPTH_MAX + 1, wrap)),
      /is nested deeper than COPY_DEPTH_MAX 1000$/,
    );
  });
}

test("the path in the message is cut at COPY_PATH_MAX characters", () => {
  const wrap = (next: object): object => ({ next });
  const reason = reasonFor(nest(COPY_DEPTH_MAX + 1, wrap));
  const [, path] = /^result (.*)\.\.\. is nested/.exec(reason) ?? [];
  assert.equal(path?.length, COPY_PATH_MAX);
});

test("a caller with little stack left gets a refusal, not a stack overflow", () => {
  const deep = nest(COPY_DEPTH_MAX, (next) => ({ next }));
  let refused: unknown;
  const descend = (): void => {
    try {
      descend();
    } catch {
      // The stack is full here; the first frame on the way back with room to report does.
      if (refused !== undefined) return;
      try {
        copyResult(deep, undefined);
      } catch (error) {
        if (!(error instanceof SnaxError)) throw error;
        refused = error;
      }
    }
  };
  descend();
  assert.match(
    String(refused),
    /(?:can't be sent|threw when it was read): Maximum call stack size exceeded/,
  );
});

test("a proxy of a list that tells another length when it is copied keeps no thread busy", () => {
  const telling = (...lengths: readonly number[]): unknown => {
    let asked = 0;
    const get = (of: object, key: PropertyKey): unknown =>
      key === "length"
        ? lengths[Math.min(asked++, lengths.length - 1)]
        : (Reflect.get(of, key) as unknown);
    return new Proxy([1, 2], { get });
  };
  for (const greater of [3, 2 ** 32 - 1, 2 ** 53 - 1, Infinity]) {
    assert.deepEqual(copyResult(telling(2, greater), undefined), [1, 2]);
  }
  for (const less of [1, 0, -1, NaN]) {
    assert.match(reasonFor(telling(2, less)), /an array is not what it said/);
  }
});
