// @ts-check
/**
 * What is measured: the sections, the work of each in a full and in a quick run, and the rows of the table.
 *
 * A section has one driver (`drivers/<name>.ts`) and one or more runs of it, each in a process of its own. A row names the
 * measure it shows for each subject: ours as "run.key", the peers' as the key that `peers/<peer>.mjs` or
 * `skynet/section/<name>.lua` gives. Targets are the project's own promises; change one only with a reason.
 */

import { CLUSTER_SECTIONS } from "./cluster-sections.mjs";
import { OPERATOR_SECTIONS } from "./operator-sections.mjs";
import { TABLE_SECTIONS } from "./table-sections.mjs";
import { THREAD_SECTIONS } from "./thread-sections.mjs";

/**
 * @typedef {object} Run
 * @property {Record<string, unknown>} [config] keys of the node's configuration.
 * @property {Record<string, unknown>} [init] what the driver's `init` is given, beside the size.
 * @property {Record<string, number>} [size] what differs from the section's size.
 * @property {string[]} [flags] of node.
 * @property {boolean} [isPrinting] it prints as much as it works: what it prints goes to the null device.
 */

/**
 * @typedef {object} Row
 * @property {string} label
 * @property {string} unit
 * @property {string} ours "run.key".
 * @property {string} [over] "run.key" that ours is divided by.
 * @property {string} [beyondNode] key of Node's own that is taken from ours.
 * @property {string} [timesNode] key of Node's own that ours is divided by.
 * @property {string} [timesSkynet] a key of skynet's figures that ours is divided by; blank without skynet.
 * @property {string} [underSkynet] the same, divided by ours.
 * @property {number} [most] target: at most so much.
 * @property {number} [least] target: at least so much; such a figure is better when it is higher.
 * @property {string} [skynet]
 * @property {string} [moleculer]
 * @property {string} [nact]
 * @property {string} [xstate]
 * @property {string} [comlink]
 * @property {string} [node]
 */

/**
 * @typedef {object} Section
 * @property {string} name
 * @property {string} title
 * @property {{ full: Record<string, number>, quick: Record<string, number> }} size
 * @property {number} [rounds] in a full run, instead of the usual number; 1 also leaves the warm-up out.
 * @property {boolean} [isHeavy] left out of a quick run, unless it is named.
 * @property {Record<string, Run>} runs
 * @property {Row[]} rows
 */

const GC = ["--expose-gc"];

/** @type {Section[]} */
export const SECTIONS = [
  {
    name: "call",
    title: "a call with one small argument, one at a time",
    size: { full: { count: 200_000 }, quick: { count: 50_000 } },
    runs: { on: { config: { profile: true } }, off: { config: { profile: false } } },
    rows: [
      {
        label: "p.req.echo, profile on",
        unit: "us",
        ours: "on.req",
        most: 0.6,
        skynet: "req",
        moleculer: "call",
        nact: "query",
      },
      {
        label: "p.req.echo, profile off",
        unit: "us",
        ours: "off.req",
        most: 0.5,
        skynet: "req",
        moleculer: "call",
        nact: "query",
      },
      { label: "skynet.call, profile on", unit: "us", ours: "on.call", most: 0.6, skynet: "call" },
      {
        label: "skynet.call, profile off",
        unit: "us",
        ours: "off.call",
        most: 0.5,
        skynet: "call",
      },
    ],
  },
  {
    name: "player",
    title: "a call with a player object there and back",
    size: { full: { count: 50_000 }, quick: { count: 20_000 } },
    runs: { one: { size: { shapes: 1 } }, sixty: { size: { shapes: 60 } } },
    rows: [
      { label: "one shape", unit: "us", ours: "one.visit", most: 1.5, skynet: "one" },
      { label: "sixty shapes", unit: "us", ours: "sixty.visit", most: 2.5, skynet: "sixty" },
    ],
  },
  {
    name: "send",
    title: "send and drain",
    size: {
      full: { count: 500_000, batch: 1_000, burst: 100_000 },
      quick: { count: 200_000, batch: 1_000, burst: 100_000 },
    },
    runs: { main: {} },
    rows: [
      {
        label: "1,000 at a time",
        unit: "M/s",
        ours: "main.batches",
        least: 3,
        skynet: "batches",
        nact: "batches",
        xstate: "batches",
      },
      {
        label: "100,000 in one burst",
        unit: "M/s",
        ours: "main.burst",
        least: 3,
        skynet: "burst",
        nact: "burst",
        xstate: "burst",
      },
    ],
  },
  {
    name: "callers",
    title: "100 callers at once",
    size: { full: { count: 200_000, callers: 100 }, quick: { count: 50_000, callers: 100 } },
    runs: { main: {} },
    rows: [
      {
        label: "one call",
        unit: "us",
        ours: "main.call",
        most: 0.5,
        skynet: "call",
        moleculer: "call",
        nact: "query",
      },
    ],
  },
  ...THREAD_SECTIONS,
  ...CLUSTER_SECTIONS,
  {
    name: "spawn",
    title: "start a small service",
    size: { full: { count: 4_000 }, quick: { count: 1_000 } },
    runs: { main: {} },
    rows: [
      {
        label: "snax.newservice, init included",
        unit: "us",
        ours: "main.newservice",
        most: 12,
        skynet: "newservice",
        moleculer: "service",
        nact: "spawn",
        xstate: "spawn",
      },
    ],
  },
  {
    name: "realistic",
    title: "start a realistic service (30 local modules, 360 functions, 30 classes)",
    size: { full: { count: 500 }, quick: { count: 500 } },
    runs: { main: { flags: GC } },
    rows: [
      { label: "snax.newservice", unit: "us", ours: "main.newservice", most: 350 },
      { label: "heap of an instance", unit: "KB", ours: "main.kilobytes", most: 80 },
      { label: "the same with objects of all classes", unit: "KB", ours: "main.walked" },
      { label: "the first one: read, compiled", unit: "ms", ours: "main.first" },
    ],
  },
  {
    name: "classes",
    title: "a handler with two classes, by instances of its service",
    size: { full: { calls: 25_000, turns: 50 }, quick: { calls: 10_000, turns: 50 } },
    runs: {
      own: { init: { type: "units", instances: [1, 20, 100] } },
      many: { init: { type: "units", instances: [1, 1_000] }, size: { calls: 5_000 } },
      shared: { init: { type: "units-shared", instances: [1, 20, 1_000] } },
    },
    rows: [
      { label: "own classes, 1 instance", unit: "ns", ours: "own.tick1" },
      { label: "own classes, 20 instances", unit: "ns", ours: "own.tick20" },
      { label: "own classes, 100 instances", unit: "ns", ours: "own.tick100" },
      { label: "own classes, 1,000 instances", unit: "ns", ours: "many.tick1000" },
      { label: "own classes, 20 instances over 1", unit: "x", ours: "own.over20", most: 1.2 },
      { label: "spread of that", unit: "x", ours: "own.spread20" },
      { label: "own classes, 100 instances over 1", unit: "x", ours: "own.over100", most: 1.5 },
      { label: "spread of that", unit: "x", ours: "own.spread100" },
      { label: '"use shared", 1 instance', unit: "ns", ours: "shared.tick1" },
      { label: '"use shared", 20 instances', unit: "ns", ours: "shared.tick20" },
      { label: '"use shared", 1,000 instances', unit: "ns", ours: "shared.tick1000" },
      {
        label: '"use shared" is flat: 1,000 over 1',
        unit: "x",
        ours: "shared.over1000",
        most: 2,
      },
    ],
  },
  {
    name: "memory",
    title: "an idle small service",
    size: { full: { count: 10_000 }, quick: { count: 3_000 } },
    rounds: 3,
    runs: { main: { flags: GC } },
    rows: [
      { label: "heap", unit: "KB", ours: "main.heap", most: 2 },
      { label: "resident memory", unit: "KB", ours: "main.resident", skynet: "resident" },
    ],
  },
  {
    name: "million",
    title: "1,000,000 idle services alive, each answers a call",
    size: {
      full: { count: 1_000_000, durationMs: 4_000 },
      quick: { count: 1_000_000, durationMs: 1_000 },
    },
    rounds: 1,
    isHeavy: true,
    runs: { main: { flags: [...GC, "--max-old-space-size=8192"] } },
    rows: [
      { label: "resident memory, at its peak", unit: "GB", ours: "main.peak", most: 2.5 },
      { label: "resident memory, at rest", unit: "GB", ours: "main.resident" },
      { label: "heap, at rest", unit: "GB", ours: "main.heap" },
      { label: "start of a service", unit: "us", ours: "main.spawn" },
      { label: "call of each in turn", unit: "us", ours: "main.call" },
      { label: "longest pause under traffic", unit: "ms", ours: "main.pause" },
    ],
  },
  {
    name: "timers",
    title: "200,000 timers of 10 ms, all fired",
    size: { full: { count: 200_000 }, quick: { count: 200_000 } },
    runs: { main: {} },
    rows: [
      {
        label: "from first to last",
        unit: "s",
        ours: "main.seconds",
        most: 0.25,
        skynet: "seconds",
      },
    ],
  },
  {
    name: "sproto",
    title: "packets of skynet's example: encoded and packed, unpacked and decoded",
    size: { full: { count: 300_000 }, quick: { count: 100_000 } },
    runs: { main: {} },
    rows: [
      ["handshake", "Encode", "handshake, request encoded"],
      ["handshake", "Decode", "handshake, request decoded"],
      ["get", "Encode", "get, request encoded"],
      ["get", "Decode", "get, request decoded"],
      ["set", "Encode", "set, request encoded"],
      ["set", "Decode", "set, request decoded"],
      ["answer", "Encode", "get, answer encoded"],
      ["answer", "Decode", "get, answer decoded"],
      ["heartbeat", "Encode", "heartbeat encoded"],
      ["heartbeat", "Decode", "heartbeat decoded"],
    ].map(([message, way, label = ""]) => {
      const key = `${message}${way}`;
      return { label, unit: "M/s", ours: `main.${key}`, least: 1, skynet: key };
    }),
  },
  ...TABLE_SECTIONS,
  {
    name: "hotfix",
    title: "hotfix of one service, text to done",
    size: { full: { texts: 200, services: 2_000 }, quick: { texts: 100, services: 500 } },
    runs: { main: {} },
    rows: [
      { label: "a new text", unit: "ms", ours: "main.fresh", most: 1.5, skynet: "fresh" },
      { label: "a text seen before", unit: "us", ours: "main.seen", most: 15, skynet: "seen" },
    ],
  },
  {
    name: "hotfixall",
    title: "hotfixall on 10,000 running instances",
    size: { full: { services: 10_000 }, quick: { services: 10_000 } },
    runs: { main: {} },
    rows: [
      { label: "work in all", unit: "ms", ours: "main.work", most: 50, skynet: "work" },
      { label: "longest slice", unit: "ms", ours: "main.slice", most: 5 },
      { label: "all or none: held", unit: "ms", ours: "main.held" },
      { label: "all or none, times the work", unit: "x", ours: "main.times", most: 2 },
    ],
  },
  {
    name: "patchedbirth",
    title: "start a service whose type was patched with hotfixall",
    size: { full: { count: 3_000 }, quick: { count: 500 } },
    runs: {
      plain: { init: { patches: 0 } },
      one: { init: { patches: 1 } },
      many: { init: { patches: 20 } },
    },
    rows: [
      { label: "without a patch", unit: "us", ours: "plain.birth" },
      { label: "with 20 patches", unit: "us", ours: "many.birth" },
      {
        label: "one patch over none",
        unit: "x",
        ours: "one.birth",
        over: "plain.birth",
        most: 1.1,
      },
      {
        label: "20 patches over none",
        unit: "x",
        ours: "many.birth",
        over: "plain.birth",
        most: 1.1,
      },
    ],
  },
  ...OPERATOR_SECTIONS,
];
