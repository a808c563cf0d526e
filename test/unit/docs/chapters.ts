/**
 * The chapters of the guide as the programs that a reader has after each of them.
 *
 * A block shows a file whole (`file=`), adds to its end (`append=`), or changes it (`edit=`): hunks
 * as `diff` writes them, between lines of `@@`. A hunk must fit in exactly one place, as it must
 * for a reader who looks for it.
 */

import { readFileSync } from "node:fs";
import { readBlocks, readPage } from "./page.ts";

/** The pages of the chapters, in order. */
export const CHAPTERS: readonly string[] = [
  ...readPage("guide.md").matchAll(/^\d+\. \[.+?\]\((.+?)\)/gm),
].map(([, path = ""]) => path);

type Files = Readonly<Record<string, string>>;

/** Returns the files of the program at the end of a chapter; a chapter may take files out. */
export function readProgram(chapter: number): Files {
  let files: Files = {
    "snax.config.ts": readFileSync("create-snax/templates/empty/snax.config.ts", "utf8"),
  };
  for (const page of CHAPTERS.slice(0, chapter)) files = addChapter(files, readPage(page));
  return files;
}

function addChapter(before: Files, page: string): Files {
  const files: Record<string, string> = { ...before };
  for (const [, path = ""] of page.matchAll(/`([\w./]+)` has done its work; delete it\./g)) {
    if (files[path] === undefined) throw new Error(`there is no ${path} to delete`);
    delete files[path];
  }
  for (const { mark, text } of readBlocks(page)) {
    const [kind = "", path = ""] = mark.split("=");
    if (kind === "file") files[path] = text;
    if (kind === "append") files[path] = `${files[path]}\n${text}`;
    if (kind === "edit") files[path] = edit(files[path] ?? "", text);
  }
  return files;
}

function edit(text: string, hunks: string): string {
  return hunks.split(/^@@\n/m).reduce((now, hunk) => {
    const lines = hunk.trimEnd().split("\n");
    const pick = (other: string): string =>
      lines
        .filter((line) => line[0] !== other)
        .map((line) => `${line.slice(1)}\n`)
        .join("");
    const [from, to] = [pick("+"), pick("-")];
    const parts = `\n${now}`.split(`\n${from}`);
    if (parts.length !== 2) throw new Error(`fits in ${parts.length - 1} places:\n${hunk}`);
    return parts.join(`\n${to}`).slice(1);
  }, text);
}
