// Loaded before the server, which has an option for neither: it ends with its parent, whose end of stdin it holds, and
// listens on loopback alone.
const { Server } = require("node:net");
const { isMainThread } = require("node:worker_threads");

if (isMainThread) {
  process.stdin.on("close", () => process.exit()).resume();
}

const listen = Server.prototype.listen;
Server.prototype.listen = function (port, ...rest) {
  return typeof port === "number"
    ? listen.call(this, port, "127.0.0.1", ...rest.filter((each) => typeof each === "function"))
    : listen.call(this, port, ...rest);
};
