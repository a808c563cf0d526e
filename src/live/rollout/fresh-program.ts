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

/** New services run the files as they are now, those that a program was made from. */
export function clearChanged(runtime: Runtime, { nodes, entry }: Program): void {
  const { images } = runtime.cache;
  const texts = [...nodes.values()].map(({ image }) => image);
  const changed = texts.filter(({ file, text }) => images.get(file)?.text !== text);
  if (changed.length === 0) return;
  const files = changed.map(({ file }) => file);
  void renewFiles(runtime, files, [entry.image.file]);
}

/**
 * New services run files as they are now, an edited `init` and state that begins otherwise. The files are read at once: the
 * next edit is not in what new services run before a patch or a reload brings it, and the patch meets the text that it is for.
 *
 * @param entries - the files of types that are read; all others are read when a service of them begins.
 */
export async function renewFiles(
  runtime: Runtime,
  files: readonly string[],
  entries: readonly string[],
): Promise<void> {
  for (const file of files) clearCache(runtime, file);
  for (const entry of entries) {
    try {
      await runtime.cache.load(entry);
    } catch {
      // The next service of it hears why.
    }
  }
}
