/**
 * The process in which the project's compiler runs: it answers one question after the other,
 * and ends with the process that started it. See `checker.ts`.
 */

import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { Tsconfigs } from "../loader/resolve/tsconfig.ts";
import { ClassicCompiler } from "./classic-compiler.ts";
import type { Package } from "../loader/typescript/transform-tools.ts";
import { findInstalled } from "../loader/typescript/transform-tools.ts";
import type { Compiler } from "./compiler.ts";
import { findProgram, NativeCompiler } from "./native-compiler.ts";
import { PatchCheck } from "./patch-check.ts";
import { ProjectFiles } from "./project-files.ts";
import type { CheckAnswer, CheckQuestion } from "./question.ts";

/** The oldest release whose language service is known to do. */
const MAJOR_MIN = 5;
/** The first one that is a native program. */
const MAJOR_NATIVE = 7;

/** Milliseconds between two looks at who has started this process. */
const PARENT_LOOK_MS = 500;

/** Checks by the `typescript` and the folder of the project. */
const checks = new Map<string, PatchCheck>();
const memoryMib = Number(process.argv[2]);

function unchecked(why: string): CheckAnswer {
  return { kind: "unchecked", why };
}

async function answer(question: CheckQuestion): Promise<CheckAnswer> {
  const file = question.patches[0]?.file ?? "";
  const folder = dirname(file);
  const configOf = (path: string): string | undefined => new Tsconfigs().find(dirname(path))?.file;
  const config = configOf(file);
  const found = findInstalled(config === undefined ? folder : dirname(config), "typescript");
  if (found === undefined) return unchecked("typescript is not installed");
  if (config === undefined) return unchecked(`there is no tsconfig.json above ${file}`);
  const key = `${found.entry} ${config}`;
  let check = checks.get(key);
  if (check === undefined) {
    const compiler = openCompiler(found, dirname(config), configOf);
    if ("kind" in compiler) return compiler;
    check = new PatchCheck(compiler, new ProjectFiles(dirname(config)));
    checks.set(key, check);
  }
  return await check.run(question);
}

function openCompiler(
  found: Package,
  folder: string,
  configOf: (file: string) => string | undefined,
): Compiler | CheckAnswer {
  const { version } = found;
  const major = Number.parseInt(version);
  if (!(major >= MAJOR_MIN)) return unchecked(`typescript ${version} is too old`);
  if (major < MAJOR_NATIVE) return new ClassicCompiler(found, configOf);
  const program = findProgram(found);
  const why = `typescript ${version} has no program for ${process.platform} ${process.arch}`;
  return program === undefined
    ? unchecked(why)
    : new NativeCompiler(found, { program, folder, memoryMib });
}

process.on("message", (question: CheckQuestion) => {
  answer(question)
    .catch((error: unknown) => unchecked(error instanceof Error ? error.message : String(error)))
    .then((answered) => process.send?.(answered))
    .catch(() => process.exit(1));
});
// A compiler that loops hears of nothing: another thread looks whether the node is still there.
if (process.platform !== "win32") {
  const look = `if (process.ppid !== ${process.argv[3]}) process.kill(-${process.pid}, "SIGKILL")`;
  new Worker(`setInterval(() => { ${look} }, ${PARENT_LOOK_MS})`, { eval: true }).unref();
}
// The process that started it is gone: nothing may be left behind.
process.on("disconnect", () => process.exit(0));
process.on("exit", () => {
  if (process.platform !== "win32") {
    try {
      process.kill(-process.pid, "SIGKILL");
    } catch {
      // There is no group of its own.
    }
  }
});
