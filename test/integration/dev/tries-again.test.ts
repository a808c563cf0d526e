/** `snax dev`: what one save could not do goes in with the one that brings what it lacked; and what is said of that. */

import { doesNotMatch, equal, match } from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { project } from "./project.ts";

const MAIN = `import { skynet, snax } from "snax";
skynet.start(async () => {
  const [left, right] = [await snax.newservice<any>("left"), await snax.newservice<any>("right")];
  let last = "";
  const look = async () => {
    const line = "they say " + (await left.req.look()) + " " + (await right.req.look()) + ".";
    if (line !== last) skynet.error(line);
    last = line;
    setTimeout(look, 10);
  };
  void look();
});`;

const RIGHT = `import { one } from "./lib/names.ts"; export const response = { look() { return one; } };`;

/** A program of two services, one of which imports a name of a module. */
const FILES = {
  "services/main.ts": MAIN,
  "services/left.ts": "export const response = { look() { return 0; } };",
  "services/right.ts": RIGHT,
  "services/lib/names.ts": "export const one = 1;",
};

test("a name that another service's module gets later is found, directly and by way of a new module", async (t) => {
  for (const way of ["./lib/names.ts", "./lib/middle.ts"]) {
    const node = await project(t, FILES);
    await node.next("they say 0 1.");
    if (way.includes("middle")) {
      node.save("services/lib/middle.ts", `export { two } from "./names.ts";`);
      await node.next("services/lib/middle.ts: no service runs it");
    }
    const text = `import { two } from "${way}"; export const response = { look() { return two; } };`;
    node.save("services/left.ts", text);
    await node.next("not done all left run on with their old code");
    // A save that has nothing to do with it says nothing of it again.
    node.save("services/right.ts", RIGHT.replace("one; }", "one * 10; }"));
    await node.next("they say 0 10.");
    node.save("services/lib/names.ts", "export const one = 1; export const two = 2;");
    await node.next("they say 2 10.");
    equal(node.said().match(/not done/g)?.length, 1, way);
  }
});

test("each statement has one note, what did not go in has none, and a line by itself is not moved to the right", async (t) => {
  const node = await project(t, FILES);
  await node.next("they say 0 1.");
  rmSync(join(node.folder, "services/lib/names.ts"));
  match(await node.next("is gone"), /^services\/lib\/names\.ts is gone; what runs of it runs on$/);
  node.save("services/lib/names.ts", "export const one = 1;");
  await node.next("names.ts: no difference");
  node.save("services/main.ts", MAIN.replace("setTimeout(look, 10)", "setTimeout(look, 20)"));
  const note = await node.next("note services/main.ts:2 skynet.start");
  match(
    note,
    /: it does not run again, and what it has begun goes on; restart snax dev to have it$/,
  );
  node.save(
    "services/left.ts",
    `throw new Error("no"); export const response = { look() { return 0; } };`,
  );
  match(
    await node.next("services/left.ts:"),
    /^services\/left\.ts: throw new Error\("no"\); nothing is done, \d+ ms$/,
  );
  await node.next("note services/left.ts:1");
  node.save(
    "services/left.ts",
    `import { two } from "./lib/names.ts"; export const more = two; export const response = { look() { return 0; } };`,
  );
  await node.next("nothing is done");
  match(
    await node.next("  "),
    /^ {2}not done all left run on with their old code: .*; a service that is started now fails in the same way; the save that mends it tries again/,
  );
  doesNotMatch(node.said(), /note services\/main\.ts skynet/);
});
