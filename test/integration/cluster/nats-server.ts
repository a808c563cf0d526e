/** Debian's nats-server for a test, or undefined where there is none; the test says so then. */

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { stopProcess } from "../process.ts";
import { freePort } from "./free-port.ts";

/** A server that a test may kill, stop and start again. */
export interface NatsServer {
  readonly url: string;
  readonly kill: () => Promise<void>;
  /** @param forgets - without what it held. */
  readonly start: (forgets?: boolean) => Promise<void>;
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Why NATS can't be tested here; undefined if it can. */
export function lackOfNats(): string | undefined {
  try {
    import.meta.resolve("@nats-io/transport-node");
    import.meta.resolve("@nats-io/kv");
  } catch {
    return "no @nats-io packages are installed";
  }
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return PROGRAMS.some((name) => folders.some((folder) => existsSync(join(folder, name))))
    ? undefined
    : "no nats-server is installed";
}

const PROGRAMS = ["nats-server"];

/** Starts one. */
export async function natsServer(t: TestContext): Promise<NatsServer> {
  const folder = mkdtempSync(join(tmpdir(), "snax-nats-"));
  const port = await freePort();
  const path = `${process.env["PATH"] ?? ""}${delimiter}/usr/sbin`;
  let child: ChildProcess | undefined;
  let store = 0;
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  const start = async (forgets = false): Promise<void> => {
    if (forgets) store += 1;
    const args = ["-a", "127.0.0.1", "-p", String(port), "-js", "-sd", join(folder, String(store))];
    child = spawn("nats-server", args, { stdio: "ignore", env: { ...process.env, PATH: path } });
    while (!(await answers(port))) if (child.exitCode !== null) throw new Error("no nats-server");
  };
  t.after(async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  });
  await start();
  return {
    url: `nats://127.0.0.1:${port}`,
    ...{ kill, start },
    pause: () => child !== undefined && stopProcess(child),
    resume: () => void child?.kill("SIGCONT"),
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("data", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => setTimeout(() => resolve(false), 20));
  });
}
