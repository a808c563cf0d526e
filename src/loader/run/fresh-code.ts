/**
 * The texts of one program as the files are now, beside the code cache of the thread.
 *
 * Packages are the cache's, and so are images of texts that have not changed.
 */

import type { Image, ImageData } from "../weave/image.ts";
import { Image as ImageClass } from "../weave/image.ts";
import type { Resolver } from "../resolve/resolution.ts";
import type { Place } from "../text/position.ts";
import type { ImportMeta } from "./import-meta.ts";
import type { Library } from "./library.ts";

/** A library that can tell what a file says now. */
export interface CurrentLibrary extends Library {
  /** Returns the image of a file's text as it is now, or a promise after which asking again gives it. */
  imageNow(file: string, place?: Place): Image | Promise<void>;
}

/** The images of one program. */
export class FreshCode implements Library {
  readonly #cache: CurrentLibrary;
  readonly #images = new Map<string, Image>();

  constructor(cache: CurrentLibrary, given: readonly ImageData[]) {
    this.#cache = cache;
    for (const data of given) this.#images.set(data.file, new ImageClass(data));
  }

  image(file: string, place: Place | undefined): Image {
    const found = this.imageSoon(file, place);
    // What needs the compiler of the project is not there at once; the cache sleeps for it.
    return found instanceof Promise ? this.#cache.image(file, place) : found;
  }

  imageSoon(file: string, place: Place | undefined): Image | Promise<void> {
    const known = this.#images.get(file);
    if (known !== undefined) return known;
    const image = this.#cache.imageNow(file, place);
    if (!(image instanceof Promise)) this.#images.set(file, image);
    return image;
  }

  renew(image: Image, data: ImageData): Image {
    const renewed = new ImageClass(data);
    if (this.#images.get(image.file) === image) this.#images.set(image.file, renewed);
    return renewed;
  }

  findPackage(specifier: string, importer: string): object | undefined {
    return this.#cache.findPackage(specifier, importer);
  }

  fetchPackage(specifier: string, importer: string): Promise<unknown> {
    return this.#cache.fetchPackage(specifier, importer);
  }

  requirePackage(specifier: string, importer: string): void {
    this.#cache.requirePackage(specifier, importer);
  }

  createResolver(): Resolver {
    return this.#cache.createResolver();
  }

  createMeta(image: Image): ImportMeta {
    return this.#cache.createMeta(image);
  }
}
