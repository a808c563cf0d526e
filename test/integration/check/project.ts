/** A folder that looks like a user's project with types: services, a `tsconfig.json`, and a `typescript` of some release. */

import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { Checker } from "../../../src/check/checker.ts";
import type { CheckerOptions } from "../../../src/check/checker.ts";
import type { CheckAnswer } from "../../../src/check/question.ts";
import { addFiles, writeFiles } from "../../world.ts";
import type { Files } from "../../world.ts";

/** Folders of `typescript` packages; TYPESCRIPT names one more, for releases that are no development dependency. */
export const COMPILERS: readonly string[] = [
  "node_modules/typescript",
  "node_modules/typescript6",
  ...(process.env["TYPESCRIPT"] === undefined ? [] : [process.env["TYPESCRIPT"]]),
];

const OPTIONS = {
  ...{ target: "es2023", module: "nodenext", strict: true, noEmit: true, skipLibCheck: true },
  ...{ allowImportingTsExtensions: true, types: ["node"], noUnusedLocals: true },
};

export const SHOP = `import { skynet } from "snax";
import { round } from "./lib/money.ts";

let sold = 0;
const TAX = 0.2;
const stock = new Map([["apple", 3]]);

class Order {
  total = 0;
  text() {
    return \`total \${this.total}\`;
  }
}
const order = new Order();
const price = (net: number): number => round(net * (1 + TAX));

function report(): void {
  skynet.error("sold", sold, order.text());
}
setInterval(report, 60_000);

export const response = {
  buy(item: string, net: number) {
    stock.set(item, (stock.get(item) ?? 0) - 1);
    sold += 1;
    order.total += price(net);
    return order.text();
  },
};
`;

export const MONEY = `export function round(n: number): number {
  return Math.round(n);
}
`;

export const MAIN = `import { snax } from "snax";
import type * as Shop from "./shop.ts";
export async function init() {
  const shop = await snax.newservice<typeof Shop>("shop");
  const text: string = await shop.req.buy("apple", 1);
  return text.length;
}
`;

/** Links what a project of a test has installed. */
export function install(folder: string, typescript: string | undefined): void {
  const links = { snax: ".", "@types/node": "node_modules/@types/node" } as Record<string, string>;
  if (typescript !== undefined) links["typescript"] = typescript;
  for (const [name, from] of Object.entries(links)) {
    const target = join(folder, "node_modules", name);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(resolve(from), target);
  }
}

/** The files of a shop, with the settings of a project. */
export function shopFiles(prefix = "services/", options: object = {}): Record<string, string> {
  return {
    [`${prefix}shop.ts`]: SHOP,
    [`${prefix}lib/money.ts`]: MONEY,
    [`${prefix}main.ts`]: MAIN,
    "tsconfig.json": JSON.stringify({ compilerOptions: { ...OPTIONS, ...options } }),
    "package.json": '{ "type": "module" }',
  };
}

/** A `typescript` that does what the text of a program says when it is loaded. */
export function fakeClassic(program: string): Files {
  return {
    "node_modules/typescript/package.json": '{ "name": "typescript", "version": "5.0.0" }',
    "node_modules/typescript/index.js": program,
  };
}

/** A `typescript` of the native kind that is the program of a text. */
export function addFakeNative(folder: string, program: string): void {
  const own = `node_modules/@typescript/typescript-${process.platform}-${process.arch}`;
  addFiles(folder, {
    "node_modules/typescript/package.json": '{ "name": "typescript", "version": "7.0.0" }',
    "node_modules/typescript/index.js": "",
    [`${own}/package.json`]: '{ "version": "7.0.0" }',
    [`${own}/lib/tsc.sh`]: "",
  });
  addFiles(folder, { [`${own}/lib/tsc.`]: `#!${process.execPath}\n${program}` });
  symlinkSync("tsc.", join(folder, own, "lib/tsc"));
  chmodSync(join(folder, own, "lib/tsc."), 0o755);
}

/** A project with a checker. */
export interface CheckedProject {
  readonly folder: string;
  readonly checker: Checker;
  /** Checks a patch for a module; what runs is what the files said at the beginning. */
  readonly check: (patch: string, module?: string) => Promise<CheckAnswer>;
  /** The same, as lines: `where file:line:column code text`. */
  readonly lines: (patch: string, module?: string) => Promise<readonly string[]>;
}

/** What a project consists of. */
export interface ProjectParts {
  /** The folder of the `typescript`. @defaultValue none is installed */
  readonly typescript?: string | undefined;
  /** Beside those of the shop, or in place of some. */
  readonly files?: Files;
  readonly limits?: CheckerOptions;
}

/** Writes a project and opens a checker for it. */
export function createChecked(
  t: TestContext,
  { typescript, files = {}, limits }: ProjectParts,
): CheckedProject {
  const all: Record<string, string> = { ...shopFiles(), ...files };
  const folder = writeFiles(t, all);
  install(folder, typescript);
  const checker = new Checker(limits);
  t.after(() => checker.close());
  const running = Object.entries(all).flatMap(([name, text]) =>
    name.startsWith("services/") ? [{ file: join(folder, name), text }] : [],
  );
  const check = async (patch: string, module = "services/shop.ts"): Promise<CheckAnswer> => {
    const file = join(folder, module);
    return await checker.check({
      modules: [{ file, text: all[module] ?? "", isService: module.endsWith("shop.ts") }],
      patches: [{ file, text: patch, shown: "p.ts" }],
      running: running.filter((each) => each.file !== file),
    });
  };
  const lines = async (patch: string, module?: string): Promise<readonly string[]> => {
    const answer = await check(patch, module);
    if (answer.kind === "unchecked")
      return [`unchecked: ${answer.why.replaceAll(`${folder}/`, "")}`];
    return answer.errors.map(({ where, file, line, column, code, text }) => {
      return `${where} ${file.replace(`${folder}/`, "")}:${line}:${column} ${code} ${text}`;
    });
  };
  return { folder, checker, check, lines };
}
