/**
 * The files that the configuration of a node is made of. A save of one needs a restart, if what it says is not what the node
 * was started with.
 */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { tokenizer } from "acorn";
import { showPath } from "../../console/repair/source-texts.ts";
import { CodeCache } from "../../loader/code-cache.ts";
import { messageOf } from "../../service/error-text.ts";

/** What the files of a configuration say, comments and layout left out, by their real paths. */
type Said = ReadonlyMap<string, string>;

/** Watches over the files of one configuration. */
export class ConfigFiles {
  readonly #own: string;
  readonly #started: Promise<Said>;
  /** All that it has been made of so far: what it was read from counts still. */
  #files: Promise<ReadonlySet<string>>;

  /** @param own - real path of the file that was given. */
  constructor(own: string) {
    this.#own = own;
    this.#started = read(own).catch(() => new Map([[own, textOf(own) ?? ""]]));
    this.#files = this.#started.then((said) => new Set(said.keys()));
  }

  /** Returns those of some files that belong to it, with a line for each. */
  async tell(files: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    const known = await this.#files;
    const own = [...files].filter((file) => known.has(file));
    if (own.length === 0) return new Map();
    const started = await this.#started;
    let now: Said = new Map();
    let broken: string | undefined;
    try {
      now = await read(this.#own);
      this.#files = Promise.resolve(new Set([...known, ...now.keys()]));
    } catch (error) {
      broken = messageOf(error);
    }
    const folder = dirname(this.#own);
    return new Map(
      own.map((file) => {
        const name = showPath(folder, file);
        const said = now.get(file) ?? textOf(file);
        if (said === undefined) return [file, `${name} is gone; what runs of it runs on`];
        if (said === started.get(file)) return [file, `${name}: no difference to what runs`];
        if (broken !== undefined) {
          const what = broken.replaceAll(`${folder}/`, "");
          return [file, `${what}  (nothing changed; the server runs on)`];
        }
        return [file, `${name}: the configuration has changed; restart snax dev to have it`];
      }),
    );
  }
}

/** Throws what is wrong with one of them. */
async function read(own: string): Promise<Said> {
  if (own.endsWith(".json")) return new Map([[own, textOf(own) ?? ""]]);
  const images = await new CodeCache().reach(own);
  return new Map([...images].map(({ file, data }) => [file, codeOf(file, data.body)]));
}

/** A text without comments and layout. */
function codeOf(file: string, body: string): string {
  try {
    const tokens = tokenizer(body, { ecmaVersion: "latest", sourceType: "module" });
    return [...tokens].map(({ start, end }) => body.slice(start, end)).join(" ");
  } catch {
    return textOf(file) ?? "";
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
