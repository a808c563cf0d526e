/**
 * `skynet.cache`: the code cache of the thread, as skynet's codecache.
 *
 * A cleared cache concerns services yet to be born, with the modules that they import; those that run keep their code.
 */

import { resolve } from "node:path";
import { SnaxError } from "../base/error.ts";
import type { Context } from "./context.ts";
import { requireAlive } from "./context.ts";
import { defineApi } from "./lazy-api.ts";
import type { CacheApi, CacheMode } from "./skynet-api.ts";
import type { Runtime } from "./runtime.ts";

const MODES: readonly CacheMode[] = ["ON", "EXIST", "OFF"];

/**
 * Forgets the code of one file, or of all; the places of services are looked up anew in any case.
 *
 * @param path - of a service file or of a module that services import, relative to the configuration's folder; a file
 * that is gone may be named too.
 */
export function clearCache({ cache, paths, threads, onClear }: Runtime, path?: string): void {
  const file = path === undefined ? undefined : resolve(paths.root, path);
  onClear?.(file);
  paths.clear();
  cache.clear(file);
  threads?.clearCache(file);
}

function setMode(context: Context, mode?: CacheMode): CacheMode {
  const { cache, threads } = context.runtime;
  if (mode === undefined) return cache.mode;
  requireAlive(context);
  if (!MODES.includes(mode)) {
    throw new SnaxError("ERR_ARGUMENT", `no mode ${JSON.stringify(mode)}: use ${MODES.join(", ")}`);
  }
  cache.mode = mode;
  threads?.setCacheMode(mode);
  return mode;
}

const make = defineApi<Context>({
  clear: (context: Context, path?: string): void => {
    requireAlive(context);
    if (path !== undefined && typeof path !== "string") {
      throw new SnaxError("ERR_ARGUMENT", `the path of a file is a text, not ${typeof path}`);
    }
    clearCache(context.runtime, path);
  },
  mode: setMode,
});

/** Makes the `skynet.cache` of one service. */
export function createCacheApi(context: Context): CacheApi {
  return make(context) as CacheApi;
}
