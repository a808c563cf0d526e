import { defineConfig } from "snax";

export default defineConfig({
  thread: 2,
  start: "main",
  console: 8000, // for `npx snax reload`; this machine only
  // What follows is this program's own: services read it with skynet.getenv.
  webport: 8890,
});
