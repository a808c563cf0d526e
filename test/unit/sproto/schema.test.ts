/**
 * Schemas: text to the bytes that skynet's sprotoparser makes, and what is wrong with a text, said with its line.
 *
 * The bytes are what sprotoparser.lua prints for the same texts, and so are the words of the refusals.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import type { SnaxError } from "../../../src/base/error.ts";
import { sproto, sprotoparser } from "../../../src/sproto/library.ts";
import { C2S, S2C, fromHex, hex, plain } from "./bytes.ts";

/** A type a with one field. */
function withField(field: string): string {
  return `.a { ${field} }`;
}

/** The bytes of a type a whose only field, x, has these bytes. */
function typeA(field: string): string {
  const fieldBytes = fromHex(field);
  const list = Buffer.concat([size(fieldBytes), fieldBytes]);
  const type = Buffer.concat([fromHex("02 00 00 00 00 00 01 00 00 00 61"), size(list), list]);
  const types = Buffer.concat([size(type), type]);
  return hex(Buffer.concat([fromHex("01 00 00 00"), size(types), types]));
}

function size(bytes: Uint8Array): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(bytes.length);
  return buffer;
}

/** Schemas with the bytes that stand for them. */
const VECTORS: readonly (readonly [title: string, text: string, bytes: string])[] = [
  ["an empty text", "", "00 00"],
  ["comments alone", "# one\n\r\n# two", "00 00"],
  [
    "a type without fields",
    ".e {}",
    "01 00 00 00 0d 00 00 00 09 00 00 00 01 00 00 00 01 00 00 00 65",
  ],
  [
    "a type and a protocol",
    ".a { x 0 : string } foo 1 { request a response a }",
    `02 00 00 00 00 00 26 00 00 00 22 00 00 00 02 00 00 00 00 00 01 00 00 00 61 13 00 00 00 0f 00 00 00 04 00 00 00
     06 00 01 00 02 00 01 00 00 00 78 15 00 00 00 11 00 00 00 04 00 00 00 04 00 02 00 02 00 03 00 00 00 66 6f 6f`,
  ],
  [
    "a list",
    withField("x 0:*integer"),
    typeA("05 00 00 00 02 00 01 00 02 00 04 00 01 00 00 00 78"),
  ],
  ["a decimal", withField("x 3:integer(2)"), typeA("04 00 00 00 02 00 06 00 08 00 01 00 00 00 78")],
  [
    "a list of decimals",
    withField("x 0 : *integer( 2 )"),
    typeA("05 00 00 00 02 00 06 00 02 00 04 00 01 00 00 00 78"),
  ],
  ["binary", withField("x 4 :binary"), typeA("04 00 00 00 06 00 04 00 0a 00 01 00 00 00 78")],
  ["double", withField("x 5: double"), typeA("04 00 00 00 08 00 01 00 0c 00 01 00 00 00 78")],
  [
    "the highest tag",
    withField("x 32766 : string"),
    typeA("04 00 00 00 06 00 01 00 fe ff 01 00 00 00 78"),
  ],
  [
    "an argument that says nothing",
    withField("x 0 : string(id)"),
    typeA("04 00 00 00 06 00 01 00 02 00 01 00 00 00 78"),
  ],
  [
    "response nil, and request nil, which says nothing",
    ".a {} foo 1 { request nil response nil }",
    `02 00 00 00 00 00 0d 00 00 00 09 00 00 00 01 00 00 00 01 00 00 00 61
     17 00 00 00 13 00 00 00 05 00 00 00 04 00 01 00 01 00 04 00 03 00 00 00 66 6f 6f`,
  ],
  [
    "response nil behind a request",
    ".a {} foo 1 {response nil request {a 0 : integer}}",
    `02 00 00 00 00 00 3d 00 00 00 09 00 00 00 01 00 00 00 01 00 00 00 61 2c 00 00 00 02 00 00 00 00 00 0b 00 00 00
     66 6f 6f 2e 72 65 71 75 65 73 74 13 00 00 00 0f 00 00 00 04 00 00 00 02 00 01 00 02 00 01 00 00 00 61
     17 00 00 00 13 00 00 00 05 00 00 00 04 00 04 00 01 00 04 00 03 00 00 00 66 6f 6f`,
  ],
  [
    "what clients of skynet's example ask",
    C2S,
    `020000000000340100002f0000000200000000000b0000006765742e7265717565737416000000120000000400000006000100020004000000
     77686174320000000200000000000c0000006765742e726573706f6e7365180000001400000004000000060001000200060000007265737
     56c74350000000200000000001200000068616e647368616b652e726573706f6e7365150000001100000004000000060001000200030000
     006d736744000000020000000000070000007061636b6167652f000000120000000400000002000100020004000000747970651500000004
     0000000200010004000700000073657373696f6e460000000200000000000b0000007365742e726571756573742d0000001200000004000
     000060001000200040000007768617413000000040000000600010004000500000076616c75655500000017000000040000000400010006
     000900000068616e647368616b651100000004000000060002000400030000006765740f0000000300000008000a000300000073657
     40e000000020000000a000400000071756974`,
  ],
  [
    "what the server of skynet's example asks",
    S2C,
    `02000000000048000000440000000200000000000700000070 61636b6167652f000000120000000400000002000100020004000000747970
     6515000000040000000200010004000700000073657373696f6e170000001300000002000000040009000000686561727462656174`,
  ],
];

for (const [title, text, bytes] of VECTORS) {
  test(`the schema of ${title} has skynet's bytes`, () => {
    equal(hex(sprotoparser.parse(text)), plain(bytes));
  });
  test(`skynet's bytes of ${title} are taken`, () => {
    sproto.new(fromHex(bytes));
  });
}

/** Texts that are refused, with skynet's words and the line. */
const REFUSED: readonly (readonly [text: string, message: string, line: number])[] = [
  [".a {\n x 0 : string\n y z }", "syntax error", 3],
  ["$", "syntax error", 1],
  [".a { x 0 string }", "syntax error", 1],
  [".a { x0 : string }", "syntax error", 1],
  [".a { x 0 : * string }", "syntax error", 1],
  [". a {}", "syntax error", 1],
  [".a.b {}", "syntax error", 1],
  [".a { x 0 : string", "syntax error", 1],
  ["foo 1 { request{} }", "syntax error", 1],
  ["foo 1 { ask a }", "syntax error", 1],
  [".a{}.b{} .c{}", "syntax error", 1],
  [".a {\n  x 0 : foo\n}", "Undefined type foo in type a", 2],
  [".a { x 0 : string.b }", "Undefined type string.b in type a", 1],
  [".a {\n x 0 : string\n x 1 : string }", "redefine x in type a", 3],
  [".a {\n x 0 : string\n y 0 : string }", "redefine tag 0 in type a", 3],
  [".a {}\n.a {}", "redefined a", 2],
  [".a { .b {} .b {} }", "redefined a.b", 1],
  [".a {}\nfoo 1 {}\nfoo 2 {}", "redefined foo", 3],
  [".foo { .request {} }\nfoo 1 { request {} }", "redefined foo.request", 2],
  [".a {}\nfoo 1 {}\nbar 1 {}", "redefined protocol tag 1 at bar", 3],
  [".a {}\nfoo 1 { request Nope }", "Undefined request type Nope in protocol foo", 2],
  [".a {}\nfoo 1 { response Nope }", "Undefined response type Nope in protocol foo", 2],
  [".a {}\nfoo 1 { request a\n request a }", "redefine request in protocol foo", 3],
  [
    ".b { k 0 : string }\n.a { m 0 : *b() }",
    "Invalid map definition: m, must only have two fields",
    2,
  ],
  [".b { k 0 : string }\n.a { m 0 : *b(zz) }", "Invalid map index :zz", 2],
  [".b { k 0 : c }\n.c {}\n.a { m 0 : *b(k) }", "Invalid map index :k", 3],
  [".a { x 0 : string(2) }", "Invalid map index :2", 1],
  [".a { x 0 : *string(k) }", "Invalid map index :k", 1],
  [".a { x 0 : a(2) }", "Invalid map index :2", 1],
  [".a { x 0 : *integer(k) }", "Invalid decimal digits :k", 1],
  ["foo 1 {}", "protocol foo, but no type at all", 1],
];

for (const [text, message, line] of REFUSED) {
  test(`${JSON.stringify(text)} is refused: ${message}, line ${line}`, () => {
    throws(
      () => sproto.parse(text, { file: "game.sproto" }),
      (error: unknown) => {
        const { code, data, message: whole } = error as SnaxError;
        equal(code, "ERR_SCHEMA");
        equal(whole.startsWith(message), true, whole);
        equal(whole.includes(`at [game.sproto] line (${line})`), true, whole);
        deepEqual(data, { file: "game.sproto", line });
        return true;
      },
    );
  });
}

test("a text without a name is called =text, as in skynet", () => {
  throws(() => sproto.parse("?"), /^SnaxError: syntax error at \[=text\] line \(1\)/);
});

test("a type is looked for in the type where it is used, then in what that lies in, then among all", () => {
  const schema = sproto.parse(`
    .a { .b { x 0 : integer .a { y 0 : integer } self 1 : a } other 0 : b top 1 : c }
    .b { z 0 : integer }
    .c { it 0 : b }
  `);
  const value = { other: { self: { y: 1 } }, top: { it: { z: 2 } } };
  deepEqual(schema.decode("a", schema.encode("a", value)), value);
});

test("a schema that was compiled knows the types and protocols of its text", () => {
  const schema = sproto.new(sprotoparser.parse(C2S));
  equal(schema.exist_type("get.request"), true);
  equal(schema.exist_type("get"), false);
  equal(schema.exist_proto("get"), true);
  equal(schema.exist_proto(2), true);
  equal(schema.exist_proto(9), false);
  deepEqual(schema.queryproto(2), {
    name: "get",
    tag: 2,
    request: "get.request",
    response: "get.response",
    confirm: false,
  });
  equal(sproto.parse(".a {} foo 1 { response nil }").queryproto("foo").confirm, true);
});

test("names that every object inherits are no types and no protocols", () => {
  const schema = sproto.parse(S2C);
  equal(schema.exist_type("constructor"), false);
  throws(() => schema.queryproto("toString"), { code: "ERR_ARGUMENT" });
  throws(() => schema.encode("__proto__", {}), { code: "ERR_ARGUMENT", message: /type not found/ });
});

/** The binary form of a schema of one type a with one field, whose words and name are given. */
function binaryField(words: string, name = "01 00 00 00 78"): Uint8Array {
  return fromHex(typeA(`${words} ${name}`));
}

const BROKEN: readonly (readonly [title: string, bytes: Uint8Array])[] = [
  ["cut off", fromHex("01 00 00 00 0d 00 00 00 09 00 00 00 01 00")],
  ["empty", new Uint8Array(0)],
  ["a type without a name", fromHex("01 00 00 00 06 00 00 00 02 00 00 00 00 00")],
  ["a field without a tag", binaryField("02 00 00 00 02 00")],
  ["a field without a type", binaryField("04 00 00 00 03 00 02 00")],
  ["a builtin type that does not exist", binaryField("04 00 00 00 0a 00 01 00 02 00")],
  ["a type that does not exist", binaryField("04 00 00 00 01 00 04 00 02 00")],
  ["a boolean with digits", binaryField("04 00 00 00 04 00 04 00 02 00")],
  ["ten digits", binaryField("04 00 00 00 02 00 16 00 02 00")],
  ["a key of what is no list of a type", binaryField("06 00 00 00 02 00 01 00 02 00 04 00 02 00")],
  ["a key that the type lacks", binaryField("06 00 00 00 01 00 02 00 02 00 04 00 12 00")],
];

for (const [title, bytes] of BROKEN) {
  test(`a binary schema is refused: ${title}`, () => {
    throws(() => sproto.new(bytes), { code: "ERR_SCHEMA", message: /^invalid sproto schema/ });
  });
}

test("two fields with one name, or tags out of order, are refused in a binary schema", () => {
  const field = "0f 00 00 00 04 00 00 00 06 00 01 00 02 00 01 00 00 00 78";
  const later = "0f 00 00 00 04 00 00 00 06 00 01 00 04 00 01 00 00 00 78";
  for (const pair of [`${field} ${later}`, `${later} ${field}`]) {
    const bytes = `01 00 00 00 39 00 00 00 35 00 00 00 02 00 00 00 00 00 01 00 00 00 61 26 00 00 00 ${pair}`;
    throws(() => sproto.new(fromHex(bytes)), { code: "ERR_SCHEMA" });
  }
});

test("a byte order mark in front of a schema does not count", () => {
  equal(
    hex(sprotoparser.parse(`\uFEFF${withField("x 0 : integer")}`)),
    hex(sprotoparser.parse(withField("x 0 : integer"))),
  );
  throws(() => sprotoparser.parse(`.a {\uFEFF}`), { code: "ERR_SCHEMA" });
});
