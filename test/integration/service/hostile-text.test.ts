/** What clients send, on its way into the log and onto an operator's terminal. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { desk } from "../console/console-client.ts";
import { PACKAGE, startNode } from "../process.ts";
import { writeFiles } from "../../world.ts";

const HOSTILE = "a\n[:00000001] KILL :0000000a\n<CMD OK>\n\x1b[31mred\x1b]0;t\x07\u202e\x9b2J\r";

/** Nothing but lines, tabs and what shows. */
const FIT = /^[\n\t\x20-\x7e\u00a1-\u0600]*$/;

const FILES = {
  echo: `import { skynet } from "snax";
    const hostile = ${JSON.stringify(HOSTILE)};
    export const response = {
      get: () => hostile,
      list: () => [hostile],
      fail: () => { throw new Error(hostile); },
    };
    export const accept = {
      fail: () => { throw new TypeError(hostile, { cause: new Error(hostile) }); },
      log: () => { skynet.error(hostile, { hostile }); skynet.error(hostile); },
      print: () => { console.log(hostile); console.error("%s", hostile, [hostile]); },
      birth: async () => { await skynet.newservice("plain", hostile); },
    };`,
  plain: `import { skynet } from "snax"; skynet.start(() => {});`,
};

test("text of clients begins no line of the log, and steers no terminal that shows it", async (t) => {
  const { make, log, readLog } = await desk(t, FILES);
  const echo = await make("echo");
  for (const method of ["fail", "log", "print", "birth"]) echo.post[method]?.();
  await assert.rejects(async () => await echo.req.fail());
  await echo.req.get();
  await log();
  const text = readLog();
  assert.match(text, FIT);
  assert.doesNotMatch(text, /^(\S+ \S+ )?\[:00000001\] KILL/m);
  assert.doesNotMatch(text, /^<CMD/m);
  // Nothing of it is lost either.
  assert.ok(text.split("KILL :0000000a").length >= 8, text);
  assert.match(text, /\\x1b\[31mred\\x1b\]0;t\\x07\\u202e\\x9b2J\\r/);
});

test("a request's path stays in one line of the log", async (t) => {
  const program = `
    import { start } from ${JSON.stringify(PACKAGE)};
    const node = await start({ thread: 0, services: "./?.ts" });
    const web = await node.snax.newservice("web");
    await fetch("http://127.0.0.1:" + (await web.req.port()) + "/a%0a[:00000001]%20KILL%20:0000000a%0a%1b[31m%0d");
    await node.stop();`;
  const web = `import { httpd } from "snax";
    let port = 0;
    export async function init() {
      ({ port } = await httpd.listen({ port: 0 }, () => { throw new Error("handler failed"); }));
    }
    export const response = { port: () => port };`;
  const folder = writeFiles(t, { web });
  const { stdout } = await startNode(["--input-type=module", "--eval", program], folder).ended;
  const line = /^\[:\w{8}\] http error : GET (.*)$/m.exec(stdout)?.[1];
  assert.equal(line, "/a\\n[:00000001] KILL :0000000a\\n\\x1b[31m\\r Error: handler failed");
});

test("a console shows no false end of an answer", async (t) => {
  const { make, open } = await desk(t, FILES);
  const echo = await make("echo");
  await make("echo", HOSTILE);
  const client = await open();
  const at = echo.handle.toString(16);
  const lines = [`call ${at} get`, `call ${at} list`, `call ${at} fail`, `eval ${at} hostile`];
  for (const line of [
    ...lines,
    "list",
    "stat",
    `eval ${at} { console.log(hostile); print(hostile); }`,
  ]) {
    const answer = await client.run(line);
    assert.match(answer.join("\n"), FIT, line);
    if (!/call|eval/.test(line)) for (const row of answer) assert.match(row, /^(:|\t|<CMD OK>$)/);
    // Had the answer ended before its time, the next one would begin with what is left of it.
    assert.deepEqual(await client.run("getenv harbor"), ["harbor\t0", "<CMD OK>"], line);
  }
});
