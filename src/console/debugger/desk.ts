/**
 * The side of the debugger that lives on the thread being debugged: it stops at the service's next message, and answers
 * what the driver asks by expressions.
 *
 *     message -> stopHere(): `debugger` -> the driver, on another thread, is told -> steps into the handler
 *
 * Nothing here knows how the driver reaches the thread. Without a driver `debugger` does nothing.
 */

import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import type { Message } from "../../kernel/message.ts";
import { PTYPE } from "../../kernel/protocol.ts";
import { suggest } from "../../base/suggestion.ts";
import type { Context } from "../../service/context.ts";
import { protocolName, protocolNames } from "../../service/protocol-table.ts";
import type { MessageListener } from "../../service/message-tap.ts";
import type { ScriptPosition } from "../operator/script-place.ts";
import { sourceLineOf } from "../operator/script-place.ts";
import { stopHere } from "./stop.ts";

/** The global under which the driver finds the desk. */
export const DESK_NAME = "$snaxDebug";

/** Types of messages at which the debugger stops only if it is asked to. */
const QUIET: ReadonlySet<number> = new Set([
  PTYPE.system,
  PTYPE.response,
  PTYPE.error,
  PTYPE.timer,
  PTYPE.debug,
]);

/** Longest text of a value, in characters. */
const VALUE_LENGTH_MAX = 8192;

/** What the driver asks of the thread, through V8's evaluation of expressions. */
export interface DebugDesk {
  /** Tells the thread from others. */
  readonly token: string;
  /** Whether the code that runs is the service's. */
  isTarget(): boolean;
  /** Prints a value. */
  show(value: unknown): string;
  /** Tells a line of a script as people know it: `[file, line, its text]`. */
  place(url: string, at: ScriptPosition): readonly [file: string, line: number, text: string];
  /**
   * Says at which messages to stop: those of a protocol, or of every one that is not the runtime's own.
   *
   * @returns why not, if the service knows no such protocol; empty if it does.
   */
  watch(protocol: string | undefined): string;
  /** Stops at nothing any more. */
  watchNothing(): void;
}

/** Puts up the desk for a service; a thread has one at a time. @returns a function that takes it away. */
export function putUpDesk(context: Context, token: string): () => void {
  const { runtime, service } = context;
  const { tap } = runtime;
  let watched: string | undefined;
  const listener: MessageListener = (target, message) => {
    if (target === service && isWatched(context, message, watched)) stopHere();
  };
  const desk: DebugDesk = {
    token,
    isTarget: () => runtime.kernel.scheduler.current === service,
    show: showValue,
    place: (url, at) => placeIn(context, url, at),
    watch: (protocol) => {
      const why = protocol === undefined ? "" : refuseProtocol(context, protocol);
      if (why === "") watched = protocol;
      return why;
    },
    watchNothing: () => tap.remove(listener),
  };
  Reflect.defineProperty(globalThis, DESK_NAME, { value: desk, configurable: true });
  tap.add(listener);
  return () => {
    tap.remove(listener);
    Reflect.deleteProperty(globalThis, DESK_NAME);
  };
}

function isWatched(context: Context, { type }: Message, watched: string | undefined): boolean {
  if (watched === undefined) return !QUIET.has(type);
  return protocolName(context, type) === watched;
}

/** Says why no message of a protocol will ever come to a service. */
function refuseProtocol(context: Context, name: string): string {
  const known = protocolNames(context);
  if (known.has(name)) return "";
  return `no protocol ${name}${suggest(name, known)}: this service knows ${[...known].join(", ")}`;
}

function showValue(value: unknown): string {
  const text = inspect(value, { depth: 2, breakLength: 100 });
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX)}...` : text;
}

function placeIn(
  { code }: Context,
  url: string,
  at: ScriptPosition,
): readonly [string, number, string] {
  const path = url.startsWith("file:") ? fileURLToPath(url) : url;
  const image = code?.program.files.has(path) === true ? code.program.node(path)?.image : undefined;
  const { name = basename(path), line, text } = sourceLineOf(image, at);
  return [name, line, text];
}
