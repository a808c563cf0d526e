/** `startTest` of snax/testing: fakes, virtual time, the log, and that nothing is left. */

import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { startTest } from "snax/testing";
import { codeOfFailure, writeFiles } from "../../world.ts";

const FILES = {
  clock: `
    import { skynet } from "snax";
    let beats = 0;
    export function init(ms: number) { setInterval(() => { beats += 1; }, ms); }
    export const response = {
      beats: () => beats,
      times: () => [skynet.now(), skynet.time()],
      async nap(ms: number) { await skynet.sleep(ms); return "awake"; },
      async chain(n: number) { for (let i = 0; i < n; i += 1) await skynet.sleep(10); return n; },
    };
    export async function exit() { await skynet.sleep(5); skynet.error("gone"); }
  `,
  shop: `
    import { skynet, snax } from "snax";
    export const response = {
      async buy(what: string) {
        const bank = await snax.uniqueservice<any>("bank", "secret");
        const stock = await skynet.uniqueservice("stock");
        const left = await skynet.call(stock, "lua", "TAKE", what);
        bank.post.note(what);
        return [await bank.req.charge(10), left];
      },
    };
  `,
  bank: `export const response = { charge() { throw new Error("the true bank"); } };`,
  stock: `import { skynet } from "snax"; skynet.dispatch("lua", () => { throw new Error("the true stock"); });`,
  chatter: `
    import { snax } from "snax";
    export const accept = { talk() { snax.self<any>().post.talk(); } };
  `,
  words: `
    import { skynet } from "snax";
    console.log("printed");
    skynet.error("logged");
    export const accept = { late() { setTimeout(() => skynet.error("late"), 1); }, fail() { throw new Error("oops"); } };
  `,
};

test("objects stand in for services, snax ones and plain ones, and see the variables of the test", async (t) => {
  const services = `${writeFiles(t, FILES)}/?.ts`;
  const heard: unknown[] = [];
  const fakes = {
    bank: {
      init: (word: string) => void heard.push(word),
      response: { charge: (n: number) => `charged ${n}` },
      accept: { note: (what: string) => void heard.push(what) },
      exit: () => void heard.push("exit"),
    },
    stock: { lua: (command: string, what: string) => `${command} ${what}` },
  };
  const node = await startTest({ services, fakes }, t);
  const shop = await node.snax.newservice<any>("shop");
  deepEqual(await shop.req.buy("pears"), ["charged 10", "TAKE pears"]);
  await node.stop();
  deepEqual(heard, ["secret", "pears", "exit"]);
});

test("a folder of fakes is looked at before the program's services", async (t) => {
  const services = `${writeFiles(t, FILES)}/?.ts`;
  const fakes = `${writeFiles(t, { bank: "export const response = { charge: () => 1 };" })}/?.ts`;
  const { snax } = await startTest({ services, fakes }, t);
  equal(await (await snax.newservice<any>("bank")).req.charge(), 1);
  const stock = await snax.newservice<any>("clock", 1000);
  equal(await stock.req.beats(), 0);
});

test("virtual time stands still until the test moves it, and fires what is due in order", async (t) => {
  const services = `${writeFiles(t, FILES)}/?.ts`;
  const date = new Date("2030-01-01T00:00:00Z");
  const { snax, skynet, advance } = await startTest({ services, time: "virtual", date }, t);
  const clock = await snax.newservice<any>("clock", 100);
  await advance(99);
  equal(await clock.req.beats(), 0);
  await advance(1);
  equal(await clock.req.beats(), 1);
  await advance(3_600_000);
  equal(await clock.req.beats(), 36_001);
  const nap = clock.req.nap(50) as Promise<string>;
  const chain = clock.req.chain(100) as Promise<number>;
  const late = codeOfFailure(
    snax
      .within(30)
      .newservice<any>("clock", 1)
      .then(() => skynet.sleep(1)),
  );
  await advance(1000);
  deepEqual(await Promise.all([nap, chain]), ["awake", 100]);
  match(await late, /resolved/);
  const [now, time] = (await clock.req.times()) as [number, number];
  equal(now, 3_601_100);
  equal(time, date.getTime() / 1000 + 3601.1);
});

test("a deadline of virtual time passes when the test moves it", async (t) => {
  const services = `${writeFiles(t, FILES)}/?.ts`;
  const { snax, advance } = await startTest({ services, time: "virtual" }, t);
  const clock = await snax.newservice<any>("clock", 1000);
  const outcome = codeOfFailure(snax.within(500).bind<any>(clock.handle, "clock").req.nap(600));
  await advance(500);
  equal(await outcome, "ERR_TIMEOUT");
});

test("a node whose time stood still stops as others do, whenever that is", async (t) => {
  const services = `${writeFiles(t, FILES)}/?.ts`;
  // Node's timers fire a little early now and then; an alarm that is lost by that would hang the stop.
  for (let round = 0; round < 20; round += 1) {
    const node = await startTest({ services, time: "virtual" });
    await node.snax.newservice("clock", 1 + (round % 3));
    await node.stop();
    deepEqual(node.cutOff, []);
  }
});

test("the exit of a service may wait for time that does not move any more", async (t) => {
  const services = `${writeFiles(t, FILES)}/?.ts`;
  const node = await startTest({ services, time: "virtual" });
  await node.snax.newservice("clock", 1000);
  await node.stop();
  deepEqual(node.cutOff, []);
  equal(node.log.filter(({ text }) => text === "gone").length, 1);
});

test("services that never rest make advance fail instead of hanging", async (t) => {
  const services = `${writeFiles(t, FILES)}/?.ts`;
  const { snax, advance } = await startTest({ services, time: "virtual" }, t);
  const chatter = await snax.newservice<any>("chatter");
  chatter.post.talk();
  equal(await codeOfFailure(advance(10)), "ERR_TIMEOUT");
});

test("the log is kept, with what programs print, and can be waited for", async (t) => {
  const services = `${writeFiles(t, FILES)}/?.ts`;
  const { snax, log, logged } = await startTest({ services }, t);
  const words = await snax.newservice<any>("words");
  deepEqual(
    log.map(({ text }) => text),
    ["LAUNCH snax words", "printed", "logged"],
  );
  equal(Number.parseInt(log[2]?.address.slice(1) ?? "", 16), words.handle);
  words.post.late();
  equal((await logged(/late/)).text, "late");
  words.post.fail();
  match((await logged(/oops/)).text, /^post words\.fail .* error : Error: oops/);
});

test("the log of worker threads is kept, too", async (t) => {
  const services = `${writeFiles(t, FILES)}/?.ts`;
  const { snax, logged } = await startTest({ services, config: { thread: 2 } }, t);
  await snax.newservice("words");
  equal((await logged(/^logged$/)).text, "logged");
});

test("what does not go together is refused, and a start that fails leaves nothing", async () => {
  const refuse = (options: object) => codeOfFailure(startTest(options));
  equal(await refuse({ time: "virtual", config: { thread: 1 } }), "ERR_ARGUMENT");
  equal(await refuse({ fakes: { bank: {} }, config: { thread: 1 } }), "ERR_ARGUMENT");
  equal(await refuse({ time: "soon" }), "ERR_ARGUMENT");
  equal(await refuse({ fakes: { "../x": {} } }), "ERR_NO_SERVICE");
  equal(await refuse({ config: { harbor: -1 } }), "ERR_CONFIG");
  const node = await startTest({ fakes: { bank: {} } });
  await rejects(node.advance(1), /only time: "virtual"/);
  await node.stop();
  const virtual = await startTest({ time: "virtual" });
  equal(await codeOfFailure(virtual.advance(-1)), "ERR_ARGUMENT");
  equal(await codeOfFailure(virtual.advance(Number.NaN)), "ERR_ARGUMENT");
  await virtual.stop();
  await virtual.stop();
  equal(existsSync("snax-fakes"), false);
});
