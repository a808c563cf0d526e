/** A line of the log in JSON: whatever is in it, it is one object in one line. */

import { deepEqual, doesNotMatch, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import { LEVEL, LEVEL_NAMES, LevelFloor } from "../../../src/base/log-level.ts";
import type { Level } from "../../../src/base/log-level.ts";
import { LogFormatter } from "../../../src/base/log-line.ts";
import type { Random } from "../../../src/base/random.ts";
import { createRandom } from "../../../src/base/random.ts";
import { drawSeeds } from "../../sim/scale.ts";

/** Pieces that have broken formats before: quotes, ends of lines, halves of characters, controls. */
const PIECES = [
  ...['"', "\\", '\\"', "\n", "\r\n", "\r", "\t", "\0", "\x1b[31m", "\x7f", "\x85", "\x9b2J"],
  ...["\u2028", "\u2029", "\u202e", "\ud800", "\udc00", "\udc00\ud800", "\u{1f600}", "\ufeff"],
  ...['","level":"error', "{}", "</script>", "__proto__", "[:0000000a] x", "<CMD OK>", "ä", ""],
];

function drawText(random: Random): string {
  const parts = Array.from({ length: random.below(8) }, () =>
    random.below(3) === 0
      ? String.fromCharCode(random.below(0x10000))
      : (PIECES[random.below(PIECES.length)] ?? ""),
  );
  return parts.join("");
}

const maybe = (random: Random): string | undefined =>
  random.below(2) === 0 ? undefined : drawText(random);

test("any line is one object of JSON in one line, and says what was said", () => {
  for (const seed of drawSeeds("log.json", { c: 300, r: 5000, s: 100_000 }).seeds) {
    const random = createRandom(seed);
    const node = drawText(random);
    const formatter = new LogFormatter({ isJson: true, node, address: () => ":0000000a" });
    for (let count = 0; count < 5; count += 1) {
      const level = random.below(4) as Level;
      const [thread, type, trace] = [random.below(64), maybe(random), maybe(random)];
      const text = drawText(random);
      const now = random.below(2 ** 31) * 1000 + random.below(1000);
      const line = formatter.format(
        now,
        {
          handle: 10,
          text,
          level,
          isPlain: random.below(2) === 0,
          origin: { thread, type, trace },
        },
        random.below(2) === 0,
        random.below(2) === 0,
      );
      doesNotMatch(line, /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u, `seed=${seed}`);
      // It reads the same behind a file, where half a character could not stand.
      equal(Buffer.from(line).toString(), line, `seed=${seed}`);
      const said = JSON.parse(line) as Record<string, unknown>;
      const order = ["time", "level", "node", "thread", "service", "type", "message", "trace"];
      const missing = [type === undefined && "type", trace === undefined && "trace"];
      deepEqual(
        Object.keys(said),
        order.filter((key) => !missing.includes(key)),
      );
      deepEqual(
        said,
        {
          ...{ time: new Date(now).toISOString(), level: LEVEL_NAMES[level], node, thread },
          ...{ service: ":0000000a", message: text },
          ...(type !== undefined && { type }),
          ...(trace !== undefined && { trace }),
        },
        `seed=${seed}`,
      );
    }
  }
});

test("a floor lets its own level pass and what is above it, for all who share its words", () => {
  const floor = new LevelFloor(undefined, 3);
  const other = new LevelFloor(floor.words, floor.at);
  for (const level of Object.values(LEVEL)) {
    floor.level = level;
    equal(other.level, level);
    for (const asked of Object.values(LEVEL)) ok(other.lets(asked) === asked >= level);
  }
});
