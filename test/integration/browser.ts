/** A real browser for tests: Debian's chromium, where there is one. */

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** The program; undefined if the machine has none. */
export const CHROMIUM: string | undefined = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);

/** What a test is skipped for. */
export const NO_BROWSER: string | false =
  CHROMIUM === undefined && "no chromium here; apt-get install chromium";

/** Opens a page in a browser of its own, which goes with the test. Every name that ends in `.example` leads to this machine. */
export function openPage(t: TestContext, url: string): void {
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
}
