/**
 * The logger, `.logger`: writes the node's log, to stdout or to the file that the configuration names.
 *
 *     [:0000000a] words                              text on stdout, as skynet prints it
 *     21/11/26 10:00:00.00 [:0000000a] words         text in a file
 *     {"time":"2026-...","address":":0000000a","text":"words"}   with logformat "json"
 *
 * Lines of one turn are written together. What services print with `console.log` comes the same way, so that it stands in
 * order with the log, but plain. `REOPEN` opens the file anew (SIGHUP does it), `FLUSH` is answered when all is written.
 */

import { appendFileSync, closeSync, openSync, readSync, statSync } from "node:fs";
import { skynet, SnaxError } from "snax";
import { formatLogLine } from "../base/log-line.ts";

const path = skynet.getenv("logger");
const isJson = skynet.getenv("logformat") === "json";

let file = path === undefined ? -1 : openSync(path, "a");
let lines: string[] = [];

const LINE_FEED = 0x0a;

function format(source: number, text: string, isPlain: boolean): string {
  const entry = { address: skynet.address(source), text, isPlain };
  const isFile = file >= 0;
  const isTerminal = !isFile && process.stdout.isTTY;
  return formatLogLine(Date.now(), entry, { isJson, isFile, isTerminal });
}

function flush(): void {
  if (lines.length === 0) return;
  const chunk = lines.join("\n") + "\n";
  lines = [];
  if (file < 0) process.stdout.write(chunk);
  else writeToFile(chunk);
}

/** A disk that is full must not silence the node, nor fill its memory: stdout gets the log until REOPEN succeeds. */
function writeToFile(chunk: string): void {
  try {
    appendFileSync(file, chunk);
  } catch (error) {
    // Open, it would keep its room on the disk although it has been deleted.
    closeQuietly(file);
    file = -1;
    process.stdout.write(`the log file ${path} can't be written: ${String(error)}\n${chunk}`);
  }
}

function reopen(): void {
  if (path === undefined) return;
  flush();
  const before = file;
  file = openSync(path, "a");
  if (before >= 0) closeQuietly(before);
  else endTornLine();
}

function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // A disk that fails says so here, too; the descriptor is gone in any case.
  }
}

/** What was being written when the disk was full may have stopped in the middle of a line. */
function endTornLine(): void {
  if (path !== undefined && lastByte(path) !== LINE_FEED) writeToFile("\n");
}

/** The last byte of a file; a line feed if it is empty, or nobody may read it. */
function lastByte(name: string): number | undefined {
  try {
    const { size } = statSync(name);
    if (size === 0) return LINE_FEED;
    const last = Buffer.alloc(1);
    const reader = openSync(name, "r");
    readSync(reader, last, 0, 1, size - 1);
    closeSync(reader);
    return last[0];
  } catch {
    return LINE_FEED;
  }
}

skynet.start(() => {
  skynet.dispatch("text", (_session, source, text: string, isPlain?: boolean) => {
    if (lines.length === 0) skynet.timeout(0, flush);
    lines.push(format(source, text, isPlain === true));
  });
  skynet.dispatch("lua", (_session, _source, name: string) => {
    if (name === "REOPEN") reopen();
    else if (name === "FLUSH") flush();
    else {
      throw new SnaxError(
        "ERR_NO_METHOD",
        `the logger has no command ${String(name).slice(0, 80)}`,
      );
    }
  });
  skynet.register(".logger");
});
