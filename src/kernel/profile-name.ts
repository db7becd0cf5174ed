/** Form of the name of a profile, which is part of its addresses. */
export const PROFILE_NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;
