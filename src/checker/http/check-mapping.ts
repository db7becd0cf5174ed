import type { CheckRun } from '../check-run';
import type { Checker } from '../checker';
import type { CheckRunDto, ChecksDto } from '../dto/check.dto';

export function toChecksDto(checker: Checker, intervalMs: number): ChecksDto {
  const { active, activeRuns, lastRun, waitingCount } = checker;
  return {
    interval_s: intervalMs === 0 ? null : intervalMs / 1000,
    active: active.map(({ source, isUnderWay }) => ({
      id: source.id,
      kind: source.kind,
      state: isUnderWay ? 'checking' : 'waiting',
    })),
    waiting: waitingCount,
    runs: activeRuns.map(toCheckRunDto),
    last_run: lastRun === null ? null : toCheckRunDto(lastRun),
  };
}

export function toCheckRunDto(run: CheckRun): CheckRunDto {
  const { id, trigger, scope, state, startedAt, endedAt, total, counts } = run;
  return {
    id,
    trigger,
    channel: scope.channel,
    group: scope.group,
    state,
    started_at: startedAt,
    ended_at: endedAt,
    total,
    working: counts.working,
    failed: counts.failed,
    skipped: counts.skipped,
  };
}
