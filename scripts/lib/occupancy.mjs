import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const FOLDER = join('.acefleet', 'processes');
const CLAIM_STEP_MS = 20;
/** The clock may be set while a machine runs, so a file counts as older than the boot only with this margin. */
const BOOT_MARGIN_MS = 60_000;

/**
 * The activity of a process in the folder: `running` loads modules from node_modules and dist, `installing` and
 * `building` change them. `claiming` is about to start one of the latter, `checking` has not decided yet.
 * @typedef {'checking' | 'claiming' | 'installing' | 'building' | 'running'} Activity
 * @typedef {{ pid: number, name: string, activity: Activity }} Occupant
 */

/**
 * Lets the processes that work in one checkout know of each other. Every process has its own file and writes no
 * other, so nothing must be taken over after a crash: the file of a crashed process names a process that no longer
 * exists, and is ignored.
 */
export class Occupancy {
  #folder;
  #path;
  #record;

  /** @param {string} root @param {string} name how a user calls this program, such as `npm start` */
  constructor(root, name) {
    this.#folder = join(root, FOLDER);
    this.#path = join(this.#folder, `${process.pid}-${randomBytes(4).toString('hex')}.json`);
    this.#record = { ...identify(process.pid), name, helpers: [] };
    process.once('exit', () => rmSync(this.#path, { force: true }));
  }

  /**
   * Sets the activity of this process from now on. Returns false if the folder cannot be written.
   * @param {Activity} activity
   */
  announce(activity) {
    return this.#write({ ...this.#record, activity, helpers: [] });
  }

  /**
   * Records a child process that does the work. It may outlive this process, which then still counts as alive.
   * @param {number} pid
   */
  addHelper(pid) {
    this.#write({ ...this.#record, helpers: [...this.#record.helpers, identify(pid)] });
  }

  /** Returns the other live processes. @returns {Occupant[]} */
  others() {
    return readNames(this.#folder).flatMap((file) => {
      const path = join(this.#folder, file);
      if (path === this.#path) return [];
      const record = readRecord(path);
      if (record === null) return [];
      if (![record, ...record.helpers].some(isAlive)) {
        remove(path);
        return [];
      }
      return [{ pid: record.pid, name: record.name, activity: record.activity }];
    });
  }

  /**
   * Claims the right to install or build. Each process writes its claim before it reads the other claims, so of two
   * processes at least one sees the other; the one with the higher process id then yields.
   * @param {'installing' | 'building'} activity
   * @returns {Promise<Occupant | null>} the process that already installs or builds
   */
  async claim(activity) {
    for (;;) {
      this.announce('claiming');
      const others = this.others();
      const holder = others.find(isPreparing);
      if (holder !== undefined) {
        this.announce('checking');
        return holder;
      }
      const claimants = others.filter((other) => other.activity === 'claiming');
      if (claimants.length === 0) {
        this.announce(activity);
        return null;
      }
      if (claimants.some(({ pid }) => pid < process.pid)) this.announce('checking');
      await delay(CLAIM_STEP_MS);
    }
  }

  #write(record) {
    const draft = `${this.#path}.draft`;
    try {
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(draft, JSON.stringify(record));
      renameSync(draft, this.#path);
      this.#record = record;
      return true;
    } catch {
      return false;
    }
  }
}

/** @param {Occupant} occupant */
export function isPreparing({ activity }) {
  return activity === 'installing' || activity === 'building';
}

function readNames(folder) {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'));
  } catch {
    return [];
  }
}

/** Null for a file that its process removed meanwhile, or that has another format. */
function readRecord(path) {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8'));
    return Number.isInteger(record.pid) && Array.isArray(record.helpers) ? record : null;
  } catch {
    return null;
  }
}

function remove(path) {
  try {
    rmSync(path, { force: true });
  } catch {
    // In a folder that cannot be written the file stays, and is ignored.
  }
}

/** Distinguishes this use of a process id from a later one. */
function identify(pid) {
  return { pid, startedTicks: startedTicks(pid), seenMs: Date.now() };
}

function isAlive({ pid, startedTicks: recordedTicks, seenMs }) {
  const ticks = startedTicks(pid);
  if (ticks !== null && recordedTicks !== null) return ticks === recordedTicks;
  const bootedMs = Date.now() - uptime() * 1000;
  if (recordedTicks === null && seenMs < bootedMs - BOOT_MARGIN_MS) return false;
  try {
    process.kill(pid, 0);
    // If start times can be read, a child of ours without one has ended, and only its parent was not notified yet.
    return recordedTicks === null;
  } catch (error) {
    // EPERM: a process of another user is alive as well.
    return error.code === 'EPERM';
  }
}

/** Start time of a live process, in the kernel's clock ticks; null if it cannot be read or the process has ended. */
function startedTicks(pid) {
  try {
    const [state, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .split(') ')
      .at(-1)
      .split(' ');
    return state === 'Z' || state === 'X' ? null : Number(fields[18]);
  } catch {
    return null;
  }
}
