import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { CHANNEL_ID_FORM, isChannelId } from '../kernel/content-selector';
import { MAX_CHANNELS, type ChannelDescription, type ChannelSource } from './channel';
import { ChannelBodyDto, type ChannelSourceBodyDto } from './dto/channel-body.dto';

/** Schema version of the list; channels.json of a newer release is not changed. */
export const SCHEMA_VERSION = 1;

/**
 * The first problem of a list of channels, with its position: `channels[3].sources[0]: id must be 40 hexadecimal
 * digits`.
 */
export class ChannelListFault extends Error {
  constructor(
    message: string,
    /** The list was written by a newer release and is not damaged. */
    readonly isOfNewerRelease = false,
  ) {
    super(message);
    this.name = 'ChannelListFault';
  }
}

/** Creates a channel from a request body, which was validated against its DTO. */
export function channelOf(id: string, body: ChannelBodyDto): ChannelDescription {
  return {
    number: body.number ?? null,
    channel: {
      id,
      name: body.name,
      group: body.group ?? null,
      logo: body.logo ?? null,
      tvgId: body.tvg_id ?? null,
      isHidden: body.is_hidden ?? false,
      sources: body.sources.map(sourceOf),
    },
  };
}

export function sourceOf({ kind, id, label }: ChannelSourceBodyDto): ChannelSource {
  return { kind: kind ?? 'content_id', id, label: label ?? null };
}

/**
 * Parses `{"channels":[{"id", …}]}`, the format of the operator's file and of channels.json. The other fields of a
 * channel are those of a request to create it.
 *
 * @throws ChannelListFault for the first problem
 */
export function readChannelList(text: string): ChannelDescription[] {
  const list = parse(text);
  if (!isFields(list)) throw new ChannelListFault('it must be an object with a list "channels"');
  const { channels, version = SCHEMA_VERSION, ...rest } = list;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new ChannelListFault(`"${unknown}" is not a known field`);
  if (version !== SCHEMA_VERSION) {
    const isNewer = typeof version === 'number' && version > SCHEMA_VERSION;
    const what = `version must be ${SCHEMA_VERSION}; this file is for another release`;
    throw new ChannelListFault(what, isNewer);
  }
  if (!Array.isArray(channels)) throw new ChannelListFault('channels must be a list');
  if (channels.length > MAX_CHANNELS) {
    throw new ChannelListFault(`channels has ${channels.length} entries, ${MAX_CHANNELS} at most`);
  }
  const ids = new Set<string>();
  const numbers = new Set<number>();
  return channels.map((entry: unknown, i) => {
    const place = `channels[${i}]`;
    const described = readChannel(entry, place);
    const { number, channel } = described;
    if (ids.has(channel.id)) {
      throw new ChannelListFault(`${place}: id "${channel.id}" is used twice`);
    }
    ids.add(channel.id);
    if (number === null) return described;
    if (numbers.has(number)) throw new ChannelListFault(`${place}: number ${number} is used twice`);
    numbers.add(number);
    return described;
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new ChannelListFault(`it is not JSON: ${(error as Error).message}`);
  }
}

function readChannel(entry: unknown, place: string): ChannelDescription {
  if (!isFields(entry)) throw new ChannelListFault(`${place} must be an object`);
  const { id, ...rest } = entry;
  if (typeof id !== 'string' || !isChannelId(id)) {
    throw new ChannelListFault(`${place}: id must be ${CHANNEL_ID_FORM}`);
  }
  const body = plainToInstance(ChannelBodyDto, rest);
  const [fault] = validateSync(body, { whitelist: true, forbidNonWhitelisted: true });
  if (fault !== undefined) throw new ChannelListFault(describe(fault, place));
  return channelOf(id, body);
}

function describe(fault: ValidationError, place: string): string {
  const [message] = Object.values(fault.constraints ?? {});
  if (message !== undefined) return `${place}: ${message}`;
  const [child] = fault.children ?? [];
  const name = /^\d+$/.test(fault.property) ? `[${fault.property}]` : `.${fault.property}`;
  return child === undefined ? place : describe(child, place + name);
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
