/** Calls between two nodes over skynet's wire: values, sizes, names, and how each call that fails ends. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { PACKAGE } from "../process.ts";
import { codeOfFailure, failureOf } from "../../world.ts";
import { pair } from "./pair.ts";

test("values go there and come back as Lua has them", async (t) => {
  const { db, cluster } = await pair(t);
  await db.skynet.newservice("echo");
  const back = await cluster.call("db", "@echo", "E", "a", 1, 1.5, true, undefined, [1, 2], {
    x: 3,
  });
  deepEqual(back, ["a", 1, 1.5, true, undefined, [1, 2], { x: 3 }]);
  equal(await cluster.call("db", "@echo", "EMPTY"), undefined);
  deepEqual(await cluster.call("db", "@echo", "ONE", [1, 2]), [1, 2]);
  equal(await cluster.call("db", "@echo", "ONE", "ß"), "ß");
});

test("payloads of all sizes around the bounds of a frame arrive whole, both ways", async (t) => {
  const { db, cluster } = await pair(t);
  await db.skynet.newservice("echo");
  for (const size of [32762, 32763, 32764, 65531, 65536, 65537, 100_000, 1_000_000]) {
    const text = "q".repeat(size);
    equal((await cluster.call<string>("db", "@echo", "ONE", text)) === text, true, `${size}`);
  }
});

test("2,000 calls at once with large ones between are answered each with its own", async (t) => {
  const { db, caller } = await pair(t);
  await db.skynet.newservice("echo");
  const calls = Array.from({ length: 2000 }, (_, n) => [
    ...["db", "@echo", "ONE"],
    n % 50 === 0 ? "B".repeat(90_000) + n : n,
  ]);
  const answers = (await caller.req.all(calls)) as { value: unknown }[];
  ok(answers.every(({ value }, n) => value === calls[n]?.[3]));
});

test("a name is queried, and its service is reached by the handle", async (t) => {
  const { db, cluster } = await pair(t);
  const echo = await db.skynet.newservice("echo");
  equal(await cluster.query("db", "echo"), echo);
  equal(await cluster.call("db", echo, "ONE", 7), 7);
  const unknown = await failureOf(cluster.query("db", "nobody"));
  deepEqual([unknown.code, unknown.message], ["ERR_NO_SERVICE", "db: name not found"]);
});

test("pushes arrive in order, large ones too, and nothing is answered", async (t) => {
  const { db, cluster } = await pair(t);
  await db.skynet.newservice("echo");
  for (const value of [1, 2, "p".repeat(50_000), 3])
    await cluster.send("db", "@echo", "PUT", value);
  const got = await cluster.call<unknown[][]>("db", "@echo", "GOT");
  deepEqual(
    got.map(([value]) => (typeof value === "string" ? value.length : value)),
    [1, 2, 50_000, 3],
  );
});

test("a push that can't be delivered is told in the log", async (t) => {
  const { db, client, cluster } = await pair(t);
  await db.skynet.newservice("echo");
  await cluster.send("nowhere", "@echo", "PUT", 1);
  await cluster.send("db", "@nobody", "PUT", 1);
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
  match((await client.log()).join("\n"), /a push to nowhere is lost: there is no node nowhere/);
});

test("an error of the other side comes with its code and text, and says whose it is", async (t) => {
  const { db, cluster } = await pair(t);
  await db.skynet.newservice("echo");
  const boom = await failureOf(cluster.call("db", "@echo", "BOOM"));
  deepEqual(
    [boom.code, boom.message, boom.data],
    [
      "ERR_REMOTE",
      "db @echo: boom from the other side",
      { node: "db", address: "@echo", isRemote: true },
    ],
  );
  equal(await codeOfFailure(cluster.call("db", "@echo", "CODED")), "ERR_NO_TABLE");
  const unsent = await failureOf(cluster.call("db", "@echo", "CLASS"));
  equal(unsent.code, "ERR_NOT_SENDABLE");
});

test("a service that dies during the call, and one that is dead, end it", async (t) => {
  const { db, cluster } = await pair(t);
  await db.skynet.newservice("echo", "victim");
  const waiting = codeOfFailure(cluster.call("db", "@victim", "NEVER"));
  await cluster.send("db", "@victim", "EXIT");
  equal(await waiting, "ERR_SERVICE_DEAD");
  equal(await codeOfFailure(cluster.call("db", "@victim", "ONE", 1)), "ERR_SERVICE_DEAD");
});

test("what was not registered is not there, with skynet's own words", async (t) => {
  const { cluster } = await pair(t);
  const failure = await failureOf(cluster.call("db", "@nobody", "E"));
  deepEqual([failure.code, failure.message], ["ERR_NO_SERVICE", "db @nobody: Invalid name"]);
});

test("a node without a name fails the call at once", async (t) => {
  const { cluster } = await pair(t);
  const failure = await failureOf(cluster.call("nowhere", "@echo", "E"));
  deepEqual([failure.code, failure.data], ["ERR_NODE_UNKNOWN", { node: "nowhere", sent: false }]);
});

test("a deadline ends a call without an answer, and the next one works", async (t) => {
  const { db, cluster } = await pair(t);
  await db.skynet.newservice("echo");
  equal(await codeOfFailure(cluster.within(20).call("db", "@echo", "NEVER")), "ERR_TIMEOUT");
  equal(await cluster.call("db", "@echo", "ONE", 1), 1);
});

test("what can't be packed is refused where it is sent, with the place", async (t) => {
  const { client } = await pair(t, {
    bad: `
      import { cluster } from "snax";
      const failure = (run) => { try { return run(); } catch ({ code, message }) { return [code, message]; } };
      export const response = {
        call: () => cluster.call("db", "@echo", "E", { on: { done() {} } }),
        send: () => failure(() => cluster.send("db", "@echo", 1, () => {})),
        node: () => failure(() => cluster.send("", "@echo")),
        address: () => failure(() => cluster.send("db", 0)),
      };
    `,
  });
  const { req } = await client.make("bad");
  const failure = await failureOf(req.call() as Promise<unknown>);
  equal(failure.code, "ERR_NOT_SENDABLE");
  match(failure.message, /argument 2 \.on\.done is a function/);
  deepEqual(await req.send(), ["ERR_NOT_SENDABLE", "argument 2 is a function"]);
  deepEqual(((await req.node()) as string[])[0], "ERR_ARGUMENT");
  deepEqual(((await req.address()) as string[])[0], "ERR_ARGUMENT");
});

test("a node without cluster loads nothing of its inside: only clusterd imports that, when it begins", () => {
  const dist = new URL(".", PACKAGE);
  const files = readdirSync(dist, { recursive: true }) as string[];
  const texts = files
    .filter((name) => name.endsWith(".js") && !name.startsWith("cluster"))
    .map((name) => [name, readFileSync(new URL(name, dist), "utf8")] as const);
  const imports = (kind: RegExp): string[] =>
    texts.filter(([, text]) => kind.test(text)).map(([name]) => name);
  deepEqual(imports(/^(?:import|export)[^;]*["'][^"']*cluster\/cluster\.js["']/m), []);
  deepEqual(imports(/import\(["'][^"']*cluster\/cluster\.js["']\)/), [
    join("library", "library.js"),
  ]);
});
