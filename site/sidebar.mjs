/**
 * The sidebar: every page of docs/ stands in it once (test/unit/docs/site.test.ts). A page is named
 * by its path in docs/ without the ending; what the sidebar calls it is its first heading, unless a
 * text stands beside it.
 */

/** @type {readonly { readonly text: string, readonly zh: string, readonly pages: readonly string[] }[]} */
export const SIDEBAR = [
  {
    text: "Guide",
    zh: "教程",
    pages: [
      "guide",
      "guide/1-services",
      "guide/2-calls",
      "guide/3-gate",
      "guide/4-lobby",
      "guide/5-timers",
      "guide/6-table",
      "guide/7-state",
      "guide/8-testing",
      "guide/9-repair",
      "guide/10-deploying",
    ],
  },
  {
    text: "How to",
    zh: "操作指南",
    pages: [
      "dev",
      "testing",
      "debugging",
      "profiling",
      "keeping-state",
      "databases",
      "login",
      "client-limits",
      "typescript",
      "deploying",
      "many-machines",
      "hotfix",
      "inject",
    ],
  },
  { text: "Runbook", zh: "运维手册", pages: ["runbook", "runaway", "repair-session"] },
  {
    text: "Reference",
    zh: "参考",
    pages: [
      "services",
      "functions",
      "functions-library",
      "net",
      "sharetable",
      "sproto",
      "cluster",
      "console",
      "console-commands",
      "operating",
      "errors",
    ],
  },
  {
    text: "Explanation",
    zh: "原理",
    pages: ["behaviour", "threads", "guarantees", "internals", "dependencies"],
  },
  {
    text: "Coming from",
    zh: "从别处来",
    pages: ["coming-from-skynet", "coming-from-colyseus"],
  },
];
