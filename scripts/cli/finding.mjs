// What a check of `acefleet doctor` finds.
export function fine(detail) {
  return { state: 'ok', detail, fix: null };
}

/** It works, but not as well as it could, or not for long. */
export function warning(detail, fix) {
  return { state: 'warning', detail, fix };
}

export function problem(detail, fix) {
  return { state: 'problem', detail, fix };
}
