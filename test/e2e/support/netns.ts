import { execFileSync } from 'node:child_process';
import { Child } from './child';
import { onScopeEnd } from './scope';

/** A separate host with a network cable that can be unplugged. */
export interface FarHost {
  /** The address of this machine as seen from that host. */
  readonly hostAddress: string;
  /** Runs a program on that host. */
  run(command: string, args: readonly string[]): Child;
  /** From now on no packet passes in either direction, and neither side is notified. */
  pullCable(): void;
  plugCable(): void;
}

function sh(command: string, ...args: string[]): void {
  execFileSync(command, args, { stdio: 'pipe' });
}

/** The reason why such a host cannot be created here, for the name of a skipped test; null if it can. */
export function whyNoFarHost(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  const name = `acefleet-try-${process.pid}`;
  try {
    sh('iptables', '-w', '-L', '-n');
    sh('ip', 'netns', 'add', name);
    sh('ip', 'netns', 'del', name);
    return null;
  } catch (error) {
    return `needs ip netns and iptables (${String(error).split('\n')[0]})`;
  }
}

/** Creates a network namespace and a pair of interfaces; both are removed after the test. */
export function openFarHost(): FarHost {
  const tag = String(process.pid);
  const name = `acefleet-${tag}`;
  const [near, far] = [`an${tag}`, `af${tag}`];
  const net = `10.${100 + (process.pid % 100)}.${Math.floor(process.pid / 100) % 250}`;
  const drop = ['-i', near, '-j', 'DROP'];
  let isPulled = false;
  const inside = (...args: string[]): void => sh('ip', 'netns', 'exec', name, ...args);
  const plugCable = (): void => {
    if (!isPulled) return;
    isPulled = false;
    sh('iptables', '-w', '-D', 'INPUT', ...drop);
    inside('iptables', '-w', '-D', 'INPUT', '-j', 'DROP');
  };
  onScopeEnd(() => {
    try {
      plugCable();
    } finally {
      // A namespace may end late; without its interface the next one can be created at once.
      sh('ip', 'link', 'del', near);
      sh('ip', 'netns', 'del', name);
    }
  });
  sh('ip', 'netns', 'add', name);
  sh('ip', 'link', 'add', near, 'type', 'veth', 'peer', 'name', far);
  sh('ip', 'link', 'set', far, 'netns', name);
  sh('ip', 'addr', 'add', `${net}.1/24`, 'dev', near);
  sh('ip', 'link', 'set', near, 'up');
  inside('ip', 'addr', 'add', `${net}.2/24`, 'dev', far);
  inside('ip', 'link', 'set', far, 'up');
  inside('ip', 'link', 'set', 'lo', 'up');
  return {
    hostAddress: `${net}.1`,
    run: (command, args) => {
      const child = new Child(`far ${command}`, 'ip', ['netns', 'exec', name, command, ...args], {
        env: { PATH: process.env['PATH'] },
      });
      onScopeEnd(async () => {
        await child.end('SIGKILL', 5000);
      });
      return child;
    },
    pullCable: () => {
      isPulled = true;
      sh('iptables', '-w', '-I', 'INPUT', ...drop);
      inside('iptables', '-w', '-I', 'INPUT', '-j', 'DROP');
    },
    plugCable,
  };
}
