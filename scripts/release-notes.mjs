// `node scripts/release-notes.mjs v1.2.3 https://…/acefleet`: prints the changes of a release. Ends with exit code 1 and the
// reason if the tag is not the version of package.json, or if CHANGELOG.md does not describe that version.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './lib/prepare.mjs';
import { releaseNotes } from './lib/release-notes.mjs';

const read = (name) => readFileSync(join(ROOT, name), 'utf8');

const [tag = '', address = ''] = process.argv.slice(2);
const { version } = JSON.parse(read('package.json'));
const { notes, problem } = releaseNotes({ tag, version, changelog: read('CHANGELOG.md'), address });
if (problem === null) {
  process.stdout.write(`${notes}\n`);
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
