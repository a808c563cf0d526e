/**
 * The compiler of a project that has TypeScript 7: a native program without an API that is
 * kept stable, so it is asked in the protocol of editors (LSP) over its standard input and
 * output.
 *
 *     didOpen, didChange, didClose -> texts that count in place of files; nothing is written
 * to disk
 *     textDocument/diagnostic      -> the errors of one file
 */

/* oxlint-disable no-restricted-globals -- no service runs in this process: its time is its own */

import { spawn } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Package } from "../loader/typescript/transform-tools.ts";
import type { Compiler, Diagnostic } from "./compiler.ts";
import { inOneLine } from "./compiler.ts";
import { LspConnection } from "./lsp-connection.ts";

/** An error as the protocol has it; lines and columns from 0. */
interface Reported {
  readonly severity?: number;
  readonly code?: number | string;
  readonly message: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } };
}

const SEVERITY_ERROR = 1;
const FILE_CHANGED = 2;
const FILE_DELETED = 3;
/** Milliseconds between two looks at the memory of the program. */
const MEMORY_LOOK_MS = 50;
const PAGE_BYTES = 4096;
const MIB = 1 << 20;

/** Returns the path of the native program; undefined if the package has none for this machine. */
export function findProgram({ entry }: Package): string | undefined {
  const name = `@typescript/typescript-${process.platform}-${process.arch}`;
  try {
    const own = createRequire(entry).resolve(`${name}/package.json`);
    const program = join(dirname(own), "lib", process.platform === "win32" ? "tsc.exe" : "tsc");
    return existsSync(program) ? program : undefined;
  } catch {
    // An optional dependency that was not installed.
    return undefined;
  }
}

/** A native compiler at work. */
export class NativeCompiler implements Compiler {
  readonly title: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lsp: LspConnection;
  readonly #ready: Promise<unknown>;
  readonly #open = new Map<string, { text: string; version: number }>();
  readonly #watch: NodeJS.Timeout;

  /**
   * @param program - path of the native program.
   * @param folder - where the project is.
   * @param memoryMib - most memory that the program may take.
   */
  constructor(
    { version }: Package,
    { program, folder, memoryMib }: { program: string; folder: string; memoryMib: number },
  ) {
    this.title = `typescript ${version}`;
    this.#child = spawn(program, ["--lsp", "--stdio"], {
      cwd: folder,
      // It cleans up in time instead of growing into the limit.
      env: { ...process.env, GOMEMLIMIT: `${Math.floor(memoryMib * 0.75)}MiB` },
    });
    this.#child.stderr.resume();
    const { stdin, stdout } = this.#child;
    this.#lsp = new LspConnection(stdin, stdout);
    this.#child.on("error", ({ message }) => this.#lsp.end(message));
    this.#child.on("exit", (code, signal) => {
      clearInterval(this.#watch);
      this.#lsp.end(`the compiler ended (${signal ?? `exit code ${code}`})`);
    });
    this.#watch = setInterval(() => this.#look(memoryMib), MEMORY_LOOK_MS);
    this.#ready = this.#lsp.ask("initialize", {
      processId: process.pid,
      rootUri: pathToFileURL(folder).href,
      capabilities: { textDocument: { diagnostic: {} } },
      workspaceFolders: null,
    });
    // The next caller is told.
    this.#ready.catch(() => {});
    this.#lsp.tell("initialized", {});
  }

  lay(texts: ReadonlyMap<string, string>, changed: readonly string[]): void {
    for (const file of this.#open.keys()) {
      if (texts.has(file)) continue;
      this.#lsp.tell("textDocument/didClose", { textDocument: { uri: uriOf(file) } });
      this.#open.delete(file);
    }
    if (changed.length > 0) {
      const changes = changed.map((file) => {
        return { uri: uriOf(file), type: existsSync(file) ? FILE_CHANGED : FILE_DELETED };
      });
      this.#lsp.tell("workspace/didChangeWatchedFiles", { changes });
    }
    for (const [file, text] of texts) this.#lay(file, text);
  }

  async diagnose(file: string): Promise<readonly Diagnostic[]> {
    await this.#ready;
    const text = this.#open.get(file)?.text ?? "";
    const answer = await this.#lsp.ask("textDocument/diagnostic", {
      textDocument: { uri: uriOf(file) },
    });
    const { items = [] } = (answer ?? {}) as { items?: readonly Reported[] };
    const starts = lineStarts(text);
    return items.flatMap(({ severity, code, message, range }) => {
      if (severity !== SEVERITY_ERROR) return [];
      const { line, character } = range.start;
      const start = (starts[line] ?? text.length) + character;
      return [{ start, code: Number(code), text: inOneLine(message) }];
    });
  }

  close(): void {
    clearInterval(this.#watch);
    this.#child.kill("SIGKILL");
  }

  #lay(file: string, text: string): void {
    const known = this.#open.get(file);
    const uri = uriOf(file);
    if (known === undefined) {
      this.#open.set(file, { text, version: 1 });
      const textDocument = { uri, languageId: languageOf(file), version: 1, text };
      this.#lsp.tell("textDocument/didOpen", { textDocument });
    } else if (known.text !== text) {
      known.text = text;
      known.version += 1;
      const { version } = known;
      const change = { textDocument: { uri, version }, contentChanges: [{ text }] };
      this.#lsp.tell("textDocument/didChange", change);
    }
  }

  /**
   * Its own limit is soft. Where the system does not tell what it takes, there is none but
   * that.
   */
  #look(memoryMib: number): void {
    try {
      const [, pages = "0"] = readFileSync(`/proc/${this.#child.pid}/statm`, "utf8").split(" ");
      if (Number(pages) * PAGE_BYTES <= memoryMib * MIB) return;
    } catch {
      // It has just ended, or this is no Linux.
      return;
    }
    this.#lsp.end(memoryText(memoryMib));
    this.#child.kill("SIGKILL");
  }
}

/** Why a compiler was ended that takes too much. */
export function memoryText(memoryMib: number): string {
  return `the compiler takes more than ${memoryMib} MiB (CHECK_MEMORY_MIB)`;
}

function uriOf(file: string): string {
  return pathToFileURL(file).href;
}

function languageOf(file: string): string {
  const [, isScript] = /\.[cm]?(j)?[jt]?sx?$/.exec(file) ?? [];
  const base = isScript === undefined ? "typescript" : "javascript";
  return file.endsWith("x") ? `${base}react` : base;
}

/** The protocol counts other line ends than the language does. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { 0: end, index } of text.matchAll(/\r\n|\n|\r/g)) starts.push(index + end.length);
  return starts;
}
