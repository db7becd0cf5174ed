/**
 * Why a guide could not be fetched:
 * - `outbound_refused`: the address may not be reached
 * - `outbound_failed`: there was no complete answer
 * - `guide_status`: the answer had a status other than 200 and 304
 * - `guide_too_large`: the guide has more than 512 MiB, or too many programmes
 * - `guide_invalid`: the answer is not an XMLTV guide
 * - `storage_full`, `storage_failed`: the guide could not be written to DATA_DIR
 * - `internal_error`: a fault in acefleet itself
 */
export const GUIDE_FAULT_CODES = [
  'outbound_refused',
  'outbound_failed',
  'guide_status',
  'guide_too_large',
  'guide_invalid',
  'storage_full',
  'storage_failed',
  'internal_error',
] as const;

export type GuideFaultCode = (typeof GUIDE_FAULT_CODES)[number];

/** A refresh has failed; the message is safe to show. */
export class GuideFault extends Error {
  constructor(
    readonly code: GuideFaultCode,
    readonly detail: string,
  ) {
    super(detail);
    this.name = 'GuideFault';
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EROFS']);

/** Translates any error of a refresh. */
export function asGuideFault(error: unknown): GuideFault {
  if (error instanceof GuideFault) return error;
  const { code, syscall, detail } = error as NodeJS.ErrnoException & { detail?: unknown };
  const known = GUIDE_FAULT_CODES.find((one) => one === code);
  if (known !== undefined && typeof detail === 'string') return new GuideFault(known, detail);
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    return new GuideFault('guide_too_large', 'the guide needs too much memory');
  }
  if (code !== undefined && syscall !== undefined) {
    const full = FULL.has(code) ? 'storage_full' : 'storage_failed';
    return new GuideFault(full, `the guide cannot be written to DATA_DIR (${code})`);
  }
  return new GuideFault('internal_error', `the guide cannot be read: ${String(error)}`);
}
