import {
  Body,
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Inject,
  Logger,
  Param,
  Post,
  Req,
  Res,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type AppConfig, CONFIG } from '../../config';
import {
  ApiProblems,
  clientAddress,
  type FastifyReply,
  type FastifyRequest,
  publicAddress,
} from '../../http';
import { AppError } from '../../kernel/errors';
import { ApiKeys } from '../api-keys/api-keys';
import { keyOfRequest } from '../api-keys/key-of-request';
import { NeedsScope } from '../api-keys/needs-scope';
import { KeyAttempts } from '../key-attempts';
import { Public } from '../public';
import {
  AGE_LIMIT_MS,
  type BrowserSession,
  BrowserSessions,
  IDLE_LIMIT_MS,
} from './browser-sessions';
import {
  BrowserSessionDto,
  BrowserSessionListDto,
  SignInDto,
  SignInLinkDto,
} from './dto/browser-session.dto';
import { isSecurePage, requireSameOrigin } from './same-origin';
import { NO_SESSION_COOKIE, sessionCookie, sessionSecretOf } from './session-cookie';
import { LINK_LIFETIME_MS, SignInLinks } from './sign-in-links';

/** Sessions of browsers, which have a cookie instead of a key. */
@ApiTags('sessions')
@NeedsScope('admin')
@Controller('api/v1')
export class BrowserSessionsController {
  private readonly logger = new Logger('Access');

  constructor(
    @Inject(CONFIG) private readonly config: Pick<AppConfig, 'publicUrl'>,
    private readonly keys: ApiKeys,
    private readonly sessions: BrowserSessions,
    private readonly links: SignInLinks,
    private readonly attempts: KeyAttempts,
  ) {}

  /**
   * Sign in with a key or a link. The answer sets a cookie that admits the browser instead of the key. Only pages of this
   * server may send this request.
   */
  @Post('sessions')
  @Public()
  @ApiProblems('forbidden', 'rate_limited')
  signIn(
    @Body() body: SignInDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): BrowserSessionDto {
    requireSameOrigin(request, this.config.publicUrl);
    const admitted = this.admit(body, request.ip);
    const former = this.sessions.find(sessionSecretOf(request.headers) ?? '')?.sessionId ?? null;
    if (former !== null) void this.sessions.end(former).catch(() => undefined);
    const { session, secret } = this.sessions.create({
      ...admitted,
      address: clientAddress(request),
      userAgent: request.headers['user-agent'] ?? '',
    });
    const isSecure = isSecurePage(request, publicAddress(request, this.config.publicUrl));
    void reply.header('Set-Cookie', sessionCookie(secret, AGE_LIMIT_MS, isSecure));
    const dto = this.toDto(session, session.id);
    const { id, signed_in_with } = dto;
    this.logger.log({ session_id: id, signed_in_with }, 'a browser has signed in');
    return dto;
  }

  /** List the sessions of browsers. The one that was used last is the first. */
  @Get('sessions')
  list(@Req() request: FastifyRequest): BrowserSessionListDto {
    const current = keyOfRequest(request)?.sessionId ?? null;
    return { sessions: this.sessions.list().map((session) => this.toDto(session, current)) };
  }

  /** Show the session of this request. Answers 404 to a request with a key. */
  @Get('sessions/current')
  @NeedsScope('read')
  @ApiProblems('not_found')
  current(@Req() request: FastifyRequest): BrowserSessionDto {
    const session = this.sessions.get(currentId(request));
    if (session === null) throw unknownSession();
    return this.toDto(session, session.id);
  }

  /** Sign out. Ends the session of this request, and removes its cookie. */
  @Delete('sessions/current')
  @NeedsScope('read')
  @HttpCode(204)
  @ApiProblems('not_found', 'storage_full', 'storage_failed')
  async signOut(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const id = currentId(request);
    void reply.header('Set-Cookie', NO_SESSION_COOKIE);
    await this.sessions.end(id);
  }

  /** End a session. Its requests are refused from then on, and its event streams are closed within a second. */
  @Delete('sessions/:id')
  @HttpCode(204)
  @ApiProblems('storage_full', 'storage_failed')
  async end(@Param('id') id: string): Promise<void> {
    if (!(await this.sessions.end(id))) throw unknownSession();
    this.logger.log({ session_id: id }, 'a session was ended');
  }

  /** Create a one-time link. It signs a browser in with the scope `admin`, once, within 10 minutes. */
  @Post('sign-in-links')
  @Header('Cache-Control', 'no-store')
  createLink(@Req() request: FastifyRequest): SignInLinkDto {
    const base = publicAddress(request, this.config.publicUrl).replace(/\/+$/, '');
    return {
      url: base + this.links.create(keyOfRequest(request)?.id ?? null),
      expires_at: new Date(Date.now() + LINK_LIFETIME_MS).toISOString(),
    };
  }

  /** Like a wrong key, a wrong token counts as an attempt. */
  private admit({ key, token }: SignInDto, ip: string): Pick<BrowserSession, 'origin' | 'keyId'> {
    if (key !== undefined && token === undefined) {
      const found = this.keys.find(key.trim());
      if (found === null) throw this.attempts.refusal(ip, 'The API key is wrong.');
      if (found.isExpired) throw new AppError('forbidden', 'The API key has expired.');
      if (found.id !== null) this.keys.noteUse(found.id);
      return { origin: 'key', keyId: found.id };
    }
    if (token !== undefined && key === undefined) {
      const link = this.links.redeem(token);
      const linked = link === null ? null : this.keys.withId(link.keyId);
      if (linked?.isExpired === false) return { origin: 'link', keyId: linked.id };
      throw this.attempts.refusal(
        ip,
        'This link is no longer valid: a link works once, within 10 minutes, until acefleet restarts or its key is removed.',
      );
    }
    throw new AppError('invalid_request', 'The body must have either key or token.');
  }

  private toDto(session: BrowserSession, currentSession: string | null): BrowserSessionDto {
    const { id, createdAtMs, lastSeenAtMs } = session;
    const key = this.sessions.keyOf(session);
    if (key === null) throw unknownSession();
    return {
      id,
      signed_in_with: key.name,
      scope: key.scope,
      created_at: new Date(createdAtMs).toISOString(),
      last_seen_at: new Date(lastSeenAtMs).toISOString(),
      expires_at: new Date(
        Math.min(createdAtMs + AGE_LIMIT_MS, lastSeenAtMs + IDLE_LIMIT_MS),
      ).toISOString(),
      ip_address: session.address,
      user_agent: session.userAgent,
      is_current: id === currentSession,
    };
  }
}

/** @throws AppError `not_found` for a request with a key */
function currentId(request: FastifyRequest): string {
  const id = keyOfRequest(request)?.sessionId ?? null;
  if (id === null) throw unknownSession();
  return id;
}

function unknownSession(): AppError {
  return new AppError('not_found', 'There is no such session.');
}
