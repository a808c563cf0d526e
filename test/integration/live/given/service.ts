/** Services that give a function to the API, and what they have heard of it. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../../../world.ts";
import { CERTIFICATE, KEY } from "../../net/certificate.ts";
import type { Given } from "./table.ts";

const HEAD = `
import { cluster, gateserver, httpd, multicast, sharetable, skynet, socket, socketchannel, upvalues } from "snax";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
const KEY = ${JSON.stringify(KEY)};
const CERTIFICATE = ${JSON.stringify(CERTIFICATE)};
let port = 0;
function note(word: string) { appendFileSync("FILE", word + " "); }
function say() { note("old"); }
function text() { return readFileSync("FILE", "utf8").trim(); }
function once() { writeFileSync("FILE", [...new Set(text().split(" "))].join(" ")); }
async function heard() { for (let turn = 0; turn < 5000 && text() === ""; turn += 1) await skynet.sleep(1); }
`;

/** What kind of function is given. */
export const VARIANTS = ["named", "pure", "closure"] as const;
export type Variant = (typeof VARIANTS)[number];

/** Where it is given. */
export type Place = "init" | "top";

/** Writes the service: what it hears goes into a file of its name. */
export function textOf(
  { give, params = "", result = "undefined", head = "", fire, isPlain = false }: Given,
  variant: Variant,
  place: Place,
): string {
  const body = `return ${result};`;
  const ways: Record<Variant, readonly [decl: string, pre: string, run: string]> = {
    named: [`function run(${params}): any { note("old"); ${body} }`, "", "run"],
    pure: ["", "", `(${params}) => { say(); ${body} }`],
    closure: ["", `const word = "old";`, `(${params}) => { note(word); ${body} }`],
  };
  const [decl, pre, run] = ways[variant];
  const given = `${pre} ${give.replaceAll("RUN", run)}`;
  const begun = HEAD + head + decl;
  if (isPlain) return `${begun}\n{ ${given} }`;
  const fired = ["info", "end", "down"].includes(fire) ? "" : fire;
  return `${begun}
${place === "top" ? `{ ${given} }` : ""}
export async function init() { ${place === "init" ? given : ""} }
export const response = { async fire() { ${fired} }, idle() {} };`;
}

/** One service, and the file that it writes. */
export class Giver {
  readonly name: string;
  readonly #node: World;
  readonly #text: string;

  constructor(node: World, name: string, text: string, echo: number) {
    this.name = name;
    this.#node = node;
    const filled = text.replaceAll("NAME", name).replaceAll("ECHO", String(echo));
    this.#text = filled.replaceAll("FILE", this.#file);
    this.write("old");
    this.clear();
  }

  get #file(): string {
    return join(this.#node.folder, `${this.name}.txt`);
  }

  /** Writes its file, with the word that it notes. */
  write(word: string): void {
    writeFileSync(
      join(this.#node.folder, `${this.name}.ts`),
      this.#text.replaceAll('"old"', `"${word}"`),
    );
  }

  clear(): void {
    writeFileSync(this.#file, "");
  }

  get heard(): string {
    return readFileSync(this.#file, "utf8").trim();
  }
}
