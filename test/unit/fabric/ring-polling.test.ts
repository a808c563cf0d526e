/**
 * A thread polls while traffic is fresh, and gives it up where it does not pay.
 */

import { equal } from "node:assert/strict";
import { test } from "node:test";

import { Polling } from "../../../src/fabric/ring-polling.ts";

test("mail out of silence opens no window", () => {
  const polling = new Polling();
  equal(polling.isOpen(0), false);
  polling.arrived(1);
  equal(polling.isOpen(1), false);
});

test("mail that was not waited for long opens the window, for its time from the end of the turn", () => {
  const polling = new Polling({ windowMs: 0.1, freshMs: 0.2 });
  polling.arrived(1);
  equal(polling.isOpen(1.5), false);
  polling.arrived(1.7);
  equal(polling.isOpen(3), true);
  equal(polling.isOpen(3.09), true);
  equal(polling.isOpen(3.11), false);
});

test("mail that was there when the turn ended was not waited for", () => {
  const polling = new Polling();
  polling.arrived(1);
  polling.arrived(5);
  equal(polling.isOpen(5), true);
});

test("mail that was waited for longer than the bound of freshness opens none", () => {
  const polling = new Polling({ freshMs: 0.2 });
  polling.arrived(1);
  equal(polling.isOpen(1.1), false);
  polling.arrived(1.4);
  equal(polling.isOpen(1.4), false);
});

test("mail that says that more follows opens the window once, however long it was quiet, and also while polling is paused", () => {
  const polling = new Polling({ windowMs: 0.1, freshMs: 0.2 });
  const arriveLate = (now: number): boolean => {
    polling.arrived(now);
    return polling.isOpen(now);
  };
  equal(arriveLate(10), false);
  polling.expect();
  equal(arriveLate(20), true);
  equal(polling.isOpen(20.11), false);
  equal(arriveLate(30), false);
  for (let at = 40; at < 40 + 3; at += 1) {
    polling.expect();
    equal(arriveLate(at), true);
    equal(polling.isOpen(at + 0.5), false);
  }
  // Four in a row have closed in vain.
  polling.arrived(50);
  polling.arrived(50);
  equal(polling.isOpen(50), false, "paused");
  polling.expect();
  equal(arriveLate(60), true);
});

test("a window of 0 is never open", () => {
  const polling = new Polling({ windowMs: 0 });
  polling.arrived(1);
  polling.arrived(1);
  equal(polling.isOn, false);
  equal(polling.isOpen(1), false);
  polling.expect();
  polling.arrived(1);
  equal(polling.isOpen(1), false);
});

/** Lets windows close without mail, each after an arrival that is fresh; says whether the last was open at all. */
function closeInVain(polling: Polling, windows: number): boolean {
  let isOpen = false;
  for (let window = 0; window < windows; window += 1) {
    const now = window * 0.15;
    polling.arrived(now);
    isOpen = polling.isOpen(now);
    polling.isOpen(now + 0.14);
  }
  return isOpen;
}

test("four windows in a row that close in vain end the polling for 256 arrivals", () => {
  // The first arrival is not fresh and opens none.
  equal(closeInVain(new Polling(), 1 + 4), true);
  equal(closeInVain(new Polling(), 1 + 4 + 1), false);
  equal(closeInVain(new Polling(), 1 + 4 + 256), false);
  equal(closeInVain(new Polling(), 1 + 4 + 256 + 1), true);
});

test("a window that finds mail makes up for those that closed in vain", () => {
  const polling = new Polling();
  closeInVain(polling, 1 + 3);
  const now = 1000;
  polling.arrived(now);
  polling.arrived(now + 0.01);
  polling.isOpen(now + 0.02);
  polling.arrived(now + 0.03);
  equal(closeInVain(polling, 3), true);
});
