import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, Matches, Max, Min, ValidateBy, ValidateIf } from 'class-validator';
import { DEFAULT_INTERVAL_S, MAX_INTERVAL_S, MIN_INTERVAL_S } from '../guide-source';

const MAX_ADDRESS_LENGTH = 2048;
const NAME = /^[^\p{Cc}\p{Cs}]{1,100}$/u;
const NAME_RULE = { message: 'name must be text of 1 to 100 characters' };
const URL_RULE = {
  name: 'url',
  validator: {
    validate: isHttpAddress,
    defaultMessage: () =>
      `url must be an http or https address of at most ${MAX_ADDRESS_LENGTH} characters`,
  },
};

function isHttpAddress(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length <= MAX_ADDRESS_LENGTH &&
    /^https?:\/\//i.test(value) &&
    URL.canParse(value)
  );
}

/** Settings of a source that may be left out. */
class GuideSourceOptionsDto {
  /** Seconds between two refreshes, 900 to 604800. */
  @ApiPropertyOptional({
    ...{ type: 'integer', minimum: MIN_INTERVAL_S, maximum: MAX_INTERVAL_S },
    default: DEFAULT_INTERVAL_S,
  })
  @ValidateIf(isGiven)
  @IsInt({ message: 'refresh_interval_s must be a whole number' })
  @Min(MIN_INTERVAL_S, { message: `refresh_interval_s must be at least ${MIN_INTERVAL_S}` })
  @Max(MAX_INTERVAL_S, { message: `refresh_interval_s must be at most ${MAX_INTERVAL_S}` })
  refresh_interval_s?: number;

  /** `false`: the source is neither refreshed nor part of the guide. */
  @ApiPropertyOptional({ type: 'boolean', default: true })
  @ValidateIf(isGiven)
  @IsBoolean({ message: 'is_enabled must be true or false' })
  is_enabled?: boolean;
}

/** A guide source to create. */
export class GuideSourceBodyDto extends GuideSourceOptionsDto {
  /** 1 to 100 characters. */
  @Matches(NAME, NAME_RULE)
  name!: string;

  /** Address of an XMLTV guide, `http` or `https`, plain or gzip. */
  @ValidateBy(URL_RULE)
  url!: string;
}

/** The settings of a guide source to change. */
export class GuideSourceChangesDto extends GuideSourceOptionsDto {
  /** 1 to 100 characters. */
  @ValidateIf(isGiven)
  @Matches(NAME, NAME_RULE)
  name?: string;

  /** Address of an XMLTV guide, `http` or `https`, plain or gzip. */
  @ValidateIf(isGiven)
  @ValidateBy(URL_RULE)
  url?: string;
}

/** Unlike `@IsOptional`, null does not count as absent. */
function isGiven(_: object, value: unknown): boolean {
  return value !== undefined;
}
