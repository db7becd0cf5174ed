// Ends the process with one line if Node.js is too old. It is loaded before everything else and written in the oldest
// syntax, because unknown syntax would end the process with a stack trace instead.
'use strict';

/** Oldest version of Node.js that the dependencies work with. */
var OLDEST = [20, 19];

/** The error line for a version that is too old; null for a supported version. */
function describeVersion(version) {
  var parts = version.split('.').map(Number);
  if (parts[0] > OLDEST[0] || (parts[0] === OLDEST[0] && parts[1] >= OLDEST[1])) return null;
  return (
    'acefleet needs Node.js ' +
    OLDEST.join('.') +
    ' or newer, and this is ' +
    version +
    ': install a newer one, from nodejs.org or your package manager'
  );
}

var line = describeVersion(process.versions.node);
if (line !== null) {
  process.stderr.write(line + '\n');
  process.exit(1);
}

module.exports = { describeVersion: describeVersion };
