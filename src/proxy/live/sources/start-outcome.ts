import { EngineFault } from '../../../ace';
import { AppError, type ErrorCode } from '../../../kernel/errors';
import type { EngineComplaint } from '../../../engines';
import { describeBytes, foreignDistanceOf, mediaFormatOf } from '../../mpegts';
import type { Excess, UpstreamEnd } from '../../upstream';

/** What the supervisor does after one try on one engine. */
export type Outcome =
  | { readonly next: 'same_engine'; readonly reason: string }
  | {
      readonly next: 'other_engine';
      readonly reason: string;
      readonly complaint: EngineComplaint | null;
      /** The content may be at fault: what viewers are told when another engine has it no better. */
      readonly doubt?: AppError;
    }
  /** The engine was taken away from the stream; any other will do, at once. */
  | { readonly next: 'moved'; readonly reason: string }
  /** Another request needs the slot. */
  | { readonly next: 'preempted'; readonly reason: string }
  /** A source on another engine has taken its place. */
  | { readonly next: 'superseded'; readonly reason: string }
  | { readonly next: 'give_up'; readonly reason: string; readonly error: AppError }
  | { readonly next: 'merged'; readonly reason: string };

export function giveUp(reason: string, error: AppError): Outcome {
  return { next: 'give_up', reason, error };
}

export function startTimeout(reason: string): Outcome {
  return giveUp(
    reason,
    new AppError('start_timeout', 'The engine delivered no media within the start budget.'),
  );
}

const OF_SOURCE: readonly ErrorCode[] = [
  'content_not_found',
  'unsupported_content',
  'start_timeout',
  'conflict',
];

/** Errors that another source of the same channel may not have. `engine_failed`: each engine tried gave nonsense. */
export function speaksAgainstSource(error: unknown, isRunning: boolean): error is AppError {
  if (!(error instanceof AppError)) return false;
  return OF_SOURCE.includes(error.code) || (error.code === 'engine_failed' && !isRunning);
}

/** What viewers are told when the outage budget is spent. */
export function outageOver(silentMs: number): AppError {
  const seconds = Math.round(silentMs / 100) / 10;
  return new AppError('engine_failed', `No engine delivered media for ${seconds} s.`);
}

/** How an engine's fault goes on, once it is settled that the content itself is not to blame. */
export function outcomeOfFault(fault: EngineFault): Outcome {
  const reason = `${fault.reason}: ${fault.detail}`;
  switch (fault.kind) {
    case 'session':
    case 'warming':
      return { next: 'same_engine', reason };
    case 'unsupported':
      return giveUp(reason, unsupported(`The content is ${fault.detail}, not MPEG-TS.`, fault));
    case 'content':
    case 'engine':
      // A reset usually affects only one engine session, so a new session on the same engine often works at once.
      if (fault.reason === 'reset') return { next: 'same_engine', reason };
      return { next: 'other_engine', reason, complaint: complaintOf(fault) };
  }
}

/** What an engine's health is told of a fault; null when it is none of the engine's. */
export function complaintOf(fault: EngineFault): EngineComplaint | null {
  if (fault.kind !== 'engine') return null;
  if (fault.reason === 'connect_refused') return 'connect_refused';
  return fault.reason.endsWith('timeout') ? 'answer_timeout' : 'bad_answer';
}

/** @param cause the engine's own words, by which a playlist is told from a file */
export function unsupported(detail: string, cause?: EngineFault): AppError {
  return new AppError('unsupported_content', detail, { cause });
}

/** Ends of a source that are the source's own, not ours. */
export type SourceFate = Exclude<UpstreamEnd, 'aborted' | 'fault'>;

/** How the end of a source goes on. `flowed`: it had delivered media. */
export function outcomeOfEnd(end: SourceFate, flowed: boolean, head: Buffer): Outcome {
  switch (end) {
    case 'end':
    case 'reset':
      return { next: 'same_engine', reason: flowed ? end : `${end} before any media` };
    case 'session_gone':
      // Its media would end soon, or belong to somebody else's playback.
      return { next: 'same_engine', reason: 'the engine session is gone' };
    case 'no_splice_point':
      return { next: 'other_engine', reason: 'it fits nowhere', complaint: null };
    case 'looping':
      return { next: 'other_engine', reason: 'the stream repeats itself', complaint: null };
    case 'superseded':
      return { next: 'superseded', reason: 'moved by plan' };
    case 'silence':
      return { next: 'other_engine', reason: end, complaint: end };
    case 'engine_unresponsive':
      return { next: 'other_engine', reason: end, complaint: 'unresponsive' };
    case 'garbage':
      return { next: 'other_engine', reason: 'garbage', complaint: 'bad_answer' };
    case 'not_transport_stream':
      return outcomeOfForeignBody(head);
    case 'no_tables':
      return {
        next: 'other_engine',
        reason: end,
        complaint: null,
        doubt: unsupported(NO_TABLES),
      };
    case 'programme_changed':
      return giveUp(
        'programme changed',
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

/** How a body that holds no packets goes on. Another container may still be played as a file. */
function outcomeOfForeignBody(head: Buffer): Outcome {
  const format = mediaFormatOf(head);
  if (format !== null) {
    const cause = new EngineFault('unsupported', 'not_mpegts', format);
    const detail = `The content is ${format}, not MPEG-TS.`;
    return giveUp(`not a transport stream: ${format}`, unsupported(detail, cause));
  }
  const distance = foreignDistanceOf(head);
  if (distance !== null) {
    const detail = `The content is MPEG-TS in packets of ${distance} bytes, which is not supported.`;
    return giveUp(`packets of ${distance} bytes`, unsupported(detail));
  }
  const reason = `not a transport stream but ${describeBytes(head)}`;
  return { next: 'other_engine', reason, complaint: 'bad_answer' };
}

const NO_TABLES =
  'The stream has no usable programme tables (PAT and PMT), so that nothing tells what its packets are.';

/** A broadcast stays far below these bounds, so the content is at fault and no engine is. */
const EXCESS_DETAILS: Readonly<Record<Excess, string>> = {
  excessive_tables: 'The stream changes its programme tables too often to be played.',
  excessive_join_points: 'The stream has too many random access points to be played.',
  excessive_timeline_breaks: 'The timeline of the stream breaks too often to be played.',
  excessive_segments: 'The stream falls into too many HLS segments to be played.',
  excessive_splice_search: 'The stream cannot be joined to what was played before.',
};
