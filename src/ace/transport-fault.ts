import { EngineFault } from './ace.types';
import { quoteEngine } from './engine-fault-table';

/** Codes of Node's sockets and HTTP clients, and the stable reason each becomes. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect_refused',
  ENOTFOUND: 'host_unknown',
  EAI_AGAIN: 'host_unknown',
  EHOSTUNREACH: 'host_unreachable',
  ENETUNREACH: 'host_unreachable',
  ETIMEDOUT: 'connect_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  HPE_HEADER_OVERFLOW: 'head_too_large',
  UND_ERR_HEADERS_OVERFLOW: 'head_too_large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'truncated_answer',
};

/** A failed conversation below HTTP's meaning, as an engine's fault. Faults pass through unchanged. */
export function transportFault(error: unknown): EngineFault {
  if (error instanceof EngineFault) {
    return error;
  }
  const code = stringField(error, 'code');
  const reason = REASONS[code] ?? (isParserError(error, code) ? 'malformed_http' : 'io_error');
  const message = stringField(error, 'message');
  return new EngineFault('engine', reason, quoteEngine(`${code} ${message}`), { cause: error });
}

/** undici leaves the code of its parser errors out; only their name is reliable. */
function isParserError(error: unknown, code: string): boolean {
  return code.startsWith('HPE_') || stringField(error, 'name') === 'HTTPParserError';
}

function stringField(value: unknown, name: 'code' | 'message' | 'name'): string {
  if (typeof value !== 'object' || value === null) {
    return '';
  }
  const field: unknown = Reflect.get(value, name);
  return typeof field === 'string' ? field : '';
}
