/** A real node of skynet, for tests that run where `SKYNET` names a folder in which skynet is built. */

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Files } from "../../world.ts";
import { writeFiles } from "../../world.ts";

const SKYNET = process.env["SKYNET"];

/** Leaves a test out where there is no skynet. */
export const SKYNET_OPTIONS: { readonly skip: string | false } = {
  skip: SKYNET === undefined ? "SKYNET names no folder" : false,
};

/** A service in Lua that does what its name says. */
export const ECHO_LUA = `
  local skynet = require "skynet"
  local C = {}
  function C.E(...) return skynet.retpack(...) end
  function C.BOOM() error "boom from the other side" end
  function C.EMPTY() return skynet.ret() end
  function C.NEVER() skynet.wait() end
  function C.EXIT() skynet.exit() end
  local got = {}
  function C.PUT(v) table.insert(got, type(v) == "string" and #v > 60 and #v or v) end
  function C.GOT() return skynet.retpack(got) end
  skynet.start(function()
    skynet.dispatch("lua", function(_, _, cmd, ...) C[cmd](...) end)
  end)
`;

/** A snax service in Lua. */
export const PING_LUA = `
  local snax = require "skynet.snax"
  local n = 0
  function response.ping(hello) return hello end
  function accept.hello() n = n + 1 end
  function response.count() return n end
  function init() snax.enablecluster() end
`;

/** The same in TypeScript. */
export const PING = `
  let n = 0;
  function ping(hello) { return hello; }
  function hello() { n += 1; }
  function count() { return n; }
  export const response = { ping, count };
  export const accept = { hello };
`;

/** Takes calls at `place` for `@echo`, `@victim` and the unique service `ping`. */
export const SERVER_LUA = `
  local skynet = require "skynet"
  local cluster = require "skynet.cluster"
  local snax = require "skynet.snax"
  skynet.start(function()
    cluster.reload { db = skynet.getenv "place" }
    cluster.register("echo", skynet.newservice "echo")
    cluster.register("victim", skynet.newservice "echo")
    cluster.register("ping", snax.uniqueservice("ping").handle)
    cluster.open "db"
    print "skynet is there"
  end)
`;

/** Shows what calls return, a line each. */
export const TRY_LUA = `
  local function show(v)
    if type(v) ~= "table" then return tostring(v) end
    local s = {}
    for i = 1, #v do s[i] = show(v[i]) end
    return "{" .. table.concat(s, ",") .. "}"
  end
  local function try(what, f, ...)
    local r = table.pack(pcall(f, ...))
    local s = {}
    for i = 1, r.n do s[i] = show(r[i]):gsub("^.*/lualib/[^:]*:%d+: ", "") end
    print("RESULT " .. what .. ": " .. table.concat(s, " "))
  end
`;

/** What a client in Lua has shown. */
export function resultsIn(text: string): string[] {
  return [...text.matchAll(/^RESULT (.*)$/gm)].map(([, line]) => line ?? "");
}

/** A node of skynet. */
export interface SkynetNode {
  /** What it has written until now. */
  readonly text: () => string;
  /** Resolves when it has written that. */
  readonly says: (text: string) => Promise<void>;
}

/** Starts one. @param until - what it writes when it is there */
export async function startSkynet(
  t: TestContext,
  files: Files,
  keys: Readonly<Record<string, string>>,
  until: string,
): Promise<SkynetNode> {
  const folder = writeFiles(t, files);
  const lines = Object.entries({
    thread: "2",
    harbor: "0",
    start: '"main"',
    bootstrap: '"snlua bootstrap"',
    luaservice: `"${SKYNET}/service/?.lua;${folder}/?.lua"`,
    lualoader: `"${SKYNET}/lualib/loader.lua"`,
    lua_path: `"${SKYNET}/lualib/?.lua;${SKYNET}/lualib/?/init.lua"`,
    lua_cpath: `"${SKYNET}/luaclib/?.so"`,
    cpath: `"${SKYNET}/cservice/?.so"`,
    snax: `"${folder}/?.lua"`,
    ...keys,
  }).map(([key, value]) => `${key} = ${value}\n`);
  writeFileSync(join(folder, "config"), lines.join(""));
  const child = spawn(`${SKYNET}/skynet`, [join(folder, "config")], { cwd: folder });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  let notice = (): void => {};
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
    notice();
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  let hasEnded = false;
  child.on("close", () => {
    hasEnded = true;
    notice();
  });
  const says = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) {
      if (hasEnded) throw new Error(`skynet ended: ${text.slice(-2000)}`);
      await new Promise<void>((resolve) => (notice = resolve));
    }
  };
  await says(until);
  return { text: () => text, says };
}
