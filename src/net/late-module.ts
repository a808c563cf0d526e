/**
 * Modules that a program may never need, loaded when it does: HTTP, TLS and web sockets.
 *
 * Together they are some 70 of Node's own modules and a dozen of `ws`, on every thread; on Node 24
 * and later an `import` of `node:http` also loads its `WebSocket`, and with it the whole of
 * `fetch`. What is loaded is also what V8 lists for each debugger of a thread, so `upvalues` waits
 * for it.
 */

import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Node's `http`. */
export function loadHttp(): typeof import("node:http") {
  return require("node:http") as typeof import("node:http");
}

/** Node's `https`. */
export function loadHttps(): typeof import("node:https") {
  return require("node:https") as typeof import("node:https");
}

/** Node's `tls`. */
export function loadTls(): typeof import("node:tls") {
  return require("node:tls") as typeof import("node:tls");
}

/** The package `ws`. */
export function loadWebSockets(): typeof import("ws") {
  return require("ws") as typeof import("ws");
}
