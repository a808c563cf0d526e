/** Protocols: those of a program, raw bytes, and messages without a handler. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { codeOfFailure, run, world } from "../../world.ts";

/** A plain service whose handler is the given text, a function of (session, source, ...values). */
const plain = (handler: string): string => `
  import { skynet } from "snax";
  skynet.start(() => { skynet.dispatch("lua", ${handler}); });
`;

test("a message of a type without a handler is refused with ERR_NO_PROTOCOL", async (t) => {
  const { skynet } = await world(t, { idle: `import { skynet } from "snax"; skynet.start();` });
  const handle = await skynet.newservice("idle");
  assert.equal(await codeOfFailure(skynet.call(handle, "lua")), "ERR_NO_PROTOCOL");
  assert.equal(await codeOfFailure(skynet.call(handle, "snax")), "ERR_NO_PROTOCOL");
});

test("a client message carries the number of a connection, and is not answered", async (t) => {
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
