import { AppError } from '../kernel/errors';
import { IMPORTED_FIELDS, type Channel, type ImportedField, type Listing } from './channel';
import { differingFields, followListings } from './import/listings';

/**
 * New values of some fields of a channel. Null makes a field follow the imports of the channel, or leaves it without a
 * value if the channel has none; an empty text leaves it without a value in any case.
 */
export type ChannelEdit = {
  readonly [Field in ImportedField]?: Channel[Field] | null;
} & { readonly isHidden?: boolean };

/** A channel, and which of its fields no longer follow its imports. */
export interface EditedChannel {
  readonly channel: Channel;
  readonly edited: ReadonlySet<ImportedField>;
}

/** @throws AppError `invalid_request` for a channel that would have no name or sources */
export function changedChannel(
  channel: Channel,
  { isHidden = channel.isHidden, ...changes }: ChannelEdit,
  listings: readonly Listing[],
  before: ReadonlySet<ImportedField>,
): EditedChannel {
  const edited = new Set(before);
  const values: Partial<Record<ImportedField, unknown>> = {};
  for (const field of IMPORTED_FIELDS) {
    const value = changes[field];
    if (value === undefined) continue;
    if (value !== null) edited.add(field);
    else edited.delete(field);
    if (value === null && (field === 'name' || field === 'sources')) {
      if (listings.length > 0) continue;
      throw new AppError(
        'invalid_request',
        `${field} must not be null: no import lists the channel.`,
      );
    }
    values[field] = value === '' ? null : value;
  }
  return follow({ ...channel, ...(values as Partial<Channel>), isHidden }, listings, edited);
}

/**
 * The channel that replaces another one. Fields with another value count as edited, and fields without a value follow
 * the imports of the channel.
 */
export function replacedChannel(
  former: Channel,
  channel: Channel,
  listings: readonly Listing[],
  before: ReadonlySet<ImportedField>,
): EditedChannel {
  const differing = differingFields(former, channel);
  const edited = IMPORTED_FIELDS.filter(
    (field) => channel[field] !== null && (before.has(field) || differing.includes(field)),
  );
  return follow(channel, listings, new Set(edited));
}

function follow(
  channel: Channel,
  listings: readonly Listing[],
  edited: ReadonlySet<ImportedField>,
): EditedChannel {
  if (listings.length === 0) return { channel, edited: new Set() };
  return { channel: followListings(channel, listings, edited), edited };
}
