/**
 * The data center of the whole fleet, as the engine keeps it: what is under a first key is one entry.
 *
 *     data/<kind><key> = { values }     sealed as the patches of the fleet are (record.ts): the engine reads no value
 *
 * Reading asks the engine, writing is by compare-and-set: so every node sees the value that was set last, and no change is lost. While the engine is
 * away both fail at once with ERR_ENGINE_DOWN.
 */

import { SnaxError } from "../../base/error.ts";
import { DATACENTER_ENTRY_MAX, DATACENTER_KEY_MAX } from "../../base/limits.ts";
import type { Membership } from "../engine/membership.ts";
import { packValues, unpackValues } from "../wire/packed-values.ts";
import type { FleetSeal } from "./record.ts";

const KIND = "data";

/** What is under a first key. */
export interface DataEntry {
  /** Undefined if nothing does. */
  readonly value: unknown;
  /** What a change has to name; 0 = nothing is there. */
  readonly token: number;
}

/** The entries of the data center. */
export class FleetData {
  readonly #membership: Membership;
  readonly #seal: FleetSeal;

  constructor(membership: Membership, seal: FleetSeal) {
    this.#membership = membership;
    this.#seal = seal;
  }

  /** Reads an entry. @throws {ERR_ENGINE_DOWN} */
  async read(key: unknown): Promise<DataEntry> {
    const name = nameOf(key);
    const found = await this.#membership.options.driver.read(name);
    if (found?.value === undefined) return { value: undefined, token: 0 };
    const body = this.#seal.open(name, found.value) as { values?: unknown } | undefined;
    if (typeof body?.values === "string") {
      return { value: unpackValues(body.values)[0], token: found.token };
    }
    const why = "another version has written it, or another token has sealed it";
    throw new SnaxError("ERR_MALFORMED", `${shown(key)} of the data center can't be read: ${why}`);
  }

  /**
   * Puts a value where another one was, or takes it away.
   *
   * @param over - the token of what was there.
   * @returns the new token; undefined if something else is there by now.
   * @throws {ERR_ENGINE_DOWN}; `data.sent` is true if it may have been done. {ERR_NOT_SENDABLE} if the value can't be sent, or all that is under the first
   * key takes more than DATACENTER_ENTRY_MAX.
   */
  async replace(key: unknown, value: unknown, over: number): Promise<number | undefined> {
    const name = nameOf(key);
    const { driver } = this.#membership.options;
    if (value === undefined) return await driver.claim(name, undefined, over);
    const sealed = this.#seal.seal(name, { values: packValues([value]) });
    if (sealed.length > DATACENTER_ENTRY_MAX) {
      const text = `what lies under ${shown(key)} of the data center takes ${sealed.length} bytes in the engine, more than DATACENTER_ENTRY_MAX (${DATACENTER_ENTRY_MAX})`;
      throw new SnaxError("ERR_NOT_SENDABLE", text);
    }
    return await driver.claim(name, sealed, over);
  }

  /** Tells which entries change, also those that are there already. */
  watch(onChange: (key: string | number | bigint | boolean) => void): () => void {
    return this.#membership.options.driver.watch(KIND, {
      onChange: ({ key, value }) => {
        const found = value === undefined ? undefined : keyOf(key);
        if (found !== undefined) onChange(found);
      },
      onSettled: () => {},
    });
  }
}

/** A key keeps its type: 1 and "1" are two. */
function nameOf(key: unknown): string {
  const text = String(key);
  if (Buffer.byteLength(text) > DATACENTER_KEY_MAX) {
    const why = `with an engine the first key has at most ${DATACENTER_KEY_MAX} bytes, DATACENTER_KEY_MAX`;
    throw new SnaxError("ERR_ARGUMENT", `datacenter: ${why}`);
  }
  return `${KIND}/${TYPES[typeof key as keyof typeof TYPES]}${text}`;
}

const TYPES = { string: "s", number: "n", bigint: "i", boolean: "b" } as const;

function keyOf(name: string): string | number | bigint | boolean | undefined {
  const text = name.slice(KIND.length + 2);
  switch (name[KIND.length + 1]) {
    case "s":
      return text;
    case "n":
      return Number(text);
    case "b":
      return text === "true";
    case "i":
      return /^-?\d+$/.test(text) ? BigInt(text) : undefined;
    default:
      return undefined;
  }
}

function shown(key: unknown): string {
  return JSON.stringify(String(key).slice(0, 80));
}
