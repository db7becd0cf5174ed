import './supported-node.cjs';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.mjs';
import { describeBusy, findTrouble, nextStep } from './install-steps.mjs';
import { countInstalled, forgetInstall, installState, rememberInstall } from './installed.mjs';
import { Occupancy } from './occupancy.mjs';
import { say, withProgress } from './progress.mjs';
import { isBuildStale, listInputs, stampBuild } from './staleness.mjs';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const INSTALL_TIMEOUT_MS = 15 * 60_000;
const BUILD_TIMEOUT_MS = 5 * 60_000;
/** Builds are made here; dist is replaced in one step. */
const BUILDS = join('.acefleet', 'builds');
const COMPILER = join('scripts', 'lib', 'compile.mjs');

/** The programs that can be built. */
const PLANS = {
  product: plan('acefleet', '.'),
  simulator: plan('simulator', 'simulator'),
  bench: plan('bench', 'bench'),
  /** The product with descriptions of its API, for the documentation. */
  docs: {
    ...plan('descriptions', '.'),
    output: 'dist-docs',
    entry: join('dist-docs', 'docs.js'),
    options: ['--describe'],
  },
};

/** A preparation step failed; the message is complete and printed without a stack. */
export class PreparationError extends Error {}

/**
 * Installs and builds where needed. Returns the paths of the programs' entries.
 * @param {string} name how the user calls this program, such as `npm start` @param {(keyof typeof PLANS)[]} kinds
 * @param {{ withDev?: boolean }} [options] development dependencies are needed for more than these builds
 */
export async function prepare(name, kinds, { withDev = false } = {}) {
  const preparation = new Preparation(name);
  await preparation.install(withDev ? null : kinds);
  return preparation.build(kinds);
}

/** Prepares a new or changed checkout for running, one process at a time. */
export class Preparation {
  #name;
  #occupancy;
  #isWritable;
  /** True if this process installs or builds; it keeps this right between the two steps. */
  #isClaimed = false;

  /** @param {string} name how the user calls this program */
  constructor(name) {
    this.#name = name;
    // A container image has no sources, nothing to build, and its own dependencies.
    if (!existsSync(join(ROOT, 'src'))) return;
    this.#occupancy = new Occupancy(ROOT, name);
    this.#isWritable = this.#occupancy.announce('checking');
  }

  /**
   * Installs the packages of package-lock.json if they are missing.
   * @param {(keyof typeof PLANS)[] | null} kinds the programs to build; null: the development dependencies are needed
   */
  async install(kinds = null) {
    if (this.#occupancy === undefined) return;
    const withDev = kinds === null || kinds.some((kind) => isBuildStale(ROOT, PLANS[kind]));
    const attempts = [];
    for (;;) {
      const tree = installState(ROOT, withDev);
      const others = this.#occupancy.others();
      const facts = { tree, others, isWritable: this.#isWritable, attempts, name: this.#name };
      const { next, message } = nextStep(facts);
      if (next === 'stop') throw new PreparationError(message);
      if (next === 'proceed') {
        if (message !== undefined) say(message);
        if (!this.#isClaimed) this.#run();
        return;
      }
      if (!this.#isClaimed) {
        // The facts from before the claim may have changed.
        await this.#claim('installing');
        continue;
      }
      if (message !== undefined) say(message);
      attempts.push({ command: next, trouble: await this.#npm(next, attempts.length > 0) });
    }
  }

  /**
   * Builds stale programs and returns the paths of all entries. A program that runs from an older build continues,
   * because it has loaded all of its modules.
   * @param {(keyof typeof PLANS)[]} kinds
   */
  async build(kinds) {
    const plans = kinds.map((kind) => PLANS[kind]);
    const findStale = () => plans.filter((one) => isBuildStale(ROOT, one));
    if (findStale().length > 0) {
      if (!this.#isWritable) throw new PreparationError(`${ROOT} cannot be written to build there`);
      await this.#claim('building');
      const stale = findStale();
      const names = stale.map(({ name }) => name).join(', ');
      if (stale.length > 0) await withProgress(`building ${names}`, () => this.#buildAll(stale));
    }
    if (this.#isClaimed) this.#run();
    return plans.map(({ entry }) => join(ROOT, entry));
  }

  async #claim(activity) {
    if (this.#isClaimed) {
      this.#occupancy.announce(activity);
      return;
    }
    const holder = await this.#occupancy.claim(activity);
    if (holder !== null) throw new PreparationError(describeBusy(holder, this.#name));
    this.#isClaimed = true;
  }

  /** From here on no other process installs: either it sees this claim, or this process sees its earlier claim. */
  #run() {
    this.#isClaimed = false;
    this.#occupancy.announce('running');
    const installer = this.#occupancy.others().find(({ activity }) => activity === 'installing');
    if (installer !== undefined) throw new PreparationError(describeBusy(installer, this.#name));
  }

  /** Null on success. Scripts of packages are never needed, so never run. */
  async #npm(command, isRepeated) {
    const args = [
      ...(command === 'ci' ? ['ci'] : ['install', '--no-save']),
      ...['--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'],
      // The lock names exact versions, so cached answers are valid unless they lack one of these versions.
      ...(isRepeated ? [] : ['--prefer-offline']),
      // Without a registry npm gives up after some 7 s with these options; by default it takes more than a minute.
      ...['--fetch-retry-mintimeout=1000', '--fetch-retry-factor=2', '--fetch-retries=3'],
    ];
    forgetInstall(ROOT);
    const run = () => this.#command('npm', args, INSTALL_TIMEOUT_MS);
    const { ok, output } = await withProgress('installing dependencies', run, describeInstalled);
    if (!ok) return findTrouble(output);
    rememberInstall(ROOT);
    return null;
  }

  async #buildAll(plans) {
    rmSync(join(ROOT, BUILDS), { recursive: true, force: true });
    mkdirSync(join(ROOT, BUILDS), { recursive: true });
    const results = await Promise.allSettled(plans.map((one) => this.#build(one)));
    const failed = results.find(({ status }) => status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #build(one) {
    const folder = join(BUILDS, one.name);
    const startedAt = new Date();
    const inputs = listInputs(ROOT, one);
    const args = [COMPILER, one.project, folder, ...one.options];
    const { ok, output } = await this.#command(process.execPath, args, BUILD_TIMEOUT_MS);
    if (!ok) throw new PreparationError(`building ${one.name} failed:\n${output.trim()}`);
    stampBuild(ROOT, folder, inputs, startedAt);
    const old = join(ROOT, BUILDS, `${one.name}.old`);
    const current = join(ROOT, one.output);
    if (existsSync(current)) renameSync(current, old);
    renameSync(join(ROOT, folder), current);
    rmSync(old, { recursive: true, force: true });
  }

  #command(program, args, timeoutMs) {
    const onStart = (pid) => this.#occupancy.addHelper(pid);
    return runCommand(program, args, { cwd: ROOT, timeoutMs, onStart });
  }
}

function describeInstalled() {
  const { installed, total } = countInstalled(ROOT);
  return `${installed} of ${total} packages`;
}

/** Every program has its sources, its tsconfig and its output at the same relative paths. */
function plan(name, folder) {
  const files = [join(folder, 'tsconfig.json'), COMPILER, 'package.json'];
  return {
    name,
    project: join(folder, 'tsconfig.json'),
    sources: join(folder, 'src'),
    files,
    output: join(folder, 'dist'),
    entry: join(folder, 'dist', 'main.js'),
    options: [],
  };
}
