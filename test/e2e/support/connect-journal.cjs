// Loaded into the product by NODE_OPTIONS=--require: writes every destination of a connection, one per line, to the file
// CONNECT_JOURNAL. Every library connects through these functions, by name or by address.
'use strict';
const { appendFileSync } = require('node:fs');
const net = require('node:net');

const file = process.env.CONNECT_JOURNAL;
const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = function connectAndTell(...args) {
  // node:net passes its own normalized arguments on as one array.
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const { host, port, path } =
    typeof options === 'object' ? options : { port: options, host: args[1] };
  appendFileSync(file, `${path ?? `${host ?? 'localhost'}:${port}`}\n`);
  return connect.apply(this, args);
};
