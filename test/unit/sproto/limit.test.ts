/** Each limit of sproto, at it and one past it. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import {
  SPROTO_BYTES_MAX,
  SPROTO_DEPTH_MAX,
  SPROTO_DIGITS_MAX,
  SPROTO_SESSIONS_MAX,
  SPROTO_TAG_MAX,
  SPROTO_TEXT_MAX,
} from "../../../src/base/limits.ts";
import { sproto } from "../../../src/sproto/library.ts";
import { S2C } from "./bytes.ts";

const deep = sproto.parse(".a { a 0 : a }");
const blob = sproto.parse(".a { x 0 : binary }");

/** A value in that number of others. */
function nest(depth: number): Record<string, unknown> {
  let value = {};
  for (let count = 0; count < depth; count++) value = { a: value };
  return value;
}

/** The message of such a value. */
function nestBytes(depth: number): Uint8Array {
  let bytes: Buffer = Buffer.from([0, 0]);
  for (let count = 0; count < depth; count++) {
    const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    head.writeUInt32LE(bytes.length, 4);
    bytes = Buffer.concat([head, bytes]);
  }
  return bytes;
}

/** A type in that number of others. */
function nestText(depth: number): string {
  return ".a { ".repeat(depth) + "} ".repeat(depth);
}

test(`a value lies in fewer than SPROTO_DEPTH_MAX others when it is encoded, as in skynet`, () => {
  deepEqual(
    deep.decode("a", deep.encode("a", nest(SPROTO_DEPTH_MAX - 1))),
    nest(SPROTO_DEPTH_MAX - 1),
  );
  throws(() => deep.encode("a", nest(SPROTO_DEPTH_MAX)), {
    code: "ERR_NOT_SENDABLE",
    message: "The table is too deep: SPROTO_DEPTH_MAX is 64",
  });
});

test("a value that holds itself is refused", () => {
  const value: Record<string, unknown> = {};
  value["a"] = value;
  throws(() => deep.encode("a", value), { code: "ERR_NOT_SENDABLE" });
});

test(`an empty value may lie in SPROTO_DEPTH_MAX others when it is decoded, as in skynet`, () => {
  deepEqual(deep.decode("a", nestBytes(SPROTO_DEPTH_MAX)), nest(SPROTO_DEPTH_MAX));
  throws(() => deep.decode("a", nestBytes(SPROTO_DEPTH_MAX + 1)), {
    code: "ERR_MALFORMED",
    message: "The table is too deep: SPROTO_DEPTH_MAX is 64",
  });
});

test("a type lies in fewer than SPROTO_DEPTH_MAX others", () => {
  sproto.parse(nestText(SPROTO_DEPTH_MAX));
  throws(() => sproto.parse(nestText(SPROTO_DEPTH_MAX + 1)), {
    code: "ERR_SCHEMA",
    message: /SPROTO_DEPTH_MAX 64/,
  });
});

test("a message is as long as SPROTO_BYTES_MAX, and no longer", () => {
  const head = 2 + 2 + 4;
  const x = new Uint8Array(SPROTO_BYTES_MAX - head);
  equal(blob.encode("a", { x }).length, SPROTO_BYTES_MAX);
  throws(() => blob.encode("a", { x: new Uint8Array(x.length + 1) }), {
    code: "ERR_NOT_SENDABLE",
    message: /^object is too large \(>16777216\): 16777217 bytes/,
  });
});

test("a list without an end in sight is refused before memory is", () => {
  const schema = sproto.parse(".a { x 0 : *a s 1 : *string }");
  const value: { x: unknown[] } = { x: [] };
  value.x.push(value, value, value, value);
  throws(() => schema.encode("a", value), { code: "ERR_NOT_SENDABLE" });
  const s = Array<string>(40).fill("a".repeat(1 << 20));
  throws(() => schema.encode("a", { s }), { code: "ERR_NOT_SENDABLE", message: /too large/ });
});

test("what is packed is as long as SPROTO_BYTES_MAX, and no longer", () => {
  equal(sproto.pack(new Uint8Array(SPROTO_BYTES_MAX)).length, SPROTO_BYTES_MAX / 8);
  throws(() => sproto.pack(new Uint8Array(SPROTO_BYTES_MAX + 1)), { code: "ERR_NOT_SENDABLE" });
});

test("what is unpacked is as long as SPROTO_BYTES_MAX, and no longer", () => {
  const most = new Uint8Array(SPROTO_BYTES_MAX / 8);
  equal(sproto.unpack(most).length, SPROTO_BYTES_MAX);
  throws(() => sproto.unpack(new Uint8Array(most.length + 1)), {
    code: "ERR_MALFORMED",
    message: /16777224 bytes exceed SPROTO_BYTES_MAX/,
  });
});

test("a tag is at most SPROTO_TAG_MAX", () => {
  for (const text of [
    (tag: number) => `.a { x ${tag} : a }`,
    (tag: number) => `.a {} p ${tag} {}`,
  ]) {
    sproto.parse(text(SPROTO_TAG_MAX));
    throws(() => sproto.parse(text(SPROTO_TAG_MAX + 1)), {
      code: "ERR_SCHEMA",
      message: /32767, exceeds SPROTO_TAG_MAX 32766/,
    });
  }
});

test("there are as many types as numbers up to SPROTO_TAG_MAX", () => {
  const types = (count: number): string => {
    return Array.from({ length: count }, (_, index) => `.a${index} {} `).join("");
  };
  equal(sproto.parse(types(SPROTO_TAG_MAX + 1)).exist_type(`a${SPROTO_TAG_MAX}`), true);
  throws(() => sproto.parse(types(SPROTO_TAG_MAX + 2)), { code: "ERR_SCHEMA" });
});

test("a decimal has at most SPROTO_DIGITS_MAX digits", () => {
  const schema = sproto.parse(`.a { x 0 : integer(${SPROTO_DIGITS_MAX}) }`);
  deepEqual(schema.decode("a", schema.encode("a", { x: 0.123456789 })), { x: 0.123456789 });
  throws(() => sproto.parse(`.a { x 0 : integer(${SPROTO_DIGITS_MAX + 1}) }`), {
    code: "ERR_SCHEMA",
    message: /SPROTO_DIGITS_MAX 9/,
  });
});

test("the text of a schema is at most SPROTO_TEXT_MAX long", () => {
  sproto.parse("\n".repeat(SPROTO_TEXT_MAX));
  throws(() => sproto.parse("#".repeat(SPROTO_TEXT_MAX + 1)), {
    code: "ERR_SCHEMA",
    message: /SPROTO_TEXT_MAX 1048576/,
  });
});

test("a host remembers SPROTO_SESSIONS_MAX requests, and refuses the next", () => {
  const schema = sproto.parse(S2C);
  const host = schema.host();
  const request = host.attach(schema);
  for (let session = 0; session < SPROTO_SESSIONS_MAX; session++) {
    request("heartbeat", undefined, session);
  }
  request("heartbeat", undefined, 0);
  throws(() => request("heartbeat", undefined, SPROTO_SESSIONS_MAX), {
    code: "ERR_EXHAUSTED",
    message: /SPROTO_SESSIONS_MAX/,
  });
  host.forget(0);
  request("heartbeat", undefined, SPROTO_SESSIONS_MAX);
});
