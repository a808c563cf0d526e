/** A real browser for tests: Debian's chromium, where there is one. */

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { WebSocket } from "ws";

/** The program; undefined if the machine has none. */
export const CHROMIUM: string | undefined = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);

/** What a test is skipped for. */
export const NO_BROWSER: string | false =
  CHROMIUM === undefined && "no chromium here; apt-get install chromium";

/**
 * Opens a page in a browser of its own, which goes with the test. Every name that ends in `.example` leads to this machine.
 *
 * @returns the browser's folder
 */
export function openPage(t: TestContext, url: string): string {
  const folder = mkdtempSync(join(tmpdir(), "snax-browser-"));
  const quiet =
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-extensions --mute-audio " +
    "--disable-background-networking --disable-component-update --disable-sync --no-proxy-server";
  const child = spawn(
    CHROMIUM as string,
    [
      ...["--headless=new", ...quiet.split(" "), `--user-data-dir=${folder}`],
      ...["--host-resolver-rules=MAP *.example 127.0.0.1", "--remote-debugging-port=0", url],
    ],
    // A group of its own: the browser is many processes, and all of them must end. What they leave goes with the folder.
    { stdio: "ignore", detached: true, env: { ...process.env, TMPDIR: folder } },
  );
  const ended = new Promise((resolve) => child.once("close", resolve));
  t.after(async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
    // Race: the kernel ends the other processes of the group a little later, and they write until then.
    await rm(folder, { recursive: true, force: true, maxRetries: 50, retryDelay: 100 });
  });
  return folder;
}

/** How often the browser is asked again for what is not there yet. */
const ASK_AGAIN_MS = 50;

/** A page that a test looks at and types into, as a person does. */
export class DrivenPage {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (answer: Answer) => void>();
  #last = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      const { id, ...answer } = JSON.parse(data.toString()) as Answer & { id?: number };
      if (id === undefined) return;
      this.#answers.get(id)?.(answer);
      this.#answers.delete(id);
    });
  }

  /** Opens a page and waits until the browser can be asked about it. */
  static async open(t: TestContext, url: string): Promise<DrivenPage> {
    const folder = openPage(t, url);
    const port = await untilThere(async () => {
      const [line = ""] = (await readFile(join(folder, "DevToolsActivePort"), "utf8")).split("\n");
      return line === "" ? undefined : line;
    });
    const place = await untilThere(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/json/list`);
      const pages = (await response.json()) as { url: string; webSocketDebuggerUrl: string }[];
      return pages.find((page) => page.url === url)?.webSocketDebuggerUrl;
    });
    const socket = new WebSocket(place);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    t.after(() => socket.terminate());
    return new DrivenPage(socket);
  }

  /** Evaluates an expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, error } = await this.#ask("Runtime.evaluate", {
      expression,
      returnByValue: true,
    });
    if (error !== undefined || result?.exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${JSON.stringify(error ?? result?.exceptionDetails)}`);
    }
    return result?.result?.value;
  }

  /** Waits until an expression is true. */
  async until(expression: string): Promise<void> {
    await untilThere(async () => ((await this.evaluate(expression)) === true ? true : undefined));
  }

  /** Types a text where the cursor is. */
  async type(text: string): Promise<void> {
    await this.#ask("Input.insertText", { text });
  }

  /** Presses a key and lets it go. @param key - as `KeyboardEvent.key` says it. */
  async press(key: string): Promise<void> {
    const code = { Enter: 13, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40 }[key];
    const event = { key, code: key, windowsVirtualKeyCode: code };
    const text = key === "Enter" ? { text: "\r" } : {};
    await this.#ask("Input.dispatchKeyEvent", { type: "keyDown", ...event, ...text });
    await this.#ask("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  /**
   * Presses Enter in a field until the cursor has left it.
   *
   * Race: faster than any player, Enter may come before the page's connection is there; what could not be sent leaves the
   * cursor where it was.
   */
  async enter(field: string): Promise<void> {
    do await this.press("Enter");
    while ((await this.evaluate("document.activeElement?.id")) === field);
  }

  #ask(method: string, params: object): Promise<Answer> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }
}

interface Answer {
  readonly error?: unknown;
  readonly result?: { readonly result?: { readonly value?: unknown }; exceptionDetails?: unknown };
}

/** Asks again until there is an answer; the test's own deadline ends it. */
async function untilThere<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}
