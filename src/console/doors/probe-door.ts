/**
 * What programs ask over HTTP again and again: is the node healthy, is it ready, what does it count.
 *
 *     GET /healthz             200 or 503, and JSON by thread; ?process=1 asks no more than whether the process answers
 *     GET /readyz              200 or 503, and why
 *     GET /metrics             Prometheus text
 *
 * They change nothing, run no command, and cost no walk over services. A console answers them on its port, behind its token; the
 * configuration's `metrics` gives them an address of their own, without one.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Runtime } from "../../service/runtime.ts";
import type { Health } from "../inspect/health.ts";
import { readHealth, readReadiness } from "../inspect/health.ts";
import { readMetrics } from "../inspect/metrics.ts";
import { PROMETHEUS_TYPE, writeMetrics } from "../print/prometheus.ts";

/** An answer. */
interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Headers of every answer. */
const COMMON = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

const probes: Readonly<Record<string, (runtime: Runtime, query: string) => Answer>> = {
  "/healthz": (runtime, query) => answerOf(isOfProcess(query) ? { ok: true } : readHealth(runtime)),
  "/readyz": (runtime) => answerOf(readReadiness(runtime)),
  "/metrics": (runtime) => ({
    status: 200,
    type: PROMETHEUS_TYPE,
    text: writeMetrics(readMetrics(runtime)),
  }),
};

/** The paths that are answered. */
export const PROBE_PATHS: readonly string[] = Object.keys(probes);

/** Says whether a request asks for one of them. */
export function isProbe({ method, url = "" }: IncomingMessage): boolean {
  return (method === "GET" || method === "HEAD") && Object.hasOwn(probes, pathOf(url));
}

/**
 * Answers a request for which {@link isProbe} holds.
 *
 * @param headers - more of them.
 */
export function answerProbe(
  runtime: Runtime,
  { url = "" }: IncomingMessage,
  response: ServerResponse,
  headers: Readonly<Record<string, string>> = {},
): void {
  const path = pathOf(url);
  const answer = probes[path]?.(runtime, url.slice(path.length + 1));
  if (answer === undefined) return;
  const length = Buffer.byteLength(answer.text);
  response.writeHead(answer.status, {
    ...{ ...COMMON, ...headers, "content-type": answer.type, "content-length": length },
  });
  response.end(answer.text);
}

function pathOf(url: string): string {
  const end = url.indexOf("?");
  return end < 0 ? url : url.slice(0, end);
}

function isOfProcess(query: string): boolean {
  return new URLSearchParams(query).get("process") === "1";
}

function answerOf(health: Health): Answer {
  const text = `${JSON.stringify(health)}\n`;
  return { status: health.ok ? 200 : 503, type: "application/json; charset=utf-8", text };
}
