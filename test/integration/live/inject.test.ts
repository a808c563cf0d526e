/** A script runs inside a live service, with its private variables in reach. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import { answering, plain, SIMPLEDB } from "./inject-world.ts";
import { codeOfFailure, world } from "../../world.ts";

test("skynet's classic example replaces a command of simpledb", async (t) => {
  const { inject, call } = await plain(t, SIMPLEDB);
  await call("SET", "hello", "world");
  const answer = await inject(`
    const command = _P.lua.command;
    const { db } = upvalues(command.GET);
    command.GET = (key) => { db.set(key, db.get(key) + "A"); return db.get(key); };
    print("inject success!!");
  `);
  deepEqual(answer, [true, "inject success!!"]);
  deepEqual([await call("GET", "hello"), await call("GET", "hello")], ["worldA", "worldAA"]);
});

test("the module's variables are in scope by name, to read and to write", async (t) => {
  const { inject, call } = await plain(t, answering(`let i = 1; const list = [1];`, `[i, list]`));
  deepEqual(await inject(`print(i); i = 41; i += 1; list.push(2);`), [true, "1"]);
  deepEqual(await call(), [42, [1, 2]]);
});

test("a constant of the module can be given another value", async (t) => {
  const { inject, call } = await plain(t, answering(`const limit = 3;`, `limit`));
  await inject(`limit = 30;`);
  equal(await call(), 30);
});

test("what the script declares is its own", async (t) => {
  const { inject, call } = await plain(t, answering(`let i = 1;`, `i`));
  deepEqual(await inject(`let i = 7; i += 1; let fresh = i; print(fresh);`), [true, "8"]);
  deepEqual(await inject(`print(typeof fresh, i);`), [true, "undefined\t1"]);
  equal(await call(), 1);
});

test("importers hear of a variable that the script assigns", async (t) => {
  const files = {
    "rate.ts": `import { rate } from "./main.ts"; export const now = () => rate;`,
  };
  const main = `import { now } from "./rate.ts"; ${answering(`export let rate = 1;`, `now()`)}`;
  const { inject, call } = await plain(t, main, files);
  const loops = `for (rate of [3, 4]) print(now()); for ({ rate } of [{ rate: 5 }]) { print(now()); } rate++; [rate] = [rate + 1];`;
  deepEqual(await inject(`rate = 2; print(now()); ${loops} print(now())`), [true, "2\n3\n4\n5\n7"]);
  equal(await call(), 7);
});

test("arguments come as copies, from the console as texts", async (t) => {
  const { inject } = await plain(t, answering("", "0"));
  const given = { list: [1] };
  const text = `args[0].list.push(2); print(args.length, args[0].list, args[1]);`;
  deepEqual(await inject(text, given, "two"), [true, "2\t[ 1, 2 ]\ttwo"]);
  deepEqual(given, { list: [1] });
});

test("print joins what it is given by tabs, a line for each call", async (t) => {
  const { inject } = await plain(t, answering("", "0"));
  const [, output] = await inject(
    `print(1, "two", [3], { four: 4 }, null, undefined, 5n); print();`,
  );
  equal(output, `1\ttwo\t[ 3 ]\t{ four: 4 }\tnull\tundefined\t5n\n`);
});

test("a script may await, and other messages are handled meanwhile", async (t) => {
  const { inject, call } = await plain(t, answering(`let i = 1;`, `(i += 1)`));
  const text = `const before = i; while (i < 3) await skynet.sleep(1); print(before, i);`;
  const running = inject(text);
  await call();
  await call();
  deepEqual(await running, [true, "1\t3"]);
});

test("up to its first await a script runs in one piece, before what waits in the mailbox", async (t) => {
  const { inject, call } = await plain(t, answering(`let i = 1;`, `(i += 1)`));
  const answers = Promise.all([inject(`i = 100;`), call()]);
  equal((await answers)[1], 101);
});

test("a script imports modules of the service, new modules, packages and the API", async (t) => {
  const files = {
    "lib.ts": `export let count = 1; export function bump() { count += 1; }`,
    "fresh.ts": `import { count } from "./lib.ts"; export const seen = count; export type Row = { id: number };`,
  };
  const main = `import { bump } from "./lib.ts"; ${answering("", "bump()")}`;
  const { inject } = await plain(t, main, files);
  const answer = await inject(`
    import { count, bump as more } from "./lib.ts";
    import type { Row } from "./fresh.ts";
    import { seen } from "./fresh.ts";
    import { join } from "node:path";
    import { skynet, upvalues as reach } from "snax";
    more();
    const row: Row = { id: count };
    print(seen, row.id, join("a", "b"), typeof skynet.sleep, reach(bump).count);
    const later = await import("./fresh.ts");
    print(later.seen);
  `);
  deepEqual(answer, [true, "1\t2\ta/b\tfunction\t2\n1"]);
});

test("types, enums and exports in front of declarations are understood", async (t) => {
  const { inject } = await plain(t, answering(`let i = 1;`, `i`));
  const text = `declare let i: number; enum Kind { A = 3 } export const x: Kind = Kind.A; export {}; print(x, i);`;
  deepEqual(await inject(text), [true, "3\t1"]);
});

test("timers and console of a script are the service's", async (t) => {
  const { inject, world: node } = await plain(t, answering("", "0"));
  await inject(`console.log("plain line"); await new Promise((done) => setTimeout(done, 1));`);
  ok((await node.log()).includes("plain line"));
});

test("what a function of the script prints after its end goes to the log", async (t) => {
  const { inject, call, world: node } = await plain(t, answering(`let say = () => 0;`, `say()`));
  deepEqual(await inject(`say = () => { print("late", 1); return 5; }; print("early")`), [
    true,
    "early",
  ]);
  equal(await call(), 5);
  ok((await node.log()).includes("late\t1"));
});

test("a function that the script hands on follows later patches", async (t) => {
  const main = answering(`let held = () => 0; function get() { return 1; }`, `held()`);
  const { inject, call, address, world: node } = await plain(t, main);
  await inject(`held = get;`);
  equal(await call(), 1);
  await node.snax.hotfix(address, `function get() { return 2; }`);
  equal(await call(), 2);
});

test("names that patches have added are in scope", async (t) => {
  const { inject, address, world: node } = await plain(t, answering("", "0"));
  await node.snax.hotfix(address, `let added = 5;`);
  deepEqual(await inject(`added += 1; print(added);`), [true, "6"]);
});

test("_P has the tables and functions of each protocol, also those behind functions, and of a snax service's methods", async (t) => {
  const main = `import { skynet } from "snax";
    const command = { GET: () => 1 }; const users = new Map();
    function run(name: "GET") { return find(name)(); } function find(name: "GET") { users.size; return command[name]; }
    skynet.register_protocol({ name: "custom", id: 100, dispatch: () => [users] });
    skynet.start(() => { skynet.dispatch("lua", (session, source, name: "GET") => run(name)); });`;
  const { inject } = await plain(t, main);
  deepEqual(
    await inject(`for (const name in _P) print(name, Object.keys(_P[name]).sort().join());`),
    [true, "custom\tusers\nlua\tcommand,find,run,users"],
  );
  const { make, skynet } = await world(t, {
    main: `const users = new Map(); export const response = { count() { return users.size; } };`,
  });
  const p = await make("main");
  deepEqual(
    await skynet.call(p.handle, "debug", "RUN", `print(Object.keys(_P.snax).join())`, "fix.ts"),
    [true, "users"],
  );
});

test("_P and _U hold the functions that handlers use, through functions of the service", async (t) => {
  const { inject } = await plain(
    t,
    `import { skynet } from "snax";
    import { far } from "./far.ts";
    const table = new Map([["k", 1]]);
    function get(key: string) { return find(key); }
    const find = (key: string) => table.get(key) ?? far();
    skynet.start(() => skynet.dispatch("lua", (_session, _source, key: string) => get(key)));`,
    { "far.ts": `let distance = 5; export function far() { return distance; }` },
  );
  const text = `const { get, find, far, table } = _P.lua;
    print(get("k"), find("none"), upvalues(far).distance, table.size, _U.get === get);`;
  deepEqual(await inject(text), [true, "1\t5\t5\t1\ttrue"]);
});

test("_U has all of them and the protocols", async (t) => {
  const { inject } = await plain(t, SIMPLEDB);
  const text = `print(_U.command === command, _U.proto.lua.name, typeof _U.proto.lua.dispatch);`;
  deepEqual(await inject(text), [true, "true\tlua\tfunction"]);
});

test("a script without a name and without arguments runs", async (t) => {
  const { world: node, address } = await plain(t, answering("", "0"));
  deepEqual(await node.skynet.call(address, "debug", "RUN", `print(args.length)`), [true, "0"]);
});

test("a script that ends its service fails with the service's death", async (t) => {
  const { inject } = await plain(t, answering("", "0"));
  equal(await codeOfFailure(inject(`skynet.exit();`)), "ERR_SERVICE_DEAD");
});

test("a script that waits fails with the death of its service", async (t) => {
  const { inject, world: node, address } = await plain(t, answering("", "0"));
  const running = codeOfFailure(inject(`await skynet.wait();`));
  await inject("");
  node.skynet.kill(address);
  match(await running, /ERR_SERVICE_DEAD/);
});

test("a function that the script assigns is called by its name from then on, held or not", async (t) => {
  const main = answering(
    `function f() { return "f"; } const g = () => "g"; function h() { return "h"; }
     const held = [f, g];`,
    `[f(), g(), h(), ...held.map((each) => each())]`,
  );
  const { inject, call } = await plain(t, main);
  await inject(`const old = f; f = () => old() + "+"; [g] = [() => "G"]; h = () => "H";`);
  deepEqual(await call(), ["f+", "G", "H", "f", "g"]);
  await inject(`for (f of [() => 1, () => 2]) { print(f()); } for (g of [() => 3]) print(g());`);
  deepEqual(await call(), [2, 3, "H", "f", "g"]);
});
