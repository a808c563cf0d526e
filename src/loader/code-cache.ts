/**
 * The code cache of one thread: file -> image, entry file -> program.
 *
 * Loading is synchronous as soon as the packages that a program names have been imported on this
 * thread, and texts that only a compiler can read have been transformed. Clearing the cache
 * concerns the services yet to be born: a running one keeps its program, and the program its
 * images, exactly as long as they are used.
 */

import { dirname } from "node:path";
import { SnaxError } from "../base/error.ts";
import { requireNamespace } from "./run/module-require.ts";
import { buildImage } from "./build/image-builder.ts";
import { BuildBudget } from "./build/build-budget.ts";
import { ImageKeeper } from "./build/image-keeper.ts";
import { findImage } from "./build/image-store.ts";
import type { ImageSource } from "./build/image-store.ts";
import { Image } from "./weave/image.ts";
import type { ImageData } from "./weave/image.ts";
import { createImportMeta } from "./run/import-meta.ts";
import type { ImportMeta } from "./run/import-meta.ts";
import { FreshCode } from "./run/fresh-code.ts";
import { Collection } from "./run/library.ts";
import type { Library } from "./run/library.ts";
import type { ModuleNode } from "./run/module-node.ts";
import { importPackage } from "./run/package-import.ts";
import type { Fold } from "./text/fold.ts";
import { readModule } from "./text/module-text.ts";
import type { Place } from "./text/position.ts";
import { Program } from "./run/program.ts";
import { Resolver } from "./resolve/resolution.ts";
import { findModuleFile } from "./resolve/module-file.ts";
import { transformElsewhere, TransformNeeded } from "./typescript/transform-need.ts";
import { transformer } from "./build/transformer.ts";

/**
 * ON: use and fill the cache. EXIST: use it, add nothing. OFF: read every file anew. As skynet's
 * codecache.
 */
export type CacheMode = "ON" | "EXIST" | "OFF";

/** What a code cache can be told. */
export interface CodeCacheOptions {
  /**
   * Globals that modules get from their surroundings instead.
   *
   * @defaultValue none
   */
  readonly injected?: readonly string[];
  /** Path of a module that is evaluated in every service before its own. */
  readonly preload?: string | undefined;
  /**
   * Whether images are kept on disk for the next start.
   *
   * @defaultValue false
   */
  readonly isKept?: boolean;
  /**
   * Milliseconds for building images in one go, before another thread builds the rest of a program.
   *
   * @defaultValue no bound
   */
  readonly buildMs?: number;
  /**
   * Hears of the first assignment to each new member of `globalThis` that is in a loaded text.
   */
  readonly onGlobalWrite?: (name: string, place: Place) => void;
}

/** Hears of shared modules that have been evaluated; what it returns is waited for. */
type HearShared = (program: Program, nodes: readonly ModuleNode[]) => Promise<void> | undefined;

/** The images and programs of one thread. */
export class CodeCache implements Library {
  /** What later loads do with the cache. */
  mode: CacheMode = "ON";
  /**
   * Hears of each program before a service gets it; what it returns is waited for, and must not
   * reject.
   */
  onProgram: ((program: Program) => Promise<void> | undefined) | undefined = undefined;
  /** How often it was cleared. */
  clears = 0;
  readonly #options: CodeCacheOptions;
  readonly #injected: ReadonlySet<string>;
  readonly #injectedList: readonly string[];
  readonly #budget: BuildBudget;
  readonly #keeper = new ImageKeeper();
  readonly #images = new Map<string, Image>();
  /** Real paths of entry files, so that the next service of a file asks no disk. */
  readonly #files = new Map<string, string>();
  readonly #programs = new Map<string, Program | Promise<Program>>();
  /** By asking folder and specifier. */
  readonly #packages = new Map<string, object>();
  readonly #globals = new Set<string>();
  /** That of the last load that has begun. */
  #resolver = new Resolver();
  #shared: Program = new Program(this, undefined);
  #onShared: HearShared | undefined = undefined;

  constructor(options: CodeCacheOptions = {}) {
    this.#options = options;
    this.#injected = new Set(options.injected);
    this.#injectedList = [...this.#injected];
    this.#budget = new BuildBudget(options.buildMs ?? Infinity);
  }

  /**
   * Returns the program of an entry file; a promise only while packages must be imported, or texts
   * be transformed, for the first time.
   *
   * @param path - path of the file, absolute or relative to the working directory.
   * @throws {ERR_MODULE} if a file is missing or unreadable, a name is not exported, or a rule of
   * the loader is broken.
   * @throws {ERR_SYNTAX} if a text is not a module.
   */
  load(path: string): Program | Promise<Program> {
    const file = this.#resolve(path);
    const known = this.mode === "OFF" ? undefined : this.#programs.get(file);
    if (known !== undefined) return known;
    const { preload } = this.#options;
    const files = preload === undefined ? [file] : [this.#resolve(preload), file];
    const made = this.#make(files);
    if (this.mode !== "ON") return made;
    this.#programs.set(file, made);
    if (made instanceof Promise) this.#settle(file, made);
    return made;
  }

  /**
   * Makes the program of an entry file from the texts as they are now. What the cache has stays: later loads get that.
   *
   * @param given - images that another thread has made of these texts. @defaultValue the files are read
   * @throws as {@link CodeCache.load} does.
   */
  fresh(path: string, given: readonly ImageData[] = []): Program | Promise<Program> {
    const { preload } = this.#options;
    const files = [...(preload === undefined ? [] : [preload]), path];
    const real = files.map((each) => findModuleFile(each) ?? this.#resolve(each));
    const library = new FreshCode(this, given);
    const collection = new Collection(library);
    const waits = real.flatMap((file) => collection.collect(file) ?? []);
    const shared = this.#shared;
    const build = (): Program => new Program(library, shared).build(real, collection);
    return waits.length > 0 ? Promise.all(waits).then(build) : build();
  }

  /** Returns the image of a file's text as it is now, or a promise; the cache stays as it is. @internal */
  imageNow(file: string, place?: Place): Image | Promise<void> {
    const source = { text: readModule(file, place), file, injected: this.#injectedList };
    const known = this.#images.get(file);
    if (known?.text === source.text) return known;
    const found = transformer.takeImage(source);
    if (found !== undefined) return new Image(found);
    try {
      return this.#buildHere(source);
    } catch (error) {
      if (!(error instanceof TransformNeeded)) throw error;
    }
    return transformer.requestImage({ ...source, isKept: false }, () => this.#images.keys());
  }

  /** Says whether the program of an entry file is in the cache. */
  has(path: string): boolean {
    const file = this.#files.get(path);
    return file !== undefined && this.#programs.has(file);
  }

  /** The thread's program of `"use shared"` modules, as services yet to be born get it. */
  get shared(): Program {
    return this.#shared;
  }

  /**
   * Hears of shared modules that have been evaluated, before their importers are; also of those
   * that are loaded anew once the cache was cleared. @internal
   */
  set onShared(hear: HearShared) {
    this.#onShared = hear;
    this.#hearShared();
  }

  #hearShared(): void {
    const hear = this.#onShared;
    const shared = this.#shared;
    if (hear !== undefined) shared.onShared = (nodes) => hear(shared, nodes);
  }

  /**
   * Forgets everything, or one file and the programs made with it; running services keep what they
   * have.
   */
  clear(path?: string): void {
    this.clears += 1;
    this.#files.clear();
    if (path === undefined) {
      transformer.forget();
      this.#images.clear();
      this.#programs.clear();
      this.#shared = new Program(this, undefined);
      this.#hearShared();
      return;
    }
    const file = findModuleFile(path) ?? path;
    this.#images.delete(file);
    transformer.forget(file);
    this.#shared.forget(file);
    for (const [entry, program] of this.#programs) {
      if (program instanceof Promise || program.files.has(file)) this.#programs.delete(entry);
    }
  }

  /**
   * Returns the images of everything that an entry file's static imports reach, for other threads
   * to adopt; packages are not looked at.
   *
   * @returns a promise only if texts must be transformed first.
   * @throws what {@link CodeCache.load} throws.
   */
  reach(path: string): Iterable<Image> | Promise<Iterable<Image>> {
    const { preload } = this.#options;
    const collection = new Collection(this);
    const files = preload === undefined ? [path] : [preload, path];
    const waits = files.flatMap((file) => collection.reach(this.#resolve(file)) ?? []);
    const list = (): Iterable<Image> => {
      collection.addChecks();
      return collection.images.values();
    };
    return waits.length > 0 ? Promise.all(waits).then(list) : list();
  }

  /**
   * Says whether an entry file's static imports reach a file; the caller sleeps where texts must be
   * transformed.
   *
   * @throws what {@link CodeCache.load} throws.
   */
  uses(path: string, file: string | undefined): boolean {
    const { preload } = this.#options;
    const collection = new Collection(this);
    if (preload !== undefined) collection.reachNow(this.#resolve(preload));
    collection.reachNow(this.#resolve(path));
    return file !== undefined && collection.images.has(file);
  }

  /**
   * Puts an image that was made elsewhere into the cache: on another thread, or from a text that
   * has no file.
   */
  adopt(data: ImageData): void {
    this.#images.set(data.file, new Image(data));
  }

  /** Returns the image of a file; see {@link Library}. */
  image(file: string, place?: Place): Image {
    const known = this.mode === "OFF" ? undefined : this.#images.get(file);
    if (known !== undefined) return known;
    const source = { text: readModule(file, place), file, injected: this.#injectedList };
    const found = this.#findMade(source);
    if (found !== undefined) return found;
    const { tsconfigs } = this.#resolver;
    // No code waits here for other threads: what needs the compiler of the project sleeps for it.
    return this.#keep(
      source,
      new Image(buildImage(source.text, file, this.#injected, { tsconfigs })),
    );
  }

  /** Returns the image of a file, or a promise; see {@link Library}. */
  imageSoon(file: string, place?: Place): Image | Promise<void> {
    const known = this.mode === "OFF" ? undefined : this.#images.get(file);
    if (known !== undefined) return known;
    const source = { text: readModule(file, place), file, injected: this.#injectedList };
    const isKept = this.#options.isKept === true;
    const found = this.#findMade(source);
    if (found !== undefined) return found;
    try {
      if (this.#budget.isLeft) return this.#keep(source, this.#buildHere(source));
    } catch (error) {
      if (!(error instanceof TransformNeeded)) throw error;
    }
    return transformer.requestImage({ ...source, isKept }, () => this.#images.keys());
  }

  /** Finds what another thread, or an earlier start, has made of a text. */
  #findMade(source: ImageSource): Image | undefined {
    const isKept = this.#options.isKept === true;
    const data =
      transformer.takeImage(source) ??
      (isKept ? findImage(source, this.#resolver.tsconfigs) : undefined);
    if (data === undefined) return undefined;
    const image = new Image(data);
    if (isKept) this.#keeper.addFound(source, image);
    return this.#enter(image);
  }

  #buildHere({ text, file }: ImageSource): Image {
    const options = { transform: transformElsewhere, tsconfigs: this.#resolver.tsconfigs };
    return this.#budget.spend(() => new Image(buildImage(text, file, this.#injected, options)));
  }

  /** Has an image written to disk when there is time. */
  #keep(source: ImageSource, image: Image): Image {
    if (this.#options.isKept === true) this.#keeper.add(source, image);
    return this.#enter(image);
  }

  #enter(image: Image): Image {
    for (const write of image.data.globalWrites) this.#noteGlobal(write.name, write.place);
    if (this.mode === "ON") this.#images.set(image.file, image);
    return image;
  }

  /**
   * Builds the image of a text that patches made of a file's. The cache does not keep it.
   *
   * @param made - how the text was made, and which imports it has in any case.
   * @throws {ERR_SYNTAX} or {ERR_MODULE} as {@link buildImage}.
   * @throws {TransformNeeded} if the text needs the compiler of a project.
   */
  buildFolded(
    file: string,
    text: string,
    made: { readonly fold: Fold; readonly kept: ReadonlySet<string> },
  ): Image {
    const { tsconfigs } = this.#resolver;
    const options = { transform: transformElsewhere, tsconfigs, ...made };
    return this.#budget.spend(() => new Image(buildImage(text, file, this.#injected, options)));
  }

  /**
   * Builds the image of a text that a file had. The cache does not keep it.
   *
   * @throws as {@link CodeCache.buildFolded}.
   */
  buildText(file: string, text: string): Image {
    const known = this.#images.get(file);
    return known?.text === text
      ? known
      : this.#buildHere({ file, text, injected: this.#injectedList });
  }

  /** Takes an image in the place of another one of the same text; see {@link Library}. */
  renew(image: Image, data: ImageData): Image {
    const renewed = new Image(data);
    if (this.#images.get(image.file) !== image) return renewed;
    this.#images.set(image.file, renewed);
    const { text, file } = data;
    // The next start takes it with V8's cached code, which is that of this text.
    if (this.#options.isKept === true)
      this.#keeper.add({ text, file, injected: this.#injectedList }, renewed);
    return renewed;
  }

  /** The images in the cache, by real path. */
  get images(): ReadonlyMap<string, Image> {
    return this.#images;
  }

  /** Returns a package that a file of the same folder has imported. */
  findPackage(specifier: string, importer: string): object | undefined {
    return this.#packages.get(packageKey(specifier, importer));
  }

  /** Imports a package. */
  async fetchPackage(specifier: string, importer: string): Promise<unknown> {
    const namespace = await importPackage(specifier, importer);
    this.#packages.set(packageKey(specifier, importer), namespace);
    return namespace;
  }

  /** Requires a package at once; see {@link Library}. */
  requirePackage(specifier: string, importer: string): void {
    const namespace = requireNamespace(specifier, importer);
    this.#packages.set(packageKey(specifier, importer), namespace);
  }

  /** Begins a load; see {@link Library}. */
  createResolver(): Resolver {
    this.#resolver = new Resolver();
    return this.#resolver;
  }

  /** Creates `import.meta`. */
  createMeta(image: Image): ImportMeta {
    return createImportMeta(image);
  }

  #resolve(path: string): string {
    const known = this.mode === "OFF" ? undefined : this.#files.get(path);
    if (known !== undefined) return known;
    // What was adopted needs no file.
    const file = findModuleFile(path) ?? (this.#images.has(path) ? path : undefined);
    if (file === undefined) throw new SnaxError("ERR_MODULE", `no module ${path}`);
    if (this.mode === "ON") this.#files.set(path, file);
    return file;
  }

  #make(files: readonly string[]): Program | Promise<Program> {
    const collection = new Collection(this);
    const shared = this.#shared;
    const waits = files.flatMap((file) => collection.collect(file) ?? []);
    const build = (): Program | Promise<Program> => {
      const program = new Program(this, shared).build(files, collection);
      return this.onProgram?.(program)?.then(() => program) ?? program;
    };
    return waits.length > 0 ? Promise.all(waits).then(build) : build();
  }

  #settle(file: string, made: Promise<Program>): void {
    const replace = (program?: Program): void => {
      if (this.#programs.get(file) !== made) return;
      if (program === undefined) this.#programs.delete(file);
      else this.#programs.set(file, program);
    };
    made.then(replace, () => replace());
  }

  #noteGlobal(name: string, place: Place): void {
    if (this.#globals.has(name) || name in globalThis) return;
    this.#globals.add(name);
    this.#options.onGlobalWrite?.(name, place);
  }
}

function packageKey(specifier: string, importer: string): string {
  return `${dirname(importer)}\0${specifier}`;
}
