const TERMINAL_STEP_MS = 500;
const PLAIN_STEP_MS = 5000;
const CLEAR_LINE = '\r\u001b[K';

/**
 * Shows on stderr that an action takes time: one line that is updated on a terminal, a line every few seconds
 * elsewhere. Stdout belongs to the program that is started next.
 * @template T
 * @param {string} what such as `installing dependencies`
 * @param {() => Promise<T>} action
 * @param {() => string} [detail] the progress so far
 * @returns {Promise<T>}
 */
export async function withProgress(what, action, detail = () => '') {
  const isTerminal = process.stderr.isTTY === true;
  const startedMs = performance.now();
  const seconds = () => `${Math.round((performance.now() - startedMs) / 1000)} s`;
  const show = () => {
    const line = [what, detail(), seconds()].filter((part) => part !== '').join(', ');
    process.stderr.write(isTerminal ? `${CLEAR_LINE}${line}` : `${line}\n`);
  };
  if (isTerminal) show();
  else say(`${what} …`);
  const timer = setInterval(show, isTerminal ? TERMINAL_STEP_MS : PLAIN_STEP_MS);
  try {
    return await action();
  } finally {
    clearInterval(timer);
    const line = `${what}: ${seconds()}`;
    process.stderr.write(isTerminal ? `${CLEAR_LINE}${line}\n` : `${line}\n`);
  }
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}
