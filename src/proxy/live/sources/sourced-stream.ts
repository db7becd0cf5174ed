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
  /**
   * Ends one of these other streams if one of them is not watched. Resolves when its engine session is stopped, because a
   * later stop would end the next session; false if there is none.
   */
  readonly endUnwatchedPart: () => Promise<boolean>;
}
