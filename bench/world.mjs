// @ts-check
/**
 * Writes the realistic service of the bench: `world.ts` with 30 local modules, 360 functions and 30 classes.
 *
 * Generated, because it is not for reading: what matters is its size, that every module is imported, and that a
 * call can walk through all of them. Its objects are made when the call first walks there: the classes of each service are
 * its own, and V8 keeps a kilobyte of shapes for each class that has instances, in any program. Each module has a class, a variable of its own, and twelve functions; each but the
 * first imports the one before it.
 */

import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MODULES = 30;
const FUNCTIONS = 12;

/** What `walk(1)` answers: every module adds one for each of its functions. */
export const WALK_FROM_ONE = 1 + MODULES * FUNCTIONS;

/** @param {number} index */
function functionText(index) {
  return `export function step${index}(value: number, unit: Unit = (units[${index % 4}] ??= new Unit(${index % 4}))): number {
  if (value < 0) return -value;
  unit.touch(value);
  return value + 1;
}
`;
}

/** @param {number} index */
function moduleText(index) {
  const functions = Array.from({ length: FUNCTIONS }, (_, i) => functionText(i));
  const calls = Array.from({ length: FUNCTIONS }, (_, i) => `  next = step${i}(next);`).join("\n");
  const before = index === 0 ? "" : `import { walk as walkBefore } from "./part${index - 1}.ts";\n`;
  const begin = index === 0 ? "value" : "walkBefore(value)";
  return `${before}
export class Unit {
  readonly id: number;
  touched = 0;
  last: number | null = null;

  constructor(id: number) {
    this.id = id;
  }

  touch(value: number): void {
    this.touched += 1;
    this.last = value;
  }

  describe(): string {
    return \`unit \${this.id} of part ${index}: \${this.touched}\`;
  }
}

const units: Unit[] = [];
const table = { name: "part ${index}", prices: [10, 20, 30, 40], open: true };
let visits = 0;

${functions.join("\n")}
export function walk(value: number): number {
  visits += 1;
  let next = ${begin};
${calls}
  return table.open ? next : visits;
}
`;
}

/**
 * Writes all files of the service into a folder.
 *
 * @param {string} folder
 */
export async function writeWorld(folder) {
  const parts = join(folder, "part");
  await mkdir(parts, { recursive: true });
  for (let index = 0; index < MODULES; index += 1) {
    await writeFile(join(parts, `part${index}.ts`), moduleText(index));
  }
  const imports = Array.from(
    { length: MODULES },
    (_, i) => `import { Unit as Unit${i} } from "./part/part${i}.ts";`,
  );
  const classes = Array.from({ length: MODULES }, (_, i) => `Unit${i}`).join(", ");
  await writeFile(
    join(folder, "world.ts"),
    `${imports.join("\n")}
import { walk } from "./part/part${MODULES - 1}.ts";

const classes = new Set<unknown>([${classes}]);

export const response = {
  walk(value: number): number {
    if (classes.size !== ${MODULES}) throw new Error("classes are missing");
    return walk(value);
  },
};
`,
  );
}

/** Lines of each function of the long module. */
const FUNCTION_LINES = 6;

const LONG_FUNCTIONS = 100;

/**
 * Writes a service of 600 lines, `long.ts`: functions that call each other, with types to strip.
 *
 * @param {string} folder
 * @returns {Promise<number>} what its method `last` answers.
 */
export async function writeLong(folder) {
  const functions = Array.from({ length: LONG_FUNCTIONS }, (_, number) => {
    const before = number === 0 ? "0" : `step${number - 1}({ value: 1, names: [] })`;
    const lines = [
      `interface State${number} { value: number; names: readonly string[] }`,
      `export function step${number}(state: State${number}): number {`,
      `  const sum: number = state.names.reduce((all: number, name: string) => all + name.length, 0);`,
      `  const next = ${before} as number;`,
      `  return next + state.value + sum;`,
      `}`,
    ];
    if (lines.length !== FUNCTION_LINES) throw new Error("the long module has another length");
    return lines.join("\n");
  });
  const last = `step${LONG_FUNCTIONS - 1}({ value: 1, names: [] })`;
  const group = `export const response = { last() { return ${last}; } };`;
  await writeFile(join(folder, "long.ts"), `${functions.join("\n")}\n${group}\n`);
  return LONG_FUNCTIONS;
}

/**
 * Makes a project of a folder, with this package's own TypeScript.
 *
 * @param {string} folder
 */
export async function writeProject(folder) {
  const options = { target: "es2023", module: "nodenext", strict: true, noEmit: true, types: [] };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options }));
  await mkdir(join(folder, "node_modules"));
  const modules = fileURLToPath(new URL("../node_modules/", import.meta.url));
  await symlink(join(modules, "typescript"), join(folder, "node_modules/typescript"));
  const name = `@typescript/typescript-${process.platform}-${process.arch}`;
  return { benchfolder: folder, program: join(modules, name, "lib/tsc") };
}
