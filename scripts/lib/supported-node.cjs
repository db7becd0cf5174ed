// Ends the process with one line under a Node.js that is too old. Loaded before everything else and written for the
// oldest of them: a syntax that they do not know would end them with a stack instead.
'use strict';

/** Oldest version of Node.js that the dependencies work with. */
var OLDEST = [20, 19];

var version = process.versions.node.split('.').map(Number);
if (version[0] < OLDEST[0] || (version[0] === OLDEST[0] && version[1] < OLDEST[1])) {
  process.stderr.write(
    'acefleet needs Node.js ' +
      OLDEST.join('.') +
      ' or newer, and this is ' +
      process.versions.node +
      ': install one from your package manager or https://nodejs.org\n',
  );
  process.exit(1);
}
