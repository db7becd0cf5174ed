import type { SlotHolder } from '../../../engines';
import type { StreamIngest } from '../../upstream';
import type { StreamReporter } from '../stream-reporter';
import type { SourceRotation } from './source-rotation';

/** The parts of a stream that its sources are brought up with. */
export interface SourcedStream {
  readonly holder: SlotHolder;
  /** What engines are asked for. */
  readonly rotation: SourceRotation;
  readonly ingest: StreamIngest;
  readonly report: StreamReporter;
}
