// Loaded into the product by NODE_OPTIONS=--require: on SIGUSR2 it writes the paths of all loaded modules, one per line, to
// the file MODULE_JOURNAL.
'use strict';
const { renameSync, writeFileSync } = require('node:fs');

const file = process.env.MODULE_JOURNAL;

process.on('SIGUSR2', () => {
  writeFileSync(`${file}.draft`, Object.keys(require.cache).join('\n'));
  renameSync(`${file}.draft`, file);
});
