/**
 * Messages to a global name that no service has yet; they wait until a service registers it, in the order in which they came.
 *
 * A request that has ended meanwhile, at its deadline or with its service, is taken out at once: a service that calls a
 * missing name again and again, with a deadline, must not fill the name's places with calls that are not awaited.
 */

import { ownArguments } from "../base/copy.ts";
import { SnaxError } from "../base/error.ts";
import type { Envelope } from "./message.ts";
import { checkName, isLocalName } from "./name-table.ts";
import { namelessError } from "./refusal.ts";
import type { OpenCall } from "./open-calls.ts";

/** Most messages that may wait for one name. */
export const PENDING_PER_NAME_MAX = 65536;

/** A message that waits for a name. */
export interface Letter {
  readonly name: string;
  /** The sender's handle. */
  readonly source: number;
  /** What it says; its values become copies that are bound to no receiver. */
  readonly envelope: Envelope;
  /** The call that the answer settles; undefined for a post. */
  readonly call: OpenCall | undefined;
}

/** All messages that wait for a name. */
export class NamedMail {
  /** Letters by name. A set keeps their order, and gives one up without a search. */
  readonly #waiting = new Map<string, Set<Letter>>();
  readonly #requests = new Map<OpenCall, Letter>();

  /**
   * Keeps a letter until its name is registered.
   *
   * @returns whether it is the only one that waits for the name.
   * @throws {ERR_NO_SERVICE} if the name is a local one: for those nothing waits.
   * @throws {ERR_ARGUMENT} if the text can't be a name.
   * @throws {ERR_NOT_SENDABLE} if a value can't be sent.
   * @throws {ERR_MAILBOX_FULL} if PENDING_PER_NAME_MAX messages wait for the name already.
   */
  keep(letter: Letter): boolean {
    const { name, envelope, call } = letter;
    if (isLocalName(name)) throw namelessError(name);
    checkName(name);
    ownArguments(envelope.values, undefined);
    let letters = this.#waiting.get(name);
    if (letters === undefined) this.#waiting.set(name, (letters = new Set()));
    if (letters.size >= PENDING_PER_NAME_MAX) {
      throw new SnaxError(
        "ERR_MAILBOX_FULL",
        `${letters.size} messages wait for the name ${name}, which no service has`,
      );
    }
    letters.add(letter);
    if (call !== undefined) this.#requests.set(call, letter);
    return letters.size === 1;
  }

  /** Takes out all that waits for a name, in order. */
  take(name: string): Iterable<Letter> {
    const letters = this.#waiting.get(name) ?? [];
    this.#waiting.delete(name);
    for (const { call } of letters) if (call !== undefined) this.#requests.delete(call);
    return letters;
  }

  /** Takes out the request of a call that has ended; nothing happens if none waits. */
  forget(call: OpenCall): void {
    const letter = this.#requests.get(call);
    if (letter === undefined) return;
    this.#requests.delete(call);
    const letters = this.#waiting.get(letter.name);
    letters?.delete(letter);
    if (letters?.size === 0) this.#waiting.delete(letter.name);
  }
}
