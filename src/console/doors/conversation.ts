/**
 * A person at a terminal: a line editor with a history, which completes commands and addresses.
 *
 * The console at a node's own terminal and `snax console` both talk this way; they differ in where lines go, and in where the
 * words for completion come from.
 */

import { createInterface } from "node:readline";
import type { AsyncCompleter, Interface } from "node:readline";

/** Lines that the history keeps. */
const HISTORY_LENGTH = 500;

/** Words that completion offers. */
const OFFERED_MAX = 1000;

/** Lists the words that may be at a place: the commands for the first word of a line, addresses for any other. */
export type WordSource = (isFirst: boolean) => Promise<Iterable<string>>;

/**
 * Opens a line editor on standard input and standard output.
 *
 * @param words - what it completes; one that rejects offers nothing.
 */
export function openConversation(prompt: string, words: WordSource): Interface {
  return createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt,
    historySize: HISTORY_LENGTH,
    removeHistoryDuplicates: true,
    completer: completerFor(words),
  });
}

/** Completes the last word of a line, as `readline` asks for it. */
export function completerFor(words: WordSource): AsyncCompleter {
  return (line, done) => {
    const part = /\S*$/.exec(line)?.[0] ?? "";
    const isFirst = part.length === line.trimStart().length;
    words(isFirst).then(
      (found) => done(null, [offer(found, part, isFirst ? " " : ""), part]),
      () => done(null, [[], part]),
    );
  };
}

/** Says whether a person sits at standard input, and not a pipe. */
export function isTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true;
}

/** @param end - what follows a word that is complete. */
function offer(words: Iterable<string>, part: string, end: string): string[] {
  const offered: string[] = [];
  for (const word of words) {
    if (offered.length === OFFERED_MAX) break;
    if (word.startsWith(part)) offered.push(`${word}${end}`);
  }
  return offered;
}
