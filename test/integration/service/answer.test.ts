/** Answering by hand: `ret`, `response`, `ignoreret`, `context`, and passing a request on. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, failureOf, run, world } from "../../world.ts";

/** A plain service whose handler is the given text, a function of (session, source, ...values). */
const plain = (handler: string): string => `
  import { skynet } from "snax";
  skynet.start(() => { skynet.dispatch("lua", ${handler}); });
`;

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

test("ignoreret after response() says only that the handler's result is no answer, as in skynet", async (t) => {
  const { skynet } = await world(t, {
    plain: plain(`() => {
      const reply = skynet.response();
      skynet.timeout(1, () => reply(true, 42));
      skynet.ignoreret();
      return "no answer";
    }`),
    thrower: plain(`() => { skynet.response(); skynet.ignoreret(); throw new Error("told"); }`),
  });
  const handle = await skynet.newservice("plain");
  assert.equal(await skynet.call(handle, "lua"), 42);
  const thrower = await skynet.newservice("thrower");
  assert.equal((await failureOf(skynet.call(thrower, "lua"))).message, "told");
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
        return [...results, answer("TEST")];
      }));
    `,
  });
  const handle = await skynet.newservice("plain");
  const good = skynet.call(handle, "lua", "wait");
  const bad = failureOf(skynet.call(handle, "lua", "wait"));
  const results = await skynet.call(handle, "lua", "go", true, 7);
  assert.deepEqual(results, [true, true, "ERR_REPLIED", false]);
  assert.equal(await good, 7);
  await skynet.call(handle, "lua", "go", false, new Error("not today"));
  assert.equal((await bad).message, "not today");
});

test("a detached response is false once the requester has died", async (t) => {
  const { skynet } = await world(t, {
    keeper: `
      import { skynet } from "snax";
      let kept;
      skynet.start(() => skynet.dispatch("lua", async (_s, _a, what) => {
        if (what === "keep") { kept = skynet.response(); return; }
        while (kept === undefined) await skynet.sleep(1);
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

test("redirect passes a request on: the receiver answers the first caller", async (t) => {
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
    back: plain("() => { skynet.register('.got'); return new Promise(() => {}); }"),
  });
  const front = await skynet.newservice("front");
  const back = await skynet.newservice("back");
  const call = skynet.call(front, "lua", back);
  while (skynet.localname(".got") === undefined) await skynet.sleep(1);
  skynet.kill(back);
  assert.equal(await codeOfFailure(call), "ERR_SERVICE_DEAD");
});

test("several results arrive as an array", async (t) => {
  const { skynet } = await world(t, {
    values: plain("() => skynet.values(1, 'two')"),
    retpack: plain("() => { skynet.retpack(3, 'four'); }"),
  });
  assert.deepEqual(await skynet.call(await skynet.newservice("values"), "lua"), [1, "two"]);
  assert.deepEqual(await skynet.call(await skynet.newservice("retpack"), "lua"), [3, "four"]);
});
