// @ts-check
/**
 * The sections about shared tables.
 */

/** @type {import("./sections.mjs").Section[]} */
export const TABLE_SECTIONS = [
  {
    name: "table",
    title: "shared tables: 10,000 rows of 5 fields",
    size: { full: { rows: 10_000, count: 3_000_000 }, quick: { rows: 10_000, count: 500_000 } },
    runs: {
      read: {},
      one: { config: { thread: 2 }, init: { holders: 1 } },
      thousand: { config: { thread: 2 }, init: { holders: 1_000 } },
    },
    rows: [
      { label: "price + attr.atk of a held row", unit: "ns", ours: "read.held", most: 40 },
      {
        label: "the same of tables.items[id]",
        unit: "ns",
        ours: "read.fast",
        most: 60,
        skynet: "read",
      },
      {
        label: "the same through a kept root",
        unit: "ns",
        ours: "read.kept",
        most: 300,
        skynet: "read",
      },
      { label: "load", unit: "ms", ours: "read.load", most: 60, skynet: "load" },
      {
        label: "reload, seen by 1 service",
        unit: "ms",
        ours: "one.seen",
        most: 80,
        skynet: "seen",
      },
      {
        label: "reload, seen by 1,000 services",
        unit: "ms",
        ours: "thousand.seen",
        most: 80,
      },
    ],
  },
  {
    name: "tablememory",
    title: "a shared table of 100 MB of JSON on 4 threads",
    size: { full: { rows: 1_150_000 }, quick: { rows: 1_150_000 } },
    rounds: 1,
    isHeavy: true,
    runs: { main: { config: { thread: 4 }, flags: ["--expose-gc"] } },
    rows: [
      { label: "the JSON", unit: "MB", ours: "main.json" },
      { label: "load", unit: "s", ours: "main.load" },
      { label: "shared memory over the JSON's size", unit: "x", ours: "main.ratio", most: 1.5 },
      { label: "heap of a touched row", unit: "B", ours: "main.row", most: 150 },
      { label: "first row on another thread", unit: "ms", ours: "main.first", most: 5 },
    ],
  },
];
