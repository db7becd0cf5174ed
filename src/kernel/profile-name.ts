/** Form of the name of a profile, which is a word of addresses. */
export const PROFILE_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
