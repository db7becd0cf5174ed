import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The inputs and the output of a build; paths are relative to the repository.
 * @typedef {{ sources: string, files: string[], output: string }} BuildPlan
 */

/** The list of inputs is stored in it, so that deleting a source makes a build stale, like changing one. */
const STAMP = '.built';

/**
 * True if an input was added, removed or changed since the build was stamped. Without sources, as in a container
 * image, a build is never stale.
 * @param {string} root @param {BuildPlan} plan
 */
export function isBuildStale(root, plan) {
  if (modifiedMs(join(root, plan.sources)) === null) return false;
  const stamp = join(root, plan.output, STAMP);
  const builtMs = modifiedMs(stamp);
  if (builtMs === null) return true;
  const inputs = listInputs(root, plan);
  if (readFileSync(stamp, 'utf8') !== inputs.join('\n')) return true;
  return inputs.some((path) => (modifiedMs(join(root, path)) ?? Infinity) > builtMs);
}

/**
 * Marks a build as done with the inputs from its beginning; files that changed during the build are newer than the
 * stamp.
 * @param {string} root @param {string} output @param {string[]} inputs @param {Date} startedAt
 */
export function stampBuild(root, output, inputs, startedAt) {
  const stamp = join(root, output, STAMP);
  writeFileSync(stamp, inputs.join('\n'));
  utimesSync(stamp, startedAt, startedAt);
}

/** Inputs of a build in a stable order, without tests. @param {string} root @param {BuildPlan} plan */
export function listInputs(root, plan) {
  const sources = readdirSync(join(root, plan.sources), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /(?<!\.spec)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1));
  const files = plan.files.filter((path) => modifiedMs(join(root, path)) !== null);
  return [...files, ...sources.sort()];
}

/** Null if the file does not exist. @param {string} path */
function modifiedMs(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
