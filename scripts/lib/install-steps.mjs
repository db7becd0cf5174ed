import { isPreparing } from './occupancy.mjs';

/**
 * What stopped npm. `offline`: no registry can be reached. `unreliable`: it answered badly, and may do better.
 * `outdated_cache`: npm's cached answers do not know a version. `not_writable`: no permission or no space here.
 * @typedef {'offline' | 'unreliable' | 'outdated_cache' | 'not_writable' | 'no_npm' | 'other'} TroubleKind
 * @typedef {{ kind: TroubleKind, detail: string }} Trouble
 */

/**
 * @typedef {object} InstallFacts
 * @property {'missing' | 'stale' | 'current'} tree node_modules beside package-lock.json
 * @property {import('./occupancy.mjs').Occupant[]} others processes that work in the folder
 * @property {boolean} isWritable the folder can be written
 * @property {{ command: 'ci' | 'install', trouble: Trouble | null }[]} attempts what was tried so far
 * @property {string} name how the user calls this program
 */

/** @typedef {{ next: 'ci' | 'install' | 'proceed' | 'stop', message?: string }} InstallStep */

const KINDS_BY_CODE = [
  [
    'offline',
    /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|ENETDOWN|EHOSTUNREACH|ENOTCACHED|EADDRNOTAVAIL)$/,
  ],
  [
    'unreliable',
    /^(?:E5\d\d|E429|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ERR_STREAM_PREMATURE_CLOSE|EINTEGRITY|EPIPE)$/,
  ],
  ['outdated_cache', /^ETARGET$/],
  ['not_writable', /^(?:EACCES|EROFS|ENOSPC|EDQUOT)$/],
];
const NPM_ERROR = /^npm (?:error|ERR!) /;

/** Reads npm's output after it failed. @param {string} output @returns {Trouble} */
export function findTrouble(output) {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const ownLine = lines.find((line) => /could not be started|^stopped: /.test(line));
  if (ownLine !== undefined) {
    return { kind: ownLine.startsWith('stopped') ? 'offline' : 'no_npm', detail: ownLine };
  }
  const errors = lines
    .filter((line) => NPM_ERROR.test(line))
    .map((line) => line.replace(NPM_ERROR, ''));
  const code = errors.find((line) => line.startsWith('code '))?.slice('code '.length) ?? '';
  const [kind] = KINDS_BY_CODE.find(([, pattern]) => pattern.test(code)) ?? ['other'];
  const said = errors.find((line) => !/^(?:code|errno|syscall|path) /.test(line)) ?? lines.at(-1);
  return { kind, detail: [code, said ?? 'no message'].filter((part) => part !== '').join(': ') };
}

/**
 * Returns the next step for these facts. A difference between package-lock.json and node_modules is not an error:
 * only a missing installation must be made.
 * @param {InstallFacts} facts @returns {InstallStep}
 */
export function nextStep({ tree, others, isWritable, attempts, name }) {
  const preparer = others.find(isPreparing);
  const last = attempts.at(-1);
  if (last === undefined) {
    if (tree === 'current') return { next: 'proceed' };
    if (preparer !== undefined) return { next: 'stop', message: describeBusy(preparer, name) };
    if (tree === 'missing')
      return isWritable ? { next: 'ci' } : { next: 'stop', message: NOT_WRITABLE };
    const user = others.find(({ activity }) => activity === 'running');
    if (user !== undefined) return keep(`${describe(user)} runs from it`);
    return isWritable ? { next: 'install' } : keep('this folder cannot be written');
  }
  if (last.trouble === null) return { next: 'proceed' };
  const { kind, detail } = last.trouble;
  const isFirst = attempts.filter(({ command }) => command === last.command).length === 1;
  if (isFirst && (kind === 'unreliable' || kind === 'outdated_cache'))
    return { next: last.command };
  if (tree === 'stale') return keep(`npm install failed (${detail})`);
  switch (kind) {
    case 'offline':
    case 'unreliable':
      return {
        next: 'stop',
        message:
          `the dependencies are not installed and the package registry does not deliver them (${detail}): connect to ` +
          `the network, or set npm_config_registry to a registry that answers, then run ${name} again`,
      };
    case 'not_writable':
      return { next: 'stop', message: `${NOT_WRITABLE} (${detail})` };
    case 'no_npm':
      return { next: 'stop', message: `the dependencies are not installed: ${detail}` };
    default:
      return last.command === 'ci'
        ? {
            next: 'install',
            message: `warning: npm ci failed (${detail}), so npm install follows, which may choose other versions than package-lock.json`,
          }
        : { next: 'stop', message: `the dependencies cannot be installed (${detail})` };
  }
}

/** @param {import('./occupancy.mjs').Occupant} preparer @param {string} name how the user calls this program */
export function describeBusy(preparer, name) {
  return `${describe(preparer)} is ${preparer.activity} in this folder: run ${name} again when it is done`;
}

const NOT_WRITABLE =
  'the dependencies are not installed, and this folder cannot be written: start once as a user who can write here';

function keep(why) {
  return {
    next: 'proceed',
    message: `warning: node_modules does not match package-lock.json and stays as it is, because ${why}`,
  };
}

function describe({ pid, name }) {
  return `process ${pid} (${name})`;
}
