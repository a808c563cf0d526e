/** The handshake of a link: who gets through, who does not, and that nothing that was seen can be used again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_VERSION, LinkHandshake } from "../../../src/cluster/wire/link-handshake.ts";
import type { Greeting, HandshakeStep } from "../../../src/cluster/wire/link-handshake.ts";

const TOKEN = "a token of the cluster";
const GAME: Greeting = { node: "game", incarnation: "00112233445566ff", deadAfterMs: 3000 };
const DB: Greeting = { node: "db", incarnation: "ffeeddccbbaa0099", deadAfterMs: 500 };

const caller = (token: string | undefined = TOKEN, wanted = "db"): LinkHandshake =>
  new LinkHandshake({ side: "caller", self: GAME, token, wanted });
const listener = (token: string | undefined = TOKEN): LinkHandshake =>
  new LinkHandshake({ side: "listener", self: DB, token });

/** Lets both talk until one is ready or refuses, and the other has heard of it. */
function meet(from: LinkHandshake, to: LinkHandshake): [HandshakeStep, HandshakeStep] {
  let body: Buffer | undefined = from.hello;
  const last = new Map<LinkHandshake, HandshakeStep>();
  for (let at = to; body !== undefined; at = at === to ? from : to) {
    const step: HandshakeStep = at.take(body);
    last.set(at, step);
    body = step.body;
  }
  return [last.get(from) as HandshakeStep, last.get(to) as HandshakeStep];
}

test("two sides with one token learn who the other is", () => {
  const [from, to] = [caller(), listener()];
  const [end, start] = meet(from, to);
  assert.deepEqual([end.kind, start.kind], ["ready", "ready"]);
  assert.deepEqual(from.peer, DB);
  assert.deepEqual(to.peer, GAME);
});

test("without a token on both sides they get through as well: TLS has said who they are", () => {
  const [end, start] = meet(
    new LinkHandshake({ side: "caller", self: GAME, token: undefined, wanted: "db" }),
    new LinkHandshake({ side: "listener", self: DB, token: undefined }),
  );
  assert.deepEqual([end.kind, start.kind], ["ready", "ready"]);
});

test("a wrong token is refused by the one that listens, and the other is told why", () => {
  const [end, start] = meet(caller("another token of others"), listener());
  assert.equal(start.kind, "refused");
  assert.equal(start.kind === "refused" && start.reason, "wrong token");
  assert.match(end.kind === "refused" ? end.text : "", /wrong token/);
});

test("one that listens without the token is refused by the caller, whatever it lets pass", () => {
  const from = caller();
  const fake = listener("the token of another cluster");
  const hello = fake.take(from.hello);
  assert.equal(hello.kind, "reply");
  const proof = from.take((hello as { body: Buffer }).body);
  assert.equal(proof.kind, "reply");
  for (const made of [
    (proof as { body: Buffer }).body.subarray(1),
    Buffer.alloc(32),
    Buffer.alloc(0),
  ]) {
    const again = caller();
    again.take((hello as { body: Buffer }).body);
    const step = again.take(Buffer.concat([Buffer.from([0x72]), made]));
    assert.deepEqual(
      [step.kind, step.kind === "refused" && step.reason],
      ["refused", "wrong token"],
    );
  }
});

test("what was seen on one connection opens no other", () => {
  const [from, to] = [caller(), listener()];
  const hello = to.take(from.hello) as { body: Buffer };
  const proof = from.take(hello.body) as { body: Buffer };
  assert.equal(to.take(proof.body).kind, "ready");
  const other = listener();
  other.take(from.hello);
  const replayed = other.take(proof.body);
  assert.equal(replayed.kind, "refused");
  // Nor does what the one side proves serve the other.
  const mirror = new LinkHandshake({ side: "listener", self: DB, token: TOKEN });
  const mirrored = mirror.take(from.hello) as { body: Buffer };
  const second = caller();
  second.take(mirrored.body);
  assert.equal(
    second.take(Buffer.concat([Buffer.from([0x72]), proof.body.subarray(1)])).kind,
    "refused",
  );
});

test("another version is refused in words, whatever follows it", () => {
  const hello = Buffer.from(caller().hello);
  hello.writeUInt16BE(LINK_VERSION + 1, 5);
  for (const body of [hello, hello.subarray(0, 7)]) {
    const step = listener().take(body);
    assert.ok(step.kind === "refused" && step.reason === "other version");
    assert.match(step.text, new RegExp(`version ${LINK_VERSION + 1}.*version ${LINK_VERSION}`));
    const told = caller().take(step.body as Buffer);
    assert.match(told.kind === "refused" ? told.text : "", /other version/);
  }
});

test("a caller that finds another node than it wants refuses", () => {
  const [end] = meet(caller(TOKEN, "bank"), listener());
  assert.deepEqual(end.kind === "refused" && [end.reason, end.text], [
    "other node",
    "there is node db, not bank",
  ]);
});

test("what comes out of order, cut off, or is nothing at all is refused", () => {
  const from = caller();
  const whole = from.hello;
  for (let size = 0; size < whole.length - 3; size += 1) {
    const step = listener().take(whole.subarray(0, size));
    assert.ok(step.kind === "refused", `a hello of ${size} bytes`);
  }
  const proof = Buffer.concat([Buffer.from([0x70]), Buffer.alloc(32)]);
  const ready = Buffer.concat([Buffer.from([0x72]), Buffer.alloc(32)]);
  for (const body of [proof, ready, Buffer.alloc(0), Buffer.from("GET / HTTP/1.1\r\n\r\n")]) {
    assert.equal(listener().take(body).kind, "refused");
    assert.equal(caller().take(body).kind, "refused");
  }
  const twice = listener();
  twice.take(from.hello);
  assert.equal(twice.take(from.hello).kind, "refused");
  const tooLong = Buffer.concat([whole, Buffer.alloc(256, 0x61)]);
  assert.equal(listener().take(tooLong).kind, "refused");
  const noText = Buffer.concat([whole.subarray(0, -1), Buffer.from([0xff])]);
  assert.equal(listener().take(noText).kind, "refused");
});

test("any changed bit of any frame is refused", () => {
  for (const which of ["hello", "answer", "proof", "ready"] as const) {
    const steps = (flip: (frame: Buffer) => Buffer): boolean => {
      const [from, to] = [caller(), listener()];
      const change = (name: string, frame: Buffer): Buffer =>
        name === which ? flip(frame) : frame;
      let body = change("hello", from.hello);
      for (const [side, name] of [
        [to, "answer"],
        [from, "proof"],
        [to, "ready"],
      ] as const) {
        const step = side.take(body);
        if (step.kind === "refused" || step.body === undefined) return false;
        body = change(name, step.body);
      }
      return from.take(body).kind === "ready";
    };
    assert.equal(
      steps((frame) => frame),
      true,
    );
    for (let bit = 0; bit < 33 * 8; bit += 1) {
      const flip = (frame: Buffer): Buffer => {
        const copy = Buffer.from(frame);
        const at = bit >> 3;
        copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7));
        return copy;
      };
      assert.equal(steps(flip), false, `${which}, bit ${bit}`);
    }
  }
});
