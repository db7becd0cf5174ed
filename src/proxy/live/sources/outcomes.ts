import { EngineFault } from '../../../ace';
import { AppError } from '../../../kernel/errors';
import type { EngineComplaint } from '../../../engines';
import { describeBytes, foreignDistanceOf, mediaFormatOf } from '../../mpegts';
import type { AttemptOutcome } from '../../streams';
import type { Excess, UpstreamEnd } from '../../upstream';

/** Outcome of an attempt. `next` suggests what `nextStep` decides; `code` and `detail` are for operators. */
export type Outcome =
  | (Ended & { readonly next: 'same_engine' })
  | (Ended & {
      readonly next: 'other_engine';
      readonly complaint: EngineComplaint | null;
      /** Set if the content may be at fault. It becomes the error for viewers if one more engine fails too. */
      readonly doubt?: AppError;
    })
  | (Ended & { readonly next: 'give_up'; readonly error: AppError })
  /**
   * - `withdrawn`: The engine was taken out of service.
   * - `preempted`: Another request needs the slot.
   * - `superseded`: A planned move has replaced the source.
   * - `merged`: The stream was merged into another one that plays the same content.
   */
  | (Ended & { readonly next: 'withdrawn' | 'preempted' | 'superseded' | 'merged' });

/** How an attempt ended. */
interface Ended {
  readonly code: AttemptOutcome;
  readonly detail: string | null;
}

/** Formats code and detail for log lines and messages. */
export function describeOutcome({ code, detail }: Ended): string {
  return detail === null ? code : `${code}: ${detail}`;
}

/** Returns the outcome that gives up this content on all engines. `error` is for viewers. */
export function giveUp(code: AttemptOutcome, error: AppError, detail = error.detail): Outcome {
  return { next: 'give_up', code, detail, error };
}

/** Returns the outcome of an attempt during which the start budget was spent. */
export function startTimeout(detail: string): Outcome {
  const error = 'The engine delivered no media within the start budget.';
  return giveUp('start_timeout', new AppError('start_timeout', error), detail);
}

/** Returns the error for viewers when the outage budget is spent. */
export function outageOver(silentMs: number): AppError {
  const seconds = Math.round(silentMs / 100) / 10;
  return new AppError('engine_failed', `No engine delivered media for ${seconds} s.`);
}

const FAULT_CODES = {
  session: 'session_failed',
  warming: 'no_peers',
  unsupported: 'unsupported_media',
  content: 'content_unknown',
  engine: 'engine_failed',
} as const satisfies Record<EngineFault['kind'], AttemptOutcome>;

/** Returns the outcome code of an engine's fault. */
export function codeOfFault({ kind }: EngineFault): AttemptOutcome {
  return FAULT_CODES[kind];
}

/**
 * Returns the outcome of an engine's fault. An 'unknown content' answer that is believed never reaches this function:
 * `outcomeOfRefusal` gives the content up before.
 */
export function outcomeOfFault(fault: EngineFault): Outcome {
  const code = codeOfFault(fault);
  const detail = describeError(fault);
  switch (fault.kind) {
    case 'session':
    case 'warming':
      return { next: 'same_engine', code, detail };
    case 'unsupported': {
      const error = unsupported(`The content is ${fault.detail}, not MPEG-TS.`, fault);
      return giveUp(code, error, detail);
    }
    case 'content':
    case 'engine':
      // A reset usually affects only one engine session, so a new one on the same engine often works at once.
      if (fault.reason === 'reset') return { next: 'same_engine', code, detail };
      return { next: 'other_engine', code, detail, complaint: complaintOf(fault) };
  }
}

/** Returns the complaint to make to `EngineHealth`; null if the engine is not to blame. */
export function complaintOf(fault: EngineFault): EngineComplaint | null {
  if (fault.kind !== 'engine') return null;
  if (fault.reason === 'connect_refused') return 'connect_refused';
  return fault.reason.endsWith('timeout') ? 'answer_timeout' : 'bad_answer';
}

/** Returns an `unsupported_content` error. `cause` shows later whether the content is a file. */
export function unsupported(detail: string, cause?: EngineFault): AppError {
  return new AppError('unsupported_content', detail, { cause });
}

/** How a source can end, apart from an abort of its reader and an error inside the proxy. */
export type SourceFate = Exclude<UpstreamEnd, 'aborted' | 'fault'>;

/** Returns the outcome of a source that has ended. `flowed`: it had delivered media. `head`: its first bytes. */
export function outcomeOfEnd(end: SourceFate, flowed: boolean, head: Buffer): Outcome {
  switch (end) {
    case 'end':
    case 'reset':
      return { next: 'same_engine', code: end, detail: flowed ? null : 'before any media' };
    case 'session_gone':
      // The media of a lost engine session end soon, or become those of another playback.
      return { next: 'same_engine', code: end, detail: null };
    case 'superseded':
      return { next: 'superseded', code: end, detail: null };
    case 'no_splice_point':
    case 'looping':
      return { next: 'other_engine', code: end, detail: null, complaint: null };
    case 'silence':
      return { next: 'other_engine', code: end, detail: null, complaint: end };
    case 'engine_unresponsive':
      return { next: 'other_engine', code: end, detail: null, complaint: 'unresponsive' };
    case 'garbage':
      return { next: 'other_engine', code: end, detail: null, complaint: 'bad_answer' };
    case 'not_transport_stream':
      return outcomeOfForeignBody(head);
    case 'no_tables': {
      const doubt = unsupported(NO_TABLES);
      return { next: 'other_engine', code: end, detail: null, complaint: null, doubt };
    }
    case 'programme_changed':
      return giveUp(
        end,
        new AppError('engine_failed', 'The types of video or audio in the stream changed.'),
      );
    case 'excessive_tables':
    case 'excessive_join_points':
    case 'excessive_timeline_breaks':
    case 'excessive_segments':
    case 'excessive_splice_search':
      return giveUp(end, unsupported(EXCESS_DETAILS[end]));
  }
}

/** Returns the outcome of a body without MPEG-TS packets. A content in another media format can be played as a file. */
function outcomeOfForeignBody(head: Buffer): Outcome {
  const format = mediaFormatOf(head);
  if (format !== null) {
    const cause = new EngineFault('unsupported', 'not_mpegts', format);
    return giveUp(
      'unsupported_media',
      unsupported(`The content is ${format}, not MPEG-TS.`, cause),
    );
  }
  const distance = foreignDistanceOf(head);
  if (distance !== null) {
    const detail = `The content is MPEG-TS in packets of ${distance} bytes, which is not supported.`;
    return giveUp('unsupported_media', unsupported(detail));
  }
  const detail = `not a transport stream but ${describeBytes(head)}`;
  return { next: 'other_engine', code: 'engine_failed', detail, complaint: 'bad_answer' };
}

const NO_TABLES =
  'The stream has no usable programme tables (PAT and PMT), so there is no way to tell what its packets contain.';

/** Normal broadcasts stay far below these limits, so the content is at fault and not the engine. */
const EXCESS_DETAILS: Readonly<Record<Excess, string>> = {
  excessive_tables: 'The stream changes its programme tables too often to be played.',
  excessive_join_points: 'The stream has too many random access points to be played.',
  excessive_timeline_breaks: 'The timeline of the stream breaks too often to be played.',
  excessive_segments: 'The stream would need too many HLS segments to be played.',
  excessive_splice_search: 'The stream cannot be joined to the media that were played before.',
};

/** Returns the reason of a failure as text, for messages to operators and viewers. */
export function describeError(error: unknown): string {
  if (error instanceof EngineFault) return `${error.reason}: ${error.detail}`;
  if (error instanceof AppError) return error.detail;
  return error instanceof Error ? error.message : String(error);
}
