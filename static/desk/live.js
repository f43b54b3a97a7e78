/** Nothing tells of changes yet; pages look again after their own. */
export function startLive() {}
