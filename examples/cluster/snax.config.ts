import { defineConfig } from "snax";

/** One configuration for all three: a process is told by NODE which of them it is. */
const port = Number(process.env.PORT ?? 7100);
const places: Record<string, string> = {
  hall: `127.0.0.1:${port}`,
  bank: `127.0.0.1:${port + 1}`,
  scores: `127.0.0.1:${port + 2}`,
};
const node = process.env.NODE ?? "hall";
const { [node]: listen = "", ...nodes } = places;

export default defineConfig({
  node,
  start: node,
  thread: 1,
  services: "./services/?.ts",
  cluster: { listen, nodes, token: process.env.CLUSTER_TOKEN ?? "an example, and no secret" },
});
