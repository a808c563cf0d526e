/**
 * A channel: requests and answers over one connection, which is made when it is needed.
 *
 *     request -> connected? -> written and filed in one step -> serve(): reads one answer after the other -> settled
 *
 * In order mode answers belong to requests in the order in which these were written; in session
 * mode they say themselves whose they are. When the connection ends all requests that wait get
 * ERR_CLOSED, and the next request connects again; what was not written yet is sent on the next
 * connection. In order mode an answer that does not come in time ends the connection, or every
 * later request would get the answer of the one before. skynet's socketchannel.lua is the model; it
 * knows no deadlines.
 */

import { codeOf, SnaxError } from "../base/error.ts";
import { CHANNEL_RETRY_SECONDS_MAX } from "../base/limits.ts";
import type {
  Channel,
  ChannelOptions,
  ChannelPlace,
  ChannelSocket,
  ReadAnswer,
  ReadSession,
} from "./channel-api.ts";
import type { Writable } from "./socket-api.ts";
import type { SocketApi } from "./socket-api.ts";

/** What a channel needs of its service. */
export interface ChannelHost {
  readonly socket: SocketApi;
  /**
   * Keeps a function of the program, which other code of the service may replace.
   *
   * @defaultValue it stays as it is
   */
  readonly keep?: <F extends Function>(title: string, run: F) => { readonly run: F; end(): void };
  /** Notes that the channel reads this socket, not code of the program. @defaultValue nothing */
  readonly own?: (id: number) => void;
  sleep(ms: number): Promise<unknown>;
  /** Runs something after that many milliseconds; returns what cancels it. */
  after(ms: number, run: () => void): () => void;
  log(text: string): void;
}

/** A function of the program. */
type Kept<F> = { readonly run: F; end(): void };

/** A request that waits for its answer. */
interface Asking {
  /** Reads it; undefined in session mode. */
  readonly read: ReadAnswer | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A request on its way, as its deadline sees it. */
interface Attempt {
  /** The deadline has passed: nothing is written for it any more. */
  isLate: boolean;
  /** What to do then; it waits for its answer. */
  giveUp: (why: string) => void;
}

/** An open connection, and the calls that wait for its answers. */
class Line {
  readonly id: number;
  readonly from: ChannelSocket;
  /** In order mode. */
  readonly queue: Asking[] = [];
  /** In session mode. */
  readonly sessions: Map<number | string, Asking> = new Map();
  /** Wakes the one who reads answers in order mode. */
  wake = (): void => {};
  isOpen = true;

  constructor(id: number, socket: SocketApi) {
    this.id = id;
    const orEnd = async <T>(read: Promise<T | undefined>): Promise<T> => {
      const value = await read;
      if (value === undefined) throw closedError();
      return value;
    };
    this.from = {
      read: (size) => orEnd(socket.read(id, size)),
      readline: (separator) => orEnd(socket.readline(id, separator)),
    };
  }
}

/** The channel of a service. */
export class ServiceChannel implements Channel {
  readonly #host: ChannelHost;
  readonly #options: ChannelOptions;
  readonly #response: Kept<ReadSession> | undefined;
  readonly #auth: Kept<(channel: Channel) => unknown> | undefined;
  readonly #overload: Kept<(isOverloaded: boolean) => unknown> | undefined;
  #place: ChannelPlace;
  #backup: readonly ChannelPlace[];
  #line: Line | undefined = undefined;
  /** The connection that is being made, its `auth` included. */
  #connecting: Promise<Line> | undefined = undefined;
  /** The connection on which `auth` runs: its requests do not wait for it. */
  #authenticating: Line | undefined = undefined;
  #isClosed = false;

  constructor(host: ChannelHost, options: ChannelOptions) {
    this.#host = host;
    this.#options = options;
    const keep = <F extends Function>(name: string, run: F | undefined): Kept<F> | undefined =>
      run && (host.keep?.(`${name} of a channel`, run) ?? { run, end: () => undefined });
    this.#response = keep("response", options.response);
    this.#auth = keep("auth", options.auth);
    this.#overload = keep("overload", options.overload);
    this.#place = { host: options.host, port: options.port };
    this.#backup = options.backup ?? [];
  }

  async request<T = unknown>(
    data: Writable | readonly Writable[],
    answer?: ReadAnswer<T> | number | string,
  ): Promise<T> {
    const isSession = this.#response !== undefined;
    if (answer !== undefined && (typeof answer === "function") === isSession) {
      const wanted = isSession ? "the session of its answer" : "a function that reads its answer";
      throw new SnaxError("ERR_ARGUMENT", `a request of this channel needs ${wanted}`);
    }
    const { deadlineMs = 0 } = this.#options;
    const attempt: Attempt = { isLate: false, giveUp: () => {} };
    const answered = this.#send(data, answer as ReadAnswer | number | string | undefined, attempt);
    return (await (deadlineMs > 0 ? this.#within(deadlineMs, attempt, answered) : answered)) as T;
  }

  async response<T = unknown>(answer: ReadAnswer<T>): Promise<T> {
    if (this.#response !== undefined || typeof answer !== "function") {
      throw new SnaxError("ERR_ARGUMENT", "only a channel in order mode can wait for a message");
    }
    const line = this.#ready() ?? (await this.#connect());
    return (await this.#await(line, answer)) as T;
  }

  async connect(once = false): Promise<void> {
    for (let seconds = 0; ; seconds = Math.min(seconds + 1, CHANNEL_RETRY_SECONDS_MAX)) {
      try {
        if (this.#ready() === undefined) await this.#connect();
        return;
      } catch (error) {
        if (once || this.#isClosed) throw error;
        this.#host.log(`socket: ${(error as Error).message}; next try in ${seconds} s`);
        await this.#host.sleep(seconds * 1000);
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
    for (const each of [this.#response, this.#auth, this.#overload]) each?.end();
  }

  changehost(host: string, port?: number): void {
    this.#place = port === undefined ? host : { host, port };
    this.#drop();
  }

  changebackup(backup: readonly ChannelPlace[]): void {
    this.#backup = backup;
  }

  #drop(): void {
    if (this.#line !== undefined) this.#lose(this.#line, closedError());
  }

  /** Fails a request when its deadline passes. */
  #within<T>(ms: number, attempt: Attempt, answered: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#host.after(ms, () => {
        attempt.isLate = true;
        reject(new SnaxError("ERR_TIMEOUT", `no answer within ${ms} ms`));
        attempt.giveUp(`an answer did not come within ${ms} ms`);
      });
      answered.finally(cancel).then(resolve, reject);
    });
  }

  /** Writes a request, and waits for its answer if it has one. */
  async #send(
    data: Writable | readonly Writable[],
    answer: ReadAnswer | number | string | undefined,
    attempt: Attempt,
  ): Promise<unknown> {
    // A connection may have ended by the time at which something is to be written; the next one
    // need not.
    for (let left = ATTEMPTS; left > 0; left -= 1) {
      const line = this.#ready() ?? (await this.#newLine(left));
      if (line === undefined) continue;
      if (attempt.isLate) return undefined;
      if (typeof answer !== "function" && answer !== undefined) requireFree(line, answer);
      if (this.#host.socket.write(line.id, data)) {
        return answer === undefined ? undefined : await this.#await(line, answer, attempt);
      }
      if (this.#line === line) this.#line = undefined;
    }
    throw closedError();
  }

  /** Connects; undefined if the connection has ended again and another attempt is left. */
  async #newLine(left: number): Promise<Line | undefined> {
    try {
      return await this.#connect();
    } catch (error) {
      if (left <= 1 || this.#isClosed || codeOf(error) !== "ERR_CLOSED") throw error;
      return undefined;
    }
  }

  /** The open connection; undefined if it has to be made or waited for. */
  #ready(): Line | undefined {
    if (this.#isClosed) throw new SnaxError("ERR_CLOSED", "the channel was closed");
    if (this.#connecting !== undefined) return this.#authenticating;
    const line = this.#line;
    // A reader of what came before its end can't be asked anything.
    return line?.isOpen === true && !this.#host.socket.disconnected(line.id) ? line : undefined;
  }

  #connect(): Promise<Line> {
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #open(): Promise<Line> {
    let failure: unknown;
    for (const place of [this.#place, ...this.#backup]) {
      try {
        return await this.#openAt(place);
      } catch (error) {
        failure ??= error;
      }
      if (this.#isClosed) break;
    }
    throw failure;
  }

  async #openAt(place: ChannelPlace): Promise<Line> {
    const { socket } = this.#host;
    const { host, port = this.#options.port } = typeof place === "string" ? { host: place } : place;
    const { tls } = this.#options;
    const auth = this.#auth;
    const overload = this.#overload;
    const id = await socket.open({ host, port, ...(tls === undefined ? {} : { tls }) });
    if (this.#isClosed) {
      socket.shutdown(id);
      void socket.close(id);
      throw closedError();
    }
    const line = new Line(id, socket);
    this.#line = line;
    this.#host.own?.(id);
    socket.onclose(id, () => this.#lose(line, closedError()));
    if (overload !== undefined) socket.warning(id, (_id, size) => overload.run(size > 0));
    void this.#serve(line).catch((error: unknown) => this.#lose(line, closedError(error)));
    if (auth === undefined) return line;
    this.#authenticating = line;
    try {
      await auth.run(this);
    } catch (error) {
      this.#lose(line, error);
      throw error;
    } finally {
      this.#authenticating = undefined;
    }
    if (!line.isOpen) throw closedError();
    return line;
  }

  #await(line: Line, answer: ReadAnswer | number | string, attempt?: Attempt): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!line.isOpen) throw closedError();
      if (typeof answer === "function") {
        line.queue.push({ read: answer, resolve, reject });
        line.wake();
        // It can't be told whose answer the next one is.
        if (attempt !== undefined) attempt.giveUp = (why) => this.#lose(line, closedError(why));
        return;
      }
      const asking = { read: undefined, resolve, reject };
      line.sessions.set(answer, asking);
      if (attempt !== undefined) attempt.giveUp = () => line.sessions.delete(answer);
    });
  }

  /** Reads answers as long as the connection lives. */
  async #serve(line: Line): Promise<void> {
    const response = this.#response;
    while (line.isOpen) {
      if (response === undefined) await this.#serveNext(line);
      else {
        const [session, isOk, data] = await response.run(line.from);
        const asking = line.sessions.get(session);
        line.sessions.delete(session);
        if (asking === undefined) this.#host.log(`socket: unknown session : ${session}`);
        else if (isOk) asking.resolve(data);
        else asking.reject(errorOf(data));
      }
    }
  }

  async #serveNext(line: Line): Promise<void> {
    const [asking] = line.queue;
    if (asking?.read === undefined) {
      await new Promise<void>((resolve) => {
        line.wake = resolve;
      });
      return;
    }
    let value: unknown;
    try {
      value = await asking.read(line.from);
    } catch (error) {
      asking.reject(error);
      throw error;
    }
    line.queue.shift();
    if (value instanceof Error) asking.reject(value);
    else asking.resolve(value);
  }

  /** The connection is of no use any more: callers that wait for an answer learn why. */
  #lose(line: Line, error: unknown): void {
    if (!line.isOpen) return;
    line.isOpen = false;
    if (this.#line === line) this.#line = undefined;
    const waiting = [...line.queue.splice(0), ...line.sessions.values()];
    line.sessions.clear();
    for (const asking of waiting) asking.reject(error);
    line.wake();
    this.#host.socket.shutdown(line.id);
    void this.#host.socket.close(line.id);
  }
}

/** How often a request that could not be written is tried. */
const ATTEMPTS = 2;

/** @throws {ERR_ARGUMENT} if a request waits for the session already. */
function requireFree({ sessions }: Line, session: number | string): void {
  if (!sessions.has(session)) return;
  throw new SnaxError("ERR_ARGUMENT", `another request waits for session ${session} already`);
}

/** @param reason - why it has ended: a text, or what a reader of answers threw. */
function closedError(reason?: unknown): SnaxError {
  if (codeOf(reason) === "ERR_CLOSED") return reason as SnaxError;
  const why = "the connection of the channel has ended";
  if (reason === undefined) return new SnaxError("ERR_CLOSED", why);
  if (typeof reason === "string") return new SnaxError("ERR_CLOSED", `${why}: ${reason}`);
  return new SnaxError("ERR_CLOSED", `${why}: an answer could not be read`, { cause: reason });
}

function errorOf(data: unknown): Error {
  if (data instanceof Error) return data;
  return new SnaxError("ERR_REMOTE", typeof data === "string" ? data : "the answer is an error");
}
