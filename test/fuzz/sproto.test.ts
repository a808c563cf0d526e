/**
 * Sproto with values, bytes and texts at random.
 *
 * Promises: what is encoded comes back, packed or not; what comes from outside, be it a packet, a message or a schema,
 * is taken or refused with a code; and nothing of it reaches a prototype. Each test prints its seed; `SEED` and `SCALE`
 * repeat and lengthen it.
 */

import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { codeOf } from "../../src/base/error.ts";
import type { ErrorCode } from "../../src/base/error.ts";
import { sproto, sprotoparser } from "../../src/sproto/library.ts";
import { C2S, S2C } from "../unit/sproto/bytes.ts";

const seed = Number(process.env["SEED"] ?? Date.now() & 0x7fffffff);
const scale = Number(process.env["SCALE"] ?? 1);

/** How many values a test tries. */
function runs(t: { diagnostic(text: string): void }, count: number): fc.Parameters<unknown> {
  t.diagnostic(`seed=${seed} scale=${scale}`);
  return { seed, numRuns: count * scale };
}

const TEXT = `
  .all {
    n 0 : integer
    ns 1 : *integer
    d 2 : double
    ds 3 : *double
    b 5 : boolean
    bs 6 : *boolean
    s 7 : string
    ss 8 : *string
    y 11 : binary
    ys 12 : *binary
    c 13 : integer(2)
    cs 14 : *integer(2)
    a 40 : all
    as 41 : *all
    m 300 : *kv()
    k 301 : *kv(v)
    .kv { k 0 : string v 1 : integer }
  }
`;
const schema = sproto.parse(TEXT, { bigint: true });

const integer = fc.oneof(
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .filter((n) => !Number.isSafeInteger(Number(n))),
);
const double = fc.double({ noNaN: true });
const text = fc.string({ unit: "binary", maxLength: 60 });
const bytes = fc.uint8Array({ maxLength: 60 });
const cents = fc.integer({ min: -(10 ** 9), max: 10 ** 9 }).map((n) => n / 100 + 0);

function list<T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(one, { maxLength: 12 });
}

/** A value of the type `all`, some of its fields missing. */
const { value: anyValue } = fc.letrec<{ value: Record<string, unknown> }>((tie) => ({
  value: fc.record(
    {
      n: integer,
      ns: list(integer),
      d: double,
      ds: list(double),
      b: fc.boolean(),
      bs: list(fc.boolean()),
      s: text,
      ss: list(text),
      y: bytes,
      ys: list(bytes),
      c: cents,
      cs: list(cents),
      a: fc.oneof({ maxDepth: 4, depthSize: "small" }, fc.constant({}), tie("value")),
      as: fc.oneof({ maxDepth: 4, depthSize: "small" }, fc.constant([]), list(tie("value"))),
      m: list(fc.tuple(text, integer)).map((entries) => new Map(entries)),
      k: list(integer).map((keys) => new Map(keys.map((v) => [v, { k: "x", v }]))),
    },
    { requiredKeys: [], noNullPrototype: true },
  ),
}));

/** What stands in for some bytes of a message. */
const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 });

/** Runs what reads from outside. @returns undefined if it refuses as it should. */
function attempt<T>(code: ErrorCode, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    equal(codeOf(error), code, String(error));
    return undefined;
  }
}

function change(source: Uint8Array, list_: readonly (readonly [number, number])[]): Uint8Array {
  const copy = Uint8Array.from(source);
  for (const [at, byte] of list_) if (copy.length > 0) copy[at % copy.length] = byte;
  return copy;
}

test("what is encoded comes back as it was, packed or not", (t) => {
  const property = fc.property(anyValue, (value) => {
    deepEqual(schema.decode("all", schema.encode("all", value)), value);
    deepEqual(schema.pdecode("all", schema.pencode("all", value)), value);
  });
  fc.assert(property, runs(t, 500));
});

test("a message cut off at any byte is refused", (t) => {
  const property = fc.property(anyValue, (value) => {
    const whole = schema.encode("all", value);
    for (let length = 0; length < whole.length && length < 400; length++) {
      const cut = whole.slice(0, length);
      equal(
        attempt("ERR_MALFORMED", () => schema.decode("all", cut)),
        undefined,
      );
    }
  });
  fc.assert(property, runs(t, 100));
});

test("random and changed bytes are decoded or refused with a code", (t) => {
  const property = fc.property(
    anyValue,
    fc.uint8Array({ maxLength: 200 }),
    changes,
    (value, random, list_) => {
      attempt("ERR_MALFORMED", () => schema.decode("all", random));
      attempt("ERR_MALFORMED", () => schema.pdecode("all", random));
      attempt("ERR_MALFORMED", () =>
        schema.decode("all", change(schema.encode("all", value), list_)),
      );
      attempt("ERR_MALFORMED", () =>
        schema.pdecode("all", change(schema.pencode("all", value), list_)),
      );
    },
  );
  fc.assert(property, runs(t, 1000));
});

test("what is decoded is encoded again, and is the same message", (t) => {
  const property = fc.property(anyValue, changes, (value, list_) => {
    const packed = change(schema.encode("all", value), list_);
    const back = attempt("ERR_MALFORMED", () => schema.decode("all", packed));
    if (back === undefined) return;
    const again = schema.encode("all", back);
    deepEqual(schema.encode("all", schema.decode("all", again)), again);
  });
  fc.assert(property, runs(t, 500));
});

test("packing is undone by unpacking", (t) => {
  // Runs of bytes that are not 0, with single ones that are.
  const dense = fc.array(
    fc.integer({ min: 0, max: 40 }).map((n) => (n === 0 ? 0 : n)),
    { maxLength: 3000 },
  );
  const property = fc.property(fc.oneof(dense, fc.array(fc.constantFrom(0, 1, 255))), (numbers) => {
    const source = Uint8Array.from(numbers);
    const back = sproto.unpack(sproto.pack(source));
    equal(back.length, Math.ceil(source.length / 8) * 8);
    deepEqual(back.slice(0, source.length), source);
    ok(back.slice(source.length).every((byte) => byte === 0));
  });
  fc.assert(property, runs(t, 300));
});

test("a packet that is random, changed or cut off is dispatched or refused with a code", (t) => {
  const server = sproto.parse(C2S).host();
  const request = sproto.parse(S2C).host().attach(sproto.parse(C2S));
  const packets = [
    request("handshake", undefined, 1),
    request("get", { what: "hello" }, 2),
    request("set", { what: "hello", value: "world" }, 3),
    request("quit", undefined, 4),
  ];
  for (const packet of packets) {
    for (let length = 0; length < packet.length; length++) {
      attempt("ERR_MALFORMED", () => server.dispatch(packet.slice(0, length)));
    }
  }
  const property = fc.property(
    fc.uint8Array({ maxLength: 64 }),
    fc.constantFrom(...packets),
    changes,
    (random, packet, list_) => {
      attempt("ERR_MALFORMED", () => server.dispatch(random));
      attempt("ERR_MALFORMED", () => server.dispatch(change(packet, list_)));
    },
  );
  fc.assert(property, runs(t, 5000));
});

test("a binary schema that was changed is taken or refused with a code, and what is taken decodes", (t) => {
  const binary = sprotoparser.parse(TEXT);
  const property = fc.property(changes, fc.uint8Array({ maxLength: 100 }), (list_, message) => {
    const other = attempt("ERR_SCHEMA", () => sproto.new(change(binary, list_), { bigint: true }));
    if (other?.exist_type("all") !== true) return;
    attempt("ERR_MALFORMED", () => other.decode("all", message));
    attempt("ERR_MALFORMED", () => other.pdecode("all", message));
  });
  fc.assert(property, runs(t, 2000));
  for (let length = 0; length < binary.length; length++) {
    attempt("ERR_SCHEMA", () => sproto.new(binary.slice(0, length)));
  }
});

test("the text of a schema that was changed is taken or refused with a code", (t) => {
  const pieces = (C2S + TEXT).match(/\w+|\s+|./gs) ?? [];
  const piece = fc.constantFrom(...pieces, "#", "\r", "\0", "é", "99999999999", "nil", "(", "*");
  const edit = fc.tuple(fc.nat(), fc.nat({ max: 2 }), piece);
  const property = fc.property(fc.array(edit, { maxLength: 4 }), (edits) => {
    const copy = [...pieces];
    for (const [at, removed, added] of edits) copy.splice(at % copy.length, removed, added);
    const binary = attempt("ERR_SCHEMA", () => sprotoparser.parse(copy.join("")));
    if (binary !== undefined) sproto.new(binary);
  });
  fc.assert(property, runs(t, 1000));
});

test("no message reaches a prototype", (t) => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  const name = fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "hasOwnProperty",
  );
  const property = fc.property(name, name, (outer, inner) => {
    const evil = sproto.parse(
      `.a { ${outer} 0 : b } .b { ${inner} 0 : a m 1 : *kv() } .kv { k 0 : string v 1 : string }`,
    );
    const value = { [outer]: { [inner]: {}, m: new Map([[outer, inner]]) } };
    const back = evil.decode("a", evil.encode("a", value));
    deepEqual(back, value);
    ok(Object.hasOwn(back, outer));
    equal(Object.getPrototypeOf(back), Object.prototype);
  });
  fc.assert(property, runs(t, 100));
  deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
});
