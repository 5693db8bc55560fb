/** Milliseconds by which the clocks of two processes may differ. A larger difference means that a clock was corrected. */
export const CLOCK_SKEW = 60_000

/**
 * Whether `now` is within the grace window that began at `since`. A clock that was set back must not open the window
 * again, so it also has a beginning. A process whose clock is behind may see a retry before it, by as much as a clock
 * that is ahead may see it after the end: by the grace itself, up to {@link CLOCK_SKEW}.
 *
 * @param grace milliseconds; 0 is no window at all
 */
export const isInGrace = (since: number, now: number, grace: number): boolean =>
  grace > 0 && now - since <= grace && since - now <= Math.min(grace, CLOCK_SKEW)

/** A range of times, both included */
export interface Range {
  readonly from: number
  readonly to: number
}

/** The range of the ends of those grace windows that are open at a time: see {@link isInGrace} */
export const endsOfOpenGraces = (now: number, grace: number): Range => ({
  from: now,
  to: now + grace + Math.min(grace, CLOCK_SKEW),
})
