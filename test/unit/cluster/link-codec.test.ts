/** The codec of a link: what was refused has not been encoded, and large messages at their limit. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_FRAME_MAX } from "../../../src/base/limits.ts";
import { createLinkPortables, LinkCodec } from "../../../src/cluster/wire/link-codec.ts";
import { decodeLinkFrame, LENGTH_BYTES } from "../../../src/cluster/wire/link-frame.ts";

/** Two ends, and what carries a request from the one to the other. */
function createEnds(): { from: LinkCodec; carry: (values: readonly unknown[]) => unknown[] } {
  const portables = createLinkPortables();
  const [from, to] = [new LinkCodec(portables), new LinkCodec(portables)];
  const carry = (values: readonly unknown[]): unknown[] => {
    const frame = Buffer.from(from.encodeRequest(7, "@echo", values));
    assert.equal(frame.readUInt32BE(0), frame.length - LENGTH_BYTES);
    const body = frame.subarray(LENGTH_BYTES);
    const head = decodeLinkFrame(body);
    assert.ok(head.kind === "request");
    return to.decodeArguments(body, head.at, undefined);
  };
  return { from, carry };
}

/** Objects of the same keys: from the third or so on their keys are not sent any more. */
const player = (id: number): object => ({ id, name: `player ${id}`, at: { x: id, y: -id } });

test("frames of several sizes and shapes come out as they went in, one after the other", () => {
  const { carry } = createEnds();
  for (let index = 0; index < 200; index += 1) {
    const values = [player(index), "x".repeat((index * 997) % 60_000), [index]];
    assert.deepEqual(carry(values), values);
  }
});

test("a message that is refused leaves both ends in step", () => {
  const { from, carry } = createEnds();
  for (let index = 0; index < 100; index += 1) {
    const refused = [player(index), { ...player(index), fresh: index }, () => {}];
    assert.throws(() => from.encodeRequest(1, "@echo", refused), { code: "ERR_NOT_SENDABLE" });
    assert.throws(() => from.encodeAnswer(1, "result", refused), { code: "ERR_NOT_SENDABLE" });
    const shared = [{ a: index, memory: new SharedArrayBuffer(1) }];
    assert.throws(() => from.encodeRequest(1, "@echo", shared), { code: "ERR_NOT_SENDABLE" });
    assert.throws(() => from.encodeRequest(1, "n".repeat(256), [player(index)]), {
      code: "ERR_ARGUMENT",
    });
    assert.deepEqual(carry([player(index)]), [player(index)]);
  }
});

test("a message of LINK_FRAME_MAX bytes is sent, a longer one is refused, and the next one is sent", () => {
  const { from, carry } = createEnds();
  const sizeOf = (length: number): number =>
    from.encodeRequest(1, "@echo", [new Uint8Array(length)]).length - LENGTH_BYTES;
  // What a message costs beside its bytes, and what the writer leaves unused behind them.
  const overhead = sizeOf(1 << 20) - (1 << 20);
  const most = LINK_FRAME_MAX - overhead - 64;
  assert.ok(sizeOf(most) <= LINK_FRAME_MAX);
  for (const length of [LINK_FRAME_MAX - overhead + 1, LINK_FRAME_MAX * 2]) {
    assert.throws(() => sizeOf(length), { code: "ERR_NOT_SENDABLE", message: /LINK_FRAME_MAX/ });
  }
  assert.deepEqual(carry(["small"]), ["small"]);
});
