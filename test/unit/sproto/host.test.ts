/** Requests and answers: skynet's bytes, sessions, and what a host refuses. */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import { sproto } from "../../../src/sproto/library.ts";
import { C2S, S2C, fromHex, hex } from "./bytes.ts";

const c2s = sproto.parse(C2S);
const s2c = sproto.parse(S2C);

const WELCOME = "Welcome to skynet, I will send heartbeat every 5 sec.";

/** A schema with everything that the example's lacks. */
const full = sproto.parse(`
  .package { type 0 : integer session 1 : integer ud 2 : integer }
  ask 1 { request { a 0 : integer } response { b 0 : integer } }
  note 2 { response nil }
  say 7 { request { t 0 : string } }
`);

/** A host that must have been asked something, with the request. */
function asked(packet: Uint8Array, schema = full) {
  const message = schema.host().dispatch(packet);
  if (message.type !== "REQUEST") throw new Error("no request");
  return message;
}

test("the packets of skynet's example client have its bytes", () => {
  const request = s2c.host().attach(c2s);
  equal(hex(request("handshake", undefined, 1)), "15020404");
  equal(
    hex(request("set", { what: "hello", value: "world" }, 2)),
    "550208060210053f68656c6c6f053e776f726c64",
  );
  equal(hex(request("get", { what: "hello" }, 3)), "5502060801c4056865076c6c6f");
  equal(hex(request("quit", undefined, 4)), "15020a0a");
});

test("the packets of skynet's example server have its bytes", () => {
  const host = c2s.host();
  equal(hex(host.attach(s2c)("heartbeat")), "050104");
  const answer = (packet: string, result?: Record<string, unknown>): Uint8Array => {
    const message = host.dispatch(fromHex(packet));
    if (message.type !== "REQUEST" || message.response === undefined) throw new Error("no request");
    return message.response(result);
  };
  const welcome = answer("15 02 04 04", { msg: WELCOME });
  equal(welcome.length, 63);
  equal(hex(welcome).startsWith("5502010401c4355765ff056c636f6d"), true);
  equal(hex(answer("55 02 08 06 02 10 05 3f 68 65 6c 6c 6f 05 3e 77 6f 72 6c 64")), "15020106");
  equal(
    hex(answer("55 02 06 08 01 c4 05 68 65 07 6c 6c 6f", { result: "world" })),
    "5502010801c405776f07726c64",
  );
});

test("a request is dispatched with its name, its arguments and an answer", () => {
  const server = c2s.host();
  const client = s2c.host();
  const request = client.attach(c2s);
  const message = server.dispatch(request("get", { what: "hello" }, 3));
  if (message.type !== "REQUEST") throw new Error("no request");
  deepEqual([message.name, message.args, message.ud], ["get", { what: "hello" }, undefined]);
  const packet = message.response?.({ result: "world" });
  deepEqual(client.dispatch(packet ?? new Uint8Array(0)), {
    type: "RESPONSE",
    session: 3,
    name: "get",
    args: { result: "world" },
    ud: undefined,
  });
});

test("a request without a session has no answer", () => {
  equal(asked(fromHex("05 01 04"), s2c).response, undefined);
  equal(full.host().pending, 0);
});

test("the number that rides along has skynet's bytes, and arrives", () => {
  const request = full.host().attach(full);
  const packet = request("ask", { a: 300 }, 5, 9);
  equal(hex(packet), "5503040c140d015a02");
  const message = asked(packet);
  deepEqual([message.args, message.ud], [{ a: 300 }, 9]);
  equal(hex(message.response?.({ b: -1 }, 77) ?? new Uint8Array(0)), "5503010c9c1101040fffffffff");
  equal(hex(request("say", { t: "hi" }, 8)), "5502101201c4026869");
});

test("an answer without a body is a header", () => {
  const host = full.host();
  const request = host.attach(full);
  const note = asked(request("note", undefined, 6));
  equal(hex(note.response?.() ?? new Uint8Array(0)), "1502010e");
  deepEqual(host.dispatch(fromHex("15 02 01 0e")), {
    type: "RESPONSE",
    session: 6,
    name: "note",
    args: undefined,
    ud: undefined,
  });
  const say = asked(request("say", { t: "hi" }, 8));
  equal(hex(say.response?.() ?? new Uint8Array(0)), "15020112");
});

test("an answer to `response nil` carries nothing", () => {
  const note = asked(fromHex("15 02 06 0e"));
  throws(() => note.response?.({ x: 1 }), { code: "ERR_NOT_SENDABLE" });
});

test("session 0 and protocol 0 are ones like others", () => {
  const schema = sproto.parse(`${S2C} zero 0 { response { a 0 : boolean } }`);
  const host = schema.host();
  const message = asked(host.attach(schema)("zero", undefined, 0), schema);
  const packet = message.response?.({ a: true }) ?? new Uint8Array(0);
  const { args, session } = host.dispatch(packet) as unknown as { args: unknown; session: number };
  deepEqual([args, session], [{ a: true }, 0]);
});

test("an answer counts once, and only for a session that is open", () => {
  const host = full.host();
  const request = host.attach(full);
  const answer = asked(request("ask", { a: 1 }, 5)).response?.({ b: 2 }) ?? new Uint8Array(0);
  equal(host.pending, 1);
  host.dispatch(answer);
  equal(host.pending, 0);
  throws(() => host.dispatch(answer), { code: "ERR_MALFORMED", message: "Unknown session 5" });
  request("ask", { a: 1 }, 5);
  equal(host.forget(5), true);
  throws(() => host.dispatch(answer), { code: "ERR_MALFORMED" });
});

test("a packet that is neither request nor answer is refused", () => {
  const host = full.host();
  throws(() => host.dispatch(fromHex("00")), {
    code: "ERR_MALFORMED",
    message: "session not found",
  });
  throws(() => host.dispatch(new Uint8Array(0)), { code: "ERR_MALFORMED" });
  const stranger = sproto.parse(".package { type 0 : integer session 1 : integer } x 99 {}");
  throws(() => host.dispatch(stranger.host().attach(stranger)("x")), {
    code: "ERR_MALFORMED",
    message: "protocol 99 not found",
  });
});

test("a host needs a type for its header, which may have another name", () => {
  throws(() => sproto.parse(".a {}").host(), {
    code: "ERR_ARGUMENT",
    message: "type package not found: package",
  });
  const schema = sproto.parse(".base { type 0 : integer session 1 : integer } hi 1 {}");
  equal(hex(schema.host("base").attach(schema)("hi")), "050104");
});

test("a request that the schema lacks is refused, and opens no session", () => {
  const host = s2c.host();
  const request = host.attach(c2s);
  throws(() => request("ecco", {}, 1), { code: "ERR_ARGUMENT", message: "ecco not found" });
  throws(() => request("get", { what: 1 }, 1), { code: "ERR_NOT_SENDABLE" });
  throws(() => request("get", undefined, 1), { code: "ERR_NOT_SENDABLE" });
  equal(host.pending, 0);
});

test("bodies can be encoded and decoded without a host", () => {
  const { bytes, tag } = c2s.request_encode("get", { what: "hello" });
  deepEqual([hex(bytes), tag], ["010000000500000068656c6c6f", 2]);
  deepEqual(c2s.request_decode(2, bytes), { args: { what: "hello" }, name: "get" });
  deepEqual(c2s.request_decode("quit", new Uint8Array(0)), { args: undefined, name: "quit" });
  equal(c2s.request_encode("quit").bytes.length, 0);
  deepEqual(c2s.response_decode("get", c2s.response_encode("get", { result: "x" })), {
    result: "x",
  });
  equal(c2s.response_decode("set", c2s.response_encode("set")), undefined);
});

test("a packed message comes back as it was", () => {
  const packed = c2s.pencode("get.request", { what: "hello" });
  equal(hex(packed), hex(sproto.pack(c2s.encode("get.request", { what: "hello" }))));
  deepEqual(c2s.pdecode("get.request", packed), { what: "hello" });
});
