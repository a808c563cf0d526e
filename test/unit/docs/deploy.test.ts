/** The files of deploy/ ask a node for what it answers, and are what their platforms read, as far as that can be told without them. */

import { deepEqual, equal, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parse, parseAllDocuments } from "yaml";
import { PROBE_PATHS } from "../../../src/console/doors/probe-door.ts";
import { METRICS } from "../../../src/console/inspect/metrics.ts";
import { completeConfig } from "../../../src/node/config.ts";
import { readFiles, readPage } from "./page.ts";

const read = (name: string): string => readFileSync(join("deploy", name), "utf8");

/** Milliseconds that the platform waits at least before it ends a node that has been told to stop. */
const STOP_MS = completeConfig({}).stoptimeout;

interface Panel {
  readonly title: string;
  readonly gridPos: { x: number; y: number; w: number; h: number };
  readonly targets: readonly { expr: string }[];
}

test("the dashboard shows every metric, and nothing else", () => {
  const { panels } = JSON.parse(read("grafana.json")) as { panels: Panel[] };
  const shown = panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => expr.match(/\b(?:snax|process)_\w+?(?=_bucket\b|\b)/g) ?? []),
  );
  deepEqual([...new Set(shown)].toSorted(), METRICS.map(({ name }) => name).toSorted());
  for (const { title, gridPos } of panels) ok(gridPos.x + gridPos.w <= 24, title);
});

test("counters are shown as rates, and gauges are not", () => {
  const { panels } = JSON.parse(read("grafana.json")) as { panels: Panel[] };
  const exprs = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  for (const { name, kind } of METRICS) {
    const series = kind === "histogram" ? `${name}_bucket` : name;
    const expr = exprs.find((text) => new RegExp(String.raw`\b${series}\b`).test(text)) ?? "";
    equal(new RegExp(String.raw`rate\(${series}\b`).test(expr), kind !== "gauge", name);
  }
});

test("probes in Kubernetes ask for paths that are answered, and a restart waits for the watchdog", () => {
  const documents = parseAllDocuments(read("kubernetes.yaml"));
  for (const { errors } of documents) deepEqual(errors, []);
  const [service, set] = documents.map((document) => document.toJS() as Record<string, any>);
  const pod = set?.["spec"].template.spec;
  const [container] = pod.containers;
  const probes = [container.livenessProbe, container.startupProbe, container.readinessProbe];
  const names = container.ports.map(({ name }: { name: string }) => name);
  for (const { httpGet } of probes) {
    ok(PROBE_PATHS.includes(httpGet.path), httpGet.path);
    ok(names.includes(httpGet.port), httpGet.port);
  }
  ok(pod.terminationGracePeriodSeconds * 1000 > STOP_MS);
  const { periodSeconds, failureThreshold } = container.livenessProbe;
  ok(periodSeconds * failureThreshold * 1000 > completeConfig({}).stall.interrupt);
  deepEqual(set?.["spec"].selector.matchLabels, set?.["spec"].template.metadata.labels);
  equal(set?.["spec"].serviceName, service?.["metadata"].name);
});

test("compose and Prometheus agree on names and ports", () => {
  const { services } = parse(read("compose.yaml")) as { services: Record<string, any> };
  const { scrape_configs: jobs } = parse(read("prometheus.yml")) as { scrape_configs: any[] };
  const [host = "", port = ""] = (jobs[0].static_configs[0].targets[0] as string).split(":");
  ok(Object.hasOwn(services, host), host);
  const { healthcheck, stop_grace_period: grace } = services[host];
  ok(healthcheck.test.join(" ").includes(`:${port}${PROBE_PATHS[0]}`));
  ok(parseInt(grace, 10) * 1000 > STOP_MS);
  ok(read("Dockerfile").includes(`EXPOSE 8888 ${port}`));
});

test("the unit of systemd starts the command of the package, and is one that systemd reads", (t) => {
  const unit = read("snax.service");
  const bin = JSON.parse(readFileSync("package.json", "utf8")).bin.snax as string;
  ok(unit.includes(`node_modules/snax/${bin.replace(/^\.\//, "")} start`));
  ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) * 1000 > STOP_MS);
  const folder = mkdtempSync(join(tmpdir(), "snax-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "game.service");
  writeFileSync(file, unit.replace("/usr/bin/node", process.execPath).replace("User=game\n", ""));
  const { error, status, stderr } = spawnSync("systemd-analyze", ["verify", file], {
    encoding: "utf8",
  });
  if (error !== undefined) return t.skip("systemd-analyze is not there");
  deepEqual([stderr, status], ["", 0]);
});

test("the nodes of a cluster in Kubernetes reach each other and their engine, and have time to drain", () => {
  const documents = parseAllDocuments(read("kubernetes-cluster.yaml"));
  for (const { errors } of documents) deepEqual(errors, []);
  const all = documents.map((document) => document.toJS() as Record<string, any>);
  const find = (kind: string, name: string): Record<string, any> => {
    const found = all.find((one) => one["kind"] === kind && one["metadata"].name === name);
    ok(found !== undefined, `${kind} ${name}`);
    return found;
  };
  for (const set of all.filter(({ kind }) => kind === "StatefulSet")) {
    const { spec } = set;
    deepEqual(spec.selector.matchLabels, spec.template.metadata.labels);
    const service = find("Service", spec.serviceName);
    deepEqual(service["spec"].selector, spec.template.metadata.labels);
    // Every port of the service is one of the container.
    const [container] = spec.template.spec.containers;
    const open = container.ports.map((port: { containerPort: number }) => port.containerPort);
    for (const { port } of service["spec"].ports) ok(open.includes(port), `${port}`);
  }
  const pod = find("StatefulSet", "game")["spec"].template.spec;
  const [container] = pod.containers;
  for (const name of ["livenessProbe", "startupProbe", "readinessProbe"]) {
    const { path, port } = container[name].httpGet;
    ok(PROBE_PATHS.includes(path), path);
    ok(
      container.ports.some((one: { name: string }) => one.name === port),
      port,
    );
  }
  ok(pod.terminationGracePeriodSeconds * 1000 > STOP_MS + completeConfig({}).drain);
  // What the configuration of the page reads is what the pod is given, and what it names is there.
  const { "snax.config.ts": config = "" } = readFiles(readPage("many-machines.md"));
  const given = container.env.map(({ name }: { name: string }) => name);
  const used = [...config.matchAll(/process\.env\.(\w+)/g)].map(([, name]) => name);
  deepEqual(new Set(used), new Set(given));
  const [, host = "", port] = /nats:\/\/(\w+):(\d+)/.exec(config) ?? [];
  ok(find("Service", host)["spec"].ports.some((one: { port: number }) => `${one.port}` === port));
  for (const name of ["links", "metrics"]) {
    const { containerPort } = container.ports.find((one: { name: string }) => one.name === name);
    ok(config.includes(`:${containerPort}`), name);
  }
  const { ingress } = find("NetworkPolicy", "game-links")["spec"];
  const reachable = ingress.flatMap((rule: { from?: object; ports: { port: number }[] }) =>
    rule.ports.map((one) => `${one.port} ${rule.from === undefined ? "all" : "game"}`),
  );
  deepEqual(reachable.toSorted(), ["7000 game", "8888 all", "9464 all"]);
});
