/**
 * skynet's gate: takes clients at a port and tells a watchdog of them; agents ask to be given a
 * client's messages.
 *
 *     watchdog -> gate    "open", { port, maxclient, ... }                     -> { address, port, websocket }
 *     gate -> watchdog    "socket", "open" | "close" | "error" | "warning" | "data", fd, ...
 *     agent -> gate       "forward", fd [, client [, address]]                 from then on the agent gets `client` messages
 *     watchdog -> gate    "accept", fd | "kick", fd | "close" | "counts"
 *
 * An agent writes to its client with `socket.send(fd, message)`, or with `socket.write(fd, bytes)`
 * if it frames by itself.
 */

import { gateserver, skynet, SnaxError } from "snax";
import type { GateOptions } from "snax";

let watchdog = 0;

function tell(...what: unknown[]): void {
  skynet.send(watchdog, "lua", "socket", ...what);
}

const commands: Record<string, (source: number, ...args: never[]) => unknown> = {
  __proto__: null as never,
  forward(source: number, fd: number, client?: number, address?: number) {
    gateserver.forward(fd, address ?? source, client ?? 0);
  },
  accept(_source: number, fd: number) {
    gateserver.openclient(fd);
  },
  kick(_source: number, fd: number) {
    gateserver.closeclient(fd);
  },
  counts() {
    return gateserver.counts();
  },
};

gateserver.start({
  open(source: number, options: GateOptions) {
    watchdog = options.watchdog ?? source;
  },
  connect(fd: number, peer: string) {
    tell("open", fd, peer);
  },
  message(fd: number, data: Buffer) {
    tell("data", fd, data);
  },
  disconnect(fd: number) {
    tell("close", fd);
  },
  error(fd: number, text: string, code: string) {
    tell("error", fd, text, code);
  },
  warning(fd: number, size: number) {
    tell("warning", fd, size);
  },
  command(command: string, source: number, ...args: never[]) {
    const run = commands[command];
    if (run !== undefined) return run(source, ...args);
    throw new SnaxError("ERR_ARGUMENT", `a gate knows no command ${JSON.stringify(command)}`);
  },
});
