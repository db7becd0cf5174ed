import { mentionedPorts } from './engine-arguments';
import { type ImageProfile } from './image-profile';

/**
 * Any image. ENGINE_ARGS is its whole command, or none at all: then the image's own is run, and is expected to
 * listen at the engine's usual ports at every address.
 */
export const genericProfile: ImageProfile = {
  image: null,
  architectures: [],
  opens: mentionedPorts,
  launch: (_, args) => ({ command: args.length === 0 ? null : args, env: [] }),
};
