/**
 * Writes images that a thread has built to disk, later, one in each round of the event loop.
 *
 * By then services run, and V8 has compiled what they need first: its cached code has that in it.
 */

/* oxlint-disable no-restricted-globals -- files are written when the event loop comes round, whatever the kernel does */

import { keepImage } from "./image-store.ts";
import type { ImageSource } from "./image-store.ts";
import type { Image } from "../weave/image.ts";

/** How long after the last image the first one is written: a start is over by then. */
const DELAY_MS = 1000;

/** So often an image waits that long for its module to begin; other threads may be those that use it. */
const WAITS_MAX = 5;

interface Waiting {
  readonly source: ImageSource;
  readonly image: Image;
  /** Whether it is on disk: then it need not be written unless V8 has compiled something new. */
  readonly isFound: boolean;
  /** How often it has waited. */
  waits: number;
}

/** Images that wait to be written. */
export class ImageKeeper {
  /** By file: of two images of one text the newer one is written. */
  readonly #waiting = new Map<string, Waiting>();
  #timer: NodeJS.Timeout | undefined;

  /** Has an image written; a process that ends before that writes nothing. */
  add(source: ImageSource, image: Image): void {
    this.#enter({ source, image, isFound: false, waits: 0 });
  }

  /**
   * Has an image that is on disk written again if it turns out that V8's cached code of how its
   * module is entered is not in it: a thread that only compiles can't know that of a cycle.
   */
  addFound(source: ImageSource, image: Image): void {
    this.#enter({ source, image, isFound: true, waits: 0 });
  }

  #enter(waiting: Waiting): void {
    this.#waiting.set(waiting.source.file, waiting);
    this.#write(DELAY_MS);
  }

  /** Has the next image written after a number of milliseconds. */
  #write(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#writeNext(), ms).unref();
  }

  #writeNext(): void {
    const next = this.#take();
    if (next !== undefined) {
      try {
        keepImage(next.source, next.image.toData());
      } catch {
        // A text that this release of V8 does not know: the caller that starts it hears of it.
      }
      this.#write(0);
    } else if (this.#waiting.size > 0) {
      for (const waiting of this.#waiting.values()) waiting.waits += 1;
      this.#write(DELAY_MS);
    }
  }

  /** Takes out the next image that can be written. */
  #take(): Waiting | undefined {
    for (const [file, waiting] of this.#waiting) {
      const { image, isFound, waits } = waiting;
      if (!image.isEntered && waits < WAITS_MAX) continue;
      this.#waiting.delete(file);
      if (!isFound || image.hasNewCode) return waiting;
    }
    return undefined;
  }
}
