import { defineConfig } from "snax";

export default defineConfig({
  start: "main",
  services: "./services/?.ts",
  // What follows is this program's own: services read it with skynet.getenv.
  consoleport: 8000,
  gateport: 8888,
  webport: 8889,
  maxclient: 1024, // more: npm start -- --set maxclient=20000
  verbose: true, // agents print each request
  daemon: false, // true: no service reads the standard input
});
