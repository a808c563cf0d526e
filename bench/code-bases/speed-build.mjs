/**
 * Makes JavaScript of a code base beforehand, for plain Node: with esbuild, which tsx brings, as one bundle or as a file each.
 *
 * Two code bases need more. Where a file exports types of another one by name, only TypeScript's own compiler, which sees the whole program,
 * knows that there is nothing to export. And what finds its modules by `require` while it runs is made CommonJS, all files of its folders,
 * as its own build makes it.
 */

import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";

/** Where plain Node finds the work: `round`, and `copy(n)`, which gives another instance of all modules. */
const PACKAGE = "node_modules/plain-work";

/** What is prebuilt of one code base, for a piece of work in the folder `place`. */
export class Prebuilt {
  #esbuild;
  #typescript;
  #folder;
  #place;
  #settings;
  #options;
  #inputs = new Map();

  /**
   * @param {{ tools: string, folder: string, place: string }} places
   * @param {{ commonJs?: string[], isTyped?: boolean }} settings those of works.mjs
   */
  constructor({ tools, folder, place }, settings) {
    const require = createRequire(join(tools, "package.json"));
    this.#esbuild = require("esbuild");
    this.#typescript = () => require("typescript");
    this.#folder = folder;
    this.#place = place;
    this.#settings = settings;
    this.#options = {
      platform: "node",
      target: "node20",
      logLevel: "silent",
      nodePaths: [join(folder, "node_modules")],
    };
  }

  /** Makes the package that the driver imports. */
  async makePackage() {
    const target = join(this.#place, PACKAGE);
    mkdirSync(target, { recursive: true });
    const exported = { ".": "./index.js", "./copy": "./copy.js" };
    const about = { name: "plain-work", type: "module", exports: exported };
    writeFileSync(join(target, "package.json"), JSON.stringify(about));
    if (this.#settings.commonJs === undefined) return await this.#bundle(target);
    await this.#makeCommonJs(join(target, "all"));
    writeFileSync(join(target, "index.js"), `export { round } from "./all/work.js";`);
    writeFileSync(join(target, "copy.js"), COPY_COMMONJS);
  }

  async #bundle(target) {
    const { metafile } = await this.#esbuild.build({
      ...this.#options,
      entryPoints: [join(this.#place, "work.ts")],
      bundle: true,
      format: "esm",
      outfile: join(target, "index.js"),
      metafile: true,
    });
    for (const [path, { imports }] of Object.entries(metafile.inputs))
      this.#inputs.set(resolve(path), imports);
    writeFileSync(join(target, "copy.js"), COPY_MODULE);
  }

  /** Makes a file each, and returns the files that they were made of. */
  async makeFiles() {
    mkdirSync(join(this.#place, "plain"));
    const entry = await (this.#settings.commonJs === undefined
      ? this.#makeModules()
      : join(this.#place, PACKAGE, "all/work.js"));
    writeFileSync(join(this.#place, "plain/work.js"), `export { work } from "${entry}";`);
    writeFileSync(join(this.#place, "package.json"), `{"type":"module"}`);
    return this.#local;
  }

  get #local() {
    return [...this.#inputs.keys()].filter((each) => !each.includes("/node_modules/"));
  }

  async #makeModules() {
    const local = this.#local;
    const base = commonFolder(local);
    const all = join(this.#place, "all");
    const outputOf = (file) => join(all, relative(base, file).replace(/\.\w+$/, ".js"));
    const typed = this.#settings.isTyped ? this.#emitTyped(local) : new Map();
    const plugin = {
      name: "a file each",
      setup: ({ onLoad, onResolve }) => {
        onResolve({ filter: /./ }, ({ path, importer, kind }) => {
          if (kind === "entry-point") return undefined;
          const found = this.#inputs.get(importer)?.find((each) => each.original === path);
          if (found?.external) return { path, external: true };
          // esbuild does not list what it has left out of the bundle.
          const named = resolve(dirname(importer), path);
          const target =
            found === undefined
              ? local.find((file) => file.replace(/\.\w+$/, "") === named)
              : resolve(found.path);
          if (target === undefined) return { path, external: true };
          return { path: local.includes(target) ? outputOf(target) : target, external: true };
        });
        onLoad({ filter: /\.ts$/ }, ({ path }) =>
          typed.has(path) ? { contents: typed.get(path), loader: "js" } : undefined,
        );
      },
    };
    const settings = { ...this.#options, bundle: true, format: "esm", plugins: [plugin] };
    await this.#esbuild.build({ ...settings, entryPoints: local, outdir: all, outbase: base });
    return outputOf(join(this.#place, "work.ts"));
  }

  /** JavaScript by the path of its source; esbuild does the rest. */
  #emitTyped(files) {
    const ts = this.#typescript();
    const config = join(this.#folder, "tsconfig.json");
    const { options } = ts.parseJsonConfigFileContent(
      ts.readConfigFile(config, ts.sys.readFile).config,
      ts.sys,
      this.#folder,
    );
    const program = ts.createProgram(files, {
      ...options,
      ...{ noEmit: false, noCheck: true, declaration: false, sourceMap: false },
      declarationMap: false,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      outDir: "/nowhere",
    });
    const texts = new Map();
    program.emit(undefined, (...[, text, , , sources]) => texts.set(sources[0].fileName, text));
    return texts;
  }

  async #makeCommonJs(target) {
    const options = { ...this.#options, format: "cjs", outdir: target };
    const files = this.#settings.commonJs.flatMap((folder) =>
      readdirSync(join(this.#folder, folder), { recursive: true, encoding: "utf8" })
        .map((name) => join(this.#folder, folder, name))
        .filter((file) => statSync(file).isFile()),
    );
    const scripts = files.filter((file) => /\.[jt]s$/.test(file) && !file.endsWith(".d.ts"));
    await this.#esbuild.build({ ...options, entryPoints: scripts, outbase: this.#folder });
    for (const file of files.filter((each) => !/\.[jt]s$/.test(each)))
      cpSync(file, join(target, relative(this.#folder, file)));
    const entry = join(this.#place, "work.ts");
    await this.#esbuild.build({ ...options, entryPoints: [entry], outbase: this.#place });
    const made = join(target, "work.js");
    const text = readFileSync(made, "utf8").replaceAll(`"${this.#folder}/`, `"./`);
    writeFileSync(made, text.replaceAll(/(require\("[^"]+)\.ts"\)/g, `$1")`));
    writeFileSync(join(target, "package.json"), `{"type":"commonjs"}`);
    symlinkSync(join(this.#folder, "node_modules"), join(target, "node_modules"));
    for (const file of scripts) this.#inputs.set(file, []);
  }
}

const COPY_MODULE = `export const copy = (n) => import("./index.js?" + n);`;
const COPY_COMMONJS = `import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
export async function copy() {
  for (const key of Object.keys(require.cache)) delete require.cache[key];
  return require("./all/work.js");
}`;

function commonFolder(files) {
  let folder = dirname(files[0]);
  while (!files.every((each) => each.startsWith(`${folder}/`))) folder = dirname(folder);
  return folder;
}
