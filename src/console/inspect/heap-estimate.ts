/**
 * How much memory a service holds, estimated: what its module variables reach, its code, its mailbox.
 *
 * V8 gives the services of a thread one heap and keeps no account of which service holds what. Large collections are judged by a
 * sample of their first elements. Not seen is what only a closure reaches (a variable inside a function). Nothing of the
 * service's own code runs: accessors and proxies are passed over.
 */

import { types } from "node:util";
import { mailboxLength } from "../../kernel/service.ts";
import type { ModuleInstance } from "../../loader/run/module-instance.ts";
import type { Context } from "../../service/context.ts";

/** Bytes of an idle service without variables (bench: memory). */
const SERVICE_BYTES = 1900;
/** Bytes of a function's closure with its share of the scope. */
const FUNCTION_BYTES = 100;
/** Bytes of a message or a call that waits, without what it carries. */
const MESSAGE_BYTES = 100;
/** Elements of a collection that are looked at. */
const SAMPLE_LENGTH = 50;
/** Objects that are looked at in all, and how deep. */
const OBJECTS_MAX = 2000;
const DEPTH_MAX = 12;

/** Estimates what a service holds, in bytes. */
export function estimateBytes({ code, service }: Context): number {
  const walk = new Walk();
  let bytes = SERVICE_BYTES;
  for (const module of code?.modules ?? []) {
    if (module === undefined) continue;
    bytes += module.image.data.functionCount * FUNCTION_BYTES;
    for (const value of variablesOf(module)) bytes += walk.measure(value, 0);
  }
  return bytes + MESSAGE_BYTES * (mailboxLength(service) + (service.calls?.size ?? 0));
}

function* variablesOf(module: ModuleInstance): Iterable<unknown> {
  for (const [name, { kind }] of module.image.data.names) {
    if (kind === "import" || kind === "function" || kind === "class") continue;
    try {
      yield module.read(name);
    } catch {
      // Not initialised yet: it holds nothing.
    }
  }
}

class Walk {
  readonly #seen = new Set<object>();

  measure(value: unknown, depth: number): number {
    if (typeof value === "string") return 16 + value.length;
    if (typeof value === "bigint") return 24;
    if (typeof value === "function") return FUNCTION_BYTES;
    if (typeof value !== "object" || value === null || this.#isBeyond(value, depth)) return 0;
    if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return 64 + value.byteLength;
    if (Array.isArray(value)) {
      const { length } = value;
      return 16 + 8 * length + this.#sample(value.slice(0, SAMPLE_LENGTH), length, depth);
    }
    if (types.isMap(value)) {
      const entries = Map.prototype.entries.call(value);
      return 48 + 48 * value.size + this.#sample(entries, value.size, depth);
    }
    if (types.isSet(value)) {
      return (
        48 + 32 * value.size + this.#sample(Set.prototype.values.call(value), value.size, depth)
      );
    }
    return this.#measureObject(value, depth);
  }

  #measureObject(value: object, depth: number): number {
    const keys = Object.keys(value);
    const values = keys
      .slice(0, SAMPLE_LENGTH)
      .map((key) => Object.getOwnPropertyDescriptor(value, key)?.value as unknown);
    return 24 + 8 * keys.length + this.#sample(values, keys.length, depth);
  }

  /** Measures the first elements and concludes from them what all of them weigh. */
  #sample(elements: Iterable<unknown>, count: number, depth: number): number {
    let taken = 0;
    let bytes = 0;
    for (const element of elements) {
      if (taken === SAMPLE_LENGTH) break;
      taken += 1;
      bytes += this.measure(element, depth + 1);
    }
    return taken === 0 ? 0 : (bytes * count) / taken;
  }

  #isBeyond(value: object, depth: number): boolean {
    const isBeyond =
      depth > DEPTH_MAX ||
      this.#seen.size >= OBJECTS_MAX ||
      this.#seen.has(value) ||
      types.isProxy(value);
    if (!isBeyond) this.#seen.add(value);
    return isBeyond;
  }
}
