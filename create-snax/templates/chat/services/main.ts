import { skynet, snax } from "snax";
import type * as Door from "./door.ts";

skynet.start(async () => {
  const door = await snax.newservice<typeof Door>("door");
  const port = await door.req.open(Number(skynet.getenv("webport")));
  skynet.error(`Talk in a browser: http://127.0.0.1:${port}/`);
  skynet.exit();
});
