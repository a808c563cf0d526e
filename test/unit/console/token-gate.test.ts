/** Tokens, wrong ones, and how long an address has to wait. */

import { doesNotThrow, equal, throws } from "node:assert/strict";
import { test } from "node:test";
import {
  CONSOLE_ADDRESSES_MAX,
  CONSOLE_ATTEMPTS_MAX,
  CONSOLE_WAIT_MS,
} from "../../../src/base/limits.ts";
import { TokenGate } from "../../../src/console/doors/token-gate.ts";

const TOKEN = "a-token-for-tests";
const FORBIDDEN = { code: "ERR_FORBIDDEN" };

/** A gate with a clock that is set by hand. */
function open(token: string | undefined = TOKEN): { gate: TokenGate; clock: { ms: number } } {
  const clock = { ms: 0 };
  return { gate: new TokenGate({ operate: token }, () => clock.ms), clock };
}

function fail(gate: TokenGate, address: string, count: number): void {
  for (let round = 0; round < count; round += 1) {
    throws(() => gate.check(address, "wrong"), FORBIDDEN);
  }
}

test("without a token every client may pass", () => {
  const gate = new TokenGate({}, () => 0);
  equal(gate.isClosed, false);
  doesNotThrow(() => gate.check("a", undefined));
});

test("only the whole token passes", () => {
  const { gate } = open();
  for (const token of [undefined, "", TOKEN.slice(1), `${TOKEN} `, TOKEN.toUpperCase()]) {
    throws(() => new TokenGate({ operate: TOKEN }, () => 0).check("a", token), FORBIDDEN);
  }
  doesNotThrow(() => gate.check("a", TOKEN));
});

test("after as many wrong tokens as are allowed the right one does not pass, until the wait is over", () => {
  const { gate, clock } = open();
  fail(gate, "a", CONSOLE_ATTEMPTS_MAX);
  throws(() => gate.check("a", TOKEN), FORBIDDEN);
  clock.ms = CONSOLE_WAIT_MS - 1;
  throws(() => gate.check("a", TOKEN), FORBIDDEN);
  clock.ms = CONSOLE_WAIT_MS;
  doesNotThrow(() => gate.check("a", TOKEN));
});

test("one wrong token less does not make an address wait, and a right one clears the count", () => {
  const { gate } = open();
  for (let round = 0; round < 3; round += 1) {
    fail(gate, "a", CONSOLE_ATTEMPTS_MAX - 1);
    doesNotThrow(() => gate.check("a", TOKEN));
  }
});

test("asking without a token is no attempt", () => {
  const { gate } = open();
  for (let round = 0; round < 100; round += 1) throws(() => gate.check("a", undefined), FORBIDDEN);
  doesNotThrow(() => gate.check("a", TOKEN));
});

test("one address does not make another wait", () => {
  const { gate } = open();
  fail(gate, "a", CONSOLE_ATTEMPTS_MAX);
  doesNotThrow(() => gate.check("b", TOKEN));
});

test("as many addresses as the limit are remembered, and one more makes the oldest forgotten", () => {
  const { gate } = open();
  fail(gate, "first", CONSOLE_ATTEMPTS_MAX);
  for (let index = 1; index < CONSOLE_ADDRESSES_MAX; index += 1) fail(gate, `other ${index}`, 1);
  throws(() => gate.check("first", TOKEN), FORBIDDEN);
  fail(gate, "one more", 1);
  doesNotThrow(() => gate.check("first", TOKEN));
});

test("each of two tokens has its role, and five wrong ones of an address count for both", () => {
  const read = "a-token-to-read-only";
  const gate = new TokenGate({ operate: TOKEN, read }, () => 0);
  equal(gate.check("a", TOKEN), "operate");
  equal(gate.check("a", read), "read");
  throws(() => gate.check("a", `${read}${TOKEN}`), FORBIDDEN);
  fail(gate, "a", CONSOLE_ATTEMPTS_MAX - 1);
  throws(() => gate.check("a", read), FORBIDDEN);
  throws(() => gate.check("a", TOKEN), FORBIDDEN);
});

test("with a token to read alone no client operates", () => {
  const gate = new TokenGate({ read: TOKEN }, () => 0);
  equal(gate.isClosed, true);
  equal(gate.check("a", TOKEN), "read");
  throws(() => gate.check("a", undefined), FORBIDDEN);
});
