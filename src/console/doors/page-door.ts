/**
 * The page for a browser: `GET /` of one that asks for HTML, and the files that the page loads.
 *
 * They hold nothing of the node, so they need no token; the page asks for it and sends it as a header of all that it asks. Only
 * the files of this table can be had. The page may load its own files and ask its own origin, and be part of no other page.
 */

import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";

const FILES: ReadonlyMap<string, readonly [file: string, type: string]> = new Map([
  ["/", ["index.html", "text/html"]],
  ["/page/page.css", ["page.css", "text/css"]],
  ["/page/page.js", ["page.js", "text/javascript"]],
  ["/page/dom.js", ["dom.js", "text/javascript"]],
  ["/page/metrics.js", ["metrics.js", "text/javascript"]],
]);

/** What was read of them: the files stay as they are while the node runs. */
const bodies = new Map<string, Buffer>();

const FOLDER = new URL("../page/", import.meta.url);

const HEAD = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  connection: "close",
};

/** Says whether a request asks for the page or one of its files. */
export function isPage({ method, url = "", headers }: IncomingMessage): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  // skynet's raw answer of `/` stays for all others.
  return url === "/" ? /\btext\/html\b/.test(headers.accept ?? "") : FILES.has(url);
}

/** Answers a request for which {@link isPage} holds. */
export function answerPage({ url = "" }: IncomingMessage, response: ServerResponse): void {
  const [file, type] = FILES.get(url) ?? [];
  if (file === undefined) return;
  const body = bodies.get(file) ?? readFileSync(new URL(file, FOLDER));
  bodies.set(file, body);
  response.writeHead(200, {
    ...HEAD,
    "content-type": `${type}; charset=utf-8`,
    "content-length": body.length,
  });
  response.end(body);
}
