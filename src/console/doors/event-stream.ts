/**
 * `GET /events`: what happens on the node, as server-sent events, until the client goes.
 *
 *     event: log                                          a line of the log, the fields of `logformat: "json"`
 *     data: {"time":"...","level":"warn",...}
 *
 *     event: dropped                                      that number of events did not fit
 *     data: {"count":312}
 *
 * Events are collected for EVENTS_FLUSH_MS and written at once. A client that reads slower than they come has at most
 * EVENTS_BUFFER_MAX bytes waiting; what comes then is dropped and counted. One that reads nothing for EVENTS_STALL_MS is closed. So
 * nothing that a client does holds the node or fills its memory.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import { SnaxError } from "../../base/error.ts";
import {
  EVENTS_BEAT_MS,
  EVENTS_BUFFER_MAX,
  EVENTS_CLIENTS_MAX,
  EVENTS_FLUSH_MS,
  EVENTS_STALL_MS,
} from "../../base/limits.ts";
import type { Level } from "../../base/log-level.ts";
import { isLevelName, LEVEL, LEVEL_NAMES } from "../../base/log-level.ts";
import { parseAddress } from "../../kernel/service.ts";
import type { EventKind, NodeEvent } from "../operator/event-hub.ts";
import { EVENT_KINDS } from "../operator/event-hub.ts";
import type { Client } from "./client.ts";

const HEAD = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  // nginx would collect what is small.
  "x-accel-buffering": "no",
  connection: "close",
};

/** Which events a client wants. */
interface Filter {
  readonly kinds: ReadonlySet<EventKind>;
  readonly level: Level;
  /** @defaultValue all services */
  readonly handle: number | undefined;
}

/** Says whether a request asks for events. */
export function isEvents({ url = "", method }: IncomingMessage): boolean {
  return method === "GET" && /^\/events(?:\?|$)/.test(url);
}

/**
 * Sends events until the client goes.
 *
 * @throws {ERR_ARGUMENT} if the query has a word that it does not know; {ERR_EXHAUSTED} if EVENTS_CLIENTS_MAX watch already.
 */
export function streamEvents(
  client: Client,
  { url = "" }: IncomingMessage,
  response: ServerResponse,
): void {
  const filter = readFilter(url.slice("/events?".length));
  const { events } = client.operator.thread;
  if (events.size >= EVENTS_CLIENTS_MAX) {
    throw new SnaxError("ERR_EXHAUSTED", `${EVENTS_CLIENTS_MAX} clients watch the events already`);
  }
  response.writeHead(200, HEAD);
  const stream = new EventStream(client, response, filter);
  const end = events.watch((event) => stream.take(event));
  // A client that has ended its side reads no events any more, though the connection could be written to.
  client.socket.once("end", () => response.destroy());
  response.once("close", () => {
    end();
    stream.end();
  });
}

class EventStream {
  readonly #client: Client;
  readonly #response: ServerResponse;
  readonly #filter: Filter;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #isFlushAwaited = false;
  #isOver = false;
  /** Since when the client has read nothing of what waits for it, by the clock. */
  #stalledAt: number | undefined;
  #unsentBytes = 0;

  constructor(client: Client, response: ServerResponse, filter: Filter) {
    this.#client = client;
    this.#response = response;
    this.#filter = filter;
    response.write("retry: 2000\n\n");
    this.#beat();
  }

  take({ kind, level, handle, text }: NodeEvent): void {
    const { kinds, level: least, handle: wanted } = this.#filter;
    if (!kinds.has(kind) || (level !== undefined && level < least)) return;
    if (wanted !== undefined && wanted !== handle) return;
    const bytes = Buffer.byteLength(text);
    if (this.#response.writableLength + this.#waitingBytes + bytes > EVENTS_BUFFER_MAX) {
      this.#dropped += 1;
    } else {
      this.#tellDropped();
      this.#waiting.push(text);
      this.#waitingBytes += bytes;
    }
    this.#flushLater();
  }

  end(): void {
    this.#isOver = true;
    this.#waiting = [];
  }

  /** The events before which others did not fit say so first. */
  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.#waiting.push(`event: dropped\ndata: {"count":${this.#dropped}}\n\n`);
    this.#dropped = 0;
  }

  #flushLater(): void {
    if (this.#isFlushAwaited) return;
    this.#isFlushAwaited = true;
    this.#later(EVENTS_FLUSH_MS, () => {
      this.#isFlushAwaited = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#response.writableLength === 0) this.#tellDropped();
    if (this.#waiting.length > 0) {
      this.#response.write(this.#waiting.join(""));
      this.#client.noteWrite();
      this.#waiting = [];
      this.#waitingBytes = 0;
    }
    // Nothing may happen any more that would bring it up.
    if (this.#dropped > 0) this.#flushLater();
  }

  /** Shows proxies, and the client, that the node lives; and finds out whether the client does. */
  #beat(): void {
    this.#later(EVENTS_BEAT_MS, () => {
      const { writableLength } = this.#response;
      const now = this.#client.operator.runtime.clock.now();
      if (writableLength === 0 || writableLength < this.#unsentBytes) this.#stalledAt = undefined;
      else this.#stalledAt ??= now;
      this.#unsentBytes = writableLength;
      if (this.#stalledAt !== undefined && now - this.#stalledAt >= EVENTS_STALL_MS) {
        this.#response.destroy();
        return;
      }
      if (writableLength < EVENTS_BUFFER_MAX) this.#response.write(": alive\n\n");
      this.#beat();
    });
  }

  #later(ms: number, run: () => void): void {
    const { runtime, context } = this.#client.operator;
    runtime.kernel.addTimer(context.service, ms, () => {
      if (!this.#isOver) run();
    });
  }
}

function readFilter(query: string): Filter {
  const words = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!["kind", "level", "service"].includes(name) || words.has(name)) {
      const shown = JSON.stringify(name.slice(0, 40));
      throw wrong(
        `${shown} is no word of the query, or is there twice: use kind, level and service`,
      );
    }
    words.set(name, value);
  }
  const level = words.get("level") ?? "debug";
  if (!isLevelName(level)) throw wrong(`level: use ${LEVEL_NAMES.join(", ")}`);
  const kinds = words.get("kind")?.split(",") ?? EVENT_KINDS;
  if (!kinds.every(isKind))
    throw wrong(`kind: use ${EVENT_KINDS.join(", ")}, with commas between them`);
  const service = words.get("service");
  const handle = service === undefined ? undefined : parseAddress(service);
  if (service !== undefined && handle === undefined)
    throw wrong("service: use an address, :0000000a");
  return { kinds: new Set(kinds), level: LEVEL[level], handle };
}

function isKind(word: string): word is EventKind {
  return (EVENT_KINDS as readonly string[]).includes(word);
}

function wrong(why: string): SnaxError {
  return new SnaxError("ERR_ARGUMENT", why);
}
