import type { StreamUserChangeDto, StreamUserDto } from '../dto/stream-user.dto';
import type { StreamUser } from '../stream-user';
import type { UserFacts } from '../stream-users';
import type { UserActivity } from '../user-activity';

export function toStreamUserDto(user: StreamUser, activity: UserActivity): StreamUserDto {
  return {
    id: user.id,
    name: user.name,
    is_enabled: user.isEnabled,
    expires_at: toIso(user.expiresAtMs),
    max_streams: user.maxStreams,
    cidrs: [...user.cidrs],
    profile: user.profile,
    ...activity.of(user),
    created_at: new Date(user.createdAtMs).toISOString(),
    last_seen_at: toIso(user.lastSeenAtMs),
  };
}

/** Only the fields that are given. */
export function toUserFacts(body: StreamUserChangeDto): Partial<UserFacts> {
  const { name, is_enabled, expires_at, max_streams, cidrs, profile } = body;
  return {
    ...(name === undefined ? {} : { name }),
    ...(is_enabled === undefined ? {} : { isEnabled: is_enabled }),
    ...(expires_at === undefined
      ? {}
      : { expiresAtMs: expires_at === null ? null : Date.parse(expires_at) }),
    ...(max_streams === undefined ? {} : { maxStreams: max_streams }),
    ...(cidrs === undefined ? {} : { cidrs }),
    ...(profile === undefined ? {} : { profile }),
  };
}

function toIso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
