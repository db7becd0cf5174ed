import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator';

/** Body of `POST /engines/{id}/drain`; may be left out. */
export class DrainDto {
  /** Shown with the engine and in the event log. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  reason?: string;
}
