/**
 * Keeps out of the line door all that is no session in lines: a line of it must never run as a command.
 *
 * A browser can be made to send bytes to this machine: HTTP with any method that a page likes (`fetch(..., { method: "kill" })`),
 * the hello of TLS, the first message of TURN. Other programs send SSH, SOCKS, mail or Redis to a wrong port. All of them begin
 * with something that no operator types. So the first line decides: it is a command, and nothing but text. Without
 * that the connection ends, and what comes behind is never looked at.
 *
 * A head of HTTP, of any method and case, goes to the HTTP door instead, which has a guard of its own (browser-guard.ts).
 */

import { isUtf8 } from "node:buffer";
import { SnaxError } from "../../base/error.ts";
import { commandOf } from "../commands/shell.ts";

/** The end of a request line of HTTP, of any method. */
const HTTP_END = /\sHTTP\/\d[\d.]*\s*$/i;

/** The beginning of one without a version. */
const HTTP_OLD = /^(?:GET|POST) /;

/** What may still become a request line that is answered. */
const HTTP_BEGINNING = /^(?:G|GE|GET|P|PO|POS|POST|(?:GET|POST) .*)$/s;

/** The end of other heads: `INVITE sip:a SIP/2.0`, `DESCRIBE / RTSP/1.0`. */
const OTHER_HEAD = /\s[A-Z]+\/\d+\.\d+\s*$/;

/** Control characters of ASCII and Latin-1; a tab is a blank. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;

/** Says whether a line is the head of an HTTP request. */
export function isHttpHead(line: string): boolean {
  return HTTP_OLD.test(line) || HTTP_END.test(line);
}

/** Says whether what has come may become the head of an HTTP request. */
export function mayBecomeHttp(text: string): boolean {
  return HTTP_BEGINNING.test(text);
}

/**
 * Says why the first line of a connection can't be an operator's; undefined if it can.
 *
 * @param hasGreeted - an empty line came before, as people send it: then a word may be mistyped.
 */
export function refuseFirstLine(bytes: Buffer, hasGreeted: boolean): SnaxError | undefined {
  if (!isText(bytes)) return NO_TEXT;
  const line = bytes.toString("utf8");
  if (OTHER_HEAD.test(line)) return refusal("is the head of another protocol");
  if (hasGreeted || line.trim() === "" || isOfOperator(line)) return undefined;
  return refusal("begins with no command (help lists them)");
}

/** The same for a first line of which only the beginning has come. */
export function refuseBeginning(bytes: Buffer): SnaxError | undefined {
  return isText(bytes) ? undefined : NO_TEXT;
}

/** Says whether bytes are text without control characters; the last character and the end of the line may not be complete. */
export function isText(bytes: Buffer): boolean {
  if (CONTROL.test(bytes.toString("utf8").replace(/\r$/, ""))) return false;
  return isUtf8(bytes.subarray(0, lastCharacter(bytes)));
}

/** Says whether a line is one that only an operator sends: a command, or a token. */
export function isOfOperator(line: string): boolean {
  return commandOf(line) !== undefined || /^\s*auth(?:\s|$)/.test(line);
}

/** Where the last character begins, which may not be complete. */
function lastCharacter(bytes: Buffer): number {
  for (let at = bytes.length - 1; at >= Math.max(0, bytes.length - 4); at -= 1) {
    const byte = bytes[at] as number;
    if (byte >= 0xc0) return at;
    if (byte < 0x80) return at + 1;
  }
  return bytes.length;
}

function refusal(what: string): SnaxError {
  const why = `the first line of a connection must be a command, and this one ${what}`;
  return new SnaxError("ERR_MALFORMED", `${why}: nothing was run, the connection ends`);
}

const NO_TEXT = refusal("has bytes that are no text");
