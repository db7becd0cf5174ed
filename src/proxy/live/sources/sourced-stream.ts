import type { SlotHolder } from '../../../engines';
import type { StreamIngest } from '../../upstream';
import type { StreamReporter } from '../stream-reporter';
import type { SourceRotation } from './source-rotation';

/** The parts of a stream that the code in this folder uses. */
export interface SourcedStream {
  readonly holder: SlotHolder;
  /** Chooses the content to request from engines. */
  readonly rotation: SourceRotation;
  readonly ingest: StreamIngest;
  readonly report: StreamReporter;
}
