import { wallClockIso } from '../../kernel/clock';
import type { ImportDto, ImportResultDto } from '../dto/channel-import.dto';
import type { ImportResult, ImportView } from '../import/channel-imports';
import type { ChangeKind } from '../import/import-plan';
import { toFieldName } from './channel-mapping';

/** Changes and skipped lines that an answer names; the others are only counted. */
const MAX_NAMED = 100;

export function toImportDto(view: ImportView): ImportDto {
  return {
    id: view.id,
    name: view.name,
    url: view.url,
    refresh_interval_s: Math.round(view.refreshIntervalMs / 1000),
    is_enabled: view.isEnabled,
    state: view.state,
    last_error: view.error === null ? null : { ...view.error },
    created_at: wallClockIso(new Date(view.createdAtMs)),
    tried_at: isoOf(view.triedAtMs),
    refreshed_at: isoOf(view.refreshedAtMs),
    next_refresh_at: isoOf(view.nextRefreshAtMs),
    channels: view.channels,
    missing_channels: view.missingChannels,
  };
}

export function toImportResultDto(result: ImportResult): ImportResultDto {
  const { changes, skipped } = result;
  const count = (wanted: ChangeKind): number =>
    changes.filter(({ kind }) => kind === wanted).length;
  return {
    is_dry_run: result.isDryRun,
    import_id: result.importId,
    import_name: result.importName,
    entries: result.entries,
    channels: result.channels,
    added: count('added'),
    changed: count('changed'),
    missing: count('missing'),
    returned: count('returned'),
    skipped: skipped.length,
    skipped_lines: skipped.slice(0, MAX_NAMED).map(({ line, reason }) => ({ line, reason })),
    changes: changes.slice(0, MAX_NAMED).map(({ channelId, name, kind, fields }) => ({
      channel_id: channelId,
      name,
      change: kind,
      fields: fields.map(toFieldName),
    })),
  };
}

function isoOf(atMs: number | null): string | null {
  return atMs === null ? null : wallClockIso(new Date(atMs));
}
