/** Objects that lie about themselves, between threads: as an argument, and as an answer. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { world } from "../../world.ts";

const LIAR = `
  const lies: Record<string, () => unknown> = {
    array: () => new Proxy([1, 2, 3], { get: (list: any, key) => key === "length" ? 1e9 : list[key] }),
    fraction: () => new Proxy([1, 2, 3], { get: (list: any, key) => key === "length" ? 2.5 : list[key] }),
    numbers: () => { const list = [1, 2, 3]; Object.defineProperty(list, 2, { get: () => list.push(4), enumerable: true }); return list; },
    bytes: () => Object.defineProperty(new Uint8Array(4), "length", { value: 1000 }),
    buffer: () => Object.defineProperty(Buffer.from("text"), "byteLength", { value: 1 }),
    memory: () => Object.defineProperty(new Uint8Array(4), "buffer", { value: {} }),
    flags: () => Object.defineProperty(/a/g, "flags", { value: "xyz" }),
    size: () => Object.defineProperty(new Map([[1, 2]]), "size", { value: 50 }),
  };`;

test("a lying object is sent as it is or refused, as an argument and as an answer, and nothing else is lost", async (t) => {
  const { snax } = await world(
    t,
    {
      liar: `
        import { snax } from "snax";
        ${LIAR}
        export const response = {
          names: () => Object.keys(lies),
          give: (name: string) => lies[name]!(),
          async send(to: any, name: string) {
            const before = to.req.echo("before");
            const outcome = await to.req.echo(lies[name]!()).then(() => "sent", (error: any) => error.code);
            return [await before, outcome, await to.req.echo("behind")];
          },
        };`,
      echo: `export const response = { echo: (value: unknown) => value };`,
    },
    { thread: 2 },
  );
  const liar = await snax.newservice<any>("liar");
  const echoes = [
    await snax.at(1).newservice<any>("echo"),
    await snax.at(2).newservice<any>("echo"),
  ];
  for (const name of (await liar.req.names()) as string[]) {
    for (const echo of echoes) {
      const [before, outcome, behind] = (await liar.req.send(echo, name)) as string[];
      assert.deepEqual([before, behind], ["before", "behind"], name);
      assert.ok(outcome === "sent" || outcome === "ERR_NOT_SENDABLE", `${name}: ${outcome}`);
    }
    const given = liar.req.give(name) as Promise<unknown>;
    const answer = await given.then(
      () => "sent",
      (error: { code: string }) => error.code,
    );
    assert.ok(answer === "sent" || answer === "ERR_NOT_SENDABLE", `${name}: ${answer}`);
  }
});
