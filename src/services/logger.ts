/**
 * The logger, `.logger`: opens the node's log, stdout or the file that the configuration names, and
 * has it written.
 *
 *     [:0000000a] words                              text on stdout, as skynet prints it
 *     21/11/26 10:00:00.00 [:0000000a] words         text in a file
 *     {"time":"2026-...","level":"info",...,"message":"words"}   with logformat "json"
 *
 * Lines do not come as messages: they are in the log although this service has not had a turn (see
 * log-sink.ts). What a service sends it is a line as well. `REOPEN` opens the file anew (SIGHUP
 * does it), `FLUSH` is answered when all is written.
 */

import { logSink, skynet, SnaxError } from "snax";

const path = skynet.getenv<string | undefined>("logger");
try {
  logSink.open(path);
} catch (error) {
  throw new SnaxError("ERR_CONFIG", `logger: ${(error as Error).message}`, { cause: error });
}

skynet.start(() => {
  skynet.dispatch("text", (_session, source, text: unknown, ...rest: [boolean?, string?]) => {
    const [isPlain, level] = rest;
    logSink.write(source, String(text), isPlain === true, level);
  });
  skynet.dispatch("lua", (_session, _source, name: string) => {
    if (name === "REOPEN") logSink.reopen();
    else if (name === "FLUSH") logSink.flush();
    else {
      throw new SnaxError(
        "ERR_NO_METHOD",
        `the logger has no command ${String(name).slice(0, 80)}`,
      );
    }
  });
  skynet.register(".logger");
});
