import { Injectable } from '@nestjs/common';
import type { StreamUser } from './stream-user';

export interface UserCounts {
  readonly viewers: number;
  readonly streams: number;
}

/** What users watch now. The module that serves streams provides the count, because this module must not import it. */
@Injectable()
export class UserActivity {
  private count: (user: StreamUser) => UserCounts = () => ({ viewers: 0, streams: 0 });

  countBy(count: (user: StreamUser) => UserCounts): void {
    this.count = count;
  }

  of(user: StreamUser): UserCounts {
    return this.count(user);
  }
}
