/**
 * Answers that are cut off while they are made: the caller is told, once, and the service goes on.
 *
 * What loops here is no handler but what the handler leaves behind: a getter of the answer, of the error, of the promise. Each
 * program runs in a process of its own: the test runner has async hooks on, behind which nothing may be cut off.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PACKAGE, startNode } from "../process.ts";
import { writeFiles } from "../../world.ts";

const FILES = {
  loop: `
    export const loop = (): never => { for (;;); };
    /** A value, and an error, whose reading never ends. */
    export const value = () => ({ get total() { return loop(); } });
    export const error = () => Object.defineProperty(new Error("x"), "data", { enumerable: true, get: loop });
    export const trap = () => new Proxy(new Error("x"), { getPrototypeOf: loop });
  `,
  bad: `
    import { skynet } from "snax";
    import { error, loop, trap, value } from "./loop.ts";
    let held: (ok: boolean, value?: unknown) => boolean;
    export const response = {
      hello: () => "hello",
      returns: () => value(),
      resolves: async () => { await skynet.sleep(1); return value(); },
      throws: () => { throw error(); },
      rejects: async () => { await skynet.sleep(1); throw trap(); },
      ret: () => { skynet.ret(value()); },
      answers: () => { skynet.response()(true, value()); },
      refuses: () => { skynet.response()(false, trap()); },
      later: () => { const reply = skynet.response(); setTimeout(() => reply(true, value()), 1); },
      hold: () => { held = skynet.response(); },
      letGo: () => { held(true, value()); },
      then: () => ({ get then() { return loop(); } }),
      thenable: () => ({ then: loop }),
    };
    export function exit() { throw trap(); }
  `,
  plain: `
    import { skynet } from "snax";
    import { trap, value } from "./loop.ts";
    skynet.dispatch("lua", (_session, _source, what) => { if (what === "value") return value(); throw trap(); });
    skynet.dispatch("text", (session, source, what) => { skynet.redirect(target, source, "lua", session, what); });
    let target = 0;
  `,
  pass: `
    import { skynet } from "snax";
    skynet.dispatch("lua", (session, source, target, what) => { skynet.ignoreret(); skynet.redirect(target, source, "lua", session, what); });
  `,
  queued: `
    import { trap, value } from "./loop.ts";
    export const response = { hello: () => "hello", returns: () => value(), rejects: async () => { await null; throw trap(); } };
    export const accept = { post: () => { throw trap(); } };
    export function init() { return "queue"; }
  `,
  unborn: `import { trap } from "./loop.ts"; export function init() { throw trap(); }`,
  unbornLater: `import { error } from "./loop.ts"; export async function init() { await null; throw error(); }`,
  patched: `let count = 1; export const response = { get: () => count };`,
};

/** Well above what a busy machine takes to load a file. */
const INTERRUPT_MS = 800;
/** The same to compile its first patch. */
const INTERRUPT_PATCH_MS = 3000;

/** Runs a program over these services on a node; returns what it returns. */
async function play(
  t: Parameters<typeof writeFiles>[0],
  thread: number,
  text: string,
  interrupt = INTERRUPT_MS,
): Promise<unknown> {
  const folder = writeFiles(t, FILES);
  const program = `
    import { codeOf, start } from ${JSON.stringify(PACKAGE)};
    const folder = ${JSON.stringify(folder)};
    const stall = { warn: 250, interrupt: ${interrupt}, rest: 0 };
    const node = await start({ thread: ${thread}, services: folder + "/?.ts", logger: folder + "/node.log", stall });
    const { skynet, snax } = node;
    const end = (promise) => promise.then((value) => value ?? null, (error) => codeOf(error) ?? String(error));
    // On a busy machine the first service of a file may take so long to load that it is cut off.
    const begin = async (launch, name) => {
      for (;;) {
        try {
          return await launch(name);
        } catch (error) {
          if (codeOf(error) !== "ERR_INTERRUPTED") throw error;
        }
      }
    };
    const make = (name) => begin(snax.newservice, name);
    const value = await (async () => { ${text} })();
    await node.stop();
    console.log(JSON.stringify(value));
  `;
  const args = ["--input-type=module", "--eval", program];
  const { code, stdout, stderr } = await startNode(args, folder).ended;
  assert.deepEqual([code, stderr], [0, ""], stdout);
  return JSON.parse(stdout);
}

const METHODS = [
  ["returns", "resolves", "throws", "rejects", "ret"],
  ["answers", "refuses", "later", "then", "thenable"],
];

// The caller is on the main thread: with one worker thread the service is on another one.
for (const thread of [0, 1]) {
  for (const methods of METHODS) {
    test(`an answer that is cut off while it is made is ERR_INTERRUPTED, thread: ${thread}: ${methods.join(" ")}`, async (t) => {
      const names = JSON.stringify(methods);
      const found = await play(
        t,
        thread,
        `
          const bad = await make("bad");
          const found = {};
          for (const name of ${names}) found[name] = [await end(bad.req[name]()), await end(bad.req.hello())];
          return found;
        `,
      );
      const each = methods.map((name) => [name, ["ERR_INTERRUPTED", "hello"]]);
      assert.deepEqual(found, Object.fromEntries(each));
    });
  }

  test(`a caller that waits for another handler's answer, a forwarded request, a beginning, an exit is told, thread: ${thread}`, async (t) => {
    const found = await play(
      t,
      thread,
      `
        const bad = await make("bad");
        const held = end(bad.req.hold());
        const found = [await end(bad.req.letGo()), await held];
        const plain = await begin(skynet.newservice, "plain");
        const pass = await begin(skynet.newservice, "pass");
        for (const what of ["value", "error"]) found.push(await end(skynet.call(pass, "lua", plain, what)));
        for (const name of ["unborn", "unbornLater"]) found.push(await end(snax.newservice(name)));
        found.push(await end(snax.uniqueservice("unborn")));
        found.push(await end(snax.exit(bad)), await end(bad.req.hello()));
        return found;
      `,
    );
    const cut = "ERR_INTERRUPTED";
    assert.deepEqual(found, [cut, cut, cut, cut, cut, cut, cut, cut, "ERR_SERVICE_DEAD"]);
  });

  test(`in queue mode the next message comes after an answer that was cut off, thread: ${thread}`, async (t) => {
    const found = await play(
      t,
      thread,
      `
        const { req, post } = await make("queued");
        const calls = [req.returns(), req.hello(), req.rejects(), req.hello()].map(end);
        post.post();
        return await Promise.all([...calls, end(req.hello())]);
      `,
    );
    const cut = "ERR_INTERRUPTED";
    assert.deepEqual(found, [cut, "hello", cut, "hello", "hello"]);
  });

  test(`what hotfix() returns or throws is cut off, the patch is undone and its sender told, thread: ${thread}`, async (t) => {
    const found = await play(
      t,
      thread,
      `
        const patched = await make("patched");
        const loop = "const loop = () => { for (;;); };";
        const bodies = [
          "return { get total() { return loop(); } };",
          "return Promise.resolve({ get total() { return loop(); } });",
          "throw new Proxy(new Error('x'), { getPrototypeOf: loop });",
          "return Promise.reject(new Proxy(new Error('x'), { getPrototypeOf: loop }));",
        ];
        const found = [];
        for (const body of bodies) {
          const patch = "declare let count: number; export function hotfix() { count = 7; const loop = () => { for (;;); }; " + body + " }";
          found.push([await end(snax.hotfix(patched, patch)), await end(patched.req.get())]);
        }
        const rollback = "declare let count: number; export function hotfix() { count = 7; throw new Error('x'); } export function rollback() { for (;;); }";
        found.push([await end(snax.hotfix(patched, rollback)), await end(patched.req.get())]);
        found.push(await snax.hotfix(patched, "declare let count: number; export function hotfix() { count = 8; return 'in'; }"), await patched.req.get());
        return found;
      `,
      INTERRUPT_PATCH_MS,
    );
    const failed = ["ERR_PATCH_FAILED", 1];
    assert.deepEqual(found, [failed, failed, failed, failed, failed, "in", 8]);
  });
}
