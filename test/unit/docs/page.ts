/**
 * The pages of docs/ as tests read them: fenced blocks by what stands behind their language, and tables by row.
 *
 * Pages are read from the repository; the tests run from its root.
 */

import { mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import type { TestContext } from "node:test";
import { strip } from "../../../src/loader/typescript/strip.ts";
import { writeFiles } from "../../world.ts";

/** A fenced block. */
export interface Block {
  /** What stands behind the language: `file=services/main.ts`, `patch`, `output`. */
  readonly mark: string;
  readonly text: string;
}

/** Reads a page. */
export function readPage(name: string): string {
  return readFileSync(`docs/${name}`, "utf8");
}

/** The names of all pages, those in folders with their folder. */
export function listPages(): string[] {
  const names = readdirSync("docs", { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".md")).map((name) => name.replaceAll(sep, "/"));
}

/** Lists the fenced blocks that carry a mark. */
export function readBlocks(page: string): Block[] {
  const found = page.matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms);
  return [...found].map(([, mark = "", text = ""]) => ({ mark, text }));
}

/** Returns the files that a page shows, by path. */
export function readFiles(page: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const { mark, text } of readBlocks(page)) {
    if (mark.startsWith("file=")) files[mark.slice("file=".length)] = text;
  }
  return files;
}

/** Lists the rows of the table whose first heading is `heading`, as cells without the heading's row. */
export function readTable(page: string, heading: string): string[][] {
  const lines = page.split("\n");
  const head = lines.findIndex((line) => cellsOf(line)[0] === heading);
  if (head < 0) throw new Error(`no table begins with ${heading}`);
  const end = lines.findIndex((line, index) => index > head && !line.startsWith("|"));
  return lines.slice(head + 2, end < 0 ? undefined : end).map(cellsOf);
}

/** Lists the texts between backticks. */
export function readCode(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
}

function cellsOf(line: string): string[] {
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

/** Writes files as a project with snax installed; returns its folder. */
export function writeProject(t: TestContext, files: Readonly<Record<string, string>>): string {
  const folder = writeFiles(t, {
    "tsconfig.json": readFileSync("create-snax/templates/shared/tsconfig.json", "utf8"),
    "package.json": '{ "type": "module" }',
    ...files,
  });
  for (const name of ["snax", "@types/node"]) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(resolve(name === "snax" ? "." : `node_modules/${name}`), link, "dir");
  }
  return folder;
}

/** Imports a module that a page shows, and that imports nothing but Node's own. */
export async function importText<T>(text: string): Promise<T> {
  const { code } = strip(text, "shown.ts");
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as T;
}
