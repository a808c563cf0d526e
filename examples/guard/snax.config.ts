import { defineConfig } from "snax";

export default defineConfig({
  thread: 3,
  services: "./services/?.ts",
  stall: { warn: 300, interrupt: 600 },
  heap: 96,
});
