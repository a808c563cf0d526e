import { defineConfig } from "snax";

export default defineConfig({
  start: "main",
  services: "./services/?.ts",
  verbose: true, // the log begins as skynet's does, and agents print each request
  // What follows is this program's own: services read it with skynet.getenv.
  consoleport: 8000,
  gateport: 8888,
  webport: 8889,
  maxclient: 1024, // more: npm start -- --set maxclient=20000
  daemon: false, // true: no service reads the standard input
});
