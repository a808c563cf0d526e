/**
 * The program of a type from its files as they are now, for what puts other code behind running services.
 */

import type { Program } from "../../loader/run/program.ts";
import type { ImageData } from "../../loader/weave/image.ts";
import { clearCache } from "../../service/cache.ts";
import type { Runtime } from "../../service/runtime.ts";

/**
 * Makes the program of the files as they are now; nothing has changed if there is none.
 *
 * @param given - the texts as another thread has read them. @defaultValue the files are read
 * @throws what `asError` makes of the failure.
 */
// oxlint-disable-next-line max-params -- what a program is made of
export async function freshProgram(
  { cache, paths }: Runtime,
  type: string,
  asError: (error: unknown) => Error,
  given?: readonly ImageData[],
): Promise<Program> {
  const path = paths.find(type);
  try {
    return await cache.fresh(path, given);
  } catch (error) {
    throw asError(error);
  }
}

/** The texts of a program, for other threads. */
export function imagesOf({ nodes }: Program): ImageData[] {
  return [...nodes.values()].map(({ image }) => image.toData());
}

/** New services run the files as they are now. */
export function clearChanged(runtime: Runtime, { nodes }: Program): void {
  const { images } = runtime.cache;
  for (const { image } of nodes.values()) {
    if (images.get(image.file)?.text !== image.text) clearCache(runtime, image.file);
  }
}
