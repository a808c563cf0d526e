/** Plain services: `dispatch`, and what becomes of what a handler returns and throws. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf, run, world } from "../../world.ts";

/** A plain service whose handler is the given text, a function of (session, source, ...values). */
const plain = (handler: string): string => `
  import { skynet } from "snax";
  skynet.start(() => { skynet.dispatch("lua", ${handler}); });
`;

test("what a handler returns, or its promise resolves to, is the answer", async (t) => {
  const { skynet } = await world(t, {
    sync: plain("(_s, _a, x) => x + 1"),
    async: plain("async (_s, _a, x) => { await skynet.sleep(1); return x + 2; }"),
  });
  const sync = await skynet.newservice("sync");
  const later = await skynet.newservice("async");
  assert.equal(await skynet.call(sync, "lua", 1), 2);
  assert.equal(await skynet.call(later, "lua", 1), 3);
});

test("a post has session 0 and is not answered", async (t) => {
  const { skynet } = await world(t, {
    plain: `
      import { skynet } from "snax";
      const seen = [];
      skynet.start(() => skynet.dispatch("lua", (session, source, what) => {
        if (what === "seen") return seen;
        seen.push([session, source]);
        return "lost";
      }));
    `,
  });
  const handle = await skynet.newservice("plain");
  assert.equal(skynet.send(handle, "lua", "post"), true);
  assert.deepEqual(await skynet.call(handle, "lua", "seen"), [[0, skynet.self()]]);
});

test("an error thrown by a handler arrives with message, code, data and remote stack", async (t) => {
  const { skynet, folder } = await world(t, {
    plain: plain(
      `() => { throw Object.assign(new RangeError("too far"), { code: "E_FAR", data: { at: 7 } }); }`,
    ),
  });
  const handle = await skynet.newservice("plain");
  const error = await failureOf(skynet.call(handle, "lua"));
  assert.ok(error instanceof RangeError);
  assert.equal(error.message, "too far");
  assert.equal(error.code, "E_FAR");
  assert.deepEqual(error.data, { at: 7 });
  assert.equal(error.remote, skynet.address(handle));
  assert.match(String(error.stack), new RegExp(`${folder}/plain.ts:3:`));
});

test("an error without a code arrives with ERR_REMOTE, whether thrown or rejected", async (t) => {
  const { skynet } = await world(t, {
    thrown: plain(`() => { throw new Error("no"); }`),
    rejected: plain(`async () => { await null; throw new Error("no"); }`),
  });
  for (const name of ["thrown", "rejected"]) {
    const handle = await skynet.newservice(name);
    const error = await failureOf(skynet.call(handle, "lua"));
    assert.deepEqual([error.message, error.code], ["no", "ERR_REMOTE"]);
  }
});

test("anything may be thrown, and the caller gets an error", async (t) => {
  const { skynet } = await world(t, {
    plain: plain(`(_s, _a, what) => {
      const things = {
        text: "just text", nothing: undefined, zero: 0, bare: Object.create(null), symbol: Symbol("s"),
        hostile: Object.defineProperty(new Error("x"), "message", { get() { throw new Error("inner"); } }),
        function: () => 1,
      };
      throw things[what];
    }`),
  });
  const handle = await skynet.newservice("plain");
  for (const what of ["text", "nothing", "zero", "bare", "symbol", "hostile", "function"]) {
    const error = await failureOf(skynet.call(handle, "lua", what));
    assert.ok(error instanceof Error, what);
    assert.equal(error.code, "ERR_REMOTE", what);
    skynet.send(handle, "lua", what);
  }
  assert.equal((await failureOf(skynet.call(handle, "lua", "text"))).message, "just text");
});

test("an error whose own fields can't be sent keeps those that can", async (t) => {
  const { skynet } = await world(t, {
    plain: plain(`() => {
      const cause = Object.assign(new TypeError("below"), { socket: () => {} });
      throw Object.assign(new Error("above", { cause }), { retry: () => {}, status: 503, code: "E_DOWN" });
    }`),
  });
  const handle = await skynet.newservice("plain");
  const error = await failureOf(skynet.call(handle, "lua"));
  const { status, retry } = error as unknown as Record<string, unknown>;
  assert.deepEqual([error.message, error.code, status, retry], ["above", "E_DOWN", 503, undefined]);
  assert.equal((error.cause as Error).message, "below");
});

test("an error that passes through a second service keeps the mark of the first", async (t) => {
  const { skynet } = await world(t, {
    far: plain(`() => { throw new Error("far away"); }`),
    near: plain("(_s, _a, far) => skynet.call(far, 'lua')"),
  });
  const far = await skynet.newservice("far");
  const near = await skynet.newservice("near");
  const error = await failureOf(skynet.call(near, "lua", far));
  assert.equal(error.remote, skynet.address(far));
});

test("an error in a post is logged under the service's address and the service goes on", async (t) => {
  const { skynet, log } = await world(t, {
    plain: plain(
      `(session) => { if (session === 0) throw new Error("lost post"); return "alive"; }`,
    ),
  });
  const handle = await skynet.newservice("plain");
  skynet.send(handle, "lua");
  assert.equal(await skynet.call(handle, "lua"), "alive");
  const line = (await log()).find((text) => text.includes("lost post"));
  assert.match(
    String(line),
    /^lua call \[:[0-9a-f]{8} to :[0-9a-f]{8} : 0\] error : Error: lost post/,
  );
});

test("dispatch returns the handler before, and the present one without a new", async (t) => {
  const answer = await run(t, {
    main: `
      import { skynet } from "snax";
      const first = () => 1, second = () => 2;
      export const response = { run() {
        return [
          skynet.dispatch("lua"), skynet.dispatch("lua", first),
          skynet.dispatch("lua", second) === first, skynet.dispatch("lua") === second,
        ];
      } };
    `,
  });
  assert.deepEqual(answer, [undefined, undefined, true, true]);
});

test("a result that can't be sent is refused with the path to it", async (t) => {
  const { skynet } = await world(t, { plain: plain("() => ({ list: [1, () => 2] })") });
  const error = await failureOf(skynet.call(await skynet.newservice("plain"), "lua"));
  assert.equal(error.code, "ERR_NOT_SENDABLE");
  assert.match(
    error.message,
    /^result .*list.*is a function, in the answer to request lua of snlua \w+$/,
  );
});

test("a foreign thenable that calls back twice answers once", async (t) => {
  const { skynet } = await world(t, {
    plain: plain(
      "() => ({ then(resolve, reject) { resolve(1); resolve(2); reject(new Error('3')); } })",
    ),
  });
  assert.equal(await skynet.call(await skynet.newservice("plain"), "lua"), 1);
});
