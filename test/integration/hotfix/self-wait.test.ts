/** A `hotfix()` or a `reload()` that asks for what would wait for it is told at once, and does not run into `hotfixtimeout`. */

import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";

import { addFiles, failureOf, world } from "../../world.ts";
import type { World } from "../../world.ts";

const TEXT = `
  let n = 0;
  function version() { return "old"; }
  export const response = { version() { return version(); } };`;

/** Longer than a test may take: what runs into it fails. */
const HOTFIXTIMEOUT = 100_000;

const NEW = `"function version() { return 'new'; }"`;

interface Place extends World {
  readonly shops: readonly any[];
  readonly versions: () => Promise<unknown[]>;
}

async function place(t: TestContext, thread: number): Promise<Place> {
  const files = { shop: TEXT, other: TEXT };
  const made = await world(t, files, { thread, hotfixtimeout: HOTFIXTIMEOUT });
  const { snax } = made;
  const shops = [await snax.newservice("shop"), await snax.newservice("shop")];
  const other = await snax.newservice("other");
  const versions = (): Promise<unknown[]> =>
    Promise.all([...shops, other].map((each: any) => each.req.version()));
  return { ...made, shops, versions };
}

/** A patch that asks for something, and says what it got. */
const asking = (what: string): string => `
  import { snax } from "snax";
  export async function hotfix() { await ${what}; }`;

const OWN = {
  "a patch of itself": `snax.hotfix(snax.self(), ${NEW})`,
  "a patch of its type": `snax.hotfixall("shop", ${NEW})`,
  "one for all or none": `snax.repair({ atomic: true }).hotfixall("shop", ${NEW})`,
  "several, its type among them": `snax.together([{ type: "other", patch: ${NEW} }, { type: "shop", patch: ${NEW} }])`,
  "a rollback": "snax.rollback(1)",
  "a reload of itself": "snax.reload(snax.self())",
  "a reload of its type": `snax.reload("shop")`,
  "a swap of its type": `snax.swap("shop", { stateless: true })`,
};

/** A file whose `reload()` asks for something. */
const reloading = (what: string): string => `
  import { skynet, snax } from "snax";
  ${TEXT}
  export async function reload() { await ${what}; }`;

for (const thread of [0, 2]) {
  for (const [name, what] of Object.entries(OWN)) {
    test(`${name} is refused to a hotfix(), thread: ${thread}`, async (t) => {
      const { snax, shops, versions } = await place(t, thread);
      await snax.hotfixall("shop", "function version() { return 'first'; }");
      const one = await failureOf(snax.hotfix(shops[0], asking(what)));
      equal(one.code, "ERR_PATCH_FAILED");
      match(one.message, /hotfix\(\) can't have .*ask for it afterwards/);
      const all = await snax.hotfixall("shop", asking(what));
      equal(all.failed.length, 2);
      match(all.failed[0]?.message ?? "", /ask for it afterwards/);
      const none = await failureOf(snax.repair({ atomic: true }).hotfixall("shop", asking(what)));
      match(none.message, /ask for it afterwards/);
      deepEqual(await versions(), ["first", "first", "old"]);
    });

    // A reload needs a file that has the patches.
    if (name === "a rollback") continue;
    test(`${name} is refused to a reload(), thread: ${thread}`, async (t) => {
      const { snax, shops, versions, folder } = await place(t, thread);
      addFiles(folder, { shop: reloading(what) });
      const one = await failureOf(snax.reload(shops[0]));
      equal(one.code, "ERR_RELOAD");
      match(one.message, /reload\(\) has thrown: reload\(\) can't have .*ask for it afterwards/);
      const all = await snax.reload("shop");
      deepEqual([all.reloaded.length, all.failed.length], [0, 2]);
      match(all.failed[0]?.message ?? "", /ask for it afterwards/);
      deepEqual(await versions(), ["old", "old", "old"]);
    });
  }

  test(`what a reload() asks for without waiting comes after it, thread: ${thread}`, async (t) => {
    const { snax, shops, versions, folder } = await place(t, thread);
    addFiles(folder, {
      shop: `import { snax } from "snax"; ${TEXT}
        export function reload() { void snax.hotfixall("shop", ${NEW}); }`,
    });
    await snax.reload(shops[0]);
    while ((await versions()).join() !== "new,new,old") await shops[0].req.version();
  });

  test(`other services and other types are patched by a hotfix(), thread: ${thread}`, async (t) => {
    const { snax, shops, versions } = await place(t, thread);
    await snax.hotfix(
      shops[0],
      {
        "shop.ts": `
        import { snax } from "snax";
        export async function hotfix(twin) {
          await snax.hotfix(twin, ${NEW});
          await snax.hotfixall("other", ${NEW});
        }`,
      },
      shops[1],
    );
    deepEqual(await versions(), ["old", "new", "new"]);
  });

  test(`a patch of all or none can't have another one inside, thread: ${thread}`, async (t) => {
    const { snax, versions } = await place(t, thread);
    const inner = `snax.repair({ atomic: true }).hotfixall("other", ${NEW})`;
    const error = await failureOf(snax.repair({ atomic: true }).hotfixall("shop", asking(inner)));
    match(error.message, /holds all services of the type until hotfix\(\) has ended/);
    deepEqual(await versions(), ["old", "old", "old"]);
  });

  test(`what a hotfix() asks for without waiting comes after it, thread: ${thread}`, async (t) => {
    const { snax, shops, versions } = await place(t, thread);
    await snax.hotfix(
      shops[0],
      `
      import { snax } from "snax";
      let asked: Promise<unknown> | undefined;
      function version() { return "mine"; }
      export const response = { asked() { return asked.then(() => true); } };
      export function hotfix() { asked = snax.hotfixall("shop", ${NEW}); }`,
    );
    equal(await shops[0].req.asked(), true);
    deepEqual(await versions(), ["new", "new", "old"]);
  });
}

test("a service can't ask for its own move, wherever it asks from", async (t) => {
  const ask = "await skynet.migrate(skynet.self(), { thread: 2 });";
  const say = `let said = ""; async function tell() { try { ${ask} said = "moved"; } catch (error: any) { said = error.code + " " + error.message; } }`;
  const shop = `import { skynet, snax } from "snax"; ${say}
    export const response = { async ask() { await tell(); return said; }, said() { return said; } };
    export const accept = { post() { void tell(); }, arm() { skynet.timeout(1, tell); } };`;
  const files = { shop, born: shop + "\nexport const init = tell;" };
  const { snax, skynet, folder } = await world(t, files, { thread: 2, hotfixtimeout: 100_000 });
  const why = /^ERR_MIGRATE it asks for that itself, .*: let another service ask$/;
  const one = await snax.at(1).newservice<any>("shop");
  const said = async (): Promise<string> => {
    let text = "";
    while (text === "") text = await one.req.said();
    return text;
  };
  match(await one.req.ask(), why);
  for (const way of ["post", "arm"]) {
    const other = await snax.at(1).newservice<any>("shop");
    other.post[way]();
    let text = "";
    while (text === "") text = await other.req.said();
    match(text, why);
  }
  match(await (await snax.at(1).newservice<any>("born")).req.said(), why);
  addFiles(folder, { shop: shop + "\nexport const reload = tell;" });
  await snax.reload(one);
  match(await said(), why);
  equal((await skynet.migrate(one.handle, { thread: 2 })).to, 2);
});
