/** A process in which speed.mjs measures. */

const { start } = await import(process.env.BASE ?? "../../dist/index.js");

process.once("message", async ({ place, alive }) => {
  const node = await start({
    thread: 1,
    services: `${place}/?.ts;${place}/?.mjs`,
    stall: { warn: 0, interrupt: 0 },
    logger: `${place}/log`,
    profile: false,
  });
  const driver = await node.snax.newservice("driver");
  const result = await driver.req.measure(alive);
  process.send(result, () => process.exit(0));
});
