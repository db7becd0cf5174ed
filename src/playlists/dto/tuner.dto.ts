import { ApiProperty } from '@nestjs/swagger';

/** The names of all fields are those of an HDHomeRun tuner. */
export class TunerDeviceDto {
  FriendlyName!: string;
  Manufacturer!: string;
  ModelNumber!: string;
  FirmwareName!: string;
  FirmwareVersion!: string;
  /** 8 hex digits; the last one is a check digit. */
  DeviceID!: string;
  DeviceAuth!: string;
  /** Address of this server, as the request used it. */
  BaseURL!: string;
  LineupURL!: string;
  /** The number of slots that the fleet can have, plus one. */
  @ApiProperty({ type: 'integer' })
  TunerCount!: number;
}

export class TunerChannelDto {
  /** The channel's number. */
  GuideNumber!: string;
  GuideName!: string;
  URL!: string;
  /** Always 1: the resolution is not known before the channel plays. */
  @ApiProperty({ type: 'integer' })
  HD!: number;
}

export class TunerStatusDto {
  @ApiProperty({ type: 'integer' })
  ScanInProgress!: number;
  @ApiProperty({ type: 'integer' })
  ScanPossible!: number;
  Source!: string;
  SourceList!: string[];
}
