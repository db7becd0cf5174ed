// For `npx jest PATTERN…`. Each suite has a config of its own, because how many tests may run beside each other and how long
// they may take cannot be said per suite in one. So the patterns choose: when all files that they match are of one suite,
// its config is the whole config. Otherwise the suites run together, as carefully as the most careful one of them.
const { readdirSync } = require('node:fs');
const { join, relative } = require('node:path');

const SUITES = ['unit', 'e2e', 'docker'].map((name) => require(`./jest.${name}.config.cjs`));
const ENDINGS = { unit: '.spec.ts', e2e: '.e2e-spec.ts', docker: '.docker-spec.ts' };

/** Options of jest whose value is a word of its own. */
const VALUED =
  /^(?:-[tw]|--(?:testNamePattern|maxWorkers|maxConcurrency|testTimeout|outputFile|seed|shard|reporters))$/;

module.exports = together(chosen(process.argv.slice(2)));

function chosen(words) {
  const isPattern = (word, index) => !word.startsWith('-') && !VALUED.test(words[index - 1] ?? '');
  const patterns = words.filter(isPattern).map(toPattern);
  const found = SUITES.filter((suite) => {
    const files = filesOf(suite);
    return patterns.some((pattern) => files.some((file) => pattern.test(file)));
  });
  return found.length > 0 ? found : SUITES;
}

function together(suites) {
  if (suites.length === 1) return suites[0];
  const least = (name) => Math.min(...suites.map((suite) => suite[name] ?? Infinity));
  const { maxWorkers, workerIdleMemoryLimit } = suites.at(-1);
  return {
    projects: suites.map((suite) => {
      const project = { ...suite };
      for (const name of ['maxWorkers', 'maxConcurrency', 'workerIdleMemoryLimit'])
        delete project[name];
      return project;
    }),
    maxWorkers,
    maxConcurrency: least('maxConcurrency'),
    workerIdleMemoryLimit,
  };
}

function filesOf({ displayName, roots, rootDir }) {
  return roots
    .map((root) => root.replace('<rootDir>', rootDir))
    .flatMap((root) => readdirSync(root, { recursive: true }).map((name) => join(root, name)))
    .filter((path) => path.endsWith(ENDINGS[displayName]));
}

/** As jest reads it: an expression, or else a path. */
function toPattern(word) {
  const text = word.startsWith('./') ? relative(__dirname, word) : word;
  try {
    return new RegExp(text, 'i');
  } catch {
    return new RegExp(text.replace(/[^\w/]/g, '\\$&'), 'i');
  }
}
