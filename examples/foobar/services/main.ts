import { skynet, snax } from "snax";
import type * as Foobar from "./foobar.ts";

skynet.start(async () => {
  const p = await snax.newservice<typeof Foobar>("foobar", "hello world");
  console.log(await p.req.echo("foobar")); // typed: readonly [string, number]
  p.post.touch(); // sent; no answer

  // From here on touch() adds 2. The service goes on running, and keeps its i.
  await snax.hotfix(
    p,
    `
    declare let i: number;
    export const accept = { touch() { i += 2; } };
    `,
  );
  p.post.touch();
  console.log(await p.req.echo("foobar"));

  // hotfix() of a patch runs inside the service, once: it may look at the state and mend it.
  const last = await snax.hotfix<number>(
    p,
    `
    declare let i: number;
    export function hotfix(t: number) { const last = i; i = t; return last; }
    `,
    100,
  );
  console.log(last, await p.req.echo("foobar"));

  await snax.exit(p, "bye");
  skynet.abort();
});
