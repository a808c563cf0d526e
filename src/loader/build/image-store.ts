/**
 * Images on disk: what was made of a text once is read, and not made again, when the node starts
 * the next time.
 *
 *     <project>/node_modules/.cache/snax/<key>     SHA-256 of what follows, then the image with V8's cached code
 *
 * The key is the hash of everything that an image follows from: the text, its path, this package,
 * Node, and the names that are injected. What another compiler made also names it and its options.
 * So nothing has to be cleared: what does not fit is not found, what is damaged is not taken, and if
 * the folder can't be written the node works without it.
 */

import { createHash, randomUUID } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import { IMAGE_STORE_BYTES_MAX } from "../../base/limits.ts";
import { listCommonJsNames } from "../weave/commonjs-names.ts";
import type { ImageData } from "../weave/image.ts";
import { readTransformOptions } from "../typescript/transform-options.ts";
import { titleOfTool } from "../typescript/transform-tools.ts";
import { Tsconfigs } from "../resolve/tsconfig.ts";

/** What an image is made of. */
export interface ImageSource {
  readonly text: string;
  /** Real path of the file. */
  readonly file: string;
  /** Names that the surroundings can supply in place of globals. */
  readonly injected: readonly string[];
}

/** What is in a file of the store. */
interface Entry {
  readonly data: Omit<ImageData, "text">;
  /**
   * What else it follows from: options of the project, and the compiler that transformed the text.
   */
  readonly made: string;
}

const DIGEST = "sha256";
const DIGEST_BYTES = 32;

/**
 * Finds the image that was made of a text; undefined if there is none that can be trusted.
 *
 * @param tsconfigs - what has been read of the projects' configurations.
 */
export function findImage(
  source: ImageSource,
  tsconfigs: Tsconfigs = new Tsconfigs(),
): ImageData | undefined {
  const folder = findFolder(dirname(source.file));
  if (folder === undefined) return undefined;
  try {
    const content = readFileSync(join(folder, keyOf(source)));
    const payload = content.subarray(DIGEST_BYTES);
    if (!digestOf(payload).equals(content.subarray(0, DIGEST_BYTES))) return undefined;
    const { data, made } = deserialize(payload) as Entry;
    if (made !== makingOf(data, tsconfigs)) return undefined;
    return { ...data, text: source.text };
  } catch {
    return undefined;
  }
}

/**
 * Keeps an image for the next start, if the project has a folder for it.
 *
 * @param limitBytes - how many the folder holds. @defaultValue IMAGE_STORE_BYTES_MAX
 */
export function keepImage(
  source: ImageSource,
  image: ImageData,
  limitBytes: number = IMAGE_STORE_BYTES_MAX,
): void {
  const folder = findFolder(dirname(source.file));
  if (folder === undefined) return;
  const { text: _text, ...data } = image;
  const part = join(folder, `${randomUUID()}${PART}`);
  try {
    const made = makingOf(data, new Tsconfigs());
    const payload = serialize({ data, made } satisfies Entry);
    written.set(folder, (written.get(folder) ?? Infinity) + payload.length);
    mkdirSync(folder, { recursive: true });
    writeFileSync(part, Buffer.concat([digestOf(payload), payload]));
    // A reader sees the whole file or none meanwhile.
    renameSync(part, join(folder, keyOf(source)));
    prune(folder, limitBytes);
  } catch {
    removeQuietly(part);
  }
}

function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Its folder is no folder.
  }
}

/** The ending of a file that is being written. */
const PART = ".part";

/** Says by which options of its project an image was made, and by which compiler. */
function makingOf({ file, isTransformed, freeNames }: Entry["data"], tsconfigs: Tsconfigs): string {
  const folder = dirname(file);
  const { verbatimModuleSyntax, preserveValueImports, definesFields } =
    tsconfigs.find(folder) ?? {};
  const commonJs = listCommonJsNames(freeNames, file).join();
  const read = `${verbatimModuleSyntax} ${preserveValueImports} ${definesFields} ${commonJs}`;
  if (!isTransformed) return read;
  return `${read} ${titleOfTool(folder)} ${JSON.stringify(readTransformOptions(file))}`;
}

function digestOf(content: Uint8Array): Buffer {
  return createHash(DIGEST).update(content).digest();
}

/** What all images of this process have in common. */
let release: string | undefined;

function keyOf({ text, file, injected }: ImageSource): string {
  release ??= `${stampOfPackage()} ${process.version} ${process.versions.v8} ${process.arch}`;
  const hash = createHash(DIGEST).update(`${release}\0${file}\0${injected.join()}\0`);
  return hash.update(text).digest("hex");
}

/**
 * Another build of this package makes other images: any file of the loader may have a say in how.
 */
function stampOfPackage(): string {
  const folder = fileURLToPath(new URL("..", import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const stamps = files.toSorted().flatMap((name) => {
    if (!name.endsWith(".js")) return [];
    const { size, mtimeMs } = statSync(join(folder, name));
    return `${name} ${size} ${mtimeMs}`;
  });
  return stamps.join();
}

const folders = new Map<string, string | undefined>();

/**
 * Finds the store for the files of a folder: below the nearest `node_modules`, which every project
 * has.
 */
function findFolder(folder: string): string | undefined {
  if (folders.has(folder)) return folders.get(folder);
  const packages = join(folder, "node_modules");
  const parent = dirname(folder);
  let found: string | undefined;
  if (statSync(packages, { throwIfNoEntry: false })?.isDirectory() === true) {
    found = join(packages, ".cache", "snax");
  } else if (parent !== folder) found = findFolder(parent);
  folders.set(folder, found);
  return found;
}

/** How often is looked while as much is written as the folder holds. */
const PRUNES = 16;

/** Bytes that this process has written since it looked how many there are. */
const written = new Map<string, number>();

/** Removes the oldest files when there are too many bytes. */
function prune(folder: string, limitBytes: number): void {
  if ((written.get(folder) ?? 0) < limitBytes / PRUNES) return;
  written.set(folder, 0);
  const files = readdirSync(folder).map((name) => {
    const path = join(folder, name);
    const { size, mtimeMs } = statSync(path);
    return { path, size, mtimeMs };
  });
  let bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes <= limitBytes) return;
  for (const { path, size } of files.toSorted((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (bytes <= limitBytes / 2) return;
    rmSync(path, { force: true });
    bytes -= size;
  }
}
