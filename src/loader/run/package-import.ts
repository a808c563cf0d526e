/**
 * Native `import()` of packages, as if a given file had asked for them.
 *
 * Node resolves a package from the file whose code asks, with the import condition of its
 * `exports`. The loader's own files are elsewhere, so a one-line CommonJS module is compiled in
 * the name of each asking folder and asks for it. (The public way,
 * `vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER`, prints an ExperimentalWarning on Node 20.)
 */

import Module from "node:module";
import { dirname, join } from "node:path";

type Importer = (specifier: string, options?: object) => Promise<object>;

/**
 * The part of Node's CommonJS modules that compiles a text under a name; every release has it, no
 * type says so.
 */
interface CompilableModule {
  filename: string;
  exports: unknown;
  _compile(text: string, filename: string): void;
}

const importers = new Map<string, Importer>();

/** Imports a package or a builtin as the file would; Node caches it for the thread. */
export function importPackage(specifier: string, file: string, options?: object): Promise<object> {
  const folder = dirname(file);
  let importer = importers.get(folder);
  if (importer === undefined) importers.set(folder, (importer = createImporter(folder)));
  return importer(specifier, options).catch((error: unknown) => {
    // The file that asked, not the one that was made up to ask in its name.
    if (error instanceof Error) error.message = error.message.replace(join(folder, ASKER), file);
    throw error;
  });
}

const ASKER = "snax-import.cjs";

function createImporter(folder: string): Importer {
  const filename = join(folder, ASKER);
  const module = new Module(filename) as unknown as CompilableModule;
  module.filename = filename;
  module._compile("module.exports = (specifier, options) => import(specifier, options);", filename);
  return module.exports as Importer;
}
