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
  /**
   * Ids of the engines that play another part of the same content for other streams. An engine has one engine session
   * per content, so a start there would end that of the other stream.
   */
  readonly busyEngines: () => ReadonlySet<string>;
}
