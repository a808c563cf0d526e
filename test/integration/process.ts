/** Child processes for tests: a program text, or the command line, run to its end. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The command line of the package; the tests are run after it is built. */
const MAIN: string = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** The package as a user gets it, for programs that are not inside its folder. */
export const PACKAGE: string = import.meta.resolve("snax");

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when stdout holds the text. */
  readonly says: (text: string) => Promise<void>;
}

/** Milliseconds until a child that does not end is killed. */
const PATIENCE_MS = 100_000;

/** Starts Node with these arguments. @param patienceMs - after so long it is killed. @defaultValue 100 s */
// oxlint-disable-next-line max-params -- most say the first two alone
export function startNode(
  args: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv = process.env,
  patienceMs: number = PATIENCE_MS,
): Running {
  const child = spawn(process.execPath, args, {
    ...{ cwd: folder, env },
    timeout: patienceMs,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  let notice = (): void => {};
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
    notice();
  });
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => {
      notice();
      resolve({ code, stdout, stderr });
    });
  });
  const says = async (text: string): Promise<void> => {
    while (!stdout.includes(text)) {
      if (child.exitCode !== null)
        throw new Error(`it ended without saying ${text}: ${stdout}${stderr}`);
      await new Promise<void>((resolve) => (notice = resolve));
    }
  };
  return { child, ended, says };
}

/** Runs the command line to its end. */
export function snax(args: readonly string[], folder: string): Promise<Ended> {
  return startNode([MAIN, ...args], folder).ended;
}

/** Starts the command line. */
export function startSnax(
  args: readonly string[],
  folder: string,
  env?: NodeJS.ProcessEnv,
): Running {
  return startNode([MAIN, ...args], folder, env);
}

/** Runs a program that embeds a node; `start` and the folder of the services are in its scope. */
export function embed(text: string, folder: string): Promise<Ended> {
  const program = `
    import { start } from ${JSON.stringify(PACKAGE)};
    const folder = ${JSON.stringify(folder)};
    const node = await start({ thread: 0, services: folder + "/?.ts" });
    ${text}
  `;
  return startNode(["--input-type=module", "--eval", program], folder).ended;
}

/**
 * Stops a process, and returns when each of its threads has stopped: what runs a moment longer may still answer.
 * `SIGCONT` makes it go on. Only Linux says by a file that a thread has stopped; elsewhere this does not wait.
 */
export function stopProcess(child: ChildProcess): void {
  child.kill("SIGSTOP");
  const tasks = `/proc/${child.pid}/task`;
  if (!existsSync(tasks)) return;
  while (!readdirSync(tasks).every((task) => isStopped(join(tasks, task, "stat"))));
}

/** Says whether a thread has stopped or ended, by its line in /proc: `pid (name) state ...`. */
function isStopped(path: string): boolean {
  try {
    return /^[Tt] /.test(readFileSync(path, "utf8").replace(/^.*\) /s, ""));
  } catch {
    return true;
  }
}
