/** Images on disk: found again for the same text, and for nothing else, whatever became of the files. */

import { deepEqual, equal, ok } from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { buildImage } from "../../../src/loader/build/image-builder.ts";
import { findImage, keepImage } from "../../../src/loader/build/image-store.ts";
import type { ImageSource } from "../../../src/loader/build/image-store.ts";
import { Image } from "../../../src/loader/weave/image.ts";
import type { ImageData } from "../../../src/loader/weave/image.ts";
import { Modules } from "./harness.ts";

const TEXT = `export enum E { A = 3 } export class C { m(): number { return E.A; } } export const f = (): number => new C().m();`;

interface Kept {
  readonly source: ImageSource;
  readonly image: ImageData;
  /** The store's folder. */
  readonly store: string;
}

function prepare(t: TestContext): Kept {
  const { folder } = new Modules(t, { "main.ts": TEXT });
  mkdirSync(join(folder, "node_modules"));
  const source = { text: TEXT, file: join(folder, "main.ts"), injected: ["fetch"] };
  const image = new Image(buildImage(TEXT, source.file, new Set(source.injected))).toData();
  return { source, image, store: join(folder, "node_modules", ".cache", "snax") };
}

test("an image that is kept is found as it was, with V8's cached code", (t) => {
  const { source, image } = prepare(t);
  equal(findImage(source), undefined);
  keepImage(source, image);
  const found = findImage(source);
  deepEqual(found && { ...found, cachedData: undefined }, { ...image, cachedData: undefined });
  ok((found?.cachedData?.get("sync")?.length ?? 0) > 0);
});

test("an image is not found by another text, another path or other surroundings", (t) => {
  const { source, image } = prepare(t);
  keepImage(source, image);
  equal(findImage({ ...source, text: `${TEXT} ` }), undefined);
  equal(findImage({ ...source, file: source.file.replace("main", "other") }), undefined);
  equal(findImage({ ...source, injected: [] }), undefined);
});

test("a file that is damaged anywhere, cut off, or not ours is not taken", (t) => {
  const { source, image, store } = prepare(t);
  keepImage(source, image);
  const [name = ""] = readdirSync(store);
  const path = join(store, name);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 100)) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] ?? 0) ^ 0x10;
    writeFileSync(path, damaged);
    equal(findImage(source), undefined, `byte ${at}`);
    writeFileSync(path, whole.subarray(0, at));
    equal(findImage(source), undefined, `${at} bytes`);
  }
  writeFileSync(path, "hello");
  equal(findImage(source), undefined);
  // The next who makes it mends it.
  keepImage(source, image);
  ok(findImage(source) !== undefined);
});

test("a folder that can't be written is no error", (t) => {
  const { source, image, store } = prepare(t);
  writeFileSync(join(store, "..", "..", ".cache"), "a file");
  keepImage(source, image);
  equal(findImage(source), undefined);
});

test("without a node_modules nothing is kept", (t) => {
  const { folder } = new Modules(t, { "main.ts": TEXT });
  const source = { text: TEXT, file: join(folder, "main.ts"), injected: [] };
  keepImage(source, buildImage(TEXT, source.file, new Set()));
  equal(findImage(source), undefined);
  ok(!existsSync(join(folder, "node_modules")));
});

test("beyond the limit the oldest files go until half of it is left", (t) => {
  const { source, image, store } = prepare(t);
  const versions = Array.from({ length: 6 }, (_, index) => ({
    ...source,
    text: `${TEXT}//${index}`,
  }));
  const keep = (version: ImageSource, limitBytes: number): void =>
    keepImage(version, { ...image, text: version.text }, limitBytes);
  const [first, ...others] = versions as [ImageSource, ...ImageSource[]];
  const seen = new Set<string>();
  // A file system tells times too coarsely to say which of these is older.
  const date = (age: number): void => {
    for (const name of readdirSync(store)) {
      if (seen.has(name)) continue;
      seen.add(name);
      utimesSync(join(store, name), 1000 + age, 1000 + age);
    }
  };
  keep(first, Infinity);
  date(0);
  const [name = ""] = readdirSync(store);
  const bytes = readFileSync(join(store, name)).length;
  for (const [index, version] of others.entries()) {
    // All six are just within it.
    keep(version, bytes * 6);
    date(index + 1);
  }
  equal(readdirSync(store).length, 6);
  keep({ ...source, text: `${TEXT}//6` }, bytes * 6);
  equal(readdirSync(store).length, 3);
  ok(findImage({ ...source, text: `${TEXT}//6` }) !== undefined);
  equal(findImage(first), undefined);
  deepEqual(
    readdirSync(store).filter((each) => each.endsWith(".part")),
    [],
  );
});

test("an image is not found with another configuration of the project, as far as it follows from that", (t) => {
  const modules = new Modules(t, { "node_modules/x/package.json": "{}" });
  const made = (text: string): ImageSource => {
    const source = { text, file: modules.path("main.ts"), injected: [] };
    keepImage(source, new Image(buildImage(text, source.file, new Set())).toData());
    return source;
  };
  const types = `import { T } from "./t.ts"; export let a: T;`;
  const commonJs = `export const f = () => require("./x");`;
  const [one, other, plain] = [made(types), made(commonJs), made("export const a = 1;")];
  modules.write({ "package.json": `{ "type": "module" }` });
  deepEqual(
    [one, other, plain].map((source) => findImage(source) !== undefined),
    [true, false, true],
  );
  modules.write({ "tsconfig.json": `{ "compilerOptions": { "verbatimModuleSyntax": true } }` });
  equal(findImage(one), undefined);
});
