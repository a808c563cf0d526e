/**
 * Names of services, and the messages that wait for a name nobody has yet.
 *
 * As in skynet: `.name` is known on this node only, first come first served, and a message to an unknown one fails at
 * once; any other name is global, and a message to an unknown one waits until somebody registers it. A name
 * dies with its service.
 */

import { SnaxError } from "../base/error.ts";

/** Longest global name, as in skynet. */
export const GLOBAL_NAME_LENGTH_MAX = 15;

/** Most messages that may wait for one name. */
export const PENDING_PER_NAME_MAX = 65536;

/** Says whether a name is meant for this node only. */
export function isLocalName(name: string): boolean {
  return name.startsWith(".");
}

/** Names and who has them. */
export class NameTable {
  readonly #handles = new Map<string, number>();
  readonly #namesOf = new Map<number, string[]>();
  readonly #pending = new Map<string, (() => void)[]>();

  /** Returns who has the name, or undefined. */
  get(name: string): number | undefined {
    return this.#handles.get(name);
  }

  /** Returns the names of a service. */
  namesOf(handle: number): readonly string[] {
    return this.#namesOf.get(handle) ?? [];
  }

  /**
   * Gives a name to a service and sends off what waited for it.
   *
   * @returns false if another living service has the name already; then nothing changes.
   * @throws {ERR_ARGUMENT} if the text can't be a name.
   */
  register(name: string, handle: number): boolean {
    checkName(name);
    const holder = this.#handles.get(name);
    if (holder !== undefined) return holder === handle;
    this.#handles.set(name, handle);
    const names = this.#namesOf.get(handle);
    if (names === undefined) this.#namesOf.set(handle, [name]);
    else names.push(name);
    const waiting = this.#pending.get(name);
    this.#pending.delete(name);
    for (const send of waiting ?? []) send();
    return true;
  }

  /** Takes all names from a service that died. */
  release(handle: number): void {
    for (const name of this.#namesOf.get(handle) ?? []) this.#handles.delete(name);
    this.#namesOf.delete(handle);
  }

  /**
   * Keeps a message for the name until it is registered.
   *
   * @param send - sends the message; it looks the name up again.
   * @throws {ERR_MAILBOX_FULL} if PENDING_PER_NAME_MAX messages wait for the name already.
   */
  wait(name: string, send: () => void): void {
    checkName(name);
    const waiting = this.#pending.get(name);
    if (waiting === undefined) {
      this.#pending.set(name, [send]);
      return;
    }
    if (waiting.length >= PENDING_PER_NAME_MAX) {
      throw new SnaxError(
        "ERR_MAILBOX_FULL",
        `${waiting.length} messages wait for the name ${name}, which nobody has`,
      );
    }
    waiting.push(send);
  }
}

function checkName(name: string): void {
  const isGood = isLocalName(name)
    ? name.length > 1
    : name.length > 0 &&
      name.length <= GLOBAL_NAME_LENGTH_MAX &&
      !name.startsWith(":") &&
      !/^\d+$/.test(name);
  if (!isGood) {
    throw new SnaxError(
      "ERR_ARGUMENT",
      `${JSON.stringify(name)} can't be a name: use ".name", or up to ` +
        `${GLOBAL_NAME_LENGTH_MAX} characters that are no number and don't begin with ":"`,
    );
  }
}
