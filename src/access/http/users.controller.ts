import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  Req,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { NeedsScope } from '../api-keys/needs-scope';
import { type AppConfig, CONFIG } from '../../config';
import { ApiProblems, type FastifyRequest, publicAddress } from '../../http';
import { AppError } from '../../kernel/errors';
import {
  StreamUserBodyDto,
  StreamUserChangeDto,
  StreamUserDto,
  StreamUserLinksDto,
  StreamUserListDto,
  StreamUserRemovedDto,
} from '../dto/stream-user.dto';
import { StreamUsers } from '../stream-users';
import { UserActivity } from '../user-activity';
import { toStreamUserDto, toUserFacts } from './stream-user-mapping';

/** Users of streams: who may use the addresses of players with a secret of their own. */
@ApiTags('users')
@NeedsScope('admin')
@Controller('api/v1/users')
export class UsersController {
  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'publicUrl'>,
    private readonly users: StreamUsers,
    private readonly activity: UserActivity,
  ) {}

  /** List users, oldest first. */
  @Get()
  list(): StreamUserListDto {
    return { users: this.users.list().map((user) => toStreamUserDto(user, this.activity)) };
  }

  /** Show a user. */
  @Get(':id')
  get(@Param('id') id: string): StreamUserDto {
    return this.shown(this.users.get(id));
  }

  /** Create a user with a new secret. Its addresses are at `/links`. Answers 409 if the name is taken. */
  @Post()
  @ApiProblems('conflict')
  async create(@Body() body: StreamUserBodyDto): Promise<StreamUserDto> {
    const defaults = { isEnabled: true, expiresAtMs: null, maxStreams: null, cidrs: [] };
    const facts = { ...defaults, profile: null, ...toUserFacts(body), name: body.name };
    return this.shown(await this.users.create(facts));
  }

  /**
   * Change a user. Present viewers who may no longer watch are disconnected within a second; a lower limit of streams
   * applies to the next stream.
   */
  @Patch(':id')
  @ApiProblems('conflict')
  async change(@Param('id') id: string, @Body() body: StreamUserChangeDto): Promise<StreamUserDto> {
    return this.shown(await this.users.change(id, toUserFacts(body)));
  }

  /** Remove a user. The user's viewers are disconnected within a second. */
  @Delete(':id')
  async remove(@Param('id') id: string): Promise<StreamUserRemovedDto> {
    if (!(await this.users.remove(id))) throw unknownUser();
    return { id, message: 'The user was removed.' };
  }

  /** Give a user a new secret. All earlier addresses stop working, and the user's viewers are disconnected. */
  @Post(':id/rotate')
  @HttpCode(200)
  async rotate(@Param('id') id: string): Promise<StreamUserDto> {
    return this.shown(await this.users.rotate(id));
  }

  /**
   * Show the addresses of a user, to be entered in players. Answers 409 if the secret cannot be decrypted, because
   * the file `user-key` was lost.
   */
  @Get(':id/links')
  @Header('Cache-Control', 'private, no-store')
  @ApiProblems('conflict')
  async links(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
  ): Promise<StreamUserLinksDto> {
    const user = this.users.get(id);
    const secret = await this.users.secretOf(id);
    if (user === null || secret === null) throw unknownUser();
    const server = publicAddress(request, this.config.publicUrl);
    const base = `${server}/t/${secret}`;
    return {
      playlist: `${base}/playlist.m3u`,
      guide: `${base}/epg.xml`,
      tuner: base,
      xtream: { server, username: user.name, password: secret },
    };
  }

  private shown(user: Parameters<typeof toStreamUserDto>[0] | null): StreamUserDto {
    if (user === null) throw unknownUser();
    return toStreamUserDto(user, this.activity);
  }
}

function unknownUser(): AppError {
  return new AppError('not_found', 'There is no such user.');
}
