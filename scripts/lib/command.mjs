import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const KILL_AFTER_MS = 10_000;

/**
 * Runs a program to its end, bounded in time. A signal to this process is passed on and ends this process too, so
 * that an interrupted build leaves no process behind.
 * @param {string} program @param {string[]} args
 * @param {{ cwd: string, timeoutMs: number, show?: boolean, env?: Record<string, string>, onStart?: (pid: number)
 *   => void }} options `show` lets its output through, otherwise it is collected; `env` is added to this process's
 *   environment
 * @returns {Promise<{ ok: boolean, output: string }>} never rejects; output also contains the reason of a failure
 */
export function runCommand(program, args, { cwd, timeoutMs, show = false, env = {}, onStart }) {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: show ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      // npm is a batch file on Windows, which only a shell can start.
      shell: process.platform === 'win32' && program === 'npm',
    });
    if (child.pid !== undefined) onStart?.(child.pid);
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr?.setEncoding('utf8').on('data', (text) => (output += text));

    let killer;
    const stop = (signal) => {
      child.kill(signal);
      killer ??= setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    };
    const deadline = setTimeout(() => {
      output += `\nstopped: not done within ${timeoutMs / 1000} s\n`;
      stop('SIGTERM');
    }, timeoutMs);
    let received = null;
    const passOn = (signal) => {
      received = signal;
      stop(signal);
    };
    process.on('SIGINT', passOn).on('SIGTERM', passOn);

    const settle = (ok) => {
      clearTimeout(deadline);
      clearTimeout(killer);
      process.off('SIGINT', passOn).off('SIGTERM', passOn);
      if (received !== null) process.exit(128 + constants.signals[received]);
      resolve({ ok, output });
    };
    child.once('error', (error) => {
      output += `\n${program} could not be started: ${error.message}\n`;
      settle(false);
    });
    child.once('close', (code) => settle(code === 0));
  });
}
