/// <reference types="snax/inject" />
// skynet's own example of inject: GET adds a letter from now on.  inject SIMPLEDB's-address patches/simpledb.ts
export {};

const command = _P.lua.command;
const { db } = upvalues(command.GET);
command.GET = (key: string) => {
  db.set(key, `${db.get(key)}A`);
  return db.get(key);
};
print("inject success!!");
