/** skynet's cluster frames: every frame that was captured between real nodes is read, and made again byte for byte. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { AnswerFrame, RequestFrame } from "../../../src/cluster/wire/skynet-frame.ts";
import {
  decodeAnswer,
  decodeRequest,
  encodeAnswer,
  encodeRequest,
  encodeTrace,
  isMultipart,
  PART_BYTES,
  WIRE_NAME_MAX,
} from "../../../src/cluster/wire/skynet-frame.ts";

/** A frame as it was captured; of a large one its first bytes, of which the last goes on to the end. */
interface Captured {
  readonly step: string;
  readonly dir: ">" | "<";
  readonly hex?: string;
  readonly head?: string;
  readonly size?: number;
  readonly sha256?: string;
  readonly kind?: string;
  readonly address?: number | string;
  readonly session?: number;
  readonly isPush?: boolean;
  readonly total?: number;
  readonly payload?: string;
  readonly tag?: string;
  /** How often it came, if more than once. */
  readonly times?: number;
}

const FILE = "test/fixtures/cluster/frames.jsonl";
const captured = readFileSync(FILE, "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Captured);

function bytesOf({ hex, head = "", size = 0, sha256 }: Captured): Buffer {
  if (hex !== undefined) return Buffer.from(hex, "hex");
  const begin = Buffer.from(head, "hex");
  const frame = Buffer.alloc(size + 2, begin[begin.length - 1]);
  begin.copy(frame);
  assert.equal(createHash("sha256").update(frame).digest("hex"), sha256);
  return frame;
}

const decode = ({ dir }: Captured, frame: Buffer): RequestFrame | AnswerFrame =>
  dir === ">" ? decodeRequest(frame.subarray(2)) : decodeAnswer(frame.subarray(2));

/** Makes the frames of a whole message. */
function encode(dir: ">" | "<", first: RequestFrame | AnswerFrame, payload: Buffer): Buffer {
  if (first.kind === "trace") return encodeTrace(first.tag);
  if (dir === "<") return encodeAnswer(first.session, first.kind !== "error", payload);
  assert.ok(first.kind === "single" || (first.kind === "begin" && "address" in first));
  return encodeRequest(first.address, first.session, payload, first.isPush);
}

test("every captured frame is read as what it was", () => {
  assert.equal(captured.length, 162);
  for (const item of captured) {
    const frame = bytesOf(item);
    assert.equal(frame.readUInt16BE(0), frame.length - 2, item.step);
    const read = decode(item, frame) as unknown as Record<string, unknown>;
    for (const key of ["kind", "address", "session", "isPush", "total", "tag"] as const) {
      if (item[key] !== undefined) assert.equal(read[key], item[key], `${item.step}: ${key}`);
    }
    if (item.payload === undefined) continue;
    assert.equal((read["payload"] as Buffer).toString("hex"), item.payload, item.step);
  }
});

test("every captured message is made again byte for byte", () => {
  const open = new Map<
    string,
    { first: RequestFrame | AnswerFrame; frames: Buffer[]; parts: Buffer[] }
  >();
  let messages = 0;
  for (const item of captured) {
    for (let time = 0; time < (item.times ?? 1); time++) {
      const frame = bytesOf(item);
      const read = decode(item, frame);
      const key = `${item.dir} ${"session" in read ? read.session : ""}`;
      if (read.kind === "begin") open.set(key, { first: read, frames: [], parts: [] });
      const whole = open.get(key);
      if (read.kind === "part" || read.kind === "last" || read.kind === "begin") {
        assert.ok(whole !== undefined);
        whole.frames.push(frame);
        if ("payload" in read) whole.parts.push(read.payload);
        if (read.kind !== "last") continue;
        const again = encode(item.dir, whole.first, Buffer.concat(whole.parts));
        assert.ok(again.equals(Buffer.concat(whole.frames)), `${item.step} ${key}`);
        open.delete(key);
      } else {
        const payload = "payload" in read ? read.payload : Buffer.alloc(0);
        assert.equal(encode(item.dir, read, payload).toString("hex"), frame.toString("hex"));
      }
      messages += 1;
    }
  }
  assert.equal(open.size, 0);
  assert.ok(messages > 100);
});

test("a request is split from PART_BYTES on, an answer above", () => {
  const payload = (size: number): Buffer => Buffer.alloc(size, 1);
  assert.equal(isMultipart(payload(PART_BYTES - 1)), false);
  assert.equal(isMultipart(payload(PART_BYTES)), true);
  const kindsOf = (stream: Buffer, read: (body: Buffer) => { kind: string }): string[] => {
    const kinds: string[] = [];
    for (let at = 0; at < stream.length; at += 2 + stream.readUInt16BE(at)) {
      kinds.push(read(stream.subarray(at + 2, at + 2 + stream.readUInt16BE(at))).kind);
    }
    return kinds;
  };
  const request = (size: number): string[] =>
    kindsOf(encodeRequest("@a", 7, payload(size), false), decodeRequest);
  const answer = (size: number): string[] =>
    kindsOf(encodeAnswer(7, true, payload(size)), decodeAnswer);
  assert.deepEqual(request(PART_BYTES - 1), ["single"]);
  assert.deepEqual(request(PART_BYTES), ["begin", "last"]);
  assert.deepEqual(request(PART_BYTES + 1), ["begin", "part", "last"]);
  assert.deepEqual(answer(PART_BYTES), ["ok"]);
  assert.deepEqual(answer(PART_BYTES + 1), ["begin", "part", "last"]);
  assert.deepEqual(kindsOf(encodeAnswer(7, false, payload(3 * PART_BYTES)), decodeAnswer), [
    "error",
  ]);
});

test("the name of a service has 1 to WIRE_NAME_MAX bytes", () => {
  const name = "@".padEnd(WIRE_NAME_MAX, "n");
  const frame = encodeRequest(name, 1, Buffer.alloc(0), false);
  assert.deepEqual(decodeRequest(frame.subarray(2)), {
    kind: "single",
    address: name,
    session: 1,
    isPush: false,
    payload: Buffer.alloc(0),
  });
  for (const wrong of ["", `${name}n`]) {
    assert.throws(() => encodeRequest(wrong, 1, Buffer.alloc(0), false), { code: "ERR_ARGUMENT" });
  }
});

test("a trace tag that is too long is cut off, and one with other letters arrives", () => {
  const tag = decodeRequest(encodeTrace("x".repeat(PART_BYTES + 1)).subarray(2));
  assert.equal(tag.kind === "trace" && tag.tag.length, PART_BYTES);
  const other = decodeRequest(encodeTrace("(é-db-2):00000008-1").subarray(2));
  assert.equal(other.kind === "trace" && other.tag, "(é-db-2):00000008-1");
});

test("a frame that can't be read is refused, with a reason that can be counted", () => {
  const request: [hex: string, fault: string][] = [
    ["", "frame too short"],
    ["09", "unknown type"],
    ["00", "frame too short"],
    ["000a00000001000000".slice(0, -2), "frame too short"],
    ["010a000000010000000080", "wrong size"],
    ["010a0000000100000000800000ff", "wrong size"],
    ["02010000", "frame too short"],
    ["80", "frame too short"],
    ["80056563686f01000000", "frame too short"],
    ["800001000000", "no name"],
    ["8105406563686f0d000000008000", "wrong size"],
  ];
  for (const [hex, message] of request) {
    const body = Buffer.from(hex, "hex");
    assert.throws(() => decodeRequest(body), { code: "ERR_MALFORMED", message }, hex);
  }
  const answer: [hex: string, fault: string][] = [
    ["", "frame too short"],
    ["01000000", "frame too short"],
    ["0100000005", "unknown type"],
    ["01000000020080", "wrong size"],
    ["0100000002008000000000", "wrong size"],
  ];
  for (const [hex, message] of answer) {
    const body = Buffer.from(hex, "hex");
    assert.throws(() => decodeAnswer(body), { code: "ERR_MALFORMED", message }, hex);
  }
});
