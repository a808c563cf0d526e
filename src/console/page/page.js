// @ts-check
/**
 * The console's page: what is wrong on the node, then whether, then where. It only looks.
 *
 * Whatever comes from the node is hostile and is put in as text. One request at a time: a token that is wrong is shown once,
 * for the console counts those.
 */

import { at, copyOnClick, element, field, fill, messageOf, pause } from "./dom.js";
import { p99Of, percent, rateOf, readMetrics, valueOf } from "./metrics.js";

const ROUND_MS = 5000;
const LOG_LINES_MAX = 300;
const SILENT_SECONDS = 5;
const FULL_HEAP = 0.85;

/** How long a handler or a mailbox that the log has told of stands under what is wrong. */
const TOLD_MS = 300_000;
const MAILBOXES = 20;
/** Until the log is asked for again when its connection is lost; twice as long each time. */
const LOG_PAUSE_MS = 500;
const LOG_PAUSE_MAX_MS = 10_000;

/**
 * @typedef {import("./metrics.js").Sheet} Sheet
 * @typedef {import("./dom.js").Cell} Cell
 * @typedef {{ target: string, time: string, applied: number, failed: number }} Patch
 * @typedef {{ title: string, cpu: number, message: number, mqlen: number }} Busy
 * @typedef {{ mqlen: number, task: number, handlers: number }} Stat
 */

let token = sessionStorage.getItem("token") ?? "";
let filled = false;
let isLogWatched = false;
/** @type {Sheet | undefined} */
let before;
/** @type {Sheet | undefined} */
let errorsAtStart;
/**
 * What the log has told of services, by address and kind.
 *
 * @type {Map<string, { address: string, until: number, text: string }>}
 */
const told = new Map();

/** The node's answer is no 200. */
class Refusal extends Error {}

/** @param {string} path */
function request(path) {
  /** @type {Record<string, string>} */
  const headers = { accept: "application/json" };
  if (token !== "") headers["authorization"] = `Bearer ${token}`;
  return fetch(path, { headers, cache: "no-store" });
}

/** @param {Response} response */
async function refusalOf(response) {
  const text = await response.text();
  try {
    return new Refusal(JSON.parse(text).error.message);
  } catch {
    return new Refusal(`HTTP ${response.status}`);
  }
}

/**
 * @param {string} path
 * @returns {Promise<any>} what the command answers
 */
async function command(path) {
  const response = await request(`api/${path}`);
  if (!response.ok) throw await refusalOf(response);
  return (await response.json()).result;
}

/**
 * @param {string} text
 * @param {string} [typed] - the command that tells more
 */
function wrongLine(text, typed) {
  const line = element("li", `${text} `);
  if (typed !== undefined) line.append(element("code", typed));
  return line;
}

/**
 * @param {Sheet} now
 * @param {Node[]} wrong
 */
function showThreads(now, wrong) {
  const labels = [...(now.plain.get("snax_thread_up")?.keys() ?? [])];
  const rows = labels.map((thread) => {
    const heap = valueOf(now, "snax_thread_heap_bytes", thread);
    const limit = valueOf(now, "snax_thread_heap_limit_bytes", thread);
    const silent = valueOf(now, "snax_thread_silent_seconds", thread);
    if (silent >= SILENT_SECONDS)
      wrong.push(wrongLine(`thread ${thread} is silent for ${silent.toFixed(0)} s:`, "threads"));
    if (limit > 0 && heap / limit > FULL_HEAP)
      wrong.push(wrongLine(`thread ${thread} uses ${percent(heap / limit)} of its heap:`, "mem"));
    return [
      thread,
      `${(heap / 2 ** 20).toFixed(1)} MiB`,
      rateOf(before, now, "snax_thread_messages_total", thread).toFixed(0),
      percent(rateOf(before, now, "snax_thread_cpu_seconds_total", thread)),
      valueOf(now, "snax_thread_services", thread),
      `${silent.toFixed(1)} s`,
    ];
  });
  fill("threads", ["thread", "heap", "messages/s", "CPU", "services", "silent"], rows);
}

/**
 * @param {Sheet} now
 * @param {Node[]} wrong
 */
function showTypes(now, wrong) {
  const labels = [...(now.plain.get("snax_services")?.keys() ?? [])];
  const rows = labels.map((type) => {
    const errors = valueOf(now, "snax_errors_total", type);
    const fresh =
      before === undefined ? 0 : errors - valueOf(errorsAtStart, "snax_errors_total", type);
    if (fresh > 0)
      wrong.push(wrongLine(`${type}: ${fresh} errors since this page is open:`, "patches"));
    const cpu = rateOf(before, now, "snax_cpu_seconds_total", type);
    /** @type {Cell[]} */
    const cells = [
      type,
      valueOf(now, "snax_services", type),
      rateOf(before, now, "snax_messages_total", type).toFixed(0),
      percent(cpu),
      errors,
      p99Of(now, type),
    ];
    return { cpu, cells };
  });
  rows.sort((one, other) => other.cpu - one.cpu);
  fill(
    "types",
    ["type", "services", "messages/s", "CPU", "errors", "99 % of runs"],
    rows.map(({ cells }) => cells),
  );
}

/**
 * Handlers that do not return and mailboxes that grow, as the log has told of them.
 *
 * @param {Node[]} wrong
 */
function showTold(wrong) {
  for (const [key, { address, until, text }] of told) {
    if (performance.now() > until) told.delete(key);
    else wrong.push(wrongLine(`${address}: ${text}:`, `task ${address}`));
  }
}

async function round() {
  const ready = await request("readyz");
  if (ready.status === 403) throw await refusalOf(ready);
  const { ok, reason } = await ready.json();
  const metrics = await request("metrics");
  if (!metrics.ok) throw await refusalOf(metrics);
  const now = readMetrics(await metrics.text());
  errorsAtStart ??= now;
  /** @type {Node[]} */
  const wrong = [];
  if (!ok) wrong.push(wrongLine(`the node is not ready: ${reason}`));
  const minutes = Math.floor(valueOf(now, "snax_uptime_seconds") / 60);
  at("state").textContent = `${ok ? "ready" : reason}, up for ${minutes} min`;
  showThreads(now, wrong);
  showTypes(now, wrong);
  showTold(wrong);
  at("wrong").replaceChildren(
    ...(wrong.length > 0 ? wrong : [element("li", "nothing that it knows of")]),
  );
  before = now;
  if (!isLogWatched) void watchLog();
  if (filled) return;
  filled = true;
  at("login").hidden = true;
  at("views").hidden = false;
  await showPatches();
}

async function showPatches() {
  /** @type {[string, Patch][]} */
  const all = Object.entries(await command("patches"));
  const rows = all.slice(-20).reverse();
  const cells = rows.map(([id, { target, time, applied, failed }]) => [
    id,
    target,
    new Date(time).toLocaleString(),
    applied,
    failed,
  ]);
  fill("patches", ["id", "for", "when", "in", "failed"], cells);
}

async function showServices() {
  /** @type {[string, Busy | string][]} */
  const all = Object.entries(await command("top"));
  const rows = all.map(([address, row]) =>
    typeof row === "string"
      ? [address, row]
      : [link(address), row.title, percent(row.cpu), row.message.toFixed(0), row.mqlen],
  );
  fill("services", ["address", "what", "CPU", "messages/s", "mailbox"], rows);
}

/** The services for which most messages wait, and those with handlers that wait. */
async function showMailboxes() {
  /** @type {[string, Stat | string][]} */
  const all = Object.entries(await command(`stat?sort=mqlen&n=${MAILBOXES}`));
  const rows = all.map(([address, row]) =>
    typeof row === "string" ? [address, row] : [link(address), row.mqlen, row.task, row.handlers],
  );
  fill("services", ["address", "mailbox", "open calls", "handlers that wait"], rows);
}

/**
 * A button that shows a service.
 *
 * @param {string} address
 */
function link(address) {
  const button = element("button", address);
  button.addEventListener("click", () => void attempt(() => showService(address)));
  return button;
}

/** @param {string} address */
async function showService(address) {
  const word = encodeURIComponent(address);
  at("detail").textContent = `asks ${address}`;
  const tell = (/** @type {string} */ path) => command(`${path}?arg=${word}`).catch(messageOf);
  const info = await tell("info");
  const task = await tell("task");
  at("detail").textContent = `info ${address}\n${shown(info)}\n\ntask ${address}\n${shown(task)}`;
  at("copy").hidden = false;
}

const shown = (/** @type {unknown} */ value) =>
  typeof value === "string" ? value : JSON.stringify(value, null, 2);

/** Shows the log until the token is refused; when the connection is lost it is made again. */
async function watchLog() {
  isLogWatched = true;
  let wait = LOG_PAUSE_MS;
  let isLost = false;
  const goesOn = () => {
    if (isLost) addLine("the log goes on; what came in between is not here", "warn");
    isLost = false;
    wait = LOG_PAUSE_MS;
  };
  for (;;) {
    let why = "the connection was lost";
    try {
      await readLog(goesOn);
    } catch (error) {
      why = messageOf(error);
      if (error instanceof Refusal && /token/.test(why)) break;
    }
    if (!isLost) addLine(`the log is interrupted: ${why}`, "warn");
    isLost = true;
    await pause(wait);
    wait = Math.min(wait * 2, LOG_PAUSE_MAX_MS);
  }
  isLogWatched = false;
}

/**
 * Reads the events; a stream of fetch, for an EventSource can't send the token but in its address.
 *
 * @param {() => void} onOpen
 */
async function readLog(onOpen) {
  const response = await request("events?kind=log,patch");
  if (!response.ok) throw await refusalOf(response);
  onOpen();
  let text = "";
  for await (const chunk of chunksOf(response)) {
    const events = (text + chunk).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) takeEvent(event);
  }
}

/** @param {Response} response */
async function* chunksOf(response) {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

/** @param {string} event */
function takeEvent(event) {
  const kind = /^event: (\w+)$/m.exec(event)?.[1];
  const data = /^data: (.*)$/m.exec(event)?.[1];
  if (kind === undefined || data === undefined) return;
  const fields = JSON.parse(data);
  if (kind === "dropped") return addLine(`${fields.count} lines were left out`, "warn");
  if (kind === "patch") return addLine(`patch ${fields.id} for ${fields.target}`, "info");
  at("node").textContent = fields.node;
  const { time, level, service = "", type = "", message } = fields;
  noteTold(service, String(message));
  addLine(`${time} ${level} ${service} ${type} ${message}`, level);
}

/**
 * Keeps what the log tells of a handler that does not return, or of a mailbox that grows.
 *
 * @param {string} service
 * @param {string} message
 */
function noteTold(service, message) {
  const until = performance.now() + TOLD_MS;
  const to = /\bto \[ (:[0-9a-f]{8}) \] maybe in an endless loop/.exec(message)?.[1];
  const length = /^May overload, message queue length = (\d+)/.exec(message)?.[1];
  const note = (
    /** @type {string} */ address,
    /** @type {string} */ kind,
    /** @type {string} */ text,
  ) => told.set(`${address} ${kind}`, { address, until, text });
  if (to !== undefined) note(to, "handler", "a handler does not return");
  if (length !== undefined) note(service, "mailbox", `${length} messages waited in the mailbox`);
}

/**
 * @param {string} text
 * @param {string} level
 */
function addLine(text, level) {
  const line = element("li", text);
  if (level === "error") line.className = "bad";
  line.hidden = !text.includes(field("filter").value);
  at("log").prepend(line);
  if (at("log").children.length > LOG_LINES_MAX) at("log").lastChild?.remove();
}

/**
 * Runs something and says what has gone wrong.
 *
 * @param {() => Promise<void>} work
 * @returns {Promise<boolean>} whether it may be asked again
 */
async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) {
      at("state").textContent = `the node does not answer: ${messageOf(error)}`;
      return true;
    }
    at("state").textContent = `refused: ${error.message}`;
    if (!/token/.test(error.message)) return true;
    if (token !== "") at("refusal").textContent = error.message;
    token = "";
    sessionStorage.removeItem("token");
    at("login").hidden = false;
    return false;
  }
}

/** Rounds until a token is refused. Nothing is asked while the page is hidden. */
async function watch() {
  for (;;) {
    if (!document.hidden && !(await attempt(round))) return;
    await pause(ROUND_MS);
  }
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  token = field("token").value.trim();
  field("token").value = "";
  at("refusal").textContent = "";
  if (token === "") return;
  sessionStorage.setItem("token", token);
  at("login").hidden = true;
  void watch();
});
at("look").addEventListener("click", () => void attempt(showServices));
at("mailboxes").addEventListener("click", () => void attempt(showMailboxes));
copyOnClick("copy", () => at("detail").textContent ?? "");
copyOnClick("copy-log", () => {
  const lines = [...at("log").children].filter(
    (line) => !(/** @type {HTMLElement} */ (line).hidden),
  );
  return lines.map(({ textContent }) => `${textContent}\n`).join("");
});
at("filter").addEventListener("input", () => {
  for (const line of at("log").children)
    /** @type {HTMLElement} */ (line).hidden = !line.textContent?.includes(field("filter").value);
});
void watch();
