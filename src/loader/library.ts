/**
 * What a program is built from: images by file, packages by name.
 *
 * The interface that the code cache fulfils, and the walk that brings everything together before a program is built. The
 * walk is synchronous as long as every package it meets has been imported before; building and linking always are, so
 * that nobody ever sees half a program.
 */

import type { Image } from "./image.ts";
import type { ImportMeta } from "./import-meta.ts";
import { createPlacedError } from "./position.ts";
import type { Place } from "./position.ts";
import type { ModuleRequest } from "./record.ts";
import { resolveSpecifier } from "./resolution.ts";
import type { Resolution } from "./resolution.ts";

/** Where images and packages come from. */
export interface Library {
  /**
   * Returns the image of a file.
   *
   * @throws {ERR_MODULE} if the file can't be read.
   * @throws {ERR_SYNTAX} if its text is not a module.
   */
  image(file: string, place: Place | undefined): Image;
  /** Returns a package's namespace if it has been imported as that file would. */
  findPackage(specifier: string, importer: string): object | undefined;
  /** Imports a package as that file would; `findPackage` knows it from then on. */
  fetchPackage(specifier: string, importer: string): Promise<unknown>;
  /** Creates `import.meta` of a module. */
  createMeta(image: Image): ImportMeta;
}

/** Everything that a program's static imports reach. */
export class Collection {
  /** By file. */
  readonly images: Map<string, Image> = new Map();
  readonly #library: Library;
  readonly #missing: {
    readonly specifier: string;
    readonly importer: string;
    readonly place: Place;
  }[] = [];

  constructor(library: Library) {
    this.#library = library;
  }

  /** Collects what a file reaches; returns a promise only if packages must be imported first. */
  collect(file: string, place?: Place): Promise<void> | undefined {
    this.#visit(file, place);
    return this.#missing.length > 0 ? this.#fetch() : undefined;
  }

  /** Collects what a file reaches, packages apart: they are not imported, and nothing is awaited. */
  reach(file: string): void {
    this.#visit(file, undefined);
    this.#missing.length = 0;
  }

  /** Returns the image of a file that has been collected. */
  image(file: string, place?: Place): Image {
    let image = this.images.get(file);
    if (image === undefined) this.images.set(file, (image = this.#library.image(file, place)));
    return image;
  }

  #visit(file: string, place: Place | undefined): void {
    if (this.images.has(file)) return;
    const image = this.image(file, place);
    for (const request of image.data.requests) {
      const resolution = resolveRequest(request, file);
      if (resolution.kind === "file") this.#visit(resolution.file, request.place);
      else if (resolution.kind === "package") {
        const { specifier } = resolution;
        if (this.#library.findPackage(specifier, file) !== undefined) continue;
        this.#missing.push({ specifier, importer: file, place: request.place });
      }
    }
  }

  async #fetch(): Promise<void> {
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

/**
 * Resolves what a module asks for.
 *
 * @throws {ERR_MODULE} with the place of the import, if there is nothing.
 */
export function resolveRequest(request: ModuleRequest, importer: string): Resolution {
  const resolution = resolveSpecifier(request.specifier, importer);
  if (typeof resolution === "string") {
    throw createPlacedError("ERR_MODULE", request.place, resolution);
  }
  if (resolution.kind === "file") checkType(request, resolution.file);
  return resolution;
}

function checkType({ specifier, type, place }: ModuleRequest, file: string): void {
  const isJson = file.endsWith(".json");
  if (isJson === (type === "json")) return;
  const why = isJson
    ? `${specifier} needs the import attribute with { type: "json" }`
    : `${specifier} is not of type "${type}"`;
  if (isJson || type !== undefined) throw createPlacedError("ERR_MODULE", place, why);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
