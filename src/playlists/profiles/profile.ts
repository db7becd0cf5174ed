import type { ListedChannel } from '../../channels';

/** Which channels a profile has. A rule about a channel wins over a rule about its group. */
export interface ProfileRule {
  readonly includedGroups: readonly string[];
  readonly excludedGroups: readonly string[];
  readonly includedChannels: readonly string[];
  readonly excludedChannels: readonly string[];
}

/** A named selection of channels, with its own playlist, guide and tuner. */
export interface Profile {
  /** Part of the profile's addresses. */
  readonly name: string;
  readonly rule: ProfileRule;
  /** The id by which media servers recognise its tuner. */
  readonly deviceId: string;
}

/**
 * The channels of a profile, in their order; all of them without a profile. A rule that includes nothing has all channels
 * except those that it excludes.
 */
export function channelsOf(
  profile: Profile | null,
  channels: readonly ListedChannel[],
): readonly ListedChannel[] {
  if (profile === null) return channels;
  const { rule } = profile;
  const [inGroups, outGroups] = [new Set(rule.includedGroups), new Set(rule.excludedGroups)];
  const [inIds, outIds] = [new Set(rule.includedChannels), new Set(rule.excludedChannels)];
  const hasAll = inGroups.size === 0 && inIds.size === 0;
  return channels.filter(({ id, group }) => {
    if (outIds.has(id)) return false;
    if (inIds.has(id)) return true;
    if (group !== null && outGroups.has(group)) return false;
    return hasAll || (group !== null && inGroups.has(group));
  });
}

/** The path below which the playlist, the guide and the tuner of a profile are; empty without a profile. */
export function profilePath(profile: Profile | null): string {
  return profile === null ? '' : `/profiles/${profile.name}`;
}
