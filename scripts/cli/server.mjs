// The running server, as the commands call it.
import { CommandFailure, EXIT } from './failure.mjs';
import { loadSettings, mainKey } from './settings.mjs';
import { cellText } from './table.mjs';

const TIMEOUT_MS = 60_000;

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;
const ANY_HOST = new Set(['::', '0.0.0.0', '']);

/**
 * Finds the server and the key: options first, then the environment, then the settings of this installation. The key
 * of this installation is sent to this machine only.
 */
export async function connectServer({ url, key }, env = process.env) {
  const given = url ?? env.ACEFLEET_URL;
  const address = given === undefined ? ownAddress(await loadSettings()) : checkAddress(given);
  const findKey = async () => {
    if (key !== undefined) return key;
    if (env.API_KEY) return env.API_KEY;
    if (!LOOPBACK.test(new URL(address).hostname) && given !== undefined) return null;
    return mainKey(await loadSettings());
  };
  return new Server(address, findKey);
}

/** The address at which this machine reaches a server with these settings. */
export function ownAddress({ host, port }) {
  const name = ANY_HOST.has(host) ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}

function checkAddress(text) {
  if (/^https?:\/\//.test(text) && URL.canParse(text)) return text.replace(/\/+$/, '');
  throw new CommandFailure(`"${text}" is no address such as http://HOST:8000`, EXIT.usage);
}

class Server {
  #findKey;
  #key;
  /** Why there is no key, which matters only if the server wants one. */
  #keyTrouble = 'the server needs a key: set API_KEY';

  constructor(address, findKey) {
    this.address = address;
    this.#findKey = findKey;
  }

  get(path, query = {}) {
    const search = new URLSearchParams(
      Object.entries(query).filter(([, value]) => value !== undefined),
    );
    return this.call('GET', `${path}${search.size > 0 ? `?${search}` : ''}`);
  }

  /**
   * Calls the admin API.
   * @param {{ body?: string, type?: string }} [options]
   * @returns the JSON of the answer, or null if it has no body
   * @throws CommandFailure if there is no answer, or the call is refused
   */
  async call(method, path, { body, type } = {}) {
    const response = await this.#send(method, path, body, type);
    this.#refuseRedirect(response);
    const text = await response.text().catch(() => {
      throw new CommandFailure(`${this.address} broke off its answer`, EXIT.unreachable);
    });
    const answer = readJson(text);
    if (response.ok && answer !== undefined) return answer;
    if (response.status === 401 && this.#key === null) {
      throw new CommandFailure(this.#keyTrouble, EXIT.refused);
    }
    const reason = answer?.detail ?? `the answer of ${this.address} has status ${response.status}`;
    const isKey = response.status === 401 || response.status === 403;
    throw new CommandFailure(cellText(reason), isKey ? EXIT.refused : EXIT.failed);
  }

  /** The key would go with a redirect to a stranger, and a POST request would become a GET request. */
  #refuseRedirect({ status, headers }) {
    if (status < 300 || status > 399) return;
    const location = headers.get('location') ?? '';
    const target = URL.canParse(location, this.address)
      ? ` to ${new URL(location, this.address).origin}`
      : '';
    throw new CommandFailure(
      `${this.address} redirects${target}: name the address of the server itself with --url`,
    );
  }

  async #obtainKey() {
    try {
      return await this.#findKey();
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      this.#keyTrouble = error.message;
      return null;
    }
  }

  async #send(method, path, body, type) {
    if (this.#key === undefined) this.#key = await this.#obtainKey();
    const headers = {
      Accept: 'application/json',
      ...(this.#key === null ? {} : { 'X-API-Key': this.#key }),
      ...(type === undefined ? {} : { 'Content-Type': type }),
    };
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      return await fetch(`${this.address}/api/v1${path}`, {
        ...{ method, headers, body, signal },
        redirect: 'manual',
      });
    } catch (error) {
      const why = error.name === 'TimeoutError' ? 'in time' : `(${causeOf(error)})`;
      throw new CommandFailure(
        `no server answers at ${this.address} ${why}: start it, or name its address with --url`,
        EXIT.unreachable,
      );
    }
  }
}

function readJson(text) {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    // The page of a proxy, or another server.
    return undefined;
  }
}

function causeOf(error) {
  return error.cause?.code ?? error.cause?.message ?? error.message;
}
