/** Plain services: `dispatch` and what answers a message. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, run, world } from "./world.ts";

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

test("a post has session 0 and is answered by nobody", async (t) => {
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

test("a message of a type without a handler is refused with ERR_NO_PROTOCOL", async (t) => {
  const { skynet } = await world(t, { idle: `import { skynet } from "snax"; skynet.start();` });
  const handle = await skynet.newservice("idle");
  assert.equal(await codeOfFailure(skynet.call(handle, "lua")), "ERR_NO_PROTOCOL");
  assert.equal(await codeOfFailure(skynet.call(handle, "snax")), "ERR_NO_PROTOCOL");
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

test("ret answers before the handler ends, and what the handler returns is then no answer", async (t) => {
  const { skynet } = await world(t, {
    plain: plain(`async () => {
      const sent = skynet.ret("early");
      await skynet.sleep(1);
      return "late " + sent;
    }`),
  });
  const handle = await skynet.newservice("plain");
  assert.equal(await skynet.call(handle, "lua"), "early");
});

test("a second ret is refused with ERR_REPLIED", async (t) => {
  const { skynet, log } = await world(t, {
    plain: plain(
      `() => { skynet.ret(1); try { skynet.ret(2); } catch (e) { skynet.error(e.code); } }`,
    ),
  });
  const handle = await skynet.newservice("plain");
  assert.equal(await skynet.call(handle, "lua"), 1);
  assert.ok((await log()).includes("ERR_REPLIED"));
});

test("ret of a post is false", async (t) => {
  const { skynet, log } = await world(t, {
    plain: plain("() => { skynet.error('ret', skynet.ret(1)); }"),
  });
  const handle = await skynet.newservice("plain");
  skynet.send(handle, "lua");
  await skynet.call(handle, "lua");
  assert.ok((await log()).includes("ret false"));
});

test("ret, response, ignoreret and context after the first await say so with ERR_CONTEXT", async (t) => {
  const { skynet } = await world(t, {
    plain: plain(`async (_s, _a, what) => {
      await skynet.yield();
      try { skynet[what](); } catch (e) { return [e.code, e.message.includes("first await")]; }
    }`),
  });
  const handle = await skynet.newservice("plain");
  for (const what of ["ret", "response", "ignoreret", "context"]) {
    assert.deepEqual(await skynet.call(handle, "lua", what), ["ERR_CONTEXT", true], what);
  }
});

test("ret in a timer is refused with ERR_CONTEXT", async (t) => {
  const answer = await run(t, {
    main: `
      import { skynet } from "snax";
      export const response = { run: () => new Promise((resolve) => {
        setTimeout(() => { try { skynet.ret(); } catch (e) { resolve(e.code); } }, 1);
      }) };
    `,
  });
  assert.equal(answer, "ERR_CONTEXT");
});

test("context gives session and source of the message being dispatched", async (t) => {
  const { skynet } = await world(t, {
    plain: plain("(session, source) => [skynet.context(), { session, source }]"),
  });
  const handle = await skynet.newservice("plain");
  const [found, given] = await skynet.call<[unknown, { source: number }]>(handle, "lua");
  assert.deepEqual(found, given);
  assert.equal(given.source, skynet.self());
});

test("a detached response answers later, with a value or an error, and once", async (t) => {
  const { skynet } = await world(t, {
    plain: `
      import { skynet } from "snax";
      const waiting = [];
      skynet.start(() => skynet.dispatch("lua", (_s, _a, what, ...args) => {
        if (what === "wait") { waiting.push(skynet.response()); return "no answer"; }
        const answer = waiting.shift();
        const results = [answer("TEST"), answer(...args)];
        try { answer(true); } catch (e) { results.push(e.code); }
        return results;
      }));
    `,
  });
  const handle = await skynet.newservice("plain");
  const good = skynet.call(handle, "lua", "wait");
  const bad = failureOf(skynet.call(handle, "lua", "wait"));
  assert.deepEqual(await skynet.call(handle, "lua", "go", true, 7), [true, true, "ERR_REPLIED"]);
  assert.equal(await good, 7);
  await skynet.call(handle, "lua", "go", false, new Error("not today"));
  assert.equal((await bad).message, "not today");
});

test("a detached response is false once the requester has died", async (t) => {
  const { skynet } = await world(t, {
    keeper: `
      import { skynet } from "snax";
      let kept;
      skynet.start(() => skynet.dispatch("lua", (_s, _a, what) => {
        if (what === "keep") { kept = skynet.response(); return; }
        return [kept("TEST"), kept(true, 1)];
      }));
    `,
    asker: `
      import { skynet } from "snax";
      skynet.start((keeper) => { skynet.call(keeper, "lua", "keep").catch(() => {}); });
    `,
  });
  const keeper = await skynet.newservice("keeper");
  const asker = await skynet.newservice("asker", keeper);
  skynet.kill(asker);
  assert.deepEqual(await skynet.call(keeper, "lua", "try"), [false, false]);
});

test("the death of a service answers the responses that it detached", async (t) => {
  const { skynet } = await world(t, { plain: plain("() => { skynet.response(); }") });
  const handle = await skynet.newservice("plain");
  const call = skynet.call(handle, "lua");
  await skynet.sleep(1);
  skynet.kill(handle);
  assert.equal(await codeOfFailure(call), "ERR_SERVICE_DEAD");
});

test("ignoreret gives up the answer", async (t) => {
  const { skynet } = await world(t, { plain: plain("() => { skynet.ignoreret(); return 1; }") });
  const handle = await skynet.newservice("plain");
  assert.equal(await codeOfFailure(skynet.within(20).call(handle, "lua")), "ERR_TIMEOUT");
});

test("redirect passes a request on: the receiver answers who asked", async (t) => {
  const { skynet } = await world(t, {
    front: plain(`(session, source, back, x) => {
      skynet.ignoreret();
      skynet.redirect(back, source, "lua", session, x);
    }`),
    back: plain("(_s, source, x) => [source, x * 2]"),
  });
  const front = await skynet.newservice("front");
  const back = await skynet.newservice("back");
  assert.deepEqual(await skynet.call(front, "lua", back, 21), [skynet.self(), 42]);
});

test("a redirected request is failed by the death of its receiver", async (t) => {
  const { skynet } = await world(t, {
    front: plain(`(session, source, back) => {
      skynet.ignoreret();
      skynet.redirect(back, source, "lua", session);
    }`),
    back: plain("() => new Promise(() => {})"),
  });
  const front = await skynet.newservice("front");
  const back = await skynet.newservice("back");
  const call = skynet.call(front, "lua", back);
  await skynet.sleep(1);
  skynet.kill(back);
  assert.equal(await codeOfFailure(call), "ERR_SERVICE_DEAD");
});

test("a client message carries the number of a connection, and nobody answers it", async (t) => {
  const { skynet } = await world(t, {
    agent: `
      import { skynet } from "snax";
      let seen;
      skynet.start(() => {
        skynet.dispatch("client", (session, source, text) => { seen = [session, source, text]; return "no"; });
        skynet.dispatch("lua", () => seen);
      });
    `,
  });
  const agent = await skynet.newservice("agent");
  skynet.redirect(agent, skynet.self(), "client", 17, "hello");
  assert.deepEqual(await skynet.call(agent, "lua"), [17, skynet.self(), "hello"]);
});

test("several results arrive as an array", async (t) => {
  const { skynet } = await world(t, {
    values: plain("() => skynet.values(1, 'two')"),
    retpack: plain("() => { skynet.retpack(3, 'four'); }"),
  });
  assert.deepEqual(await skynet.call(await skynet.newservice("values"), "lua"), [1, "two"]);
  assert.deepEqual(await skynet.call(await skynet.newservice("retpack"), "lua"), [3, "four"]);
});

test("a result that can't be sent is refused with the path to it", async (t) => {
  const { skynet } = await world(t, { plain: plain("() => ({ list: [1, () => 2] })") });
  const error = await failureOf(skynet.call(await skynet.newservice("plain"), "lua"));
  assert.equal(error.code, "ERR_NOT_SENDABLE");
  assert.match(error.message, /^result .*list.*is a function$/);
});

test("a foreign thenable that calls back twice answers once", async (t) => {
  const { skynet } = await world(t, {
    plain: plain(
      "() => ({ then(resolve, reject) { resolve(1); resolve(2); reject(new Error('3')); } })",
    ),
  });
  assert.equal(await skynet.call(await skynet.newservice("plain"), "lua"), 1);
});

test("register_protocol gives a service a protocol with pack and unpack", async (t) => {
  const protocol = `{
    name: "echo", id: 200,
    pack: (text) => new TextEncoder().encode(text.toUpperCase()),
    unpack: (bytes) => [new TextDecoder().decode(bytes), bytes.length],
  }`;
  const answer = await run(t, {
    server: `
      import { skynet } from "snax";
      skynet.register_protocol({ ...${protocol}, dispatch: (_s, _a, text, length) => [text, length] });
    `,
    main: `
      import { skynet } from "snax";
      export const response = { async run() {
        skynet.register_protocol(${protocol});
        return skynet.call(await skynet.newservice("server"), "echo", "hello");
      } };
    `,
  });
  assert.deepEqual(answer, ["HELLO", 5]);
});

test("a protocol whose name or id is taken is refused with ERR_ARGUMENT", async (t) => {
  const answer = await run(t, {
    main: `
      import { skynet } from "snax";
      const attempt = (name, id) => {
        try { skynet.register_protocol({ name, id }); return "ok"; } catch (e) { return e.code; }
      };
      export const response = { run: () => [
        attempt("mine", 100), attempt("mine", 101), attempt("other", 100), attempt("other", 10),
        attempt("lua", 99), attempt("x", 256), attempt("x", 1), attempt("x", -1), attempt("x", 1.5),
      ] };
    `,
  });
  assert.deepEqual(answer, ["ok", ...Array.from({ length: 8 }, () => "ERR_ARGUMENT")]);
});

test("raw messages carry bytes, and a protocol that a service does not know is ERR_NO_PROTOCOL", async (t) => {
  const { skynet } = await world(t, {
    plain: plain("(_s, _a, bytes) => [bytes.length, bytes[0]]"),
  });
  const handle = await skynet.newservice("plain");
  assert.deepEqual(await skynet.rawcall(handle, "lua", Uint8Array.of(7, 8)), [2, 7]);
  assert.equal(skynet.rawsend(handle, "lua", Uint8Array.of(1)), true);
  assert.throws(() => skynet.rawsend(handle, "lua", "text" as never), { code: "ERR_ARGUMENT" });
  assert.throws(() => skynet.send(handle, "nope"), { code: "ERR_NO_PROTOCOL" });
});
