import { Body, Controller, Delete, Get, Param, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { NeedsScope } from '../../access';
import { ApiProblems, type FastifyReply } from '../../http';
import { CHANNEL_ID_FORM, isChannelId } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { channelOf } from '../channel-list';
import { ChannelDirectory } from '../channel-directory';
import { ChannelBodyDto } from '../dto/channel-body.dto';
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
    return { channels: this.channels.list().map((one) => toChannelDto(one, this.records)) };
  }

  /** Show a channel and the recent results of its sources. */
  @Get(':id')
  get(@Param('id') id: string): ChannelDto {
    const channel = this.channels.get(id);
    if (channel === null) throw unknownChannel();
    return toChannelDto(channel, this.records);
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

  /** Remove a channel. Present viewers continue to watch; new viewers get 404. */
  @Delete(':id')
  @NeedsScope('admin')
  @ApiProblems('conflict')
  async remove(@Param('id') id: string): Promise<ChannelRemovedDto> {
    if (!(await this.channels.remove(id))) throw unknownChannel();
    return { id, message: 'The channel was removed.' };
  }
}

function unknownChannel(): AppError {
  return new AppError('not_found', 'There is no such channel.');
}
