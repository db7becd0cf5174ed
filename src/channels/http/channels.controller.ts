import { Body, Controller, Delete, Get, Param, Patch, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { NeedsScope } from '../../access';
import { ApiProblems, type FastifyReply } from '../../http';
import { CHANNEL_ID_FORM, isChannelId } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { channelOf, sourceOf } from '../channel-list';
import { ChannelDirectory, type ListedChannel } from '../channel-directory';
import { ChannelBodyDto, ChannelEditDto } from '../dto/channel-body.dto';
import { ChannelDto, ChannelListDto, ChannelRemovedDto } from '../dto/channel.dto';
import { SourceRecords } from '../source-records';
import { toChannelDto } from './channel-mapping';

/** Channels: names under which several contents are one stream. */
@ApiTags('channels')
@Controller('api/v1/channels')
export class ChannelsController {
  constructor(
    private readonly channels: ChannelDirectory,
    private readonly records: SourceRecords,
  ) {}

  /** List channels by id. */
  @Get()
  list(): ChannelListDto {
    return { channels: this.channels.list().map((one) => this.toDto(one)) };
  }

  /** Show a channel and the recent results of its sources. */
  @Get(':id')
  get(@Param('id') id: string): ChannelDto {
    const channel = this.channels.get(id);
    if (channel === null) throw unknownChannel();
    return this.toDto(channel);
  }

  /**
   * Create or replace a channel. A running stream of the channel keeps its present source and uses the new ones when
   * it needs another. Answers 409 for a channel of CHANNELS_FILE,
   * and for the number of another channel.
   */
  @Put(':id')
  @ApiOkResponse({ type: ChannelDto })
  @ApiCreatedResponse({ type: ChannelDto })
  @ApiProblems('conflict')
  async put(
    @Param('id') id: string,
    @Body() body: ChannelBodyDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChannelDto> {
    if (!isChannelId(id)) throw new AppError('invalid_request', `id must be ${CHANNEL_ID_FORM}.`);
    const { channel, number } = channelOf(id, body);
    if (await this.channels.put(channel, number)) reply.code(201);
    return this.get(id);
  }

  /**
   * Change some fields of a channel. Fields of a channel of an imported list then no longer follow the list; null makes
   * them follow it again, and an empty text leaves them without a value. Answers 409 like a replacement.
   */
  @Patch(':id')
  @ApiProblems('conflict')
  async edit(@Param('id') id: string, @Body() body: ChannelEditDto): Promise<ChannelDto> {
    const { number = null, is_hidden, tvg_id, sources, ...fields } = body;
    const changes = {
      ...fields,
      ...(is_hidden == null ? {} : { isHidden: is_hidden }),
      ...(tvg_id === undefined ? {} : { tvgId: tvg_id }),
      ...(sources === undefined ? {} : { sources: sources && sources.map(sourceOf) }),
    };
    if (!(await this.channels.edit(id, changes, number))) throw unknownChannel();
    return this.get(id);
  }

  /** Remove a channel. Present viewers continue to watch; new viewers get 404. A channel of an imported list comes back with the next import of that list; hide it instead. */
  @Delete(':id')
  @NeedsScope('admin')
  @ApiProblems('conflict')
  async remove(@Param('id') id: string): Promise<ChannelRemovedDto> {
    if (!(await this.channels.remove(id))) throw unknownChannel();
    return { id, message: 'The channel was removed.' };
  }

  private toDto(channel: ListedChannel): ChannelDto {
    return toChannelDto(channel, this.channels.importState(channel.id), this.records);
  }
}

function unknownChannel(): AppError {
  return new AppError('not_found', 'There is no such channel.');
}
