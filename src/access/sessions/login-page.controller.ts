import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from '../../http';
import { Public } from '../public';
import { LOGIN_PAGE, LOGIN_PAGE_POLICY } from './login-page';

/** The page where a browser signs in. */
@ApiExcludeController()
@Public()
@Controller('login')
export class LoginPageController {
  @Get()
  page(@Res() reply: FastifyReply): void {
    void reply
      .headers({
        'Content-Security-Policy': LOGIN_PAGE_POLICY,
        'Cache-Control': 'no-store',
        'Referrer-Policy': 'no-referrer',
      })
      .type('text/html; charset=utf-8')
      .send(LOGIN_PAGE);
  }
}
