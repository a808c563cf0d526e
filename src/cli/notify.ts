/**
 * Tells systemd how the node is, if it asks to be told (`Type=notify` sets NOTIFY_SOCKET).
 *
 * Node has no sockets of that kind, so systemd's own program says it; a machine that runs systemd has that program. The unit needs
 * `NotifyAccess=all`. https://www.freedesktop.org/software/systemd/man/latest/systemd-notify.html
 */

import { spawn } from "node:child_process";

/** What there is to say. */
const WORDS = { ready: "--ready", stopping: "--stopping" } as const;

/**
 * Says it, and does not wait: a node that can't tell goes on, and one line on stderr says so.
 *
 * @param what - `ready` when the first service is up, `stopping` when the end has begun.
 */
export function notify(what: keyof typeof WORDS): void {
  if (process.env["NOTIFY_SOCKET"] === undefined) return;
  const fail = (why: string): void =>
    void process.stderr.write(`snax: systemd was not told that the node is ${what}: ${why}\n`);
  const child = spawn("systemd-notify", [WORDS[what]], { stdio: "ignore" });
  child.on("error", (error) => fail(error.message));
  child.on("exit", (code) => {
    if (code !== 0) fail(`systemd-notify ended with ${code}`);
  });
  // The node's end must not wait for it.
  child.unref();
}
