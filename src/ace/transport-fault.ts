import { EngineFault } from './ace.types';
import { quoteEngine } from './engine-fault-table';

/** Error codes of Node's sockets and HTTP clients, and the stable reason for each. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect_refused',
  ENOTFOUND: 'host_unknown',
  EAI_AGAIN: 'host_unknown',
  EHOSTUNREACH: 'host_unreachable',
  ENETUNREACH: 'host_unreachable',
  ETIMEDOUT: 'connect_timeout',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  HPE_HEADER_OVERFLOW: 'head_too_large',
};

/** Converts an error of the connection to an EngineFault. EngineFaults are returned unchanged. */
export function transportFault(error: unknown): EngineFault {
  if (error instanceof EngineFault) {
    return error;
  }
  const code = stringField(error, 'code');
  const reason = REASONS[code] ?? (code.startsWith('HPE_') ? 'malformed_http' : 'io_error');
  const message = stringField(error, 'message');
  return new EngineFault('engine', reason, quoteEngine(`${code} ${message}`), { cause: error });
}

function stringField(value: unknown, name: 'code' | 'message'): string {
  if (typeof value !== 'object' || value === null) {
    return '';
  }
  const field: unknown = Reflect.get(value, name);
  return typeof field === 'string' ? field : '';
}
