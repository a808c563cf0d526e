/**
 * What a program is built from: images by file, packages by name.
 *
 * The interface that the code cache fulfils, and the walk that brings everything together before a
 * program is built. The walk is synchronous as long as every package it meets has been imported
 * before and every text can be read at once; building and linking always are, so that no code ever
 * sees half a program.
 */

import { codeOf } from "../../base/error.ts";
import type { Image, ImageData } from "../weave/image.ts";
import type { ImportMeta } from "./import-meta.ts";
import { addChecks } from "../weave/method-check.ts";
import { createPlacedError } from "../text/position.ts";
import type { Place } from "../text/position.ts";
import type { ModuleRequest } from "../read/record.ts";
import type { Resolution, Resolver } from "../resolve/resolution.ts";

/** Where images and packages come from. */
export interface Library {
  /**
   * Returns the image of a file.
   *
   * @throws {ERR_MODULE} if the file can't be read.
   * @throws {ERR_SYNTAX} if its text is not a module.
   */
  image(file: string, place: Place | undefined): Image;
  /** Returns the image of a file, or a promise that resolves when asking again gives it. */
  imageSoon(file: string, place: Place | undefined): Image | Promise<void>;
  /** Takes an image in the place of another one of the same text, for programs yet to be built. */
  renew(image: Image, data: ImageData): Image;
  /** Returns a package's namespace if it has been imported as that file would. */
  findPackage(specifier: string, importer: string): object | undefined;
  /** Imports a package as that file would; `findPackage` knows it from then on. */
  fetchPackage(specifier: string, importer: string): Promise<unknown>;
  /** As `fetchPackage`, at once: what Node can't require is refused by it. */
  requirePackage(specifier: string, importer: string): void;
  /** Begins a load: what configurations say is read anew from here on, for images too. */
  createResolver(): Resolver;
  /** Creates `import.meta` of a module. */
  createMeta(image: Image): ImportMeta;
}

/** A file that is visited as soon as its text can be read. */
interface Pending {
  readonly file: string;
  readonly place: Place | undefined;
  readonly ready: Promise<void>;
}

type Read = (file: string, place: Place | undefined) => Image | Promise<void>;

/** Everything that a program's static imports reach. */
export class Collection {
  /** By file. */
  readonly images: Map<string, Image> = new Map();
  readonly #library: Library;
  readonly #resolver: Resolver;
  /** The files that a program has already: instances were made from these images. */
  readonly #settled = new Set<string>();
  readonly #missing: {
    readonly specifier: string;
    readonly importer: string;
    readonly place: Place;
  }[] = [];
  /** Files whose text is being transformed. */
  readonly #pending: Pending[] = [];

  constructor(library: Library) {
    this.#library = library;
    this.#resolver = library.createResolver();
  }

  /** Takes the image of a module that a program has already. */
  settle(image: Image): void {
    this.images.set(image.file, image);
    this.#settled.add(image.file);
  }

  readonly #read: Read = (file, place) => this.#library.imageSoon(file, place);

  /**
   * Collects what a file reaches; returns a promise only if packages must be imported or texts be
   * transformed first.
   */
  collect(file: string, place?: Place): Promise<void> | undefined {
    this.#visit(file, place);
    return this.#missing.length > 0 || this.#pending.length > 0 ? this.#fetch() : undefined;
  }

  /**
   * Collects what a file reaches, packages apart: they are not imported.
   *
   * @returns a promise only if texts must be transformed first.
   */
  reach(file: string): Promise<void> | undefined {
    this.#visit(file, undefined);
    this.#missing.length = 0;
    return this.#pending.length > 0 ? this.#transform() : undefined;
  }

  /**
   * Collects what a file reaches, packages apart, at once; the caller sleeps where texts must be
   * transformed.
   */
  reachNow(file: string): void {
    this.#visit(file, undefined, (path, place) => this.#library.image(path, place));
    this.#missing.length = 0;
  }

  /** Collects what a file reaches, packages included, at once. */
  collectNow(file: string): void {
    this.#visit(file, undefined, (path, place) => this.#library.image(path, place));
    for (const { specifier, importer } of this.#missing.splice(0)) {
      this.#library.requirePackage(specifier, importer);
    }
  }

  /** Returns the image of a file that has been collected. */
  image(file: string, place?: Place): Image {
    let image = this.images.get(file);
    if (image === undefined) this.images.set(file, (image = this.#library.image(file, place)));
    return image;
  }

  /**
   * Resolves what a module asks for.
   *
   * @throws {ERR_MODULE} with the place of the import, if there is nothing.
   * @throws {ERR_SYNTAX} if a `package.json` or `tsconfig.json` that applies is not JSON.
   */
  resolve(request: ModuleRequest, importer: string): Resolution {
    const { specifier, place } = request;
    let resolution: Resolution | string;
    try {
      resolution = this.#resolver.resolve(specifier, importer);
    } catch (error) {
      // A text that is not JSON has a place of its own.
      if (codeOf(error) !== "ERR_MODULE") throw error;
      const why = `can't import ${specifier}: ${messageOf(error)}`;
      throw createPlacedError("ERR_MODULE", place, why, error);
    }
    if (typeof resolution === "string") throw createPlacedError("ERR_MODULE", place, resolution);
    if (resolution.kind === "file") this.#checkType(request, resolution.file, importer);
    return resolution;
  }

  #checkType({ specifier, type, place }: ModuleRequest, file: string, importer: string): void {
    const isJson = file.endsWith(".json");
    if (isJson === (type === "json")) return;
    if (isJson && type === undefined && this.#resolver.takesPlainJson(importer)) return;
    const why = isJson
      ? `${specifier} needs the import attribute with { type: "json" }, or resolveJsonModule in tsconfig.json if it is no ES module of Node's`
      : `${specifier} is not of type "${type}"`;
    if (isJson || type !== undefined) throw createPlacedError("ERR_MODULE", place, why);
  }

  /**
   * Without recursion, because chains of imports may be long; in the order of the text all the
   * same.
   */
  #visit(start: string, startPlace: Place | undefined, read: Read = this.#read): void {
    const rest = [{ file: start, place: startPlace }];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      const { file, place } = next;
      if (this.images.has(file)) continue;
      const image = read(file, place);
      if (image instanceof Promise) {
        this.#pending.push({ file, place, ready: image });
        continue;
      }
      this.images.set(file, image);
      rest.push(...this.#filesOf(image.data.requests, file).reverse());
    }
  }

  /** Returns the files that a module asks for, and notes the packages that must be imported. */
  #filesOf(requests: readonly ModuleRequest[], file: string): { file: string; place: Place }[] {
    const files: { file: string; place: Place }[] = [];
    for (const request of requests) {
      const { place } = request;
      const resolution = this.resolve(request, file);
      if (resolution.kind === "file") files.push({ file: resolution.file, place });
      else if (resolution.kind === "package") {
        const { specifier } = resolution;
        if (this.#library.findPackage(specifier, file) !== undefined) continue;
        this.#missing.push({ specifier, importer: file, place });
      }
    }
    return files;
  }

  /**
   * Puts checks into the methods that some text takes, when everything has been collected: only
   * where the texts of all who may do so are together can it be seen which ones do.
   */
  addChecks(): void {
    const images = [...this.images.values()];
    const open = images.filter(
      ({ file, data }) => data.methods.length > data.checked.size && !this.#settled.has(file),
    );
    if (open.length === 0) return;
    const taken = new Set<string>();
    for (const { data } of images) for (const name of data.taken) taken.add(name);
    for (const image of open) {
      const data = addChecks(image.data, taken);
      if (data !== image.data) this.images.set(image.file, this.#library.renew(image, data));
    }
  }

  async #transform(): Promise<void> {
    while (this.#pending.length > 0) {
      const pending = this.#pending.splice(0);
      await Promise.all(pending.map(({ ready }) => ready));
      for (const { file, place } of pending) this.#visit(file, place);
    }
  }

  async #fetch(): Promise<void> {
    await this.#transform();
    await Promise.all(
      this.#missing.map(async ({ specifier, importer, place }) => {
        try {
          await this.#library.fetchPackage(specifier, importer);
        } catch (error) {
          const why = `can't import ${specifier}: ${messageOf(error)}`;
          throw createPlacedError("ERR_MODULE", place, why, error);
        }
      }),
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
