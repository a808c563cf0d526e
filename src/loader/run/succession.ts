/**
 * What a program is built from that succeeds another one: the same modules, some of them with other images.
 *
 * Everything that the program before has is taken from it, so no file is read, and what its modules import is what it was
 * when they were loaded.
 */

import { SnaxError } from "../../base/error.ts";
import type { Image } from "../weave/image.ts";
import type { ModuleRequest } from "../read/record.ts";
import type { Resolution } from "../resolve/resolution.ts";
import type { Library } from "./library.ts";
import { Collection } from "./library.ts";
import type { ModuleNode } from "./module-node.ts";
import type { Program } from "./program.ts";

/** The images of a program, and others in the place of some. */
export class Succession extends Collection {
  readonly #before = new Map<string, ModuleNode>();

  constructor(library: Library, before: Program, images: ReadonlyMap<string, Image>) {
    super(library);
    for (const node of before.modules()) {
      const { file } = node.image;
      this.#before.set(file, node);
      this.images.set(file, images.get(file) ?? node.image);
    }
  }

  override image(file: string): Image {
    const image = this.images.get(file);
    if (image !== undefined) return image;
    throw new SnaxError("ERR_MODULE", `${file} was not included`);
  }

  override resolve(request: ModuleRequest, importer: string): Resolution {
    const { specifier, type } = request;
    const node = this.#before.get(importer);
    const index = node?.image.data.requests.findIndex(
      (each) => each.specifier === specifier && each.type === type,
    );
    const target = node?.targets[index ?? -1];
    if (target === undefined) return super.resolve(request, importer);
    if (target.kind !== "module") return target;
    return { kind: "file", file: target.node.image.file };
  }
}
