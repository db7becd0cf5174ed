import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = join(__dirname, '../../../simulator/build-image.sh');
const BUILD_WITHIN_MS = 150_000;

/**
 * What tests run engines from. Only the first file has to make it. Every image that tests make has a tag that begins with
 * `test`: at the end of `npm test` those are removed.
 */
export const SIMULATOR_IMAGE = 'acefleet-simulator:test';

/**
 * Makes an image of the built simulator, in about a second, or leaves the one that is there. It understands the flags
 * of simulator/README.md as its command and in CONF, and plays any content.
 *
 * @param flags of the simulator, for an image with other defaults; then `tag` has to be another one
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
