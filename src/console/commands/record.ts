/**
 * Commands that record what services are sent: message logs and traces.
 */

import { SnaxError } from "../../base/error.ts";
import { protocolOf } from "../../service/protocol-table.ts";
import { Tracer } from "../../service/tracer.ts";
import { readAddress, readService } from "../operator/address.ts";
import type { CommandCall, CommandResult, CommandTable } from "../operator/command.ts";
import { toService } from "../threads/thread-route.ts";

function logOn({ operator, args }: CommandCall): CommandResult {
  operator.thread.recorder.logOn(readService(operator, args[0]), operator.context.handle);
  return undefined;
}

function logOff({ operator, args }: CommandCall): CommandResult {
  operator.thread.recorder.logOff(readAddress(operator, args[0]), operator.context.handle);
  return undefined;
}

/** `trace addr on` means the protocol lua; without a flag tracing ends, as in skynet. */
function trace({ operator, args: [word, ...rest] }: CommandCall): CommandResult {
  const context = readService(operator, word);
  const [proto, flag] = isFlag(rest[0]) ? ["lua", rest[0]] : [rest[0] ?? "lua", rest[1]];
  if (flag !== undefined && !isFlag(flag)) {
    throw new SnaxError("ERR_ARGUMENT", `${flag} is neither on nor off`);
  }
  const { id } = protocolOf(context, proto);
  Tracer.of(operator.runtime).setFlag(context, id, flag === undefined ? undefined : flag === "on");
  const state = flag === undefined ? "nil" : String(flag === "on");
  operator.runtime.log(context.handle, `Turn trace log ${state} for ${proto}`);
  return undefined;
}

function isFlag(word: string | undefined): word is "on" | "off" {
  return word === "on" || word === "off";
}

/** The commands by name. */
export const recordCommands: CommandTable = {
  logon: { help: "logon address", isChange: true, route: toService, run: logOn },
  logoff: { help: "logoff address", isChange: true, route: toService, run: logOff },
  trace: { help: "trace address [proto] [on|off]", isChange: true, route: toService, run: trace },
};
