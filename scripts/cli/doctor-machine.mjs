// What acefleet needs of the machine. Files of the kernel that do not exist, as on macOS or in some containers, are
// passed over.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { fine, problem, warning } from './finding.mjs';
import { loadCode } from './settings.mjs';

/** This program was not written before. With such a clock, certificates are not valid yet. */
const EARLIEST = Date.UTC(2025, 0, 1);

/** Each viewer needs one, each stream some more; fewer than the first number end in refused viewers soon. */
const FEW_DESCRIPTORS = 1024;
const ENOUGH_DESCRIPTORS = 4096;

const MIB = 1024 * 1024;

/** Values below these limit many viewers, or fast streams over long distances. */
const KERNEL_MINIMA = [
  {
    path: 'net/core/somaxconn',
    name: 'net.core.somaxconn',
    least: 1024,
    better: '4096',
    why: 'connections that arrive together are refused',
  },
  {
    path: 'net/ipv4/tcp_rmem',
    name: 'net.ipv4.tcp_rmem',
    least: 4 * MIB,
    better: '4096 131072 6291456',
    why: 'engines on other machines may be read too slowly',
  },
  {
    path: 'net/ipv4/tcp_wmem',
    name: 'net.ipv4.tcp_wmem',
    least: 4 * MIB,
    better: '4096 16384 4194304',
    why: 'viewers far away may be served too slowly',
  },
];

const FULL_SHARE = 0.8;

export async function checkClock() {
  const fix = 'sudo timedatectl set-ntp true';
  if (Date.now() < EARLIEST) {
    return [problem(`the clock says ${new Date().toISOString()}, which is in the past`, fix)];
  }
  const isSynchronised = await readNtp();
  if (isSynchronised === null)
    return [fine('plausible; whether it is synchronised is unknown here')];
  return isSynchronised
    ? [fine('synchronised')]
    : [warning('the clock is not synchronised with the network', fix)];
}

/** Null if this system does not say. */
async function readNtp() {
  try {
    const args = ['show', '--property=NTPSynchronized', '--value'];
    const { stdout } = await promisify(execFile)('timedatectl', args, { timeout: 2000 });
    return stdout.trim() === 'yes';
  } catch {
    return null;
  }
}

export async function checkDescriptors() {
  const limit = loadCode('config').descriptorLimit();
  if (limit === null) return [];
  if (limit >= ENOUGH_DESCRIPTORS) return [fine(`${limit} open files`)];
  const fix = `ulimit -n 65536 before the start; LimitNOFILE= of systemd; ulimits: of Docker Compose`;
  const detail = `at most ${limit} open files, and each viewer needs one`;
  return [limit < FEW_DESCRIPTORS ? problem(detail, fix) : warning(detail, fix)];
}

export async function checkKernel() {
  const low = KERNEL_MINIMA.map((one) => ({ ...one, value: lastNumber(`/proc/sys/${one.path}`) }))
    .filter(({ value, least }) => value !== null && value < least)
    .map(({ name, value, better, why }) =>
      warning(`${name} is ${value}: ${why}`, `sudo sysctl -w ${name}='${better}'`),
    );
  const findings = [...low, ...checkConnectionTracking()];
  return findings.length > 0 ? findings : [fine('its limits are high enough')];
}

/** The kernel drops packets of new connections, silently, when this table is full. */
function checkConnectionTracking() {
  const folder = '/proc/sys/net/netfilter';
  const [count, max] = ['count', 'max'].map((name) => lastNumber(`${folder}/nf_conntrack_${name}`));
  if (count === null || max === null || count < FULL_SHARE * max) return [];
  return [
    problem(
      `${count} of ${max} tracked connections are in use`,
      `sudo sysctl -w net.netfilter.nf_conntrack_max=${4 * max}`,
    ),
  ];
}

/** The last number of a file of the kernel, which is the maximum where there are three. */
function lastNumber(path) {
  try {
    return Number(readFileSync(path, 'utf8').trim().split(/\s+/).at(-1));
  } catch {
    return null;
  }
}
