import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '../../../simulator/build-image.sh');
const BUILD_WITHIN_MS = 150_000;

/**
 * The image of engines in tests. Only the first file has to build it. The tags of all images that tests build begin
 * with `test`, and are removed at the end of `npm test`.
 */
export const SIMULATOR_IMAGE = 'acefleet-simulator:test';

/**
 * Builds an image of the built simulator in about 1 s, or keeps an existing one. It accepts the flags of
 * simulator/README.md as its command and in CONF, and plays any content.
 * @param flags flags of the simulator for an image with other defaults; `tag` must then be another one
 * @param dockerHost another Docker Engine than the default, such as unix:///path
 * @returns the tag
 */
export function simulatorImage(
  options: {
    readonly tag?: string;
    readonly flags?: readonly string[];
    readonly dockerHost?: string;
  } = {},
): string {
  const { tag = SIMULATOR_IMAGE, flags = [], dockerHost } = options;
  const env = dockerHost === undefined ? process.env : { ...process.env, DOCKER_HOST: dockerHost };
  execFileSync(SCRIPT, [tag, ...flags], { env, timeout: BUILD_WITHIN_MS, stdio: 'pipe' });
  return tag;
}
