/** The rounds over the workers: one timer, whatever the number of visitors. */

import { deepEqual, ok } from "node:assert/strict";
import { test } from "node:test";

import type { Visitor } from "../../../src/fabric/rounds.ts";
import { beginRounds } from "../../../src/fabric/rounds.ts";

/** A visitor that wants to look once in a number of milliseconds, and the moments at which it did. */
function visitor(ms: number, onLook = (): void => {}): Visitor & { readonly looks: number[] } {
  const looks: number[] = [];
  const round = (now: number): number => {
    looks.push(now);
    onLook();
    return now + ms;
  };
  return { looks, round };
}

test("visitors that want the same go together, also if one of them came out of step once", async () => {
  const [one, other] = await new Promise<[number[], number[]]>((resolve) => {
    const first = visitor(40);
    const second = visitor(40, () => {
      if (second.looks.length === 6) resolve([first.looks, second.looks]);
    });
    const { round } = second;
    second.round = (now) => round(now) - (second.looks.length === 1 ? 15 : 0);
    const end = beginRounds([first, second]);
    keepAlive(end, () => second.looks.length >= 6);
  });
  deepEqual(one.slice(-4), other.slice(-4));
});

test("a visitor that wants to look often does, and the others look when they want to", async () => {
  const often = visitor(5);
  const rare = visitor(200);
  await new Promise<void>((resolve) => {
    const end = beginRounds([often, rare]);
    keepAlive(
      () => {
        end();
        resolve();
      },
      () => often.looks.length >= 20,
    );
  });
  ok(rare.looks.length < often.looks.length / 2, `${rare.looks.length} and ${often.looks.length}`);
});

/** The rounds do not keep the process alive. Ends them when it is time. */
function keepAlive(end: () => void, isOver: () => boolean): void {
  const timer = setInterval(() => {
    if (!isOver()) return;
    clearInterval(timer);
    end();
  }, 5);
}
