import type { ListedChannel } from '../channels';
import type { TunerChannelDto, TunerDeviceDto, TunerStatusDto } from './dto/tuner.dto';
import { profilePath, type Profile } from './profiles/profile';

const NAME = 'acefleet';
/**
 * A model without a transcoder. For the models HDTC, Jellyfin and Emby request other encodings of a channel and then
 * expect H.264, whatever is sent.
 */
const MODEL = 'HDHR5-4US';
const FIRMWARE_NAME = 'hdhomerun5_atsc';
const FIRMWARE_VERSION = '20190621';
/** Ends with the device id, so that it is as stable. */
const UUID_START = '7c9a3f0e-5d21-4b6e-9f48-0000';

/** Describes the tuner to media servers, at the address by which they reached it. */
export function tunerDevice(
  origin: string,
  profile: Profile | null,
  deviceId: string,
  tunerCount: number,
): TunerDeviceDto {
  // Clients of a tuner keep no query, so the tuner of a profile has a path of its own.
  const base = origin + profilePath(profile);
  return {
    FriendlyName: profile === null ? NAME : `${NAME} ${profile.name}`,
    Manufacturer: NAME,
    ModelNumber: MODEL,
    FirmwareName: FIRMWARE_NAME,
    FirmwareVersion: FIRMWARE_VERSION,
    DeviceID: deviceId,
    DeviceAuth: NAME,
    BaseURL: base,
    LineupURL: `${base}/lineup.json`,
    TunerCount: tunerCount,
  };
}

export function tunerLineup(origin: string, channels: readonly ListedChannel[]): TunerChannelDto[] {
  return channels.map(({ number, name }) => ({
    GuideNumber: String(number),
    GuideName: name,
    URL: `${origin}/auto/v${number}`,
    HD: 1,
  }));
}

/** There is nothing to scan: the line-up is always complete. */
export const TUNER_STATUS: TunerStatusDto = {
  ScanInProgress: 0,
  ScanPossible: 1,
  Source: 'Cable',
  SourceList: ['Cable'],
};

/** The same description as a UPnP device. */
export function tunerDeviceXml(device: TunerDeviceDto): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<root xmlns="urn:schemas-upnp-org:device-1-0">',
    '<specVersion><major>1</major><minor>0</minor></specVersion>',
    `<URLBase>${xmlText(device.BaseURL)}</URLBase>`,
    '<device>',
    '<deviceType>urn:schemas-upnp-org:device:MediaServer:1</deviceType>',
    `<friendlyName>${xmlText(device.FriendlyName)}</friendlyName>`,
    `<manufacturer>${xmlText(device.Manufacturer)}</manufacturer>`,
    `<modelName>${xmlText(device.ModelNumber)}</modelName>`,
    `<modelNumber>${xmlText(device.ModelNumber)}</modelNumber>`,
    `<serialNumber>${xmlText(device.DeviceID)}</serialNumber>`,
    `<UDN>uuid:${UUID_START}${xmlText(device.DeviceID.toLowerCase())}</UDN>`,
    '</device>',
    '</root>',
    '',
  ].join('\n');
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
