/** The last turn of a service that ends: what its handlers wait for fails, so that they can clear up. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isCollected } from "../../collector.ts";
import { codeOfFailure, ONE_THREAD, world } from "../../world.ts";

const DEAD = "ERR_SERVICE_DEAD";

/** Hears what is noted, and tells all of it when that number of notes has come. */
const SINK = `
  const heard: unknown[] = [];
  let wanted = Infinity;
  let tell: (heard: unknown[]) => void = () => {};
  const look = () => { if (heard.length >= wanted) tell(heard); };
  export const accept = { note(...what: unknown[]) { heard.push(what.length === 1 ? what[0] : what); look(); } };
  export const response = {
    silent: () => new Promise(() => {}),
    echo: (what: unknown) => what,
    heard: (count: number) => new Promise((resolve) => { wanted = count; tell = resolve; look(); }),
  };`;

/** Its handlers wait, each in another way, and clear up behind it. */
const WAITER = `
  import { promisify } from "node:util";
  import { skynet, snax } from "snax";
  let sink: any;
  const lock = skynet.queue();
  const later = promisify(setTimeout);
  const soon = promisify(setImmediate);
  const ways: Record<string, () => unknown> = {
    call: () => sink.req.silent(),
    deadline: () => skynet.within(100_000).call("NOBODY.ELSE", "lua"),
    name: () => skynet.call("NOBODY.HAS.IT", "lua"),
    sleep: () => skynet.sleep(100_000),
    named: () => skynet.sleep(100_000, "token"),
    wait: () => skynet.wait("nobody"),
    lock: () => lock(() => "never"),
    promised: () => later(100_000),
    woken: () => skynet.wait("woken"),
    yield: () => skynet.yield(),
    soon: () => soon(),
  };
  async function run(way: string) {
    try {
      await ways[way]!();
      sink.post.note(way, "went on");
    } catch (error: any) {
      sink.post.note(way, error.code);
      throw error;
    } finally {
      const codes = [];
      for (const again of [() => sink.req.echo(1), () => skynet.sleep(1), () => skynet.wait("x"), () => lock(() => 1)]) {
        try { await again(); codes.push("ok"); } catch (error: any) { codes.push(error.code); }
      }
      sink.post.note(way, ...codes);
    }
  }
  const begin = (into: any) => { sink = into; void lock(() => new Promise(() => {})); };
  export const response = {
    async fork(into: any, way: string) { begin(into); skynet.fork(() => run(way)); await skynet.sleep(0); },
    async timer(into: any, way: string) { begin(into); setTimeout(() => run(way), 1); await skynet.sleep(5); },
    handler(into: any, way: string) { begin(into); return run(way); },
    leave() { skynet.exit(); },
    /** Ends the service in the same turn in which the wait is over: what would have told of it never comes. */
    wakeAndLeave() { skynet.wakeup("woken"); skynet.exit(); },
    die: () => { skynet.kill(skynet.self()); },
  };
  export const accept = { post(into: any, way: string) { begin(into); return run(way); } };`;

const CLEARED = [DEAD, DEAD, DEAD, DEAD];

for (const way of ["call", "deadline", "name", "sleep", "named", "wait", "lock", "promised"]) {
  test(`a handler that waits clears up when its service ends: ${way}`, async (t) => {
    const { make, skynet, log } = await world(t, { sink: SINK, waiter: WAITER });
    const sink = await make("sink");
    const ends: Record<string, (service: any) => unknown> = {
      kill: ({ handle }) => skynet.kill(handle),
      exit: ({ req }) => codeOfFailure(req.leave()),
      own: ({ req }) => codeOfFailure(req.die()),
    };
    let count = 0;
    for (const end of Object.values(ends)) {
      for (const kind of ["fork", "timer", "post", "handler"]) {
        const service = await make("waiter");
        let ending: Promise<string> | undefined;
        if (kind === "post") service.post[kind]?.(sink, way);
        else if (kind === "handler") ending = codeOfFailure(service.req[kind]?.(sink, way) as any);
        else await service.req[kind]?.(sink, way);
        // Whatever was sent before has been handled when this comes back.
        if (ending !== undefined || kind === "post")
          await skynet.call(service.handle, "debug", "PING");
        await end(service);
        if (ending !== undefined) assert.equal(await ending, DEAD);
        count += 2;
      }
    }
    const heard = (await sink.req["heard"]?.(count)) as unknown[];
    const expected = Array.from({ length: count / 2 }, () => [
      [way, DEAD],
      [way, ...CLEARED],
    ]).flat();
    assert.deepEqual(heard, expected);
    const lines = (await log()).filter((line) => !/LAUNCH|KILL/.test(line));
    assert.deepEqual(
      lines.filter((line) => /error|ERR_|rejection/.test(line)),
      [],
    );
  });
}

for (const way of ["woken", "yield", "soon"]) {
  test(`a wait that was over and had not gone on fails too: ${way}`, async (t) => {
    const { make, skynet } = await world(t, { sink: SINK, waiter: WAITER });
    const [sink, service] = [await make("sink"), await make("waiter")];
    service.post["post"]?.(sink, way);
    if (way === "woken") {
      await skynet.call(service.handle, "debug", "PING");
      await codeOfFailure(service.req["wakeAndLeave"]?.() as any);
    } else await codeOfFailure(service.req["leave"]?.() as any);
    const heard = (await sink.req["heard"]?.(2)) as unknown[];
    // What was asked for first may have come first.
    if ((heard[0] as string[])[1] === "went on") assert.notEqual(way, "woken");
    else
      assert.deepEqual(heard, [
        [way, DEAD],
        [way, ...CLEARED],
      ]);
  });
}

test("what else goes wrong in a last turn is logged, and a promise that no code awaits is not", async (t) => {
  const files = {
    sink: SINK,
    waiter: `
      import { skynet } from "snax";
      export const accept = {
        async broken() { try { await skynet.sleep(100_000); } finally { (undefined as any).nothing; } },
        wrapped() { skynet.fork(async () => { try { await skynet.sleep(100_000); } catch { throw new Error("wrapped up"); } }); },
        forgotten(sink: any) { void sink.req.silent(); void skynet.sleep(100_000); void (async () => { await sink.req.silent(); })(); setTimeout(async () => { await sink.req.silent(); }, 0); },
      };
      export const response = { ready: () => skynet.sleep(5), leave() { skynet.exit(); } };`,
    last: `import { skynet } from "snax"; export const init = () => skynet.error("that was all"); export const response = {};`,
  };
  // On a thread of its own: here the test runner hears of every promise that no code awaits.
  const { make, log } = await world(t, files, { thread: 1 });
  const [sink, service] = [await make("sink"), await make("waiter")];
  for (const method of ["broken", "wrapped", "forgotten"]) service.post[method]?.(sink);
  await service.req["ready"]?.();
  assert.equal(await codeOfFailure(service.req["leave"]?.() as any), DEAD);
  // What the thread says next comes behind all that it had to say of this.
  await make("last");
  let all: string[] = [];
  while (!all.includes("that was all")) all = await log();
  const lines = all.filter((line) => /error|rejection/i.test(line));
  assert.equal(lines.length, 2, lines.join("\n"));
  assert.ok(lines.some((line) => line.includes("reading 'nothing'")));
  assert.ok(lines.some((line) => line.includes("wrapped up")));
});

test("a handler that tries again for ever in its last turn ends, and sends no more than its share", async (t) => {
  const { make, skynet } = await world(t, {
    sink: SINK,
    waiter: `
      import { skynet } from "snax";
      export const accept = {
        async stubborn(sink: any) { for (;;) { try { await skynet.sleep(100_000); } catch { sink.post.note("again"); } } },
        async flooding(sink: any) { try { await skynet.sleep(100_000); } finally { for (;;) sink.post.note("again"); } },
      };`,
  });
  for (const method of ["stubborn", "flooding"]) {
    const [sink, service] = [await make("sink"), await make("waiter")];
    service.post[method]?.(sink);
    await skynet.call(service.handle, "debug", "PING");
    skynet.kill(service.handle);
    const last = (await sink.req["echo"]?.("done")) as string;
    assert.equal(last, "done");
    const heard = (await sink.req["heard"]?.(400)) as unknown[];
    assert.ok(heard.length <= 1000, `${method}: ${heard.length}`);
  }
});

test("what the code of a dead service sends behind its last turn is refused", async (t) => {
  const { make, skynet } = await world(
    t,
    {
      sink: SINK,
      waiter: `
        import { skynet } from "snax";
        // Node's own, which outlives the service.
        const outside = () => new Promise((resolve) => globalThis.setImmediate(resolve));
        export const accept = {
          async wait(sink: any) {
            try { await skynet.sleep(100_000); }
            finally {
              sink.post.note("in time");
              await outside();
              try { sink.post.note("late"); (globalThis as any).lastTurnCode("sent"); } catch (error: any) { (globalThis as any).lastTurnCode(error.code); }
            }
          },
        };`,
    },
    ONE_THREAD,
  );
  const code = new Promise((resolve) => Reflect.set(globalThis, "lastTurnCode", resolve));
  t.after(() => Reflect.deleteProperty(globalThis, "lastTurnCode"));
  const [sink, service] = [await make("sink"), await make("waiter")];
  service.post["wait"]?.(sink);
  await skynet.call(service.handle, "debug", "PING");
  skynet.kill(service.handle);
  assert.equal(await code, DEAD);
  assert.deepEqual(await sink.req["heard"]?.(1), ["in time"]);
});

test("a service that was waited in is free behind its last turn", async (t) => {
  const { make, skynet } = await world(
    t,
    {
      sink: SINK,
      waiter: `
        import { skynet } from "snax";
        const large = { room: new Array(1000).fill(0) };
        export const accept = { async wait(sink: any) { try { await sink.req.silent(); } finally { large.room.pop(); } } };
        export const response = { give() { (globalThis as any).lastTurnReference = new WeakRef(large); } };`,
    },
    ONE_THREAD,
  );
  t.after(() => Reflect.deleteProperty(globalThis, "lastTurnReference"));
  const [sink, service] = [await make("sink"), await make("waiter")];
  service.post["wait"]?.(sink);
  await service.req["give"]?.();
  skynet.kill(service.handle);
  // The promise of a thread's last call is held until there is another.
  await sink.req["echo"]?.(1);
  const reference = Reflect.get(globalThis, "lastTurnReference") as WeakRef<object>;
  assert.ok(await isCollected(reference));
});
