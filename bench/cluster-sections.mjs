// @ts-check
/** What is measured between nodes: a node that calls itself, so both ends are in the figure. */

/** @type {import("./sections.mjs").Section[]} */
export const CLUSTER_SECTIONS = [
  {
    name: "cluster",
    title: "a call of a node over skynet's wire, both ends on one thread",
    size: {
      full: { count: 60_000, single: 10_000, width: 100 },
      quick: { count: 15_000, single: 3_000, width: 100 },
    },
    runs: { on: {} },
    rows: [
      { label: "100 in flight", unit: "us", ours: "on.flight", most: 20, skynet: "flight" },
      {
        label: "100 in flight, a player object",
        unit: "us",
        ours: "on.player",
        most: 40,
        skynet: "player",
      },
      { label: "one at a time", unit: "us", ours: "on.single", skynet: "single" },
      {
        label: "100 in flight, skynet over it",
        unit: "x",
        ours: "on.flight",
        underSkynet: "flight",
        least: 3,
      },
    ],
  },
  {
    name: "links",
    title:
      "a call of a node over a link, beside bare TCP with the same codec; both ends on one thread",
    size: {
      full: { count: 100_000, single: 10_000, width: 100 },
      quick: { count: 20_000, single: 3_000, width: 100 },
    },
    runs: { on: {} },
    rows: [
      { label: "100 in flight", unit: "us", ours: "on.flight", skynet: "flight" },
      {
        label: "100 in flight, over bare TCP",
        unit: "x",
        ours: "on.flight",
        over: "on.bareFlight",
        most: 1.3,
      },
      { label: "100 in flight, a player object", unit: "us", ours: "on.player", skynet: "player" },
      {
        label: "100 in flight, a player object, over bare TCP",
        unit: "x",
        ours: "on.player",
        over: "on.barePlayer",
        most: 1.3,
      },
      { label: "one at a time", unit: "us", ours: "on.single", skynet: "single" },
      {
        label: "100 in flight, skynet over it",
        unit: "x",
        ours: "on.flight",
        underSkynet: "flight",
        least: 6,
      },
      {
        label: "one at a time, over skynet",
        unit: "x",
        ours: "on.single",
        timesSkynet: "single",
        most: 1.5,
      },
      {
        label: "one at a time, over bare TCP",
        unit: "x",
        ours: "on.single",
        over: "on.bareSingle",
      },
    ],
  },
];
