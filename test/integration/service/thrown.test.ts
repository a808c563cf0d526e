/** What services throw: errors that hold anything, refer to themselves or have no end reach the caller all the same. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, world } from "../../world.ts";

/** Errors as libraries make them, and worse; each is thrown by the handler that is asked for it. */
const THROWER = `
  const held = { retry() {}, socket: new AbortController() };
  const makers: Record<string, () => unknown> = {
    "holds a function": () => Object.assign(new RangeError("x"), { ...held, code: "E_X", data: { at: 7 } }),
    "is its own cause": () => { const e = new RangeError("x"); e.cause = e; return Object.assign(e, held); },
    "is one of a pair": () => {
      const e = new RangeError("x");
      e.cause = Object.assign(new Error("y", { cause: e }), held);
      return e;
    },
    "has deep data": () => {
      let data: object = {};
      for (let level = 0; level < 998; level++) data = { data };
      return Object.assign(new RangeError("x"), { data });
    },
    "has deeper data": () => {
      let data: object = {};
      for (let level = 0; level < 100_000; level++) data = { data };
      return Object.assign(new RangeError("x"), { data });
    },
    "has a long chain of causes": () => {
      let e = new Error("first");
      for (let at = 0; at < 5000; at++) e = new Error("again", { cause: e });
      return new RangeError("x", { cause: e });
    },
    "shares causes": () => {
      let e: Error = Object.assign(new Error("first"), held);
      for (let at = 0; at < 200; at++) e = Object.assign(new RangeError("x"), { first: e, last: e, cause: e, ...held });
      return e;
    },
    "holds a revoked proxy": () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return Object.assign(new RangeError("x"), { proxy, list: [proxy] });
    },
    "has a getter that throws": () => Object.defineProperty(new RangeError("x"), "data", {
      enumerable: true,
      get() { throw new Error("boom"); },
    }),
  };
  export const response = {
    throws: (what: string) => { throw makers[what]!(); },
    rejects: async (what: string) => { await null; throw makers[what]!(); },
    names: () => Object.keys(makers),
  };
`;

/** The caller is the program, on the main thread: with one worker thread the service is on another one. */
for (const thread of [0, 1]) {
  test(`whatever hangs on a thrown error, the caller gets the rest of it and is told what is missing, thread: ${thread}`, async (t) => {
    const { make } = await world(t, { thrower: THROWER }, { thread });
    const { req } = await make("thrower");
    const names = (await req["names"]?.()) as string[];
    for (const what of names) {
      for (const method of ["throws", "rejects"]) {
        const error = await failureOf(req[method]?.(what) as Promise<unknown>);
        const label = `${method}, ${what}`;
        assert.ok(error instanceof RangeError, label);
        assert.equal(error.message, "x", label);
        assert.equal(error.remote?.length, 9, label);
        assert.match(String(error.stack), /thrower\.ts/, label);
      }
    }
    const error = await failureOf(req["throws"]?.("holds a function") as Promise<unknown>);
    assert.deepEqual([error.code, error.data], ["E_X", { at: 7 }]);
    assert.deepEqual((error as { leftOut?: unknown }).leftOut, [
      "retry is a function",
      "socket is an AbortController",
    ]);
    const circle = await failureOf(req["throws"]?.("is its own cause") as Promise<unknown>);
    assert.equal((circle as Error).cause, circle);
  });

  test(`what can't even be asked whether it is an error becomes one that says so, thread: ${thread}`, async (t) => {
    const { make } = await world(
      t,
      {
        thrower: `
          const trap = () => { throw new Error("trap"); };
          export const response = {
            revoked: () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); throw proxy; },
            trap: () => { throw new Proxy(new Error("x"), { getPrototypeOf: trap }); },
            every: () => { throw new Proxy(new Error("x"), { getPrototypeOf: trap, get: trap, ownKeys: trap, has: trap }); },
          };
        `,
      },
      { thread },
    );
    const { req } = await make("thrower");
    for (const what of ["revoked", "trap", "every"]) {
      const error = await failureOf(req[what]?.() as Promise<unknown>);
      assert.equal(error.code, "ERR_REMOTE", what);
      assert.match(String(error.message), /^what was thrown can't be read: /, what);
    }
  });
}

test("a prepareStackTrace of the program that throws keeps no caller waiting", async (t) => {
  const { snax } = await world(
    t,
    {
      prep: `
        export const response = {
          bad() {
            (Error as any).prepareStackTrace = () => { throw new Error("no stack"); };
            throw new Error("mine");
          },
          hello() { return "hello"; },
        };`,
    },
    // Not in the thread of the test: all code of a thread has the same Error.
    { thread: 1 },
  );
  const prep = await snax.newservice<any>("prep");
  assert.equal((await failureOf(prep.req.bad())).code, "ERR_REMOTE");
  assert.equal(await prep.req.hello(), "hello");
});
