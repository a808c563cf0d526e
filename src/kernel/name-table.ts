/**
 * Names of services, as in skynet: `.name` is known on this node only, any other name is global; first come, first served.
 *
 * A name dies with its service. What becomes of messages to a name that no service has is not decided here: see named-mail.ts.
 */

import { SnaxError } from "../base/error.ts";
import { faultOfCharacters, quoteName } from "../base/name-characters.ts";

/** Longest global name, as in skynet. */
export const GLOBAL_NAME_LENGTH_MAX = 15;

/** Longest local name, the point included, in bytes of UTF-8. */
export const LOCAL_NAME_BYTES_MAX = 112;

/** Says whether a name is meant for this node only. */
export function isLocalName(name: string): boolean {
  return name.startsWith(".");
}

/** Names and who has them; a node of several kernels hands in one that all of them share. */
export interface NameStore {
  /** Is told of each name that was given to a service, here or on another kernel; the kernel sets it. */
  onRegister: (name: string, handle: number) => void;
  /** Returns who has the name, or undefined. */
  get(name: string): number | undefined;
  /**
   * Gives a name to a service.
   *
   * @returns false if another living service has the name already; then nothing changes.
   * @throws {ERR_ARGUMENT} if the text can't be a name.
   */
  register(name: string, handle: number): boolean;
  /** Gives all names of a service to another living one, in one step. */
  move(from: number, to: number): void;
  /** Takes all names from a service that died. */
  release(handle: number): void;
}

/** The names of one kernel. */
export class NameTable implements NameStore {
  readonly #handles = new Map<string, number>();
  readonly #namesOf = new Map<number, string[]>();
  onRegister: (name: string, handle: number) => void = () => {};

  /** Returns who has the name, or undefined. */
  get(name: string): number | undefined {
    return this.#handles.get(name);
  }

  /** Returns the names of a service. */
  namesOf(handle: number): readonly string[] {
    return this.#namesOf.get(handle) ?? [];
  }

  /**
   * Gives a name to a service.
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
    this.onRegister(name, handle);
    return true;
  }

  /** Gives all names of a service to another living one, in one step. */
  move(from: number, to: number): void {
    const names = this.#namesOf.get(from);
    if (names === undefined) return;
    this.#namesOf.delete(from);
    for (const name of names) this.#handles.set(name, to);
    this.#namesOf.set(to, [...(this.#namesOf.get(to) ?? []), ...names]);
    for (const name of names) this.onRegister(name, to);
  }

  /** Takes all names from a service that died. */
  release(handle: number): void {
    for (const name of this.#namesOf.get(handle) ?? []) this.#handles.delete(name);
    this.#namesOf.delete(handle);
  }
}

/**
 * Checks that a text can be a name.
 *
 * @throws {ERR_ARGUMENT} if it can't.
 */
export function checkName(name: string): void {
  if (typeof name !== "string") {
    throw new SnaxError("ERR_ARGUMENT", `a name is a text, not ${typeof name}`);
  }
  const fault = faultOfCharacters(name);
  if (fault !== undefined) {
    throw new SnaxError("ERR_ARGUMENT", `${quoteName(name)} can't be a name: ${fault}`);
  }
  const isGood = isLocalName(name)
    ? name.length > 1 && isShort(name)
    : name.length > 0 &&
      name.length <= GLOBAL_NAME_LENGTH_MAX &&
      !name.startsWith(":") &&
      !/^\d+$/.test(name);
  if (!isGood) {
    throw new SnaxError(
      "ERR_ARGUMENT",
      `${quoteName(name)} can't be a name: use ".name" of up to ` +
        `${LOCAL_NAME_BYTES_MAX} bytes, or up to ` +
        `${GLOBAL_NAME_LENGTH_MAX} characters of any script that are no number and don't begin with ":"`,
    );
  }
}

function isShort(name: string): boolean {
  return name.length <= LOCAL_NAME_BYTES_MAX && Buffer.byteLength(name) <= LOCAL_NAME_BYTES_MAX;
}
