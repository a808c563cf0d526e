/**
 * Records the messages that chosen services are handed into a file (`logon`).
 *
 * While no service is recorded the kernel does not know of it. The file has skynet's format, one line a message:
 *
 *     :0000000b 10 57 516 1c4745540c61      source, type, session, hundredths of a second since the start, payload in hex
 *
 * The payload is lua-seri where the values can be written so, else the text that the console shows of them.
 */

import { closeSync, openSync, writeSync } from "node:fs";
import { inspect } from "node:util";
import { formatAddress } from "../../kernel/service.ts";
import type { Message } from "../../kernel/message.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import type { Service } from "../../kernel/service.ts";
import type { Context } from "../../service/context.ts";
import { describeError } from "../../service/error-text.ts";
import type { Runtime } from "../../service/runtime.ts";
import { encodeSeri } from "../../wire/lua-seri.ts";
import { outputPath } from "./output-file.ts";

/** The file of one service. */
interface Recording {
  readonly file: number;
  /** Ends the watch for the service's death. */
  readonly unwatch: (() => void) | undefined;
}

/** The recordings of a node. */
export class MessageRecorder {
  readonly #runtime: Runtime;
  readonly #recordings = new Map<number, Recording>();
  readonly #tap = (service: Service, message: Message): void => this.#see(service, message);

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /**
   * Begins to write a service's messages into a file; nothing happens if it is written already.
   *
   * @param by - who asked, by handle; the log says so.
   * @throws what the file system throws.
   */
  logOn({ handle }: Context, by: number): void {
    if (this.#recordings.has(handle)) return;
    const runtime = this.#runtime;
    const path = outputPath(runtime, `${formatAddress(handle).slice(1)}.log`);
    const file = openSync(path, "a");
    writeSync(file, `open time: ${this.#now()} ${ctime(runtime.clock.wall())}\n`);
    const unwatch = runtime.kernel.watch(
      handle,
      () => this.#close(handle),
      `its messages are written down: \`logoff ${formatAddress(handle)}\` first`,
    );
    this.#recordings.set(handle, { file, unwatch });
    runtime.tap.add(this.#tap);
    runtime.log(by, `Open log file ${path}`);
  }

  /** Ends that; nothing happens if the service is not written. */
  logOff(handle: number, by: number): void {
    if (!this.#recordings.has(handle)) return;
    this.#runtime.log(by, `Close log file ${formatAddress(handle)}`);
    this.#close(handle);
  }

  #close(handle: number): void {
    const recording = this.#recordings.get(handle);
    if (recording === undefined) return;
    this.#recordings.delete(handle);
    if (this.#recordings.size === 0) this.#runtime.tap.remove(this.#tap);
    recording.unwatch?.();
    try {
      writeSync(recording.file, `close time: ${this.#now()}\n`);
    } catch {
      // A disk that is full: the log has said so at the first line that was lost.
    }
    closeSync(recording.file);
  }

  #see({ handle }: Service, message: Message): void {
    const recording = this.#recordings.get(handle);
    // What the runtime itself does inside a service is no message of a service.
    if (recording === undefined || message.type === PTYPE.system) return;
    try {
      writeSync(recording.file, `${formatMessage(message, this.#now())}\n`);
    } catch (error) {
      this.#runtime.log(handle, `message log : ${describeError(error)}`);
      this.#close(handle);
    }
  }

  /** Hundredths of a second since the node began, as skynet counts. */
  #now(): number {
    return Math.floor(this.#runtime.sinceStartMs / 10);
  }
}

function formatMessage({ source, type, session, payload }: Message, now: number): string {
  const isTimer = type === PTYPE.timer;
  const head = `${formatAddress(source)} ${isTimer ? PTYPE.response : type} ${session} ${now} `;
  return isTimer || type === PTYPE.error ? head : head + encode(type, payload).toString("hex");
}

function encode(type: number, payload: unknown): Buffer {
  const values: unknown[] = Array.isArray(payload) && type !== PTYPE.response ? payload : [payload];
  const [first] = values;
  if (first instanceof Uint8Array) return Buffer.from(first);
  if (type === PTYPE.text && typeof first === "string") return Buffer.from(first);
  try {
    return Buffer.from(encodeSeri(values));
  } catch {
    // lua-seri has no word for one of the values.
    return Buffer.from(inspect(values, { depth: 4, breakLength: Infinity }));
  }
}

/** The time as C's ctime writes it, without the line's end. */
function ctime(wall: number): string {
  const now = new Date(wall);
  const [day, month, , year] = now.toDateString().split(" ");
  const date = String(now.getDate()).padStart(2);
  return `${day} ${month} ${date} ${now.toTimeString().slice(0, 8)} ${year}`;
}
