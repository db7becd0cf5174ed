import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Every process of a test run inherits this variable. */
export const RUN_VARIABLE = 'ACEFLEET_TEST_RUN';

/**
 * Prefixes of the names of images that tests create. Tests with their own registry use a port of this machine as
 * prefix.
 */
const TEST_IMAGE = /^(?:acefleet[a-z-]*:test|127\.0\.0\.1:\d+\/engine:1$)/;

/** Label of the simulator's images that tests build. An image keeps the label when a newer image gets its name. */
const TEST_LABEL = 'acefleet.test.parts';

const DOCKER_WITHIN_MS = 120_000;
const ROUNDS = 50;
const ROUND_MS = 100;

/** @param {string} name as Docker lists it, with its tag */
export function isTestImage(name) {
  return TEST_IMAGE.test(name);
}

/**
 * Ends the processes that a test run left behind. Linux only, like the tests that need it.
 * @param {string} run the value of RUN_VARIABLE
 */
export async function endTestProcesses(run) {
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = processesOf((value) => value === run);
    if (pids.length === 0) break;
    for (const pid of pids) kill(pid);
    await delay(ROUND_MS);
  }
}

/**
 * Removes containers of images that only tests create, unless another run on this machine may be using them.
 * @param {string} run the value of RUN_VARIABLE
 */
export function removeTestContainers(run) {
  if (isOtherRunActive(run)) return;
  const containers = docker('ps', '--all', '--format', '{{.ID}} {{.Image}}')
    .map((line) => line.split(' '))
    .filter(([, image]) => isTestImage(image))
    .map(([id]) => id);
  if (containers.length > 0) docker('rm', '--force', '--volumes', ...containers);
}

/** Removes images that tests created, unless another run on this machine may be using them. @param {string} run */
export function removeTestImages(run) {
  if (isOtherRunActive(run)) return;
  const named = docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}').filter(isTestImage);
  if (named.length > 0) docker('image', 'rm', ...named);
  const unnamed = docker('image', 'ls', '--quiet', '--filter', `label=${TEST_LABEL}`);
  if (unnamed.length > 0) docker('image', 'rm', ...unnamed);
}

function isOtherRunActive(run) {
  return processesOf((value) => value !== run).length > 0;
}

/** Processes of the runs for which `fits` returns true, without this one. @param {(run: string) => boolean} fits */
function processesOf(fits) {
  return readNames('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      const value = runOf(pid);
      return value !== null && fits(value);
    })
    .map(Number);
}

function runOf(pid) {
  try {
    const start = `${RUN_VARIABLE}=`;
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return variables.find((one) => one.startsWith(start))?.slice(start.length) ?? null;
  } catch {
    // The process has ended meanwhile, or belongs to another user.
    return null;
  }
}

function readNames(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended by itself.
  }
}

/** Lines of the output of `docker …`; empty if there is no Docker Engine, or it refuses. */
function docker(...args) {
  try {
    const options = {
      encoding: 'utf8',
      timeout: DOCKER_WITHIN_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    };
    return execFileSync('docker', args, options)
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}
