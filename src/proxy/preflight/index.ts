export type { MediaSample } from './media-sample';
export { Preflight, type ProbeLimits } from './preflight';
export { PreflightModule } from './preflight.module';
export type {
  PreflightSource,
  PreflightTier,
  PreflightVerdict,
  UnplayableReason,
} from './preflight-verdict';
