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

/** Images that wait to be written. */
export class ImageKeeper {
  /** By file: of two images of one text the newer one is written. */
  readonly #waiting = new Map<string, { readonly source: ImageSource; readonly image: Image }>();
  #timer: NodeJS.Timeout | undefined;

  /** Has an image written; a process that ends before that writes nothing. */
  add(source: ImageSource, image: Image): void {
    this.#waiting.set(source.file, { source, image });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#write(), DELAY_MS).unref();
  }

  #write(): void {
    const [next] = this.#waiting.values();
    if (next === undefined) return;
    this.#waiting.delete(next.source.file);
    try {
      keepImage(next.source, next.image.toData());
    } catch {
      // A text that this release of V8 does not know: whoever starts it hears of it.
    }
    this.#timer = setTimeout(() => this.#write(), 0).unref();
  }
}
