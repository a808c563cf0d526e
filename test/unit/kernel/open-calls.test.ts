/**
 * Sessions are handed out in sequence, are never handed out twice while open, and cost nothing once closed.
 */

import { equal, ok } from "node:assert/strict";
import { test } from "node:test";

import { OpenCall, SESSION_MAX, CallTable } from "../../../src/kernel/open-calls.ts";

function createCall(): OpenCall {
  return new OpenCall(
    () => {},
    () => {},
  );
}

test("sessions rise by one from 1", () => {
  const table = new CallTable();
  equal(table.open(createCall(), 0), 1);
  equal(table.open(createCall(), 1), 2);
});

test("after 0x7fffffff the sessions begin again at 1", () => {
  const table = new CallTable();
  equal(table.open(createCall(), SESSION_MAX - 1), SESSION_MAX);
  equal(table.open(createCall(), SESSION_MAX), 1);
});

test("a counter that begins again skips the sessions that are still open", () => {
  const table = new CallTable();
  const old = createCall();
  table.open(old, 0);
  equal(table.open(createCall(), SESSION_MAX), 2);
  equal(table.close(1), old);
});

test("a session whose place an old call holds is skipped", () => {
  const table = new CallTable();
  const old = createCall();
  table.open(old, 0);
  let last = 1;
  for (let count = 0; count < 100; count += 1) {
    last = table.open(createCall(), last);
    ok(table.has(1));
    ok(table.close(last));
  }
  equal(table.close(1), old);
  equal(table.size, 0);
});

test("a table that grows loses no call", () => {
  const table = new CallTable();
  const calls = Array.from({ length: 1000 }, createCall);
  let last = SESSION_MAX - 500;
  for (const call of calls) last = table.open(call, last);
  equal(table.size, 1000);
  ok(table.isLarge);
  const sessions = calls.map((call) => call.session);
  equal(new Set(sessions).size, 1000);
  for (const [index, session] of sessions.entries()) equal(table.close(session), calls[index]);
  equal(table.size, 0);
});

test("closing a session that is unknown, or closed already, gives nothing", () => {
  const table = new CallTable();
  const session = table.open(createCall(), 0);
  equal(table.close(session + 4), undefined);
  ok(table.close(session));
  equal(table.close(session), undefined);
  equal(table.close(0), undefined);
});

test("a call knows its session only while it waits", () => {
  const table = new CallTable();
  const call = createCall();
  table.open(call, 41);
  equal(call.session, 42);
  table.close(42);
  equal(call.session, 0);
});
