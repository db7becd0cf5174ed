/** Bytes of the layers that Docker told of so far; `totalBytes` grows while it learns of more. */
export interface PullProgress {
  readonly currentBytes: number;
  readonly totalBytes: number;
}

/** More layers than any image may have (127); whatever says otherwise is no image. */
const MAX_LAYERS = 1000;

interface Layer {
  readonly currentBytes: number;
  readonly totalBytes: number;
}

/**
 * Adds up the messages of a pull. Docker tells of each layer under its short id: `Downloading` with bytes,
 * `Download complete`, `Extracting` with bytes again, `Pull complete`. Only the download is counted.
 */
export class PullMeter {
  private readonly layers = new Map<string, Layer>();

  /** @returns true when the sums changed */
  read(message: unknown): boolean {
    const { id, status, progressDetail } = (message ?? {}) as PullMessage;
    if (typeof id !== 'string' || typeof status !== 'string') return false;
    const known = this.layers.get(id);
    if (/^(?:Download complete|Pull complete|Verifying Checksum|Extracting)/.test(status)) {
      if (known === undefined || known.currentBytes === known.totalBytes) return false;
      this.layers.set(id, { ...known, currentBytes: known.totalBytes });
      return true;
    }
    const { current, total } = progressDetail ?? {};
    if (!status.startsWith('Downloading') || !isBytes(current) || !isBytes(total)) return false;
    if (known === undefined && this.layers.size >= MAX_LAYERS) return false;
    this.layers.set(id, { currentBytes: Math.min(current, total), totalBytes: total });
    return true;
  }

  get progress(): PullProgress {
    const layers = [...this.layers.values()];
    return {
      currentBytes: layers.reduce((sum, layer) => sum + layer.currentBytes, 0),
      totalBytes: layers.reduce((sum, layer) => sum + layer.totalBytes, 0),
    };
  }
}

interface PullMessage {
  readonly id?: unknown;
  readonly status?: unknown;
  readonly progressDetail?: { readonly current?: unknown; readonly total?: unknown } | null;
}

/** Why a pull failed, when this message says so. A refused image is a message too: the status was 200 long ago. */
export function pullFailure(message: unknown): string | null {
  const { error, errorDetail } = (message ?? {}) as {
    error?: unknown;
    errorDetail?: { message?: unknown } | null;
  };
  if (typeof errorDetail?.message === 'string') return errorDetail.message;
  return typeof error === 'string' ? error : null;
}

function isBytes(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
