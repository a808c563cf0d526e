/**
 * The console's page: what is wrong on the node, then whether, then where. It only looks.
 *
 * Whatever comes from the node is hostile and is put in as text. One request at a time: a token that is wrong is shown once,
 * for the console counts those.
 */

const ROUND_MS = 5000;
const LOG_LINES_MAX = 300;
const SILENT_SECONDS = 5;
const FULL_HEAP = 0.85;

const at = (id) => document.getElementById(id);
let token = sessionStorage.getItem("token") ?? "";
let filled = false;
let before;

/** The node's answer is no 200. */
class Refusal extends Error {}

function request(path) {
  const headers = { accept: "application/json" };
  if (token !== "") headers.authorization = `Bearer ${token}`;
  return fetch(path, { headers, cache: "no-store" });
}

async function refusalOf(response) {
  const text = await response.text();
  try {
    return new Refusal(JSON.parse(text).error.message);
  } catch {
    return new Refusal(`HTTP ${response.status}`);
  }
}

async function command(path) {
  const response = await request(`api/${path}`);
  if (!response.ok) throw await refusalOf(response);
  return (await response.json()).result;
}

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = String(text);
  return made;
}

function fill(id, heads, rows) {
  const head = element("tr");
  head.append(...heads.map((text) => element("th", text)));
  const lines = rows.map((cells) => {
    const line = element("tr");
    for (const cell of cells) {
      const place = element("td");
      place.append(cell instanceof Node ? cell : String(cell));
      line.append(place);
    }
    return line;
  });
  at(id).replaceChildren(head, ...lines);
}

/** The samples of Prometheus text: name -> label's value -> value; of a histogram name -> label -> [bound, count]. */
function readMetrics(text) {
  const plain = new Map();
  const spreads = new Map();
  const of = (map, name, make) => map.get(name) ?? (map.set(name, make()), map.get(name));
  for (const line of text.split("\n")) {
    const found = /^(\w+)(?:\{\w+="((?:[^"\\]|\\.)*)"(?:,le="([^"]*)")?\})? (\S+)$/.exec(line);
    if (found === null) continue;
    const [, name, raw = "", bound, value] = found;
    const label = raw.replace(/\\(.)/g, (_all, c) => (c === "n" ? "\n" : c));
    if (bound === undefined) of(plain, name, () => new Map()).set(label, Number(value));
    else
      of(spreads, label, () => []).push([Number(bound.replace("+Inf", "Infinity")), Number(value)]);
  }
  return { plain, spreads, at: performance.now() };
}

const valueOf = (sheet, name, label = "") => sheet?.plain.get(name)?.get(label) ?? 0;

/** How much a counter has risen per second. */
function rateOf(now, name, label) {
  if (before === undefined) return 0;
  const seconds = (now.at - before.at) / 1000;
  return Math.max(0, valueOf(now, name, label) - valueOf(before, name, label)) / seconds;
}

/** The class of runs below which 99 of 100 stay, in milliseconds, since the node began. */
function p99Of({ spreads }, type) {
  const classes = spreads.get(type) ?? [];
  const all = classes.at(-1)?.[1] ?? 0;
  const found = classes.find(([, count]) => count >= all * 0.99);
  if (all === 0 || found === undefined) return "";
  return found[0] === Infinity ? "> 4096 ms" : `<= ${found[0] * 1000} ms`;
}

const percent = (share) => `${(share * 100).toFixed(1)} %`;

function wrongLine(text, typed) {
  const line = element("li", `${text} `);
  if (typed !== undefined) line.append(element("code", typed));
  return line;
}

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
      rateOf(now, "snax_thread_messages_total", thread).toFixed(0),
      percent(rateOf(now, "snax_thread_cpu_seconds_total", thread)),
      valueOf(now, "snax_thread_services", thread),
      `${silent.toFixed(1)} s`,
    ];
  });
  fill("threads", ["thread", "heap", "messages/s", "CPU", "services", "silent"], rows);
}

function showTypes(now, wrong) {
  const labels = [...(now.plain.get("snax_services")?.keys() ?? [])];
  const rows = labels.map((type) => {
    const errors = valueOf(now, "snax_errors_total", type);
    const fresh =
      before === undefined ? 0 : errors - valueOf(errorsAtStart, "snax_errors_total", type);
    if (fresh > 0)
      wrong.push(wrongLine(`${type}: ${fresh} errors since this page is open:`, "patches"));
    return [
      type,
      valueOf(now, "snax_services", type),
      rateOf(now, "snax_messages_total", type).toFixed(0),
      percent(rateOf(now, "snax_cpu_seconds_total", type)),
      errors,
      p99Of(now, type),
    ];
  });
  rows.sort((one, other) => Number.parseFloat(other[3]) - Number.parseFloat(one[3]));
  fill("types", ["type", "services", "messages/s", "CPU", "errors", "99 % of runs"], rows);
}

let errorsAtStart;

async function round() {
  const ready = await request("readyz");
  if (ready.status === 403) throw await refusalOf(ready);
  const { ok, reason } = await ready.json();
  const metrics = await request("metrics");
  if (!metrics.ok) throw await refusalOf(metrics);
  const now = readMetrics(await metrics.text());
  errorsAtStart ??= now;
  const wrong = [];
  if (!ok) wrong.push(wrongLine(`the node is not ready: ${reason}`));
  const minutes = Math.floor(valueOf(now, "snax_uptime_seconds") / 60);
  at("state").textContent = `${ok ? "ready" : reason}, up for ${minutes} min`;
  showThreads(now, wrong);
  showTypes(now, wrong);
  at("wrong").replaceChildren(
    ...(wrong.length > 0 ? wrong : [element("li", "nothing that it knows of")]),
  );
  before = now;
  if (filled) return;
  filled = true;
  at("login").hidden = true;
  at("views").hidden = false;
  await showPatches();
  void watchLog();
}

async function showPatches() {
  const rows = Object.entries(await command("patches"))
    .slice(-20)
    .reverse();
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
  const rows = Object.entries(await command("top")).map(([address, row]) => {
    if (typeof row === "string") return [address, row];
    const button = element("button", address);
    button.addEventListener("click", () => void attempt(() => showService(address)));
    return [button, row.title, percent(row.cpu), row.message.toFixed(0), row.mqlen];
  });
  fill("services", ["address", "what", "CPU", "messages/s", "mailbox"], rows);
}

async function showService(address) {
  const word = encodeURIComponent(address);
  at("detail").textContent = `asks ${address}`;
  const tell = (path) => command(`${path}?arg=${word}`).catch(({ message }) => message);
  const info = await tell("info");
  const task = await tell("task");
  at("detail").textContent = `info ${address}\n${shown(info)}\n\ntask ${address}\n${shown(task)}`;
}

const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

/** Reads the events; a stream of fetch, for an EventSource can't send the token but in its address. */
async function watchLog() {
  try {
    const response = await request("events?kind=log,patch");
    if (!response.ok) throw await refusalOf(response);
    let text = "";
    for await (const chunk of chunksOf(response)) {
      const events = (text + chunk).split("\n\n");
      text = events.pop();
      for (const event of events) takeEvent(event);
    }
    addLine("the log has ended: load the page again", "warn");
  } catch ({ message }) {
    addLine(`the log can't be read: ${message}`, "error");
  }
}

async function* chunksOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

function takeEvent(event) {
  const kind = /^event: (\w+)$/m.exec(event)?.[1];
  const data = /^data: (.*)$/m.exec(event)?.[1];
  if (kind === undefined || data === undefined) return;
  const told = JSON.parse(data);
  if (kind === "dropped") return addLine(`${told.count} lines were left out`, "warn");
  if (kind === "patch") return addLine(`patch ${told.id} for ${told.target}`, "info");
  at("node").textContent = told.node;
  const { time, level, service = "", type = "", message } = told;
  addLine(`${time} ${level} ${service} ${type} ${message}`, level);
}

function addLine(text, level) {
  const line = element("li", text);
  if (level === "error") line.className = "bad";
  line.hidden = !text.includes(at("filter").value);
  at("log").prepend(line);
  if (at("log").children.length > LOG_LINES_MAX) at("log").lastChild.remove();
}

/** Runs something and says what has gone wrong. @returns {Promise<boolean>} whether it may be asked again */
async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) {
      at("state").textContent = `the node does not answer: ${error.message}`;
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
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
}

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  token = at("token").value.trim();
  at("token").value = "";
  at("refusal").textContent = "";
  if (token === "") return;
  sessionStorage.setItem("token", token);
  at("login").hidden = true;
  void watch();
});
at("look").addEventListener("click", () => void attempt(showServices));
at("filter").addEventListener("input", () => {
  for (const line of at("log").children)
    line.hidden = !line.textContent.includes(at("filter").value);
});
void watch();
