import { defineConfig } from "snax";

export default defineConfig({
  start: "main",
  services: "./services/?.ts",
});
