/**
 * The ends of a thread's rings: what fits and what doesn't, who is woken and when, and what a death leaves behind.
 */

import { deepEqual, equal, throws } from "node:assert/strict";
import { test } from "node:test";

import type { ThreadLink } from "../../../src/fabric/ring-exchange.ts";
import { closeRing } from "../../../src/fabric/ring-memory.ts";
import { createLinks, createPair, createRecord, createSide, OTHER } from "./ring-pair.ts";

test("a record is seen when the turn that sent it has ended", () => {
  const { a, b } = createPair();
  a.exchange.send(OTHER, createRecord(4, 1));
  equal(b.exchange.receive(), 0);
  a.exchange.rest();
  equal(b.exchange.receive(), 1);
  deepEqual(b.got, [[4, 1]]);
});

test("a long turn lets the other thread see each 32 records that it has sent", () => {
  const { a, b } = createPair({ windowMs: 0 }, 4096);
  b.exchange.receive();
  const send = (count: number): void => {
    for (let value = 0; value < count; value += 1) a.exchange.send(OTHER, createRecord(4, value));
  };
  send(31);
  equal(b.exchange.receive(), 0);
  send(1);
  equal(b.exchange.receive(), 32);
  send(33);
  equal(b.exchange.receive(), 32);
  a.exchange.rest();
  equal(b.exchange.receive(), 1);
});

test("a sleeping thread is woken once, however much is sent to it", () => {
  const { a, b } = createPair();
  for (let turn = 0; turn < 2; turn += 1) {
    a.exchange.send(OTHER, createRecord(4, turn));
    a.exchange.rest();
  }
  equal(b.wakes.fromOutside, 1);
});

test("a thread in its turn is not woken", () => {
  const { a, b } = createPair();
  b.exchange.receive();
  a.exchange.send(OTHER, createRecord(4, 1));
  a.exchange.rest();
  equal(b.wakes.fromOutside, 0);
});

test("a thread does not sleep on what was published during its turn", () => {
  const { a, b } = createPair();
  b.exchange.receive();
  a.exchange.send(OTHER, createRecord(4, 1));
  a.exchange.rest();
  equal(b.exchange.rest(), "again");
  b.exchange.receive();
  equal(b.exchange.rest(), "asleep");
});

test("a send between two turns asks the own event loop for a turn, once", () => {
  const { a } = createPair();
  a.exchange.send(OTHER, createRecord(4, 1));
  a.exchange.send(OTHER, createRecord(4, 2));
  equal(a.wakes.fromInside, 1);
});

test("what does not fit now waits and comes later, in order", () => {
  const { a, b } = createPair();
  for (let value = 0; value < 10; value += 1) a.exchange.send(OTHER, createRecord(8, value));
  equal(a.exchange.waiting(OTHER), 6);
  equal(a.exchange.rest(), "asleep");
  while (b.exchange.receive() > 0) {
    a.exchange.receive();
    a.exchange.rest();
  }
  deepEqual(
    b.got.map(([, value]) => value),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  equal(a.exchange.waiting(OTHER), 0);
});

test("a ring that fills up in the middle of a turn is published at once", () => {
  const { a, b } = createPair();
  for (let value = 0; value < 5; value += 1) a.exchange.send(OTHER, createRecord(8, value));
  equal(b.wakes.fromOutside, 1);
  equal(b.exchange.receive(), 4);
});

test("a thread that sleeps with full hands is woken when there is room", () => {
  const { a, b } = createPair();
  for (let value = 0; value < 5; value += 1) a.exchange.send(OTHER, createRecord(8, value));
  a.exchange.receive();
  a.exchange.rest();
  b.exchange.receive();
  equal(a.wakes.fromOutside, 1);
});

test("a thread does not sleep with full hands if there is room", () => {
  const { a, b } = createPair();
  for (let value = 0; value < 5; value += 1) a.exchange.send(OTHER, createRecord(8, value));
  b.exchange.receive();
  a.exchange.rest();
  equal(a.exchange.waiting(OTHER), 0);
  equal(b.exchange.receive(), 1);
});

test("records that can never fit keep their places between those that do", () => {
  const { a, b } = createPair();
  const lengths = [4, 25, 24, 100_000, 1];
  lengths.forEach((length, value) => a.exchange.send(OTHER, createRecord(length, value)));
  a.exchange.rest();
  while (b.exchange.receive() > 0) a.exchange.rest();
  deepEqual(
    b.got,
    lengths.map((length, value) => [length, value]),
  );
});

test("what is attached arrives with its record and shared, not copied", () => {
  const { a, b } = createPair();
  const shared = new SharedArrayBuffer(8);
  a.exchange.send(OTHER, createRecord(4, 1, [shared]));
  a.exchange.rest();
  b.exchange.receive();
  new Uint8Array(shared)[3] = 42;
  const [arrived] = b.attachments as [SharedArrayBuffer];
  equal(new Uint8Array(arrived)[3], 42);
});

test("a record that throws while it is written leaves nothing behind", () => {
  const { a, b } = createPair();
  const refusal = new Error("not sendable");
  const bad = {
    attachments: [],
    write: (): number => {
      throw refusal;
    },
  };
  throws(() => a.exchange.send(OTHER, bad), refusal);
  a.exchange.send(OTHER, createRecord(4, 2));
  a.exchange.rest();
  b.exchange.receive();
  deepEqual(b.got, [[4, 2]]);
});

test("a record that never has enough room is a bug, and not an endless loop", () => {
  const { a } = createPair();
  const greedy = (length: number): { attachments: []; write: () => number } => ({
    attachments: [],
    write: () => length,
  });
  throws(() => a.exchange.send(OTHER, greedy(-8)), { code: "ERR_BUG" });
  throws(() => a.exchange.send(OTHER, greedy(-200)), { code: "ERR_BUG" });
});

test("a thread goes on looking while traffic is fresh, and sleeps when it is over", () => {
  const { a, b, clock } = createPair({ windowMs: 0.1 });
  for (let turn = 0; turn < 2; turn += 1) {
    a.exchange.send(OTHER, createRecord(4, turn));
    a.exchange.publish();
    b.exchange.receive();
  }
  equal(b.exchange.rest(), "again");
  clock.ms += 1;
  equal(b.exchange.rest(), "asleep");
});

test("a thread that polls finds mail and is not woken for it", () => {
  const { a, b } = createPair({ windowMs: 0.1 });
  for (let turn = 0; turn < 2; turn += 1) {
    a.exchange.send(OTHER, createRecord(4, turn));
    a.exchange.publish();
    b.exchange.receive();
  }
  b.exchange.rest();
  equal(b.exchange.hasMail(), false);
  a.exchange.send(OTHER, createRecord(4, 9));
  a.exchange.publish();
  equal(b.exchange.hasMail(), true);
  equal(b.wakes.fromOutside, 1);
});

test("a thread that is roused before mail comes is woken once, looks for it a moment, and sleeps if it does not come", () => {
  const { a, b, clock } = createPair({ windowMs: 0.1 });
  a.exchange.rouse(OTHER);
  a.exchange.rouse(OTHER);
  equal(b.wakes.fromOutside, 1);
  equal(b.exchange.receive(), 0);
  equal(b.exchange.rest(), "again");
  a.exchange.send(OTHER, createRecord(4, 1));
  a.exchange.publish();
  equal(b.exchange.hasMail(), true);
  equal(b.wakes.fromOutside, 1);
  equal(b.exchange.receive(), 1);
  // Once roused it looks for one thing, and for no more.
  clock.ms += 1;
  b.exchange.rest();
  clock.ms += 1;
  equal(b.exchange.rest(), "asleep");
  a.exchange.rouse(OTHER);
  b.exchange.receive();
  equal(b.exchange.rest(), "again");
  clock.ms += 0.2;
  equal(b.exchange.rest(), "asleep");
});

test("a thread that is up, gone or never polls is not kept from sleeping by a rouse", () => {
  const { a, b } = createPair({ windowMs: 0.1 });
  b.exchange.receive();
  a.exchange.rouse(OTHER);
  equal(b.wakes.fromOutside, 0);
  equal(b.exchange.rest(), "asleep");
  a.exchange.disconnect(OTHER);
  a.exchange.rouse(OTHER);
  equal(b.wakes.fromOutside, 0);
  const still = createPair();
  still.a.exchange.rouse(OTHER);
  equal(still.b.exchange.receive(), 0);
  equal(still.b.exchange.rest(), "asleep");
});

test("mail that was published before a thread was joined is found", () => {
  const sides = [createSide(() => 0), createSide(() => 0)] as const;
  const [linkA, linkB] = createLinks(sides) as [ThreadLink, ThreadLink];
  const [a, b] = sides;
  a.exchange.connect(linkA);
  a.exchange.send(OTHER, createRecord(4, 1));
  a.exchange.rest();
  b.exchange.receive();
  b.exchange.rest();
  b.exchange.connect(linkB);
  equal(b.wakes.fromInside, 1);
  equal(b.exchange.receive(), 1);
});

test("nothing can be sent to a thread that is dead or was never there", () => {
  const sides = [createSide(() => 0), createSide(() => 0)] as const;
  const [link] = createLinks(sides) as [ThreadLink, ThreadLink];
  const { exchange } = sides[0];
  equal(exchange.send(OTHER, createRecord(4, 1)), false);
  exchange.connect(link);
  equal(exchange.send(OTHER, createRecord(4, 1)), true);
  closeRing(link.outgoing);
  equal(exchange.send(OTHER, createRecord(4, 1)), false);
  exchange.disconnect(OTHER);
  equal(exchange.send(OTHER, createRecord(4, 1)), false);
});

test("a thread that was waiting for a dead one's room sleeps", () => {
  const sides = [createSide(() => 0), createSide(() => 0)] as const;
  const [link] = createLinks(sides) as [ThreadLink, ThreadLink];
  const { exchange } = sides[0];
  exchange.connect(link);
  for (let value = 0; value < 5; value += 1) exchange.send(OTHER, createRecord(8, value));
  closeRing(link.outgoing);
  equal(exchange.rest(), "asleep");
  exchange.disconnect(OTHER);
  equal(exchange.waiting(OTHER), 0);
});

test("what a thread published before it died is taken in, large records too", () => {
  const sides = [createSide(() => 0), createSide(() => 0)] as const;
  const [linkA, linkB] = createLinks(sides) as [ThreadLink, ThreadLink];
  const [a, b] = sides;
  a.exchange.connect(linkA);
  b.exchange.connect(linkB);
  a.exchange.send(OTHER, createRecord(100, 1));
  a.exchange.send(OTHER, createRecord(4, 2));
  a.exchange.publish();
  a.exchange.send(OTHER, createRecord(4, 3));
  closeRing(linkB.incoming);
  closeRing(linkB.outgoing);
  b.exchange.disconnect(OTHER);
  deepEqual(b.got, [
    [100, 1],
    [4, 2],
  ]);
});

test("a successor's rings take the place of the dead thread's, and never the other way round", () => {
  const sides = [createSide(() => 0), createSide(() => 0)] as const;
  const [a, b] = sides;
  const [oldA] = createLinks(sides, 1) as [ThreadLink, ThreadLink];
  const [newA, newB] = createLinks(sides, 2) as [ThreadLink, ThreadLink];
  equal(a.exchange.connect(newA), true);
  equal(a.exchange.connect(oldA), false);
  equal(a.exchange.connect(newA), false);
  b.exchange.connect(newB);
  a.exchange.send(OTHER, createRecord(4, 1));
  a.exchange.rest();
  equal(b.exchange.receive(), 1);
  a.exchange.disconnect(OTHER);
  equal(a.exchange.connect(oldA), false);
});

test("nothing that waited for a dead thread reaches its successor", () => {
  const sides = [createSide(() => 0), createSide(() => 0)] as const;
  const [a, b] = sides;
  const [oldA] = createLinks(sides, 1) as [ThreadLink, ThreadLink];
  a.exchange.connect(oldA);
  for (let value = 0; value < 9; value += 1) a.exchange.send(OTHER, createRecord(8, value));
  const [newA, newB] = createLinks(sides, 2) as [ThreadLink, ThreadLink];
  a.exchange.connect(newA);
  b.exchange.connect(newB);
  a.exchange.send(OTHER, createRecord(4, 99));
  a.exchange.rest();
  b.exchange.receive();
  deepEqual(b.got, [[4, 99]]);
});

test("what is shown is seen at once, and wakes no thread before the turn ends, however much it is", () => {
  const { a, b } = createPair({ windowMs: 0 }, 1 << 16);
  for (let value = 0; value < 100; value += 1) {
    a.exchange.send(OTHER, createRecord(4, value));
    a.exchange.show(OTHER);
  }
  equal(b.wakes.fromOutside, 0);
  b.exchange.takeAll();
  equal(b.got.length, 100);
  a.exchange.send(OTHER, createRecord(4, 100));
  a.exchange.show(OTHER);
  a.exchange.rest();
  // Nothing is left to publish, and the other thread sleeps on it all the same.
  equal(b.wakes.fromOutside, 1);
  equal(b.exchange.receive(), 1);
  a.exchange.rest();
  equal(b.wakes.fromOutside, 1);
});
