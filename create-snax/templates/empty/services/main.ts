import { skynet, snax } from "snax";
import type * as Counter from "./counter.ts";

skynet.start(async () => {
  const counter = await snax.newservice<typeof Counter>("counter", 10);
  counter.post.add(5); // Sent; no answer comes.
  skynet.error("the counter says", await counter.req.get());
});
