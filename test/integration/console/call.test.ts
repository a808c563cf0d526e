/** `call`, `post` and `eval` of the console: methods of snax services, and a look at a live variable. */

import { deepEqual, equal, match } from "node:assert/strict";
import type { TestContext } from "node:test";
import { test } from "node:test";
import type { Desk, LineClient } from "./console-client.ts";
import { desk } from "./console-client.ts";

const FILES = {
  counter: `
    import { skynet } from "snax";
    let count = 0;
    const names = new Map([["a", 1]]);
    export const response = {
      echo(...args: unknown[]) { return args.length === 1 ? args[0] : skynet.values(...args); },
      count() { return count; },
      $more() { return "more"; },
      then() { return "then"; },
      fail() { throw new Error("no luck"); },
    };
    export const accept = { touch(n = 1) { count += n; } };`,
  plain: `
    import { skynet } from "snax";
    let last: unknown[] = [];
    skynet.start(() => skynet.dispatch("lua", (_session, _source, ...words: unknown[]) => {
      if (words[0] === "last") return last;
      last = words;
      return words.length;
    }));`,
};

const OK = "<CMD OK>";
const ERROR = "<CMD Error>";

async function open(t: TestContext): Promise<Desk & { run: LineClient["run"] }> {
  const node = await desk(t, FILES);
  const client = await node.open();
  return { ...node, run: (line) => client.run(line) };
}

test("call reaches the methods of a snax service, and its arguments are literals", async (t) => {
  const { run, make } = await open(t);
  await make("counter");
  deepEqual(await run("call 9 echo 1"), ["1\t1", "n\t1", OK]);
  deepEqual(await run(`call 9 echo "a b", { x: [1] }, nil, true`), [
    ...["1\ta b", "2\tx:[ 1 ]", "4\ttrue", "n\t4", OK],
  ]);
  deepEqual(await run("call 9 count"), ["1\t0", "n\t1", OK]);
  deepEqual(await run("call :00000009  $more  "), ["1\tmore", "n\t1", OK]);
  deepEqual(await run("call 9 then"), ["1\tthen", "n\t1", OK]);
  match((await run("call 9 fail")).join(), /no luck.*,<CMD Error>$/);
  match((await run("call 9 echo hello")).join(), /hello is no value; a text needs quotes/);
});

test("a method that is not there is told with the one that was meant, or the way to reach it", async (t) => {
  const { run, make } = await open(t);
  await make("counter");
  match(
    (await run("call 9 ecko 1")).join(),
    /counter has no response method ecko; did you mean "echo"\?/,
  );
  match(
    (await run("call 9 touch 1")).join(),
    /no response method touch, but one under accept: use post/,
  );
  match(
    (await run("post 9 count")).join(),
    /no accept method count, but one under response: use call/,
  );
  match((await run("post 9 toString")).join(), /counter has no accept method toString/);
  match((await run("call 9")).join(), /need arguments/);
});

test("post sends without an answer, to methods and by the protocol lua", async (t) => {
  const { run, make, skynet } = await open(t);
  const counter = await make("counter");
  deepEqual(await run("post 9 touch 2"), [OK]);
  deepEqual(await run("post 9 touch"), [OK]);
  equal(await counter.req.count(), 3);
  const plain = await skynet.newservice("plain");
  deepEqual(await run(`post a "x", 2`), [OK]);
  deepEqual(await skynet.call(plain, "lua", "last"), ["x", 2]);
  match((await run("post a touch 1")).join(), /touch is no value|Invalid arguments/);
  equal((await run("post 99 touch 1")).at(-1), ERROR);
  skynet.kill(plain);
  match((await run(`post a "x"`)).join(), /^ERR_SERVICE_DEAD/);
});

test("eval prints the value of an expression inside a service, and runs statements", async (t) => {
  const { run, make, log } = await open(t);
  const counter = await make("counter");
  deepEqual(await run("eval 9 count + 1"), ["1", OK]);
  deepEqual(await run("run 9 names"), ["Map(1) { 'a' => 1 }", OK]);
  deepEqual(await run(`eval 9 { n: names.get("a") as number }`), ["{ n: 1 }", OK]);
  deepEqual(await run("eval 9 count = 7"), ["7", OK]);
  equal(await counter.req.count(), 7);
  deepEqual(await run(`eval 9 await Promise.resolve("waited")`), ["waited", OK]);
  deepEqual(await run("eval 9 response.echo(5)"), ["5", OK]);
  deepEqual(await run("eval 9 for (let i = 0; i < 2; i += 1) print(i)"), ["0", "1", OK]);
  deepEqual(await run("eval 9 // nothing"), ["", OK]);
  deepEqual(await run("eval 9 nothere => 1; // arrow"), ["", OK]);
  match((await log()).join("\n"), /ran "eval 9 count = 7" : 7/);
});

test("what eval can't run is told of with its column in the line", async (t) => {
  const { run, make } = await open(t);
  await make("counter");
  match((await run("eval 9 count +* 2")).join("\n"), /ERR_SYNTAX|eval:1:8: /);
  const thrown = (await run("eval 9 1 + names.get(5).size")).join("\n");
  match(thrown, /Cannot read properties of undefined[^]*eval:1:\d+/);
  match((await run("eval 9")).join(), /need arguments/);
  match((await run("eval 99 1")).join(), /^ERR_SERVICE_DEAD/);
  equal((await run("eval 9 nosuch")).at(-1), ERROR);
});

test("the log tells that setenv was used, and not what was set", async (t) => {
  const { ask, log, skynet } = await desk(t, {});
  for (const line of ["setenv token sesame", "  setenv   other   sesame"]) {
    equal((await ask(line)).at(-1), "<CMD OK>");
  }
  equal(skynet.getenv("token"), "sesame");
  const lines = (await log()).join("\n");
  equal(lines.match(/setenv/g)?.length, 2);
  equal(lines.includes("sesame"), false);
});
