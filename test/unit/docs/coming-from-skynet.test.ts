/** docs/coming-from-skynet.md names all that skynet has, and says of each whether it is here: as it is. */

import { deepEqual } from "node:assert/strict";
import { test } from "node:test";
import { COMMANDS } from "../../../src/console/commands/command-list.ts";
import { world } from "../../world.ts";
import { readCode, readFiles, readPage, readTable } from "./page.ts";

const PAGE = readPage("coming-from-skynet.md");

/** The functions of skynet's libraries that programs use, by the object that has them here. */
const FUNCTIONS: Readonly<Record<string, string>> = {
  skynet: `cache register_protocol request trace_timeout timeout sleep yield wait killthread self localname now hpc trace tracetag
    starttime time exit getenv setenv send rawsend genid redirect pack packstring unpack tostring trash call rawcall tracecall ret context
    ignoreret response retpack wakeup dispatch dispatch_unknown_request dispatch_unknown_response fork dispatch_message newservice
    uniqueservice queryservice address harbor error tracelog traceproto init pcall init_service start endless mqlen stat task uniqtask
    term memlimit launch kill abort register name forward_type filter monitor queue info_func coroutine`,
  snax: `interface rawnewservice bind newservice uniqueservice globalservice queryservice queryglobal kill self exit hotfix printf
    profile_info enablecluster`,
  socket: `open bind stdin start pause shutdown close_fd close read readall readline block write lwrite header invalid disconnected
    listen abandon limit udp udp_connect udp_listen udp_dial sendto udp_address netstat resolve warning onclose`,
  socketchannel: "channel",
  sharetable: "loadfile loadstring loadtable query queryall update",
  cluster: "call send open reload proxy snax register unregister query get_sender",
  datacenter: "get set wait",
  multicast: "new",
  harbor: "globalname queryname link connect linkmaster",
  httpd: "read_request write_response",
  gateserver: "start openclient closeclient",
  sprotoloader: "register save load",
  sproto: `new sharenew parse host exist_type encode decode pencode pdecode queryproto exist_proto pack unpack default`,
  "skynet.service": "new query close",
  global: "SERVICE_NAME SERVICE_PATH",
};

/** The files of skynet's lualib, and the libraries in C that programs require. */
const MODULES = `http.httpc http.httpd http.internal http.sockethelper http.tlshelper http.url http.websocket loader md5 skynet.cluster
  skynet.coroutine skynet.datasheet skynet.db.mongo skynet.db.mysql skynet.db.redis skynet.db.redis.cluster skynet.debug skynet.dns
  skynet.harbor skynet.inject skynet.injectcode skynet.manager skynet.mqueue skynet.queue skynet.remotedebug
  skynet.require skynet.service skynet.sharedata skynet.sharemap skynet.snax snax.gateserver snax.hotfix snax.interface snax.loginserver
  snax.msgserver sproto sprotoloader sprotoparser compat10 skynet.crypt skynet.memory skynet.netpack skynet.profile skynet.socketdriver
  skynet.stm bson client.socket`;

const SKYNET_COMMANDS = `help list stat info exit kill mem gc start snax clearcache service task uniqtask inject logon logoff log debug
  signal cmem jmem ping call trace netstat profactive dumpheap killtask dbgcmd getenv setenv`;

const SERVICES = `bootstrap cdummy clusteragent clusterd clusterproxy clustersender cmaster cmemory console cslave datacenterd dbg
  debug_agent debug_console gate launcher multicastd service_cell service_mgr service_provider sharedatad snaxd logger harbor snlua`;

const KEYS = `thread start harbor luaservice snax lua_path lua_cpath cpath lualoader bootstrap standalone master address logger logservice
  logpath profile daemon preload enablessl`;

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

/** What the rows of a table say of each name in their first column: the cell behind it. */
function readRows(heading: string, section = PAGE): Map<string, string> {
  const rows = readTable(section, heading);
  return new Map(
    rows.flatMap(([names = "", here = ""]) => readCode(names).map((name) => [name, here])),
  );
}

/** The same for the functions of a module. */
function readFunctions(module: string): Map<string, string> {
  if (module === "global") return readRows("global");
  if (PAGE.includes(`| \`${module}.\``)) return readRows(`\`${module}.\``);
  const rows = readTable(PAGE.slice(PAGE.indexOf("## Other modules with functions")), "module");
  const own = rows.filter(([name = ""]) => readCode(name).includes(module));
  return new Map(
    own.flatMap(([, names = "", here = ""]) => readCode(names).map((name) => [name, here])),
  );
}

test("the page names every function of skynet's libraries, and says whether it is here", async (t) => {
  const { make } = await world(t, {
    main: `
      import * as all from "snax";
      import { cluster, skynet, snax, socket, socketchannel, sharetable, datacenter, multicast, harbor, httpd, gateserver, sprotoloader } from "snax";
      import { sproto } from "snax/sproto";
      const schema = sproto.parse(".a { x 0 : integer }");
      const apis = { cluster, skynet, snax, socket, socketchannel, sharetable, datacenter, multicast, harbor, httpd, gateserver, sprotoloader };
      export const response = {
        has: (api: string, name: string) =>
          api === "global" ? name in all :
          api === "sproto" ? name in sproto || name in schema : (apis as any)[api]?.[name] !== undefined || (api === "skynet.service" && "service" in skynet),
      };
    `,
  });
  const main = await make("main");
  const wrong: string[] = [];
  for (const [module, text] of Object.entries(FUNCTIONS)) {
    const rows = readFunctions(module);
    for (const name of wordsOf(text)) {
      const here = rows.get(name);
      const isThere = (await main.req.has(module, name)) as boolean;
      // Add one, and change the row from "-", or from what is to be used instead, to "same".
      if (here === undefined) wrong.push(`${module}.${name} is not on the page`);
      else if ((here === "same") !== isThere) {
        wrong.push(`${module}.${name} is ${isThere ? "" : "not "}here, and the page says: ${here}`);
      }
    }
  }
  deepEqual(wrong, []);
});

test("the page names every module, command, service and key of the configuration of skynet", () => {
  const section = (heading: string): string => PAGE.slice(PAGE.indexOf(`\n## ${heading}`));
  const pages: [string, Map<string, string>, string][] = [
    ["module", readRows("module", section("Modules")), MODULES],
    ["command", readRows("command", section("Console")), SKYNET_COMMANDS],
    ["service", readRows("service", section("Services")), SERVICES],
    ["key", readRows("key", section("Configuration")), KEYS],
  ];
  const wrong = pages.flatMap(([kind, rows, text]) =>
    wordsOf(text).flatMap((name) => (rows.has(name) ? [] : [`${kind} ${name} is not on the page`])),
  );
  deepEqual(wrong, []);
  const commands = readRows("command", section("Console"));
  const known = [...COMMANDS.keys()];
  deepEqual(
    [...commands.keys()].filter((name) => !known.includes(name)),
    [],
  );
});

test("the services of the page run, with a package for a database in their folder", async (t) => {
  const { make, snax, skynet } = await world(t, {
    ...Object.fromEntries(
      Object.entries(readFiles(PAGE)).map(([path, text]) => [path.replace("services/", ""), text]),
    ),
    "node_modules/ioredis/package.json": `{ "name": "ioredis", "type": "module", "exports": "./index.js" }`,
    "node_modules/ioredis/index.js": `
      const values = new Map();
      export const ends = [];
      export class Redis {
        async get(key) { return values.get(key) ?? null; }
        async set(key, value) { values.set(key, value); return "OK"; }
        disconnect() { ends.push("ended"); }
      }`,
    "ends.ts": `import { ends } from "ioredis"; export const response = { ends: () => ends };`,
  });
  const db = await skynet.newservice("db");
  deepEqual(await skynet.call(".db", "lua", "get", "hello"), "world");
  deepEqual(await skynet.call(db, "lua", "get", "none"), undefined);
  const redis = await snax.at("near").uniqueservice<any>("redisd");
  deepEqual([await redis.req.set("a", "b"), await redis.req.get("a")], ["OK", "b"]);
  await snax.exit(redis);
  const ends = await make("ends");
  deepEqual(await ends.req.ends(), ["ended"]);
});
