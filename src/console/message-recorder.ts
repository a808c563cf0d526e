/**
 * Records the messages that chosen services are handed: into a file (`logon`), or as trace lines in the log (`trace`).
 *
 * While nobody is recorded the kernel does not know of it. The file has skynet's format, one line a message:
 *
 *     :0000000b 10 57 516 1c4745540c61      source, type, session, hundredths of a second since the start, payload in hex
 *
 * The payload is lua-seri where the values can be written so, else the text that the console shows of them.
 */

import { closeSync, openSync, writeSync } from "node:fs";
import { inspect } from "node:util";
import { formatAddress } from "../kernel/address.ts";
import type { Message } from "../kernel/message.ts";
import { PTYPE } from "../kernel/protocol.ts";
import type { Service } from "../kernel/service.ts";
import type { Context } from "../service/context.ts";
import { describeError } from "../service/error-text.ts";
import { logTrace } from "../service/information.ts";
import type { Runtime } from "../service/runtime.ts";
import { encodeSeri } from "../wire/lua-seri.ts";
import type { MessageTap } from "./message-tap.ts";
import { outputPath } from "./output-file.ts";

/** What is recorded of one service. */
interface Recording {
  /** Undefined while no file is open. */
  file: number | undefined;
  /** Types whose messages are traced. */
  readonly traced: Set<number>;
  /** Ends the watch for the service's death. */
  readonly unwatch: (() => void) | undefined;
}

/** The recordings of a node. */
export class MessageRecorder {
  readonly #runtime: Runtime;
  readonly #taps: MessageTap;
  readonly #recordings = new Map<number, Recording>();
  readonly #tap = (service: Service, message: Message): void => this.#see(service, message);

  constructor(runtime: Runtime, taps: MessageTap) {
    this.#runtime = runtime;
    this.#taps = taps;
  }

  /**
   * Begins to write a service's messages into a file; nothing happens if it is written already.
   *
   * @param by - who asked, by handle; the log says so.
   * @throws whatever the file system throws.
   */
  logOn({ handle }: Context, by: number): void {
    if (this.#recordings.get(handle)?.file !== undefined) return;
    const path = outputPath(this.#runtime, `${formatAddress(handle).slice(1)}.log`);
    const file = openSync(path, "a");
    writeSync(file, `open time: ${this.#now()} ${ctime(this.#runtime.clock.wall())}\n`);
    this.#recordingOf(handle).file = file;
    this.#runtime.log(by, `Open log file ${path}`);
  }

  /** Ends that; nothing happens if the service is not written. */
  logOff(handle: number, by: number): void {
    const recording = this.#recordings.get(handle);
    if (recording?.file === undefined) return;
    this.#runtime.log(by, `Close log file ${formatAddress(handle)}`);
    this.#close(handle, recording, recording.file);
  }

  /** Begins or ends to log a line for each message of a type that a service is handed. */
  trace({ handle }: Context, type: number, isOn: boolean): void {
    const recording = this.#recordingOf(handle);
    if (isOn) recording.traced.add(type);
    else recording.traced.delete(type);
    this.#release(handle, recording);
  }

  #recordingOf(handle: number): Recording {
    const { kernel } = this.#runtime;
    let recording = this.#recordings.get(handle);
    if (recording === undefined) {
      const unwatch = kernel.watch(handle, () => this.#forget(handle));
      recording = { file: undefined, traced: new Set(), unwatch };
      this.#recordings.set(handle, recording);
      this.#taps.add(this.#tap);
    }
    return recording;
  }

  /** Forgets a service of which nothing is recorded any more. */
  #release(handle: number, { file, traced, unwatch }: Recording): void {
    if (file !== undefined || traced.size > 0) return;
    unwatch?.();
    this.#recordings.delete(handle);
    if (this.#recordings.size === 0) this.#taps.remove(this.#tap);
  }

  #forget(handle: number): void {
    const recording = this.#recordings.get(handle);
    if (recording === undefined) return;
    recording.traced.clear();
    if (recording.file === undefined) this.#release(handle, recording);
    else this.#close(handle, recording, recording.file);
  }

  #close(handle: number, recording: Recording, file: number): void {
    recording.file = undefined;
    try {
      writeSync(file, `close time: ${this.#now()}\n`);
    } catch {
      // A disk that is full: the log has said so at the first line that was lost.
    }
    closeSync(file);
    this.#release(handle, recording);
  }

  #see(service: Service, message: Message): void {
    const recording = this.#recordings.get(service.handle);
    if (recording === undefined) return;
    const context = this.#runtime.contextOf(service.handle);
    if (context !== undefined && recording.traced.has(message.type)) logTrace(context, "request");
    // What the runtime itself does inside a service is no message of anybody's.
    if (recording.file === undefined || message.type === PTYPE.system) return;
    try {
      writeSync(recording.file, `${formatMessage(message, this.#now())}\n`);
    } catch (error) {
      this.#runtime.log(service.handle, `message log : ${describeError(error)}`);
      this.#close(service.handle, recording, recording.file);
    }
  }

  /** Hundredths of a second since the node began, as skynet counts. */
  #now(): number {
    const { clock, startedAt } = this.#runtime;
    return Math.floor((clock.now() - startedAt) / 10);
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
