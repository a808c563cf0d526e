/**
 * What a reload does with each function that a program gives to the API, and a service for each by which that is seen.
 *
 * A service gives `RUN`, which notes a word; `fire` brings about that it is called.
 */

/** What becomes of a function in a reload: the new code's is called, or the reload is refused, or its result tells that the old one stays. */
export type Fate = "new" | "refused" | "told" | "gone";

/** The fates of a function of the top level, of a closure that captures nothing, and of one that captures something. */
type Fates = readonly [named: Fate, pure: Fate, closure: Fate];

/** Functions that are treated alike, and how one of them is given. */
export interface Given {
  /** As the walk names them. */
  readonly takes: readonly string[];
  /** Statements; `RUN` is the function, `NAME` is another one in each service. */
  readonly give: string;
  /** What `RUN` takes. */
  readonly params?: string;
  /** What `RUN` returns. */
  readonly result?: string;
  /** Of the top level. */
  readonly head?: string;
  /** Statements that have it called; the test does it: "info" asks, "end" ends the service, "down" stops another node. */
  readonly fire: string;
  /** If `init` has given it. */
  readonly init?: Fates;
  /** If the top level has. */
  readonly top?: Fates;
  /** A plain service gives it, not `init`. */
  readonly isPlain?: boolean;
}

const EACH_NEW: Fates = ["new", "new", "new"];
const REFUSED: Fates = ["refused", "refused", "refused"];
const LASTING: Fates = ["new", "new", "refused"];
const TOLD: Fates = ["new", "new", "told"];
const GONE: Fates = ["gone", "gone", "gone"];

const LISTEN = `const opened = await socket.listen("127.0.0.1", 0); port = opened.port;`;
const CHANNEL = `channel = socketchannel.channel({ host: "127.0.0.1", port: ECHO,`;
const CHANNEL_HEAD = `let channel: any; function line(from: any) { return from.readline(); }`;
const publish = (more = ""): string =>
  `await sharetable.loadtable("NAME", { a: Math.random() }${more});`;

export const TABLE: readonly Given[] = [
  {
    takes: ["skynet.start(run)"],
    give: `skynet.start(RUN);`,
    fire: "",
    isPlain: true,
    top: REFUSED,
  },
  {
    takes: ["skynet.init(run)"],
    give: `skynet.init(RUN); skynet.start();`,
    fire: "",
    isPlain: true,
    top: REFUSED,
  },
  {
    takes: ["skynet.dispatch(handler)"],
    give: `skynet.dispatch("lua", RUN);`,
    fire: `await skynet.call(skynet.self(), "lua");`,
    ...{ init: REFUSED, top: EACH_NEW },
  },
  {
    takes: ["skynet.register_protocol(protocol.dispatch)"],
    give: `skynet.register_protocol({ name: "mine", id: 100, pack: () => Buffer.alloc(1), unpack: () => 1, dispatch: RUN });`,
    fire: `await skynet.call(skynet.self(), "mine");`,
    ...{ init: REFUSED, top: EACH_NEW },
  },
  {
    takes: ["skynet.register_protocol(protocol.pack)"],
    give: `skynet.register_protocol({ name: "mine", id: 100, pack: RUN });`,
    result: `Buffer.alloc(1)`,
    fire: `skynet.send(skynet.self(), "mine");`,
    ...{ init: REFUSED, top: EACH_NEW },
  },
  {
    takes: ["skynet.register_protocol(protocol.unpack)"],
    give: `skynet.register_protocol({ name: "mine", id: 100, unpack: RUN, dispatch: () => 1 });`,
    fire: `skynet.rawsend(skynet.self(), "mine", Buffer.alloc(1));`,
    ...{ init: REFUSED, top: EACH_NEW },
  },
  {
    takes: ["skynet.timeout(run)"],
    give: `skynet.timeout(1500, RUN);`,
    fire: `await heard();`,
    ...{ init: LASTING, top: EACH_NEW },
  },
  { takes: ["skynet.fork(run)"], give: `skynet.fork(RUN);`, fire: "", init: GONE },
  {
    takes: ["skynet.queue()(run)"],
    head: `const lock = skynet.queue();`,
    give: `await lock(RUN);`,
    fire: `await lock(() => 1);`,
    init: GONE,
  },
  {
    takes: ["skynet.info_func(run)"],
    give: `skynet.info_func(RUN);`,
    fire: "info",
    ...{ init: REFUSED, top: EACH_NEW },
  },
  {
    takes: ["skynet.signal.addEventListener(listener)"],
    give: `skynet.signal.addEventListener("abort", RUN);`,
    fire: "end",
    ...{ init: LASTING, top: EACH_NEW },
  },
  {
    takes: ["skynet.signal.onabort"],
    give: `skynet.signal.onabort = RUN;`,
    fire: "end",
    ...{ init: LASTING, top: EACH_NEW },
  },
  { takes: ["upvalues(fn)", "upvalues(type)"], give: `upvalues(RUN);`, fire: "", init: GONE },
  { takes: ["upvalues.scopes(fn)"], give: `upvalues.scopes(RUN);`, fire: "", init: GONE },
  {
    takes: ["sharetable.onupdate(listener)"],
    give: `sharetable.onupdate("NAME", RUN);`,
    fire: `${publish()} await heard();`,
    ...{ init: REFUSED, top: EACH_NEW },
  },
  {
    takes: ["sharetable.check(check)"],
    give: `sharetable.check("NAME", RUN);`,
    result: "true",
    fire: publish(),
    ...{ init: REFUSED, top: EACH_NEW },
  },
  {
    takes: ["sharetable.check(check.~standard.validate)"],
    give: `sharetable.check("NAME", { "~standard": { version: 1, vendor: "me", validate: RUN } });`,
    ...{ params: "value: unknown", result: "({ value })" },
    fire: publish(),
    ...{ init: REFUSED, top: EACH_NEW },
  },
  {
    takes: [
      "sharetable.loadtable(options.check)",
      "sharetable.loadtable(options.check.~standard.validate)",
    ],
    give: publish(`, { check: RUN }`),
    result: "true",
    fire: publish(),
    init: GONE,
  },
  {
    takes: [
      "sharetable.publish(options.check)",
      "sharetable.publish(options.check.~standard.validate)",
    ],
    give: `await sharetable.publish({ NAME: { a: 1 } }, { check: RUN });`,
    result: "true",
    fire: publish(),
    init: GONE,
  },
  {
    takes: ["multicast.new(options.dispatch)"],
    head: `let channel: any;`,
    give: `channel = await multicast.new({ dispatch: RUN }); await channel.subscribe();`,
    fire: `await channel.publish(1); await heard();`,
    init: REFUSED,
  },
  {
    takes: ["socket.start(onAccept)"],
    give: `${LISTEN} socket.start(opened.id, RUN);`,
    fire: `await socket.open("127.0.0.1", port); await heard();`,
    init: LASTING,
  },
  {
    takes: ["socket.onclose(run)"],
    head: `function accept(id: number) { socket.start(id); } let id = 0;`,
    give: `${LISTEN} socket.start(opened.id, accept); id = await socket.open("127.0.0.1", port); socket.onclose(id, RUN);`,
    fire: `await socket.close(id); await heard();`,
    init: LASTING,
  },
  {
    takes: ["socket.warning(run)"],
    head: `function accept() {} let id = 0;`,
    give: `${LISTEN} socket.start(opened.id, accept); id = await socket.open("127.0.0.1", port); socket.warning(id, RUN);`,
    fire: `socket.write(id, Buffer.alloc(30_000_000)); await heard();`,
    init: LASTING,
  },
  {
    takes: ["socket.udp(onDatagram)"],
    head: `const place = async (id: number) => Number((await socket.netstat()).find((each) => each.id === id)?.place.replace(/.*:/, ""));`,
    give: `port = await place(await socket.udp(RUN, "127.0.0.1", 0));`,
    fire: `const from = await socket.udp(() => {}); await socket.udp_connect(from, "127.0.0.1", port); socket.write(from, "x"); await heard();`,
    init: LASTING,
  },
  {
    takes: ["socket.udp_connect(onDatagram)"],
    head: `let id = 0; let other = 0; const place = async (id: number) => Number((await socket.netstat()).find((each) => each.id === id)?.place.replace(/.*:/, "")); function answer(_data: Buffer, from: Buffer) { socket.sendto(other, from, "x"); }`,
    give: `other = await socket.udp(answer, "127.0.0.1", 0); id = await socket.udp(answer, "127.0.0.1", 0); await socket.udp_connect(id, "127.0.0.1", await place(other), RUN);`,
    fire: `socket.write(id, "x"); await heard();`,
    init: LASTING,
  },
  {
    takes: ["httpd.listen(handler)"],
    give: `({ port } = await httpd.listen(0, RUN));`,
    result: `"x"`,
    fire: `await (await fetch("http://127.0.0.1:" + port)).text();`,
    init: LASTING,
  },
  {
    takes: ["SNICallback", "ALPNCallback", "pskCallback"].map(
      (name) => `httpd.listen(options.tls.${name})`,
    ),
    head: `function answer() { return "x"; }`,
    give: `({ port } = await httpd.listen({ port: 0, tls: { key: KEY, cert: CERTIFICATE, SNICallback: RUN } }, answer));`,
    ...{ params: "_name: string, goOn: (error: null) => void", result: "goOn(null)" },
    fire: `await socket.open({ host: "127.0.0.1", port, tls: { servername: "localhost", rejectUnauthorized: false } });`,
    init: LASTING,
  },
  {
    takes: ["SNICallback", "ALPNCallback", "pskCallback"].map(
      (name) => `socket.listen(place.tls.${name})`,
    ),
    head: `function accept(id: number) { socket.start(id); }`,
    give: `const opened = await socket.listen({ host: "127.0.0.1", port: 0, tls: { key: KEY, cert: CERTIFICATE, SNICallback: RUN } }); port = opened.port; socket.start(opened.id, accept);`,
    ...{ params: "_name: string, goOn: (error: null) => void", result: "goOn(null)" },
    fire: `await socket.open({ host: "127.0.0.1", port, tls: { servername: "localhost", rejectUnauthorized: false } });`,
    init: LASTING,
  },
  {
    // They are called while the connection is made.
    takes: ["checkServerIdentity", "lookup", "pskCallback", "ALPNCallback", "SNICallback"].map(
      (name) => `socket.open(place.tls.${name})`,
    ),
    head: `function answer() { return "x"; } let id = 0;`,
    give: `({ port } = await httpd.listen({ port: 0, tls: { key: KEY, cert: CERTIFICATE } }, answer)); id = await socket.open({ host: "127.0.0.1", port, tls: { ca: CERTIFICATE, servername: "localhost", checkServerIdentity: RUN } });`,
    fire: `await socket.close(id);`,
    init: GONE,
  },
  {
    takes: ["checkServerIdentity", "lookup", "pskCallback", "ALPNCallback", "SNICallback"].map(
      (name) => `socketchannel.channel(options.tls.${name})`,
    ),
    head: `function answer() { return "x"; } let channel: any;`,
    give: `({ port } = await httpd.listen({ port: 0, tls: { key: KEY, cert: CERTIFICATE } }, answer)); channel = socketchannel.channel({ host: "127.0.0.1", port, tls: { ca: CERTIFICATE, servername: "localhost", checkServerIdentity: RUN } });`,
    fire: `await channel.connect(true);`,
    init: TOLD,
  },
  {
    takes: ["socketchannel.channel(options.auth)"],
    head: CHANNEL_HEAD,
    give: `${CHANNEL} auth: RUN });`,
    fire: `await channel.request("x\\n", line);`,
    ...{ init: TOLD, top: TOLD },
  },
  {
    takes: ["socketchannel.channel(options.response)"],
    head: CHANNEL_HEAD,
    give: `${CHANNEL} response: RUN });`,
    ...{ params: "from: any", result: `from.readline().then((text: string) => [7, true, text])` },
    // Behind the first answer the next one is waited for.
    fire: `const answer = await channel.request("x\\n", 7); if (answer !== "x") note(answer); channel.close(); once();`,
    ...{ init: TOLD, top: TOLD },
  },
  {
    takes: ["socketchannel.channel(options.overload)"],
    head: `${CHANNEL_HEAD} function accept() {}`,
    give: `${LISTEN} socket.start(opened.id, accept); channel = socketchannel.channel({ host: "127.0.0.1", port, overload: RUN });`,
    fire: `void channel.request(Buffer.alloc(30_000_000)); await heard();`,
    init: TOLD,
  },
  {
    takes: ["socketchannel.channel().request(answer)", "socketchannel.channel().response(answer)"],
    head: CHANNEL_HEAD,
    give: `${CHANNEL} }); await channel.request("x\\n", RUN);`,
    ...{ params: "from: any", result: "from.readline()" },
    fire: `await channel.request("x\\n", line);`,
    init: GONE,
  },
  {
    takes: ["connect", "message", "disconnect", "error", "warning", "open", "command"].map(
      (name) => `gateserver.start(handler.${name})`,
    ),
    give: `gateserver.start({ connect() {}, message() {}, command: RUN });`,
    fire: `await skynet.call(skynet.self(), "lua", "any");`,
    ...{ init: REFUSED, top: EACH_NEW },
  },
  {
    takes: ["cluster.monitor(onEvent)"],
    give: `await cluster.monitor("db", RUN);`,
    fire: "down",
    ...{ init: LASTING, top: EACH_NEW },
  },
];
