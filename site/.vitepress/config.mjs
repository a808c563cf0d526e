/**
 * The site of the documentation. `npm run site` copies the pages to site/pages/ and runs VitePress
 * over them; what the sidebar holds stands in site/sidebar.mjs.
 */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { anchorOf } from "../../scripts/anchor.mjs";
import { SIDEBAR } from "../sidebar.mjs";
import { tokenize } from "../tokenize.mjs";

const PAGES = fileURLToPath(new URL("../pages/", import.meta.url));

/** The first heading of a page. */
function titleOf(page) {
  const [, title = page] = /^# (.+)$/m.exec(readFileSync(`${PAGES}${page}.md`, "utf8")) ?? [];
  return title.replaceAll("`", "");
}

/** Groups of links; a page that is not translated leads to the English one. */
function sidebar(locale) {
  return SIDEBAR.map(({ text, zh, pages }) => ({
    text: locale === "zh" ? zh : text,
    collapsed: false,
    items: pages.map((page) => {
      const own = locale === "zh" ? `zh/${page}` : page;
      const found = existsSync(`${PAGES}${own}.md`) ? own : page;
      return { text: titleOf(found), link: `/${found}` };
    }),
  }));
}

export default {
  title: "snax",
  description: "Skynet for TypeScript, repairable while it runs",
  srcDir: "pages",
  outDir: "dist",
  cleanUrls: false,
  // A dead link fails the build; links to this machine are examples.
  ignoreDeadLinks: [/^https?:\/\/(?:localhost|127\.0\.0\.1)/],
  markdown: {
    // Pages hold no HTML; `Map<string>` in a sentence is no element.
    html: false,
    // As on GitHub, so that a link to a heading works in both.
    anchor: { slugify: anchorOf },
    // What stands behind the language of a block: a file of the program, or a mark for tests.
    config(md) {
      const { fence } = md.renderer.rules;
      md.renderer.rules.fence = (tokens, index, ...rest) => {
        const [, path] = /(?:file|append|edit)=(\S+)/.exec(tokens[index].info) ?? [];
        const code = fence(tokens, index, ...rest);
        return path === undefined
          ? code
          : `<p class="file">${md.utils.escapeHtml(path)}</p>${code}`;
      };
    },
  },
  locales: {
    root: {
      label: "English",
      lang: "en",
      themeConfig: { sidebar: sidebar("en"), outline: [2, 3] },
    },
    zh: {
      label: "简体中文",
      lang: "zh-CN",
      themeConfig: {
        sidebar: sidebar("zh"),
        nav: [
          { text: "教程", link: "/zh/guide" },
          { text: "运维手册", link: "/zh/runbook" },
          { text: "变更", link: "/repository/CHANGELOG" },
        ],
        outline: { level: [2, 3], label: "本页内容" },
        docFooter: { prev: "上一页", next: "下一页" },
        darkModeSwitchLabel: "外观",
        sidebarMenuLabel: "目录",
        returnToTopLabel: "回到顶部",
      },
    },
  },
  themeConfig: {
    nav: [
      { text: "Guide", link: "/guide" },
      { text: "Runbook", link: "/runbook" },
      { text: "Changes", link: "/repository/CHANGELOG" },
    ],
    search: {
      provider: "local",
      options: {
        miniSearch: { options: { tokenize } },
        locales: {
          zh: {
            translations: {
              button: { buttonText: "搜索", buttonAriaLabel: "搜索" },
              modal: {
                displayDetails: "显示详情",
                resetButtonTitle: "清除",
                backButtonTitle: "关闭",
                noResultsText: "没有找到",
                footer: { selectText: "打开", navigateText: "移动", closeText: "关闭" },
              },
            },
          },
        },
      },
    },
  },
};
