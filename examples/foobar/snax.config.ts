import { defineConfig } from "snax";

export default defineConfig({
  start: "main",
  thread: 1, // one worker, so that the log's lines come in the order of this page
  services: "./services/?.ts",
});
