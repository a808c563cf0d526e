/**
 * Handle -> service, for the services of one kernel, and the handing out of handles.
 *
 * Hot path (bench: call). A handle's low 24 bits index pages of 4096 places that come and go as needed: two array
 * reads per look-up, eight bytes per service, no hashing.
 */

import { SnaxError } from "../base/error.ts";
import { INDEX_MASK } from "./address.ts";
import type { Service } from "./service.ts";

const PAGE_BITS = 12;
const PAGE_MASK = (1 << PAGE_BITS) - 1;

interface Page {
  readonly places: (Service | undefined)[];
  used: number;
}

/** Where new handles come from; a node of several threads hands in one that all of them share. */
export interface HandleSource {
  /** Returns the next index, 1..0xffffff, beginning again after the last. */
  next(): number;
  /** Takes an index back: its service has died, or was never made. */
  free?(index: number): void;
}

/** A handle source for a node of one kernel. */
export function createHandleSource(first = 1): HandleSource {
  let index = first - 1;
  return {
    next: () => {
      index = index >= INDEX_MASK ? 1 : index + 1;
      return index;
    },
  };
}

/** Where the service with an index is: the number of its page, and its place there. */
export function placeOf(index: number): readonly [page: number, place: number] {
  return [index >>> PAGE_BITS, index & PAGE_MASK];
}

/** The living services of one kernel. */
export class ServiceTable {
  readonly #pages: (Page | undefined)[] = [];
  readonly #source: HandleSource;
  readonly #harborBits: number;
  /** How many services live. */
  size = 0;

  /** @param harbor - this node's id in a harbor network, 0..255. */
  constructor(source: HandleSource, harbor: number) {
    this.#source = source;
    this.#harborBits = (harbor << 24) >>> 0;
  }

  /** Returns the service under a handle, or undefined if none lives there. */
  get(handle: number): Service | undefined {
    const index = handle & INDEX_MASK;
    const service = this.#pages[index >>> PAGE_BITS]?.places[index & PAGE_MASK];
    return service !== undefined && service.handle === handle ? service : undefined;
  }

  /**
   * Hands out a handle that no living service has.
   *
   * @throws {ERR_EXHAUSTED} if all 16,777,215 are in use.
   */
  reserve(): number {
    if (this.size >= INDEX_MASK) {
      throw new SnaxError("ERR_EXHAUSTED", `${this.size} services live: no handle is free`);
    }
    for (;;) {
      const handle = (this.#harborBits | this.#source.next()) >>> 0;
      if (this.get(handle) === undefined) return handle;
    }
  }

  /** Gives back a handle that was reserved and is under no service. */
  giveBack(handle: number): void {
    this.#source.free?.(handle & INDEX_MASK);
  }

  /** Files a service under its handle. */
  add(service: Service): void {
    const index = service.handle & INDEX_MASK;
    const page = (this.#pages[index >>> PAGE_BITS] ??= { places: [], used: 0 });
    page.places[index & PAGE_MASK] = service;
    page.used += 1;
    this.size += 1;
  }

  /** Strikes a service out. */
  delete(service: Service): void {
    if (this.get(service.handle) !== service) return;
    const index = service.handle & INDEX_MASK;
    this.#source.free?.(index);
    const page = this.#pages[index >>> PAGE_BITS] as Page;
    page.places[index & PAGE_MASK] = undefined;
    page.used -= 1;
    this.size -= 1;
    if (page.used === 0) this.#pages[index >>> PAGE_BITS] = undefined;
  }

  /** How many pages there are; a page that holds no service is undefined. */
  get pageCount(): number {
    return this.#pages.length;
  }

  /** Returns the places of one page, up to 4096, for walks that rest between two pages. */
  page(number: number): readonly (Service | undefined)[] | undefined {
    return this.#pages[number]?.places;
  }

  /** All living services, by rising handle. A service that is added or deleted meanwhile may or may not be seen. */
  *[Symbol.iterator](): Generator<Service> {
    for (let number = 0; number < this.#pages.length; number += 1) {
      const places = this.#pages[number]?.places;
      if (places === undefined) continue;
      for (let place = 0; place < places.length; place += 1) {
        const service = places[place];
        if (service !== undefined) yield service;
      }
    }
  }
}
