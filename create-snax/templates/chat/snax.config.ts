import { defineConfig } from "snax";

export default defineConfig({
  start: "main",
  calltimeout: 5000, // ms after which a call without an answer fails
  console: 8000, // `npx snax console 8000`; this machine only
  // What follows is this program's own: services read it with skynet.getenv.
  webport: 8080,
});
