/**
 * NATS as the engine: keys are in a bucket of JetStream, broadcasts are plain messages.
 *
 * The packages `@nats-io/transport-node` and `@nats-io/kv` are the project's own, and are loaded when a node needs them. Nothing
 * here needs a server newer than 2.9: what goes with 2.11 (an event when a key expires) is not used.
 *
 * The client would keep what is sent while the server is away, and send it later. So nothing is given to it then: from the moment at which it
 * says that the connection is lost until the bucket was seen again, everything fails at once. What it holds back while a server stands still, claims, reads and
 * broadcasts, is bounded by ENGINE_UNSENT_MAX: of what was not answered in time it counts as long as the server has not shown that it has it.
 *
 * A server may lose what it held. The bucket has the wall clock of its beginning under a key; tokens are counted from there, so they go on
 * growing. Names in keys are escaped: NATS allows letters, digits and few signs.
 */

import { SnaxError } from "../../base/error.ts";
import { ENGINE_SILENCE_MS, ENGINE_TIMEOUT_MS } from "../../base/limits.ts";
import type {
  Driver,
  DriverEvents,
  DriverHost,
  DriverSelf,
  Entry,
  Footing,
  Watcher,
} from "./driver.ts";
import { Backlog, engineError, Questions, sizeOf, WatchView } from "./driver.ts";
import type { Nats, NatsBucket, NatsConnection, NatsEntry, NatsIterator } from "./nats-client.ts";
import { loadNats } from "./nats-client.ts";

/** The code of a compare-and-set that came too late. */
const WRONG_LAST_SEQUENCE = 10071;
/** Stands in each kind that is watched, so that a watch always begins with something. */
const MARK = "=";
/** Where the bucket says when it began. */
const BEGINNING = "meta.beginning";
/** Tokens of one millisecond: a bucket that begins anew counts from beyond those of the last one. */
const TOKENS_PER_MS = 1000;
const RECONNECT_MS = 250;
const PING_MS = ENGINE_SILENCE_MS / 2;

/** Makes the way to a NATS server. @param url - `nats://[user:password@]host:port[/name]`; the name keeps clusters apart. @throws {ERR_CONFIG} if the project lacks the client */
export function createNatsDriver(url: string, host: DriverHost): Driver {
  return new NatsDriver(url, host, loadNats());
}

interface Watch {
  readonly kind: string;
  readonly view: WatchView;
  readonly watcher: Watcher;
  isOver: boolean;
  iterator: NatsIterator<NatsEntry> | undefined;
}

class NatsDriver implements Driver {
  readonly #host: DriverHost;
  readonly #nats: Nats;
  readonly #server: string;
  readonly #login: object;
  readonly #name: string;
  readonly #watches = new Set<Watch>();
  readonly #questions: Questions;
  #self: DriverSelf = { node: "", incarnation: "" };
  #connection: NatsConnection | undefined = undefined;
  #bucket: NatsBucket | undefined = undefined;
  #openBucket: (() => Promise<NatsBucket>) | undefined = undefined;
  #events: DriverEvents | undefined = undefined;
  #base = 0;
  #isUp = false;
  /** Which time of being there this is. */
  #round = 0;
  /** How often the connection has come back. */
  #returns = 0;
  readonly #backlog = new Backlog();
  /** What takes out of it what the server may have by now. */
  #passing: (() => void)[] = [];
  #isFlushing = false;

  constructor(url: string, host: DriverHost, nats: Nats) {
    this.#nats = nats;
    const { hostname, port, username, password, pathname, protocol } = new URL(url);
    this.#host = host;
    this.#questions = new Questions(host);
    this.#server = `${protocol}//${hostname}:${port || 4222}`;
    const user = decodeURIComponent(username);
    const pass = decodeURIComponent(password);
    this.#login = user === "" ? {} : pass === "" ? { token: user } : { user, pass };
    this.#name = `snax${pathname === "" || pathname === "/" ? "" : `-${pathname.slice(1)}`}`;
  }

  async join(self: DriverSelf, events: DriverEvents): Promise<Footing> {
    const nats = this.#nats;
    this.#self = self;
    try {
      const connection = await nats.connect({
        ...{ servers: this.#server, ...this.#login, name: `snax ${self.node}`, noEcho: true },
        ...{ maxReconnectAttempts: -1, reconnectTimeWait: RECONNECT_MS, reconnectJitter: 100 },
        ...{ pingInterval: PING_MS, maxPingOut: 1, timeout: ENGINE_TIMEOUT_MS },
      });
      this.#connection = connection;
      this.#openBucket = () => nats.openBucket(connection, this.#name);
      void this.#follow(connection);
      this.#events = events;
      void this.#hear(connection);
      return await this.#stand();
    } catch (error) {
      // What is watched already is told when it is there.
      await this.#disconnect();
      throw error instanceof SnaxError ? error : engineError(whyOf(error), false, error);
    }
  }

  async leave(): Promise<void> {
    for (const watch of this.#watches) this.#end(watch);
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = this.#events = undefined;
    this.#lose("was left");
    await connection?.close().catch(() => undefined);
  }

  claim(key: string, value: string | undefined, over: number): Promise<number | undefined> {
    return this.#claim({ key, value, token: over }, false);
  }

  renew(entry: Entry): Promise<number | undefined> {
    return this.#claim(entry, true);
  }

  async #claim({ key, value, token: over }: Entry, isDue: boolean): Promise<number | undefined> {
    const name = encodeKey(key);
    const sequence = over === 0 ? 0 : over - this.#base;
    // Of a bucket that is no more.
    if (over !== 0 && sequence <= 0) return undefined;
    const taken = this.#take(sizeOf(key, value), isDue);
    return await this.#change(taken, async (bucket) => {
      if (value !== undefined) {
        return over === 0
          ? await bucket.create(name, value)
          : await bucket.update(name, value, sequence);
      }
      await bucket.delete(name, { previousSeq: sequence });
      return sequence;
    });
  }

  async read(key: string): Promise<Entry | undefined> {
    const found = await this.#ask(this.#take(sizeOf(key)), (bucket) => bucket.get(encodeKey(key)));
    if (found === null || found.operation !== "PUT") return undefined;
    return { key, value: found.string(), token: this.#base + found.revision };
  }

  watch(kind: string, watcher: Watcher): () => void {
    const watch: Watch = {
      ...{ kind, watcher, view: new WatchView(watcher), isOver: false, iterator: undefined },
    };
    this.#watches.add(watch);
    if (this.#isUp) void this.#run(watch);
    return () => this.#end(watch);
  }

  broadcast(topic: string, bytes: Uint8Array): void {
    const connection = this.#connection;
    if (!this.#isUp || connection === undefined) throw engineError("is away", false);
    const taken = this.#take(bytes.length);
    // The sender knows its own words by this: after a reconnect a server may send a node its own words.
    const from = Buffer.from(this.#self.incarnation, "hex");
    connection.publish(`${this.#name}.say.${escape(topic)}`, Buffer.concat([from, bytes]));
    this.#pass(taken);
  }

  /** Counts what is about to be given to the client. @throws {ERR_ENGINE_DOWN} */
  #take(bytes: number, isDue?: boolean): () => void {
    if (!this.#isUp) throw engineError("is away", false);
    return this.#backlog.take(bytes, isDue);
  }

  /** It is not answered: it is out when the server shows that it has it. */
  #pass(taken: () => void): void {
    const connection = this.#connection;
    this.#passing.push(taken);
    if (!this.#isFlushing && connection !== undefined) void this.#flush(connection);
  }

  /** Asks the server whether it has what was said until now. */
  async #flush(connection: NatsConnection): Promise<void> {
    const round = this.#round;
    this.#isFlushing = true;
    while (this.#passing.length > 0) {
      const passing = this.#passing.splice(0);
      const isDone = await connection.flush().then(
        () => true,
        () => false,
      );
      if (this.#round !== round) return;
      if (!isDone) break;
      for (const taken of passing) taken();
    }
    this.#isFlushing = false;
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (this.#connection !== connection) return;
      if (type === "disconnect" || type === "staleConnection") this.#lose("is away");
      if (type === "reconnect") void this.#return();
      if (type === "close") this.#lose("has closed the connection");
    }
  }

  /** The connection is there again; now the bucket. Tries until it is lost again. */
  async #return(): Promise<void> {
    this.#returns += 1;
    const returns = this.#returns;
    for (;;) {
      const footing = await this.#stand().catch(() => undefined);
      if (this.#returns !== returns || this.#connection === undefined) return;
      if (footing !== undefined) return this.#events?.onUp(footing);
      await new Promise<void>((resolve) => void this.#host.later(RECONNECT_MS, resolve));
    }
  }

  /** Finds the bucket, or makes it. */
  async #stand(): Promise<Footing> {
    const round = this.#round;
    const opening = this.#attempt(async () => {
      const bucket = await (this.#openBucket as () => Promise<NatsBucket>)();
      const now = Date.now() * TOKENS_PER_MS;
      await bucket.create(BEGINNING, String(now)).catch(ignoreLate);
      const own = `meta.${this.#self.incarnation}`;
      await bucket.put(own, "");
      const seen = await bucket.get(own);
      await bucket.purge(own);
      return { bucket, beginning: await bucket.get(BEGINNING), seen };
    });
    const { bucket, beginning, seen } = await opening;
    if (this.#round !== round) throw engineError("is away", false);
    this.#bucket = bucket;
    this.#base = Number(beginning?.string() ?? 0);
    this.#round += 1;
    this.#isUp = true;
    this.#clear();
    for (const watch of this.#watches) void this.#run(watch);
    // Both by the clock of the server.
    const ageMs = Number(seen?.created ?? 0) - Number(beginning?.created ?? 0);
    return { ageMs: Math.max(ageMs, 0) };
  }

  async #hear(connection: NatsConnection): Promise<void> {
    const prefix = `${this.#name}.say.`;
    for await (const { subject, data } of connection.subscribe(`${prefix}>`)) {
      if (this.#connection !== connection) return;
      const from = Buffer.from(data.subarray(0, 8)).toString("hex");
      if (from === this.#self.incarnation) continue;
      this.#events?.onHeard(unescape(subject.slice(prefix.length)), data.subarray(8));
    }
  }

  async #run(watch: Watch): Promise<void> {
    watch.iterator?.stop();
    const round = this.#round;
    const { kind, view } = watch;
    const isStale = (): boolean => watch.isOver || this.#round !== round || !this.#isUp;
    try {
      const mark = `${kind}.${MARK}`;
      await this.#ask(this.#take(mark.length), (bucket) =>
        bucket.create(mark, "").catch(ignoreLate),
      );
      const iterator = await this.#ask(this.#take(kind.length), (bucket) =>
        bucket.watch({ key: `${kind}.>` }),
      );
      if (isStale()) return iterator.stop();
      watch.iterator = iterator;
      let first: Entry[] | undefined = [];
      for await (const found of iterator) {
        if (isStale()) return iterator.stop();
        const entry = this.#entryOf(found);
        if (first === undefined) {
          if (entry !== undefined) view.take(entry);
          continue;
        }
        if (entry?.value !== undefined) first.push(entry);
        if (!found.isUpdate) continue;
        view.settle(first);
        first = undefined;
      }
    } catch {
      // As long as the engine is there the caller wants to know: below.
    }
    if (!isStale()) this.#host.later(RECONNECT_MS, () => isStale() || void this.#run(watch));
  }

  #entryOf(found: NatsEntry): Entry | undefined {
    if (found.key.endsWith(`.${MARK}`)) return undefined;
    const value = found.operation === "PUT" ? found.string() : undefined;
    return { key: decodeKey(found.key), value, token: this.#base + found.revision };
  }

  #end(watch: Watch): void {
    watch.isOver = true;
    watch.iterator?.stop();
    this.#watches.delete(watch);
  }

  #lose(why: string): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#round += 1;
    this.#clear();
    this.#questions.lose(why);
    this.#events?.onDown(`the engine ${why}`);
  }

  #clear(): void {
    this.#backlog.clear();
    this.#passing = [];
    this.#isFlushing = false;
  }

  async #change(
    taken: () => void,
    run: (bucket: NatsBucket) => Promise<number>,
  ): Promise<number | undefined> {
    const base = this.#base;
    try {
      return base + (await this.#ask(taken, run));
    } catch (error) {
      const { cause } = error as { cause?: { code?: unknown } };
      if (cause?.code === WRONG_LAST_SEQUENCE) return undefined;
      throw error;
    }
  }

  /** @param taken - takes the question out of the backlog. */
  #ask<T>(taken: () => void, run: (bucket: NatsBucket) => Promise<T>): Promise<T> {
    const bucket = this.#bucket as NatsBucket;
    return this.#attempt(() => {
      const answer = run(bucket);
      answer.then(taken, (error: unknown) => {
        // The client gives up, and what it has not written it keeps.
        if (isAnswer(error)) taken();
        else this.#pass(taken);
      });
      return answer;
    });
  }

  /** See {@link Questions.wait}. */
  #attempt<T>(run: () => Promise<T>): Promise<T> {
    return this.#questions.wait((answer, fail) => {
      run().then(answer, (error: unknown) => fail(whyOf(error), error));
    });
  }
}

function whyOf(error: unknown): string {
  return `says: ${error instanceof Error ? error.message : String(error)}`;
}

/** Says whether an error is what the server has answered. */
function isAnswer(error: unknown): boolean {
  return (error as { code?: unknown }).code === WRONG_LAST_SEQUENCE;
}

/** Another node has made it: that is as good. */
function ignoreLate(error: unknown): void {
  if ((error as { code?: unknown }).code !== WRONG_LAST_SEQUENCE) throw error;
}

/** Makes a text one token of a subject. */
function escape(text: string): string {
  const signs = /[^A-Za-z0-9_-]/gu;
  return text.replace(signs, (sign) => Buffer.from(sign).toString("hex").replace(/../g, "=$&"));
}

function unescape(text: string): string {
  return text.replace(/(?:=[0-9a-f]{2})+/g, (codes) =>
    Buffer.from(codes.replaceAll("=", ""), "hex").toString(),
  );
}

function encodeKey(key: string): string {
  const at = key.indexOf("/");
  return `${escape(key.slice(0, at))}.${escape(key.slice(at + 1))}`;
}

function decodeKey(key: string): string {
  const at = key.indexOf(".");
  return `${unescape(key.slice(0, at))}/${unescape(key.slice(at + 1))}`;
}
