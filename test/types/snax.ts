/**
 * What the compiler says about calls to snax services that are named by a type argument, or not described at all.
 *
 * Nothing here runs: the type check is the test. A line under `@ts-expect-error` has to be refused, every other line
 * has to pass. Services named through `Services` are in test/fixtures/types, since an entry there is seen everywhere.
 */

import type {
  ExitArgs,
  InitArgs,
  Patch,
  Post,
  Req,
  ServiceModule,
  ServiceObject,
  SnaxApi,
} from "../../src/snax/types.ts";
import type * as Bare from "./services/bare.ts";
import type * as Foobar from "./services/foobar.ts";
import type * as Methods from "./services/methods.ts";
import type * as Stranger from "./services/stranger.ts";

declare const snax: SnaxApi;

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the claim is true. */
function claim<T extends true>(): T | undefined {
  return undefined;
}

/** The program of the snax section of the contract. */
export async function contract(): Promise<void> {
  const p = await snax.newservice<typeof Foobar>("foobar", "hello world");
  const reply = p.req.echo("foobar");
  claim<Same<typeof reply, Promise<readonly [string, number]>>>();
  console.log(await reply);
  p.post.touch();
  p.pub.touch();
  await snax.hotfix(
    p,
    `
    declare let i: number;
    export const accept = { touch() { i += 2; } };
  `,
  );
  const last = await snax.hotfix(p, `export function hotfix(t: number) { return t; }`, 100);
  console.log(last + 1);
  await snax.exit(p, "bye");
}

export async function wrongUses(p: ServiceObject<typeof Foobar>): Promise<void> {
  // @ts-expect-error -- no such request
  void p.req.ecco("foobar");
  // @ts-expect-error -- `touch` is no request
  p.req.touch();
  // @ts-expect-error -- `echo` answers, so it can't be posted
  p.post.echo("foobar");
  // @ts-expect-error -- `constructor` is no method of a service
  p.post.constructor.name.at(0)?.toFixed();
  // @ts-expect-error -- `init` is not for callers
  p.req.init("hello");
  // @ts-expect-error -- a number for a string
  void p.req.echo(1);
  // @ts-expect-error -- an argument is missing
  void p.req.echo();
  // @ts-expect-error -- one argument too many
  p.post.touch(1);
  // @ts-expect-error -- the result is a promise until it is awaited
  void p.req.greet().length;
  // @ts-expect-error -- the result is a pair
  console.log((await p.req.echo("foobar"))[2]);
  // @ts-expect-error -- the result is read-only
  (await p.req.echo("foobar"))[1] = 1;
  // @ts-expect-error -- a post gives nothing back
  void p.post.touch().then;
  // @ts-expect-error -- methods are replaced by hot-fix only
  p.req.greet = async () => "hi";
  // @ts-expect-error -- an address stays
  p.handle = 1;
}

export async function starting(name: string): Promise<void> {
  const p = await snax.newservice<typeof Foobar>(name);
  claim<Same<typeof p, ServiceObject<typeof Foobar>>>();
  claim<Same<InitArgs<typeof Methods>, [size: number, mode?: "queue" | undefined]>>();
  await snax.newservice<typeof Methods>("methods", 3);
  await snax.newservice<typeof Methods>("methods", 3, "queue");
  // @ts-expect-error -- `init` wants a number
  await snax.newservice<typeof Methods>("methods", "3");
  // @ts-expect-error -- `init` wants an argument
  await snax.newservice<typeof Methods>("methods");
  // @ts-expect-error -- there is no `init` that could take it
  await snax.newservice<typeof Bare>("bare", 1);
  // @ts-expect-error -- a module that exports none of the parts is no service
  await snax.newservice<typeof Stranger>("stranger");
  // @ts-expect-error -- the name is missing
  await snax.newservice<typeof Bare>();
  const handle = await snax.rawnewservice<typeof Methods>("methods", 3);
  claim<Same<typeof handle, number>>();
  const bound = snax.bind<typeof Foobar>(handle, "foobar");
  claim<Same<typeof bound, ServiceObject<typeof Foobar>>>();
  const unique = await snax.uniqueservice<typeof Methods>("methods", 3);
  claim<Same<typeof unique, ServiceObject<typeof Methods>>>();
  const found = await snax.queryglobal<typeof Bare>("bare");
  claim<Same<typeof found, ServiceObject<typeof Bare>>>();
  const near = await snax.at("near").newservice<typeof Bare>("bare");
  claim<Same<typeof near, ServiceObject<typeof Bare>>>();
  // @ts-expect-error -- a thread is a number or "near"
  snax.at("far");
  await snax.within(500).at(1).globalservice<typeof Bare>("bare");
  const { newservice, printf } = snax;
  await newservice<typeof Bare>("bare");
  printf("%d services", 1);
}

export async function methods(p: ServiceObject<typeof Methods>): Promise<void> {
  claim<
    Same<keyof Req<typeof Methods>, "plain" | "later" | "generic" | "loose" | "never" | "same">
  >();
  claim<Same<keyof Post<typeof Methods>, "old" | "fresh" | "late">>();
  claim<Same<typeof p.req.plain, (a: number, b?: string, ...rest: boolean[]) => Promise<string>>>();
  const chosen = await p.req.later(true);
  claim<Same<typeof chosen, "yes" | undefined>>();
  const kept = await p.req.generic({ x: 1 });
  claim<Same<typeof kept, { x: number }[]>>();
  const lost = await p.req.same("text");
  claim<Same<typeof lost, unknown>>();
  const loose = await p.req.loose("anything");
  claim<Same<typeof loose, Map<string, number>>>();
  const never = p.req.never();
  claim<Same<typeof never, Promise<never>>>();
  const posted = p.post.late(1);
  claim<Same<typeof posted, void>>();
  p.post.old("a");
  p.pub.fresh();
  // @ts-expect-error -- a member that is no function is no method
  void p.req.limit;
  // @ts-expect-error -- `subscribe` wants a text
  p.pub.old(1);
}

export async function ending(p: ServiceObject<typeof Methods>): Promise<void> {
  claim<Same<ExitArgs<typeof Methods>, [reason: string]>>();
  const ended = snax.exit(p, "done");
  claim<Same<typeof ended, Promise<void>>>();
  await snax.kill(p, "done");
  // @ts-expect-error -- the reason is missing
  await snax.kill(p);
  // @ts-expect-error -- the reason is a text
  await snax.exit(p, 1);
  // @ts-expect-error -- a service object ends by its own arguments, it is no argument of one's own exit
  await snax.exit(p);
}

export async function endingItself(...args: unknown[]): Promise<void> {
  const none = snax.exit();
  claim<Same<typeof none, Promise<never>>>();
  const own = snax.exit(...args);
  claim<Same<typeof own, Promise<never>>>();
  await snax.exit("bye", { at: 1 });
}

export async function undescribed(name: string): Promise<void> {
  const p = await snax.newservice(name, 1, "two", {});
  claim<Same<typeof p, ServiceObject>>();
  const reply: number = await p.req.whatever(1, 2, 3);
  p.post.whatever(reply);
  await snax.exit(p, "bye", 1);
  await snax.hotfixall(name, "");
  const typed: ServiceObject<typeof Foobar> = p;
  const loose: ServiceObject = typed;
  await snax.kill(loose, 1, 2);
  const self = snax.self();
  self.post.anything();
  const other = await snax.newservice<any>(name, 1);
  other.post.anything();
}

export async function patching(p: ServiceObject<typeof Foobar>, patch: Patch): Promise<void> {
  await snax.hotfix(p, patch);
  await snax.hotfix(p, { "./lib/money.ts": "export function round(n: number) { return n; }" });
  const last = await snax.hotfix<number>(p, patch, 100);
  claim<Same<typeof last, number>>();
  // @ts-expect-error -- the patch is missing
  await snax.hotfix(p);
  // @ts-expect-error -- a patch is a text
  await snax.hotfix(p, () => 1);
  // @ts-expect-error -- a record holds texts
  await snax.hotfix(p, { "./lib/money.ts": 1 });
  await snax.hotfix(p.handle, patch);
  // @ts-expect-error -- a function is neither a service object nor an address
  await snax.hotfix(() => p, patch);
  const all = await snax.hotfixall("foobar", patch, 1);
  const codes: string[] = all.failed.map((failure) => `${failure.handle}: ${failure.code}`);
  const reasons: string[] = all.skipped.map((skip) => `${skip.handle}: ${skip.reason}`);
  console.log(all.id, all.applied.length, codes, reasons);
  await snax.hotfixshared("./lib/rules.ts", "export const limit = 1;");
  // @ts-expect-error -- a shared module's patch is one text
  await snax.hotfixshared("./lib/rules.ts", { "./lib/rules.ts": "" });
}

/** A function over any service can be written. */
export async function generic<M extends ServiceModule>(
  name: string,
  ...args: InitArgs<M>
): Promise<ServiceObject<M>> {
  const p = await snax.newservice<M>(name, ...args);
  const bound = snax.bind<M>(p.handle, name as never);
  const found = await snax.queryservice<M>(name as never);
  console.log(bound.type, found.type);
  const profile = await snax.profile_info(p);
  console.log(profile["echo"]?.count, profile["echo"]?.time);
  const methods = await snax.interface(p.type);
  console.log(methods.response["echo"], methods.accept["touch"]);
  return p;
}
