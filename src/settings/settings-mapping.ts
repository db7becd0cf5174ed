import { type Setting, SECTIONS } from '../config';
import type { SettingDto } from './dto/settings.dto';
import type { SettingState } from './settings';

const SECTION_OF = new Map<Setting<unknown>, string>(
  SECTIONS.flatMap(({ title, settings }) => settings.map((one) => [one, title] as const)),
);

/** A setting in the format of the API. */
export function toSettingDto(state: SettingState): SettingDto {
  const { setting, value, source, lockedBy, pending } = state;
  return {
    name: setting.variable,
    section: SECTION_OF.get(setting) ?? '',
    description: setting.description,
    allowed: setting.type.allowed,
    value: value || null,
    default: setting.defaultText || null,
    source,
    is_locked: lockedBy !== null,
    locked_by: lockedBy,
    is_environment_only: setting.change === 'environment_only',
    needs_restart: setting.change !== 'at_once',
    is_secret: setting.isSecret,
    is_pending: pending !== null,
    pending_value: pending || null,
  };
}
