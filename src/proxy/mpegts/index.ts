export {
  adaptationLength,
  byteAt,
  continuityCounter,
  discontinuityIndicator,
  hasAdaptation,
  hasPayload,
  NO_COUNTER,
  NULL_PID,
  payloadOffset,
  payloadUnitStart,
  pcr,
  pid,
  PID_COUNT,
  randomAccessIndicator,
  scrambled,
  SYNC,
  transportError,
  TS_PACKET,
  nullPackets,
} from './packet';
export { PacketAligner, type PacketSink } from './packet-aligner';
export { describeBytes, foreignDistanceOf, HEAD_BYTES, mediaFormatOf } from './foreign-format';
export { type MediaKind, type StreamCodec } from './stream-codec';
export { type Programme, type ProgrammeStream, sameProgramme } from './programme';
export { type Lead, LeadLog } from './lead-log';
export {
  crc32Mpeg,
  parsePat,
  parsePmt,
  type Pat,
  type PatProgramme,
  SectionAssembler,
  type SectionSink,
} from './psi';
export { type PsiSnapshot, PsiTracker } from './psi-tracker';
export { TableRepair, type PacketConsumer } from './table-repair';
export {
  SOURCE_BUDGET,
  SourceBudget,
  type SourceBudgetLimits,
  type StructuralWork,
} from './source-budget';
export {
  isPesStart,
  pesDecodingTime,
  pesPresentationTime,
  ticksBetween,
  TIMESTAMP_WRAP,
} from './pes';
export { type ClockSource, MediaClock } from './media-clock';
export { EntryPoint } from './entry-point';
export { TransportScanner } from './transport-scanner';
export { PesUnitReader } from './pes-units';
export { type PesUnit, UnitTrack } from './unit-track';
export { cutOf, PROVING_UNITS } from './overlap';
export {
  learnProgramme,
  mapProgramme,
  type OutgoingProgramme,
  type ProgrammeMapping,
} from './outgoing-programme';
export { type OutgoingState, PacketRewriter } from './packet-rewriter';
export { type PsiTables } from './psi-tracker';
export { stepBetween, ticksToFollow, withMovedTimes } from './moved-times';
export { SpreadTimes } from './spread-times';
export { discontinuityPreface, firstContinuities, type PidContinuity } from './splice';
export { type PesUnitPrint, pesUnitPrint } from './pes-unit-print';
export { LoopDetector, type MediaLoop } from './loop-detector';
export { type AudioParameters, type VideoParameters } from './media-facts';
export { MediaInspector, type StreamFacts } from './media-inspector';
